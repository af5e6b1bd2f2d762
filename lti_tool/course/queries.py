"""Reads about a course in time."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from lti_tool import settings
from lti_tool.course.models import Topic
from lti_tool.credit import queries as credit
from lti_tool.db import db
from lti_tool.errors import NotHere
from lti_tool.lti.models import Context
from lti_tool.roster import queries as roster
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


@dataclass(frozen=True)
class State:
    """How a course stands with its platform, for its staff."""

    context: Context
    sweep: RosterSweep | None
    learners: int
    staff: int
    troubles: dict[str, int]
    """What is in the way of scores, and how many it concerns."""
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
        zone=member.context.time_zone or settings.current().DEFAULT_TIMEZONE,
    )
