"""Reads about a course in time."""

from collections.abc import Sequence

from sqlalchemy import select

from lti_tool.course.models import Topic
from lti_tool.db import db
from lti_tool.errors import NotHere
from lti_tool.roster.models import Membership


def topics_of(member: Membership) -> Sequence[Topic]:
    """The topics of the member's course, by name."""
    found = db.session.scalars(select(Topic).where(Topic.context_id == member.context_id))
    return sorted(found, key=lambda topic: (topic.name.casefold(), topic.id))


def topic_at(member: Membership, key: str) -> Topic | None:
    """The topic with this key in the member's course; a link may name one that is not there."""
    ours = Topic.context_id == member.context_id
    return db.session.scalar(select(Topic).where(ours, Topic.key == key)) if key else None


def topic_for(member: Membership, key: str) -> Topic:
    """A topic of the member's course; raises NotHere."""
    topic = topic_at(member, key)
    if topic is None:
        raise NotHere
    return topic
