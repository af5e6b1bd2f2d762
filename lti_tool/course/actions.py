"""Writes about a course in time."""

from sqlalchemy import select

from lti_tool.clock import course_now
from lti_tool.course import queries, rules
from lti_tool.course.models import Topic
from lti_tool.db import change, db
from lti_tool.errors import N_, Invalid, Words
from lti_tool.lti.models import Context
from lti_tool.roster.models import Membership

TOPIC_NAME = Words(
    "topic-name",
    N_("A topic needs a name of its own: 1 to 100 characters, used by no other topic here."),
    N_("Go back, change the name and send it again."),
)
TOO_MANY_TOPICS = Words(
    "too-many-topics",
    N_("This course has 200 topics already; that is the most."),
    N_("Rename one that nobody needs any more."),
)


def topic_named(member: Membership, name: str) -> Topic:
    """The course's topic of this name, made where there is none."""
    _wait_for_topics(member)
    topics = queries.topics_of(member)
    name = _checked(name)
    for topic in topics:
        if rules.is_taken(name, [topic.name]):
            return topic
    if len(topics) >= rules.MAX_TOPICS:
        raise Invalid(TOO_MANY_TOPICS)
    topic = Topic(context_id=member.context_id, name=name, made_at=course_now())
    db.session.add(topic)
    db.session.flush()
    return topic


def rename_topic(member: Membership, topic: Topic, name: str) -> None:
    """Call a topic of the member's course something else; links and questions stay with it."""
    _wait_for_topics(member)
    others = [other.name for other in queries.topics_of(member) if other.id != topic.id]
    name = _checked(name)
    if rules.is_taken(name, others):
        raise Invalid(TOPIC_NAME)
    topic.name = name
    db.session.flush()


def keep_zone(member: Membership, name: str) -> None:
    """Use this time zone for the course from now on."""
    change(member.context, {"time_zone": name})


def _checked(name: str) -> str:
    name = rules.topic_name(name)
    if not 0 < len(name) <= rules.MAX_TOPIC_NAME:
        raise Invalid(TOPIC_NAME)
    return name


def _wait_for_topics(member: Membership) -> None:
    """Two who name a topic at the same moment take turns, so that one name is one topic."""
    db.session.execute(
        select(Context.id).where(Context.id == member.context_id).with_for_update(key_share=True)
    )
