"""Reads about credit. Totals are computed from the ledger, never stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from lti_tool.credit.models import (
    ColumnStatus,
    CreditEntry,
    CreditPolicy,
    GradeColumn,
    GradeService,
    Mode,
    PushStatus,
    ScorePush,
)
from lti_tool.db import db
from lti_tool.lti.models import Context, Registration, ResourceLink
from lti_tool.roster.models import Membership, Status

Kinds = TypeVarTuple("Kinds")
TO_MAKE = (ColumnStatus.WANTED, ColumnStatus.REFUSED)
TO_SEND = (PushStatus.WAITING, PushStatus.EXEMPT)
"""Those that are exempt are due once a day: somebody who left may have come back."""


def policy_of(member: Membership) -> CreditPolicy | None:
    """How the member's course counts credit; none means off."""
    return db.session.get(CreditPolicy, member.context_id)


def is_on(context_id: int) -> bool:
    """Whether a course sends credit to its gradebook."""
    policy = db.session.get(CreditPolicy, context_id)
    return policy is not None and policy.mode is Mode.GRADEBOOK


def points_by_topic(member: Membership) -> dict[str, int]:
    """What a member has earned so far, for each topic; what is about none is under ""."""
    rows = db.session.execute(
        select(CreditEntry.topic_key, func.sum(CreditEntry.points))
        .where(_of_this_run(member))
        .group_by(CreditEntry.topic_key)
    )
    return {key: int(points) for key, points in rows}


def points_of(member: Membership) -> int:
    """What a member has earned so far."""
    total = select(func.coalesce(func.sum(CreditEntry.points), 0))
    return db.session.scalar(total.where(_of_this_run(member))) or 0


def entries_of(member: Membership) -> Sequence[CreditEntry]:
    """A member's own entries, newest first."""
    return db.session.scalars(
        select(CreditEntry).where(_of_this_run(member)).order_by(CreditEntry.id.desc()).limit(200)
    ).all()


def _of_this_run(member: Membership) -> ColumnElement[bool]:
    """A member's entries in the run of their course that is on."""
    return (CreditEntry.member_id == member.id) & (CreditEntry.run == member.context.run)


def earners(context_id: int) -> Sequence[Row[Membership, int]]:
    """Every member of a course with points, and how many."""
    return db.session.execute(
        select(Membership, func.sum(CreditEntry.points))
        .join(CreditEntry, CreditEntry.member_id == Membership.id)
        .join(Context, Membership.context_id == Context.id)
        .where(Membership.context_id == context_id, CreditEntry.run == Context.run)
        .group_by(Membership.id)
        .order_by(Membership.id)
    ).all()


def column_of(context_id: int, topic_key: str = "") -> GradeColumn | None:
    """The course's grade column, or that of a topic, if the instructor wanted one."""
    return db.session.scalar(
        select(GradeColumn).where(
            GradeColumn.context_id == context_id, GradeColumn.topic_key == topic_key
        )
    )


def columns_of(context_id: int) -> Sequence[GradeColumn]:
    """All grade columns of a course, its own first."""
    ours = select(GradeColumn).where(GradeColumn.context_id == context_id)
    return db.session.scalars(ours.order_by(GradeColumn.topic_key != "", GradeColumn.id)).all()


def linked_column(column: GradeColumn) -> str | None:
    """The column that the platform made with the newest link to a topic, if it made one."""
    linked = select(ResourceLink.lineitem_url).where(_is_linked(column), _has_column())
    return db.session.scalar(linked.order_by(ResourceLink.id.desc()).limit(1))


def is_linked(column: GradeColumn) -> bool:
    """Whether a link to the column's topic was opened."""
    return db.session.scalar(select(ResourceLink.id).where(_is_linked(column)).limit(1)) is not None


def pushes_in(member: Membership) -> Sequence[ScorePush]:
    """How the score of each person in this staff member's course stands."""
    return db.session.scalars(
        select(ScorePush)
        .join(GradeColumn, ScorePush.column_id == GradeColumn.id)
        .where(GradeColumn.context_id == member.context_id)
        .order_by(ScorePush.id)
    ).all()


def push_of(column: GradeColumn, member: Membership) -> ScorePush | None:
    """A person's outbox row for a column, if they ever had a score there."""
    return db.session.scalar(
        select(ScorePush).where(ScorePush.column_id == column.id, ScorePush.member_id == member.id)
    )


def due_columns(now: datetime) -> Sequence[int]:
    """Columns that are wanted and not there yet.

    One of a topic waits until a link to it is opened: the platform may make it with the link, and
    who went back in the course wants none.
    """
    links = select(ResourceLink.id).where(_is_linked(GradeColumn))
    is_fresh = GradeColumn.attempts == 0
    return db.session.scalars(
        _chosen(select(GradeColumn.id)).where(
            GradeColumn.status.in_(TO_MAKE),
            or_(GradeColumn.topic_key == "", links.exists()),
            or_(
                GradeColumn.next_try_at <= now,
                is_fresh & (GradeColumn.topic_key != "") & links.where(_has_column()).exists(),
            ),
            or_(GradeColumn.leased_until.is_(None), GradeColumn.leased_until < now),
        )
    ).all()


def due_pushes(now: datetime, limit: int) -> Sequence[Row[int, int]]:
    """Scores to send now, (push, registration), oldest wish first; none of a paused platform.

    Nor of a course that switched credit off, nor of people who left or turned out to be staff.
    """
    return db.session.execute(
        _to_send(select(ScorePush.id, Context.registration_id))
        .where(
            ScorePush.next_try_at <= now,
            or_(ScorePush.leased_until.is_(None), ScorePush.leased_until < now),
            or_(GradeService.paused_until.is_(None), GradeService.paused_until <= now),
        )
        .order_by(ScorePush.next_try_at)
        .limit(limit)
    ).all()


def next_due(now: datetime) -> datetime | None:
    """When a score should go next, of those that wait."""
    rows = db.session.execute(
        _to_send(select(GradeService.paused_until, func.min(ScorePush.next_try_at))).group_by(
            Context.registration_id, GradeService.paused_until
        )
    )
    times = [max(first, paused or first) for paused, first in rows]
    return max(now, min(times)) if times else None


def held_leases() -> Sequence[str]:
    """The leases on scores that somebody holds, or held when they ended."""
    held = select(ScorePush.lease).where(ScorePush.leased_until.is_not(None))
    return [lease for lease in db.session.scalars(held) if lease]


def waiting(context_id: int | None = None) -> int:
    """How many scores wait to be sent, everywhere or in one course."""
    count = select(func.count(ScorePush.id)).where(ScorePush.status == PushStatus.WAITING)
    if context_id is not None:
        count = count.join(GradeColumn).where(GradeColumn.context_id == context_id)
    return db.session.scalar(count) or 0


def is_paused(registration_id: int, now: datetime) -> bool:
    """Whether a platform is being left alone for the moment."""
    service = db.session.get(GradeService, registration_id)
    return service is not None and service.paused_until is not None and service.paused_until > now


def troubles_in(context_id: int) -> dict[str, int]:
    """What is in the way of a course's scores, by trouble, and how many scores it concerns."""
    columns = columns_of(context_id)
    found = {column.trouble: 0 for column in columns if column.trouble}
    rows = db.session.execute(
        select(ScorePush.trouble, func.count())
        .join(GradeColumn, ScorePush.column_id == GradeColumn.id)
        .where(GradeColumn.context_id == context_id, ScorePush.trouble != "")
        .group_by(ScorePush.trouble)
    )
    return found | {row.trouble: row[1] for row in rows}


def _is_linked(column: GradeColumn | type[GradeColumn]) -> ColumnElement[bool]:
    return (ResourceLink.context_id == column.context_id) & (
        ResourceLink.topic_key == column.topic_key
    )


def _has_column() -> ColumnElement[bool]:
    return ResourceLink.lineitem_url.is_not(None)


def _to_send(rows: Select[*Kinds]) -> Select[*Kinds]:
    """`rows` about scores that are wanted, in columns that are there, of learners who are."""
    return (
        _chosen(rows)
        .join(ScorePush, ScorePush.column_id == GradeColumn.id)
        .join(Membership, ScorePush.member_id == Membership.id)
        .outerjoin(GradeService, GradeService.registration_id == Context.registration_id)
        .where(
            ScorePush.status.in_(TO_SEND),
            GradeColumn.status == ColumnStatus.READY,
            Membership.status == Status.ACTIVE,
            Membership.is_staff.is_(False),
        )
    )


def _chosen(rows: Select[*Kinds]) -> Select[*Kinds]:
    """`rows` about columns whose instructor said yes, at platforms that are not disabled."""
    return (
        rows.select_from(GradeColumn)
        .join(Context, GradeColumn.context_id == Context.id)
        .join(Registration, Context.registration_id == Registration.id)
        .join(CreditPolicy, CreditPolicy.context_id == Context.id)
        .where(CreditPolicy.mode == Mode.GRADEBOOK, Registration.is_disabled.is_(False))
    )
