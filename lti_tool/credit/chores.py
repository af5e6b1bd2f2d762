"""What the worker does about credit: make wanted columns, and send what the gradebook lacks.

Every step is safe to repeat: what is about to be sent is noted before, and before sending the
gradebook is asked what it shows. No step holds a transaction while a platform thinks.
"""

from dataclasses import dataclass
from datetime import datetime

from lti_tool import jobs
from lti_tool.clock import now
from lti_tool.credit import actions, queries, rules
from lti_tool.credit.models import ColumnStatus, GradeColumn, PushStatus, ScorePush
from lti_tool.credit.rules import Cell, Refusal, Shown, Verdict
from lti_tool.db import db, start_reading, start_writing
from lti_tool.errors import PlatformRefused, PlatformUnreachable
from lti_tool.lti import grades, troubles
from lti_tool.lti.grades import Wanted
from lti_tool.lti.models import Context, PlatformKind, Registration

BATCH = 400


@dataclass(frozen=True)
class Sending:
    """One leased score, as it was when somebody looked."""

    push_id: int
    lease: str
    registration: Registration
    scopes: str
    column: str
    sub: str
    maximum: float
    wanted: float
    ours: tuple[float, ...]
    is_new: bool
    """Nothing was ever sent, nor tried."""

    @property
    def is_canvas(self) -> bool:
        """Whether a teacher's own grade is invisible until our first score."""
        return self.registration.kind is PlatformKind.CANVAS


def make_columns() -> None:
    """Find or make every column that an instructor said yes to."""
    for column_id in queries.due_columns(now()):
        start_writing()
        if actions.lease_column(column_id, now()):
            db.session.commit()
            make_column(column_id)
    start_writing()


def make_column(column_id: int) -> None:
    """Find or make one column; the lease is ours."""
    start_reading()
    try:
        url = _find_or_make(db.session.get_one(GradeColumn, column_id))
    except PlatformUnreachable as error:
        _column_failed(column_id, error)
        return
    start_writing()
    column = db.session.get_one(GradeColumn, column_id)
    actions.column_ready(column, url)
    actions.want_scores(column.context_id)
    db.session.commit()


def _find_or_make(column: GradeColumn) -> str:
    """Our column's address. One that was there and is gone is not made again without a new yes."""
    context, maximum, was_there = column.context, float(column.maximum), column.lineitem_url
    linked = queries.linked_column(column) if column.topic_key else None
    if linked and linked != was_there and grades.can_send_scores(context):
        return linked
    if not grades.can_make_columns(context):
        raise PlatformRefused(403, troubles.SWITCHED_OFF)
    found = grades.find_column(context, column.topic_key)
    if found is None and was_there is not None:
        raise PlatformRefused(410, troubles.COLUMN_DELETED)
    made = Wanted(column.label, maximum, column.topic_key)
    return found or grades.create_column(context, made)


def send_scores() -> float | None:
    """Send every score that is due, two at once for each platform, until none can be sent.

    Returns in how many seconds the next one is due.
    """
    _take_over()
    is_busy = True
    while is_busy and (due := queries.due_pushes(now(), BATCH)):
        by_platform: dict[int, list[int]] = {}
        for push_id, registration_id in due:
            by_platform.setdefault(registration_id, []).append(push_id)
        db.session.rollback()
        is_busy = jobs.side_by_side(by_platform, send_one, actions.AT_ONCE)
        start_reading()
    make_columns()
    following = queries.next_due(now())
    return (following - now()).total_seconds() if following else None


def _take_over() -> None:
    """Free at once what a killed worker of this machine held; others' leases run out."""
    ended = [lease for lease in queries.held_leases() if jobs.has_ended(lease.partition(":")[0])]
    if ended:
        start_writing()
        actions.drop_leases(ended)
        db.session.commit()


def send_one(registration_id: int, push_id: int) -> bool:
    """Send one score: lease it, look at the gradebook, send, note how it went.

    Says whether the platform may be asked for more now.
    """
    start_writing()
    if queries.is_paused(registration_id, now()):
        return False
    lease = actions.lease_push(push_id, registration_id, jobs.this_worker(), now())
    db.session.commit()
    if lease is None:
        return False
    try:
        _send(push_id, lease)
    except PlatformRefused as refusal:
        _refused(push_id, lease, refusal)
    except PlatformUnreachable as error:
        _unanswered(push_id, lease, error)
    return True


def _send(push_id: int, lease: str) -> None:
    sending = _sending(push_id, lease)
    if sending.is_canvas and sending.is_new:  # there is nothing to see yet: look afterwards
        _send_first(sending)
        return
    shown, comment = _look(sending)
    if shown in (Shown.AS_WANTED, Shown.FOREIGN):
        _settle(sending, shown)
    elif sending.is_canvas and shown is Shown.NOTHING:
        _send_first(sending)
    elif score := _post(sending, comment=comment):
        _arrived(sending, score)


def _send_first(sending: Sending) -> None:
    """A score that leaves a teacher's own alone, and then a look at which of them is there."""
    score = _post(sending, only_if_empty=True)
    if score is None:
        return
    seen = _sending(sending.push_id, sending.lease)
    shown, _ = _look(seen)
    if shown is Shown.AS_SENT and seen.ours == (score,):  # and more was earned meanwhile
        _arrived(seen, score)
    else:
        _settle(seen, shown)


def _sending(push_id: int, lease: str) -> Sending:
    start_reading()
    push = db.session.get_one(ScorePush, push_id)
    context = push.column.context
    return Sending(
        push_id=push_id,
        lease=lease,
        registration=context.registration,
        scopes=context.scopes,
        column=str(push.column.lineitem_url),
        sub=push.member.user.sub,
        maximum=float(push.column.maximum),
        wanted=push.wanted,
        ours=tuple(push.underway) if push.sent is None else (push.sent, *push.underway),
        is_new=push.stamp is None,
    )


def _look(sending: Sending) -> tuple[Shown, str]:
    """What the gradebook shows, compared with what we want and sent, and the comment beside it.

    The comment goes along with the next score: Moodle drops a teacher's feedback otherwise.
    """
    result = grades.result_of(sending.registration, sending.scopes, sending.column, sending.sub)
    cell = Cell(points=result.points, share=result.share) if result else None
    shown = rules.compare(cell, sending.wanted, sending.ours, sending.maximum)
    return shown, result.comment if result else ""


def _post(sending: Sending, *, comment: str = "", only_if_empty: bool = False) -> float | None:
    """Send the score that is wanted by now and return it; none when the lease was lost."""
    going = _set_off(sending)
    if going is None:
        return None
    score, stamp = going
    try:
        grades.send_score(
            sending.registration,
            sending.scopes,
            sending.column,
            sub=sending.sub,
            given=score,
            maximum=sending.maximum,
            at=stamp,
            comment=comment,
            only_if_empty=only_if_empty,
        )
    except PlatformRefused as refusal:
        raise ScoreRefused(refusal) from refusal
    return score


class ScoreRefused(PlatformRefused):
    """The platform refused the score itself, and not something asked for on the way to it."""

    def __init__(self, refusal: PlatformRefused) -> None:
        super().__init__(refusal.http_status, refusal.reason, refusal.retry_after)


def _set_off(sending: Sending) -> tuple[float, datetime] | None:
    start_writing()
    push = actions.hold(sending.push_id, sending.lease)
    going = actions.set_off(push) if push else None
    db.session.commit()
    start_reading()
    return going


def _settle(sending: Sending, shown: Shown) -> None:
    """The gradebook has it, or a teacher decided otherwise, or it shows yet another of ours."""
    start_writing()
    push = actions.hold(sending.push_id, sending.lease)
    if push is None:
        return
    if shown is Shown.AS_WANTED:
        actions.arrived(push, sending.wanted)
    elif shown is Shown.FOREIGN:
        actions.stopped(push, PushStatus.CHANGED_BY_TEACHER, troubles.GRADE_CHANGED.code)
    else:
        actions.put_off(push, troubles.SCORE_NOT_SHOWN.code)
    actions.service_answered(_context(push).registration_id)
    db.session.commit()


def _arrived(sending: Sending, score: float) -> None:
    start_writing()
    push = actions.hold(sending.push_id, sending.lease)
    if push is not None:
        actions.arrived(push, score)
        actions.service_answered(_context(push).registration_id)
    db.session.commit()


def _refused(push_id: int, lease: str, refusal: PlatformRefused) -> None:
    """Sort a refusal; it may come from the look or the score itself."""
    start_writing()
    push = actions.hold(push_id, lease)
    if push is None:
        return
    is_moodle = _context(push).registration.kind is PlatformKind.MOODLE
    of_score = isinstance(refusal, ScoreRefused)
    verdict = rules.verdict(Refusal(refusal.http_status, is_moodle, of_score))
    match verdict:
        case Verdict.RETRY:
            actions.service_failed(push, refusal.reason, refusal.retry_after)
        case Verdict.LATER:
            actions.put_off(push, refusal.reason)
        case Verdict.EXEMPT:
            actions.stopped(push, PushStatus.EXEMPT, refusal.reason)
        case Verdict.COLUMN_GONE:
            actions.doubt_column(push.column, refusal.reason)
            actions.put_off(push, refusal.reason)
        case Verdict.REFUSED:
            actions.column_failed(push.column, ColumnStatus.REFUSED, refusal.reason)
            actions.put_off(push, refusal.reason)
    db.session.commit()


def _unanswered(push_id: int, lease: str, error: PlatformUnreachable) -> None:
    start_writing()
    push = actions.hold(push_id, lease)
    if push is not None:
        actions.service_failed(push, error.reason or troubles.UNCLEAR.code, error.retry_after)
    db.session.commit()


def _column_failed(column_id: int, error: PlatformUnreachable) -> None:
    start_writing()
    column = db.session.get_one(GradeColumn, column_id)
    status = ColumnStatus.WANTED
    if isinstance(error, PlatformRefused):
        refusal = Refusal(error.http_status, is_moodle=False, is_of_score=False)
        answers = {
            Verdict.COLUMN_GONE: ColumnStatus.GONE,
            Verdict.REFUSED: ColumnStatus.REFUSED,
        }
        status = answers.get(rules.verdict(refusal), ColumnStatus.WANTED)
    actions.column_failed(column, status, error.reason or troubles.UNCLEAR.code)
    db.session.commit()


def _context(push: ScorePush) -> Context:
    return push.column.context
