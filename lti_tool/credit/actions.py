"""Writes about credit: earn it, choose how it counts, and keep the outbox."""

import random
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update

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
from lti_tool.db import db, insert_missing
from lti_tool.lti.models import Context, Registration
from lti_tool.roster.models import Membership

COLUMN_LEASE = timedelta(seconds=60)
LEASE = timedelta(seconds=15)
"""Longer than one question to a platform may take; taken anew before each."""
AT_ONCE = 2
"""Requests in flight for one platform, over all workers."""
chance = random.Random()  # noqa: S311 - jitter, not a secret


def reward_unstuck(
    helper: Membership, asker: Membership, *, source: str, topic_key: str = ""
) -> None:
    """One confirmed help, one point; the same source earns once, and staff earn nothing."""
    if not (helper.is_learner and asker.is_learner) or helper.id == asker.id:
        return
    _wait_for_turn(helper)
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
            topic_key=topic_key,
            run=helper.context.run,
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
        for column in queries.columns_of(member.context_id):
            _want_again(column)
    db.session.flush()
    want_scores(member.context_id)
    return policy


def want_column_with_link(member: Membership, topic_key: str, label: str, maximum: int) -> None:
    """An instructor's yes to a column that comes with a link, for a topic or the whole course.

    It is a yes to the gradebook too. The platform may make the column itself when the link is
    saved, so ours waits for that.
    """
    policy = queries.policy_of(member)
    if policy is None:
        policy = CreditPolicy(context_id=member.context_id, full_marks_at=rules.FULL_MARKS_AT)
        db.session.add(policy)
    policy.mode, policy.chosen_at = Mode.GRADEBOOK, course_now()
    if not topic_key:
        policy.full_marks_at = maximum
    column = _want_column(member.context_id, maximum, topic_key)
    column.label = label
    if column.lineitem_url is None:
        column.maximum = maximum
    if not topic_key or queries.is_linked(column):
        column.next_try_at = now() + rules.PLATFORM_FIRST
    db.session.flush()
    want_scores(member.context_id)


def want_scores(context_id: int) -> None:
    """Bring every outbox row of a course up to what the ledger says now."""
    for member, _points in queries.earners(context_id):
        want_score(member)


def want_score(member: Membership) -> None:
    """Bring one person's outbox rows up to what the ledger says; no yes, no row."""
    _wait_for_turn(member)
    policy = queries.policy_of(member)
    if policy is None or policy.mode is not Mode.GRADEBOOK:
        return
    points = queries.points_by_topic(member)
    columns = {column.topic_key: column for column in queries.columns_of(member.context_id)}
    for topic, column in columns.items():
        full = rules.full_marks_in(topic, column.maximum, policy.full_marks_at)
        earned = rules.points_in(topic, columns, points)
        _wish(column, member, earned, rules.score_for(earned, full, column.maximum))


def _wish(column: GradeColumn, member: Membership, points: int, wanted: float) -> None:
    known, run = queries.push_of(column, member), member.context.run
    is_known = points == 0 and known is not None and run == 1
    if not rules.is_wanted(points, is_learner=member.is_learner, is_known=is_known):
        return
    wanted = rules.lasting(wanted, known.wanted if known else None, run=run)
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
            GradeColumn.status.in_(queries.TO_MAKE),
            or_(GradeColumn.leased_until.is_(None), GradeColumn.leased_until < moment),
        )
        .values(leased_until=moment + COLUMN_LEASE, attempts=GradeColumn.attempts + 1)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def column_ready(column: GradeColumn, url: str) -> None:
    """The column is there: its scores may go."""
    column.lineitem_url, column.status = url, ColumnStatus.READY
    column.trouble, column.leased_until = "", None


def column_failed(column: GradeColumn, status: ColumnStatus, trouble: str) -> None:
    """The column could not be made or used; one that was refused is asked for again after a day."""
    column.status, column.trouble, column.leased_until = status, trouble, None
    wait = rules.retry_after(column.attempts, None, chance)
    column.next_try_at = now() + (rules.EXEMPT_FOR if status is ColumnStatus.REFUSED else wait)


def doubt_column(column: GradeColumn, trouble: str) -> None:
    """A score found no column: the list of columns is asked whether it is really gone."""
    column.status, column.trouble, column.next_try_at = ColumnStatus.WANTED, trouble, now()


def lease_push(push_id: int, registration_id: int, holder: str, moment: datetime) -> str | None:
    """A lease on one outbox row; none when another worker has it or the platform has enough to do.

    `holder` names this process: what a killed one leaves is taken over when the lease runs out,
    or when it is known to have ended.
    """
    # On PostgreSQL, workers that count the platform's leases do so one after the other.
    db.session.execute(
        select(Registration.id)
        .where(Registration.id == registration_id)
        .with_for_update(key_share=True)
    )
    if _leases(registration_id, moment) >= AT_ONCE:
        return None
    lease = f"{holder}:{secrets.token_urlsafe(12)}"
    taken = db.session.execute(
        update(ScorePush)
        .where(
            ScorePush.id == push_id,
            ScorePush.status.in_(queries.TO_SEND),
            or_(ScorePush.leased_until.is_(None), ScorePush.leased_until < moment),
        )
        .values(leased_until=moment + LEASE, lease=lease)
    )
    return lease if taken.rowcount else None  # type: ignore[attr-defined]


def hold(push_id: int, lease: str) -> ScorePush | None:
    """The row behind a lease, locked and as it is now; none when the lease is not ours any more.

    Whoever was away for so long that another worker took over must not write about it.
    """
    return db.session.scalar(
        select(ScorePush)
        .where(ScorePush.id == push_id, ScorePush.lease == lease)
        .with_for_update(of=ScorePush)
        .execution_options(populate_existing=True)
    )


def drop_leases(leases: Sequence[str]) -> None:
    """Free what processes held that have ended."""
    db.session.execute(
        update(ScorePush)
        .where(ScorePush.lease.in_(leases))
        .values(leased_until=None, lease=None)
        .execution_options(synchronize_session=False)
    )


def set_off(push: ScorePush) -> tuple[float, datetime]:
    """Note what is about to be sent, before it is: whatever happens then, we know it may be there.

    Every send has a later timestamp, so that one that was slow to arrive cannot undo a newer one.
    """
    push.stamp = rules.next_stamp(push.stamp, now())
    push.underway = [*(one for one in push.underway if one != push.wanted), push.wanted]
    push.leased_until = now() + LEASE
    return push.wanted, push.stamp


def arrived(push: ScorePush, score: float) -> None:
    """The platform has this score; a wish that changed meanwhile waits for the next send."""
    push.sent, push.underway = score, []
    push.attempts, push.trouble = 0, ""
    push.status = PushStatus.SENT if push.wanted == score else PushStatus.WAITING
    push.next_try_at = now()
    release(push)


def stopped(push: ScorePush, status: PushStatus, trouble: str) -> None:
    """This score is not sent: the teacher changed it, or the platform says it cannot be."""
    push.status, push.trouble = status, trouble
    push.next_try_at = now() + rules.EXEMPT_FOR
    release(push)


def put_off(push: ScorePush, trouble: str) -> None:
    """Only this score was refused: look again later, for as long as it takes."""
    push.attempts += 1
    push.status, push.trouble = PushStatus.WAITING, trouble
    push.next_try_at = now() + rules.retry_after(push.attempts, None, chance)
    release(push)


def release(push: ScorePush) -> None:
    """Let go of a row; others may take it."""
    push.leased_until, push.lease = None, None


def service_failed(push: ScorePush, trouble: str, asked: int | None) -> None:
    """No answer, or "later": count it against the platform, and leave it alone after some in a row.

    The score waits with it, and goes as soon as the platform answers.
    """
    service = _service(push.column.context.registration_id)
    service.failures += 1
    service.trouble = trouble
    push.trouble = trouble
    push.next_try_at = now() + rules.retry_after(service.failures, asked, chance)
    if asked is not None or service.failures >= rules.FAILURES_BEFORE_PAUSE:
        attempts = max(1, service.failures - rules.FAILURES_BEFORE_PAUSE)
        pause = now() + rules.retry_after(attempts, asked, chance)
        service.paused_until = max(pause, service.paused_until or pause)
    release(push)


def service_answered(registration_id: int) -> None:
    """The platform answers: whatever waited for it is due now (decision 23).

    An answer that comes during a pause was asked for before it: the pause stays. Scores that were
    refused for themselves keep their own patience.
    """
    service = db.session.get(GradeService, registration_id)
    if service is None or not service.failures:
        return
    service = _service(registration_id)
    if service.paused_until is not None and service.paused_until > now():
        return
    service.failures, service.paused_until, service.trouble = 0, None, ""
    waiting = (
        select(ScorePush.id)
        .join(GradeColumn, ScorePush.column_id == GradeColumn.id)
        .join(Context, GradeColumn.context_id == Context.id)
        .where(
            Context.registration_id == registration_id,
            ScorePush.status == PushStatus.WAITING,
            ScorePush.attempts == 0,
            ScorePush.next_try_at > now(),
        )
        .with_for_update(of=ScorePush, skip_locked=True)
    )
    db.session.execute(
        update(ScorePush)
        .where(ScorePush.id.in_(waiting))
        .values(next_try_at=now())
        .execution_options(synchronize_session=False)
    )


def _leases(registration_id: int, moment: datetime) -> int:
    """How many scores of a platform are being sent at this moment, by whichever worker."""
    live = (
        select(func.count(ScorePush.id))
        .join(GradeColumn, ScorePush.column_id == GradeColumn.id)
        .join(Context, GradeColumn.context_id == Context.id)
        .where(Context.registration_id == registration_id, ScorePush.leased_until >= moment)
    )
    return db.session.scalar(live) or 0


def _wait_for_turn(member: Membership) -> None:
    """Two thanks at the same moment must each see the other's points: the second waits here."""
    db.session.execute(select(Membership.id).where(Membership.id == member.id).with_for_update())


def _want_column(context_id: int, maximum: int, topic_key: str = "") -> GradeColumn:
    column = queries.column_of(context_id, topic_key)
    if column is None:
        column = GradeColumn(
            context_id=context_id, topic_key=topic_key, maximum=maximum, next_try_at=now()
        )
        db.session.add(column)
        db.session.flush()
    _want_again(column)
    return column


def _want_again(column: GradeColumn) -> None:
    """A new yes: what was refused or deleted is tried anew."""
    if column.status in (ColumnStatus.REFUSED, ColumnStatus.GONE):
        column.status, column.attempts = ColumnStatus.WANTED, 0
        column.lineitem_url, column.next_try_at = None, now()
        db.session.flush()


def _push(column: GradeColumn, member: Membership, wanted: float) -> ScorePush:
    push = db.session.scalar(
        select(ScorePush)
        .where(ScorePush.column_id == column.id, ScorePush.member_id == member.id)
        .with_for_update(of=ScorePush)
        .execution_options(populate_existing=True)
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
    """How a platform has been answering, locked and as it is now."""
    insert_missing(GradeService, [{"registration_id": registration_id}])
    return db.session.scalars(
        select(GradeService)
        .where(GradeService.registration_id == registration_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
