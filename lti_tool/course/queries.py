"""Reads about a course in time."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from lti_tool import settings
from lti_tool.clock import course_now
from lti_tool.course import rules
from lti_tool.course.models import Run, Topic
from lti_tool.credit import queries as credit
from lti_tool.db import db
from lti_tool.errors import NotHere
from lti_tool.lti.models import Context
from lti_tool.roster import queries as roster
from lti_tool.roster import rules as roster_rules
from lti_tool.roster.models import Membership, RosterSweep


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


def is_over(context: Context) -> bool:
    """Whether the course has ended, by what the platform said and the course's clock."""
    return rules.is_over(
        is_concluded=context.is_concluded, ends_at=context.ends_at, now=course_now()
    )


def is_waiting(member: Membership) -> bool:
    """Whether this member came with other people, and no instructor has said what to do."""
    sweep = roster.sweep_of(member.context_id)
    return sweep is not None and roster_rules.is_newcomer(member.joined_at, sweep.turned_over_at)


def are_apart(context: Context) -> bool:
    """Whether the sections of a course do not see each other."""
    return rules.are_apart(context.sections, roster.staff_by_section(context.id))


def runs_of(member: Membership) -> Sequence[Run]:
    """The runs that are over and that this member was there for, newest first."""
    return db.session.scalars(_over_for(member).order_by(Run.number.desc())).all()


def run_for(member: Membership, public_id: str) -> Run:
    """A run that is over and that this member was there for; raises NotHere."""
    run = db.session.scalar(_over_for(member).where(Run.public_id == public_id))
    if run is None:
        raise NotHere
    return run


def run_to_undo(context: Context) -> Run | None:
    """The run that ended when the present one began, while that can still be taken back."""
    ours = select(Run).where(Run.context_id == context.id)
    present = db.session.scalar(ours.where(Run.number == context.run))
    if present is None or not rules.may_undo(present.began_at, course_now()):
        return None
    return db.session.scalar(ours.where(Run.ended_at == present.began_at))


def _over_for(member: Membership) -> Select[Run]:
    return select(Run).where(
        Run.context_id == member.context_id,
        Run.number != member.context.run,
        Run.ended_at >= member.joined_at,
    )


@dataclass(frozen=True)
class State:
    """How a course stands with its platform, for its staff."""

    context: Context
    sweep: RosterSweep | None
    learners: int
    staff: int
    troubles: dict[str, int]
    """What is in the way of scores, and how many it concerns."""
    are_apart: bool
    runs: Sequence[Run]
    """Those that are over."""
    undo: Run | None
    zone: str
    """Times of the course are shown in it."""


def state_of(member: Membership) -> State:
    """How the member's course stands."""
    learners, staff = roster.counts_in(member.context_id)
    return State(
        context=member.context,
        sweep=roster.sweep_of(member.context_id),
        learners=learners,
        staff=staff,
        troubles=credit.troubles_in(member.context_id),
        are_apart=are_apart(member.context),
        runs=runs_of(member),
        undo=run_to_undo(member.context),
        zone=member.context.time_zone or settings.current().DEFAULT_TIMEZONE,
    )
