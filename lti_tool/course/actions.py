"""Writes about a course in time."""

from sqlalchemy import select

from lti_tool.clock import course_now
from lti_tool.course import queries, rules
from lti_tool.course.models import Run, Topic
from lti_tool.credit import actions as credit
from lti_tool.db import change, db
from lti_tool.errors import N_, Invalid, NotAllowed, Words
from lti_tool.lti.models import Context, SectionsPolicy
from lti_tool.roster import queries as roster
from lti_tool.roster.models import Membership

TOPIC_NAME = Words(
    "topic-name",
    N_("A topic needs a name of its own: 1 to 100 characters, used by no other topic here."),
    N_("Go back, change the name and send it again."),
)
COURSE_OVER = Words(
    "course-over",
    N_("This course is over: everything can be read, and nothing can be added."),
    N_("If it should go on, ask your teacher to change its end in the learning platform."),
)
COURSE_WAITS = Words(
    "course-waits",
    N_("Other people were in this course before you, and your teacher has not opened it anew yet."),
    N_("Tell your teacher: one click on the course page of Good Turn is enough."),
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


def begin_run(member: Membership, number: int) -> None:
    """Close the run `number` and begin another; a form that comes late changes nothing."""
    context = _locked(member)
    if context.run != number:
        return
    moment, runs = course_now(), _runs(context)
    if number not in runs:
        runs[number] = Run(context_id=context.id, number=number, began_at=context.created_at)
        db.session.add(runs[number])
    change(runs[number], {"ended_at": moment, "ended_by_id": member.id})
    context.run = max(runs) + 1
    db.session.add(Run(context_id=context.id, number=context.run, began_at=moment))
    db.session.flush()
    go_on(member)


def go_on(member: Membership) -> None:
    """The people of the course are the right ones for the run that is on."""
    sweep = roster.sweep_of(member.context_id)
    if sweep is not None:
        change(sweep, {"turned_over_at": None})


def keep_sections(member: Membership, policy: SectionsPolicy) -> None:
    """Whether sections of the course see each other, from now on."""
    change(member.context, {"sections": policy})


def undo_run(member: Membership, number: int) -> None:
    """Take the run `number` back: the one before is on again, exactly as it was."""
    context = _locked(member)
    before = queries.run_to_undo(context)
    if context.run != number or before is None:
        return
    undone = _runs(context)[number]
    change(undone, {"ended_at": course_now(), "ended_by_id": member.id})
    change(before, {"ended_at": None, "ended_by_id": None})
    context.run = before.number
    db.session.flush()
    credit.want_scores(context.id)


def check_open(member: Membership) -> None:
    """Refuse to add anything to a course that has ended, or that waits for its instructor."""
    if queries.is_over(member.context):
        raise NotAllowed(COURSE_OVER)
    if queries.is_waiting(member):
        raise NotAllowed(COURSE_WAITS)


def _locked(member: Membership) -> Context:
    """The member's course as it is now; two who change its run take turns."""
    return db.session.scalars(
        select(Context)
        .where(Context.id == member.context_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _runs(context: Context) -> dict[int, Run]:
    found = db.session.scalars(select(Run).where(Run.context_id == context.id))
    return {run.number: run for run in found}


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
