"""Writes about credit: earn it, choose how it counts, and keep the outbox."""

import random
import secrets
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from lti_tool.clock import course_now, now
from lti_tool.credit import queries, rules
from lti_tool.credit.models import (
    ColumnStatus,
    CreditEntry,
    CreditPolicy,
    GradeColumn,
    GradeService,
    Mode,
    PushStatus,
    Reason,
    ScorePush,
)
from lti_tool.db import db
from lti_tool.roster.models import Membership

LEASE = timedelta(seconds=60)
chance = random.Random()  # noqa: S311 - jitter, not a secret


def reward_unstuck(helper: Membership, asker: Membership, *, source: str) -> None:
    """One confirmed help, one point; the same source earns once, and staff earn nothing."""
    if not (helper.is_learner and asker.is_learner) or helper.id == asker.id:
        return
    # Two thanks at the same moment must each see the other's points: the second waits here.
    db.session.execute(select(Membership.id).where(Membership.id == helper.id).with_for_update())
    is_known = db.session.scalar(
        select(CreditEntry.id).where(
            CreditEntry.reason == Reason.UNSTUCK, CreditEntry.source == source
        )
    )
    if is_known:
        return
    db.session.add(
        CreditEntry(
            member_id=helper.id,
            given_by_id=asker.id,
            reason=Reason.UNSTUCK,
            source=source,
            points=rules.POINTS_FOR_UNSTUCK,
            made_at=course_now(),
        )
    )
    db.session.flush()
    want_score(helper)


def choose(member: Membership, mode: Mode, full_marks_at: int) -> CreditPolicy:
    """The instructor's choice; a yes to the gradebook is also the yes to its column."""
    policy = queries.policy_of(member)
    if policy is None:
        policy = CreditPolicy(context_id=member.context_id)
        db.session.add(policy)
    policy.mode, policy.full_marks_at, policy.chosen_at = mode, full_marks_at, course_now()
    if mode is Mode.GRADEBOOK:
        _want_column(member.context_id, full_marks_at)
    db.session.flush()
    want_scores(member.context_id)
    return policy


def want_scores(context_id: int) -> None:
    """Bring every outbox row of a course up to what the ledger says now."""
    for member, _points in queries.earners(context_id):
        want_score(member)


def want_score(member: Membership) -> None:
    """Bring one person's outbox row up to what the ledger says; no yes, no row."""
    column = queries.column_of(member.context_id)
    points = queries.points_of(member)
    if (
        column is None
        or not queries.is_on(member.context_id)
        or not rules.is_wanted(points, is_learner=member.is_learner)
    ):
        return
    wanted = rules.score_for(points, column.maximum)
    push = _push(column, member, wanted)
    if push.wanted != wanted:
        push.wanted = wanted
        push.status = _after_new_wish(push.status)
        push.next_try_at, push.attempts = now(), 0


def lease_column(column_id: int, moment: datetime) -> bool:
    """Whether this worker may make the column now: nobody else does until the lease ends."""
    taken = db.session.execute(
        update(GradeColumn)
        .where(
            GradeColumn.id == column_id,
            GradeColumn.status == ColumnStatus.WANTED,
            or_(GradeColumn.leased_until.is_(None), GradeColumn.leased_until < moment),
        )
        .values(leased_until=moment + LEASE, attempts=GradeColumn.attempts + 1)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def column_ready(column: GradeColumn, url: str) -> None:
    """The column is there: its scores may go."""
    column.lineitem_url, column.status = url, ColumnStatus.READY
    column.trouble, column.leased_until = "", None


def column_failed(column: GradeColumn, status: ColumnStatus, trouble: str) -> None:
    """The column could not be made, or is gone; a wanted one is tried again later."""
    column.status, column.trouble, column.leased_until = status, trouble, None
    column.next_try_at = now() + rules.retry_after(column.attempts, None, chance)


def lease_push(push_id: int, moment: datetime) -> str | None:
    """A lease on one outbox row, or none when another worker has it.

    A worker that is killed leaves its lease to run out; the row is then sent by another.
    """
    lease = secrets.token_urlsafe(12)
    taken = db.session.execute(
        update(ScorePush)
        .where(
            ScorePush.id == push_id,
            ScorePush.status == PushStatus.WAITING,
            or_(ScorePush.leased_until.is_(None), ScorePush.leased_until < moment),
        )
        .values(leased_until=moment + LEASE, lease=lease)
    )
    return lease if taken.rowcount else None  # type: ignore[attr-defined]


def set_off(push: ScorePush) -> tuple[float, datetime]:
    """Note what is about to be sent, before it is: whatever happens then, we can tell it again.

    A score that may have arrived goes again with the very same timestamp.
    """
    if push.underway != push.wanted or push.stamp is None:
        push.stamp = rules.next_stamp(push.stamp, now())
        push.underway = push.wanted
    return push.wanted, push.stamp


def arrived(push: ScorePush, score: float) -> None:
    """The platform has this score; a wish that changed meanwhile waits for the next send."""
    push.sent, push.underway = score, None
    push.attempts, push.trouble = 0, ""
    push.status = PushStatus.SENT if push.wanted == score else PushStatus.WAITING
    push.next_try_at = now()
    _release(push)


def stopped(push: ScorePush, status: PushStatus, trouble: str) -> None:
    """This score is not sent: the teacher changed it, or the platform says it cannot be."""
    push.status, push.trouble = status, trouble
    _release(push)


def put_off(push: ScorePush, trouble: str, asked: int | None) -> None:
    """No answer, or "later": wait and try again, for as long as it takes."""
    push.attempts += 1
    push.trouble = trouble
    push.next_try_at = now() + rules.retry_after(push.attempts, asked, chance)
    _release(push)


def service_failed(registration_id: int, trouble: str, asked: int | None) -> None:
    """Count a failure of a platform; after some in a row it is left alone for a while."""
    service = _service(registration_id)
    service.failures += 1
    service.trouble = trouble
    if asked is not None or service.failures >= rules.FAILURES_BEFORE_PAUSE:
        attempts = max(1, service.failures - rules.FAILURES_BEFORE_PAUSE)
        service.paused_until = now() + rules.retry_after(attempts, asked, chance)


def service_answered(registration_id: int) -> None:
    """The platform answers: whatever waited for it is due now (decision 23)."""
    service = db.session.get(GradeService, registration_id)
    if service is None or not service.failures:
        return
    service.failures, service.paused_until, service.trouble = 0, None, ""
    columns = select(GradeColumn.id).where(GradeColumn.context.has(registration_id=registration_id))
    db.session.execute(
        update(ScorePush)
        .where(ScorePush.status == PushStatus.WAITING, ScorePush.column_id.in_(columns))
        .values(next_try_at=now())
    )


def _want_column(context_id: int, maximum: int) -> None:
    column = queries.column_of(context_id)
    if column is None:
        column = GradeColumn(context_id=context_id, maximum=maximum, next_try_at=now())
        db.session.add(column)
    if column.status in (ColumnStatus.REFUSED, ColumnStatus.GONE):
        column.status, column.attempts = ColumnStatus.WANTED, 0
        column.next_try_at = now()
    db.session.flush()


def _push(column: GradeColumn, member: Membership, wanted: float) -> ScorePush:
    push = db.session.scalar(
        select(ScorePush).where(ScorePush.column_id == column.id, ScorePush.member_id == member.id)
    )
    if push is None:
        push = ScorePush(column_id=column.id, member_id=member.id, wanted=wanted, next_try_at=now())
        db.session.add(push)
        db.session.flush()
    return push


def _after_new_wish(status: PushStatus) -> PushStatus:
    """A teacher's own grade stays theirs whatever we would like to send."""
    keeps = (PushStatus.CHANGED_BY_TEACHER, PushStatus.EXEMPT)
    return status if status in keeps else PushStatus.WAITING


def _service(registration_id: int) -> GradeService:
    service = db.session.get(GradeService, registration_id)
    if service is None:
        service = GradeService(registration_id=registration_id, failures=0, trouble="")
        db.session.add(service)
        db.session.flush()
    return service


def _release(push: ScorePush) -> None:
    push.leased_until, push.lease = None, None
