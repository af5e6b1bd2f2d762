"""What the worker does about credit: make wanted columns, and send what the gradebook lacks.

Every step is safe to repeat: what is about to be sent is noted before, and before sending the
gradebook is asked what it shows.
"""

from lti_tool import jobs
from lti_tool.clock import now
from lti_tool.credit import actions, queries, rules
from lti_tool.credit.models import ColumnStatus, GradeColumn, PushStatus, ScorePush
from lti_tool.credit.rules import Refusal, Shown, Verdict
from lti_tool.db import db, start_reading, start_writing
from lti_tool.errors import PlatformRefused, PlatformUnreachable
from lti_tool.lti import grades
from lti_tool.lti.models import PlatformKind, Registration

LABEL = "Good Turn"
AT_ONCE = 2
"""Requests in flight for one platform."""
BATCH = 400


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
    column = db.session.get_one(GradeColumn, column_id)
    try:
        if not grades.can_make_columns(column.context):
            raise PlatformRefused(403, "grade columns are switched off for this tool")
        url = grades.find_or_create_column(
            column.context, label=LABEL, maximum=float(column.maximum)
        )
    except PlatformUnreachable as error:
        _column_failed(column_id, error)
        return
    start_writing()
    column = db.session.get_one(GradeColumn, column_id)
    actions.column_ready(column, url)
    actions.want_scores(column.context_id)
    db.session.commit()


def send_scores() -> None:
    """Send every score that is due, two at once for each platform, until none is due."""
    while due := queries.due_pushes(now(), BATCH):
        by_platform: dict[int, list[int]] = {}
        for push_id, registration_id in due:
            by_platform.setdefault(registration_id, []).append(push_id)
        db.session.rollback()
        jobs.side_by_side(by_platform, send_one, AT_ONCE)
        start_reading()
    start_writing()


def send_one(push_id: int) -> None:
    """Send one score: lease it, look at the gradebook, send, note how it went."""
    start_writing()
    if queries.is_paused(push_id, now()) or actions.lease_push(push_id, now()) is None:
        db.session.rollback()
        return
    db.session.commit()
    try:
        _send(push_id)
    except PlatformRefused as refusal:
        _refused(push_id, refusal)
    except PlatformUnreachable as error:
        _put_off(push_id, error)


def _send(push_id: int) -> None:
    shown, comment = _look(push_id)
    if shown is not Shown.AS_SENT:
        _settle(push_id, shown)
        return
    start_writing()
    push = db.session.get_one(ScorePush, push_id)
    score, stamp = actions.set_off(push)
    db.session.commit()
    start_reading()
    push = db.session.get_one(ScorePush, push_id)
    grades.send_score(
        _registration(push),
        push.column.context.scopes,
        str(push.column.lineitem_url),
        sub=push.member.user.sub,
        given=score,
        maximum=float(push.column.maximum),
        at=stamp,
        comment=comment,
    )
    _arrived(push_id, score)


def _look(push_id: int) -> tuple[Shown, str]:
    """What the gradebook shows, compared with what we want and sent, and the comment beside it.

    The comment goes along with the next score: Moodle drops a teacher's feedback otherwise.
    """
    start_reading()
    push = db.session.get_one(ScorePush, push_id)
    result = grades.result_of(
        _registration(push),
        push.column.context.scopes,
        str(push.column.lineitem_url),
        push.member.user.sub,
    )
    push = db.session.get_one(ScorePush, push_id)
    maximum = float(push.column.maximum)
    ours = tuple(None if value is None else value / maximum for value in (push.sent, push.underway))
    shown = rules.compare(result.share if result else None, push.wanted / maximum, ours)
    return shown, result.comment if result else ""


def _settle(push_id: int, shown: Shown) -> None:
    """Nothing is to be sent: the gradebook has it already, or a teacher decided otherwise."""
    start_writing()
    push = db.session.get_one(ScorePush, push_id)
    if shown is Shown.AS_WANTED:
        _note_arrival(push, push.wanted)
    else:
        actions.stopped(push, PushStatus.CHANGED_BY_TEACHER, "changed in the gradebook")
        actions.service_answered(_registration(push).id)
    db.session.commit()


def _arrived(push_id: int, score: float) -> None:
    start_writing()
    _note_arrival(db.session.get_one(ScorePush, push_id), score)
    db.session.commit()


def _note_arrival(push: ScorePush, score: float) -> None:
    actions.arrived(push, score)
    actions.service_answered(_registration(push).id)


def _refused(push_id: int, refusal: PlatformRefused) -> None:
    """Sort a refusal; it may come from the look, the token or the score itself."""
    start_writing()
    push = db.session.get_one(ScorePush, push_id)
    is_moodle = _registration(push).kind is PlatformKind.MOODLE
    verdict = rules.verdict(Refusal(refusal.http_status, is_moodle))
    if verdict in (Verdict.RETRY, Verdict.LOOK):
        _put_off(push_id, refusal, counts=verdict is Verdict.RETRY)
        return
    if verdict is Verdict.EXEMPT:
        actions.stopped(push, PushStatus.EXEMPT, refusal.reason)
    else:
        gone = verdict is Verdict.COLUMN_GONE
        status = ColumnStatus.GONE if gone else ColumnStatus.REFUSED
        actions.column_failed(push.column, status, refusal.reason)
        actions.put_off(push, refusal.reason, None)
    db.session.commit()


def _put_off(push_id: int, error: PlatformUnreachable, *, counts: bool = True) -> None:
    start_writing()
    push = db.session.get_one(ScorePush, push_id)
    if not counts:  # refused for its timestamp: the next try takes a later one
        push.underway = push.sent if push.underway != push.sent else None
    actions.put_off(push, error.reason or "no answer", error.retry_after)
    if counts:
        actions.service_failed(_registration(push).id, error.reason, error.retry_after)
    db.session.commit()


def _column_failed(column_id: int, error: PlatformUnreachable) -> None:
    start_writing()
    column = db.session.get_one(GradeColumn, column_id)
    status = ColumnStatus.WANTED
    if isinstance(error, PlatformRefused):
        kind = rules.verdict(Refusal(error.http_status, is_moodle=False))
        status = ColumnStatus.WANTED if kind is Verdict.RETRY else ColumnStatus.REFUSED
    actions.column_failed(column, status, error.reason or "no answer")
    db.session.commit()


def _registration(push: ScorePush) -> Registration:
    return push.column.context.registration
