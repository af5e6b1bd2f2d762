"""Columns, scores and results of a gradebook (AGS 2.0, and docs/platforms.md for their manners).

PyLTI1p3's LineItem and Grade say what goes over the wire.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem

from lti_tool.errors import PlatformRefused, PlatformUnreachable
from lti_tool.lti import claims, http, tokens, troubles
from lti_tool.lti.models import Context, PlatformKind, Registration
from lti_tool.lti.rules import origin_of

RESOURCE_ID = "good-turn"
"""By this we know our own column again, also after a course was copied."""


MAX_SCORE = 1e12


@dataclass(frozen=True)
class Result:
    """What the gradebook shows for one person: points, their share of the maximum, a comment."""

    points: float | None
    share: float | None
    comment: str


def result_of(registration: Registration, scopes: str, column: str, sub: str) -> Result | None:
    """What the platform shows for `sub` in the column; none when nothing was ever entered.

    Never sends `limit`: Moodle's results crash with it.
    """
    url = _beside(column, "results") + _query(column, user_id=sub)
    answer = tokens.ask(
        registration, _granted(scopes), "GET", url, headers={"Accept": claims.RESULTS_TYPE}
    )
    listed = tokens.json_of(answer)
    if not isinstance(listed, list):
        raise PlatformUnreachable(troubles.ANSWER_ODD)
    for entry in listed:
        if isinstance(entry, dict) and str(entry.get("userId")) == sub:
            return _result(entry)
    if registration.kind is PlatformKind.CANVAS and len(listed) == 1:
        return _result(listed[0])  # accounts were merged: we know this person by a past id
    return None


def send_score(  # noqa: PLR0913
    registration: Registration,
    scopes: str,
    column: str,
    *,
    sub: str,
    given: float,
    maximum: float,
    at: datetime,
    comment: str = "",
    only_if_empty: bool = False,
) -> None:
    """Put one absolute score into the column; sending the same again changes nothing.

    FullyGraded with a score always: without, both platforms wipe the grade. In Canvas a score is a
    new attempt unless told otherwise, and `only_if_empty` leaves any score that is there (Canvas
    shows a teacher's own only after our first). Raises PlatformRefused or PlatformUnreachable.
    """
    grade = Grade().set_user_id(sub).set_score_given(given).set_score_maximum(maximum)
    grade.set_activity_progress("InProgress").set_grading_progress("FullyGraded")
    grade.set_timestamp(at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    if comment and registration.kind is PlatformKind.MOODLE:
        grade.set_comment(comment)
    if registration.kind is PlatformKind.CANVAS:
        told = {"new_submission": False}
        told |= {"prioritize_non_tool_grade": True} if only_if_empty else {}
        grade.set_extra_claims({claims.CANVAS_SUBMISSION: told})
    answer = tokens.ask(
        registration,
        _granted(scopes),
        "POST",
        _beside(column, "scores") + _query(column),
        headers={"Content-Type": claims.SCORE_TYPE, "Accept": "*/*"},
        data=grade.get_value(),
    )
    _check_taken(registration.kind, answer)


def _check_taken(kind: PlatformKind, answer: http.Answer) -> None:
    """Moodle says nothing to a score, Canvas where it is; a sign-in page or less is no success."""
    if kind is not PlatformKind.CANVAS and not answer.body.strip():
        return
    said = tokens.json_of(answer)
    is_odd = not isinstance(said, dict) or "resultUrl" not in said
    if kind is PlatformKind.MOODLE or (kind is PlatformKind.CANVAS and is_odd):
        raise PlatformUnreachable(troubles.ANSWER_ODD)


def can_send_scores(context: Context) -> bool:
    """Whether the platform takes scores from us in this course, for columns that it made."""
    return claims.SCOPE_SCORE in context.scopes.split()


def can_make_columns(context: Context) -> bool:
    """Whether the platform lets us make columns and send scores in this course."""
    granted = context.scopes.split()
    return (
        context.lineitems_url is not None
        and claims.SCOPE_LINEITEM in granted
        and claims.SCOPE_SCORE in granted
    )


def find_column(context: Context, tag: str = "") -> str | None:
    """The address of our line item in the course, if there is one: a topic's has its key as tag."""
    url = str(context.lineitems_url)
    answer = tokens.ask(
        context.registration,
        _granted(context.scopes),
        "GET",
        urlunsplit(urlsplit(url)._replace(query="")) + _query(url, resource_id=RESOURCE_ID),
        headers={"Accept": claims.LINEITEMS_TYPE},
    )
    listed = tokens.json_of(answer)
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise PlatformUnreachable(troubles.ANSWER_ODD)
    ours = [LineItem(entry) for entry in listed if _is_ours(entry, tag)]
    addresses = sorted(_checked(column.get_id(), url) for column in ours)
    return addresses[0] if addresses else None


def _is_ours(entry: dict[str, Any], tag: str) -> bool:
    return entry.get("resourceId") == RESOURCE_ID and (entry.get("tag") or "") == tag


@dataclass(frozen=True)
class Wanted:
    """A column to be made."""

    label: str
    maximum: float
    tag: str = ""


def create_column(context: Context, column: Wanted) -> str:
    """Make our line item. A second POST makes a second one: find first, and hold a lease."""
    ours = LineItem().set_label(column.label).set_score_maximum(column.maximum)
    ours.set_resource_id(RESOURCE_ID)
    if column.tag:
        ours.set_tag(column.tag)
    wanted = json.loads(ours.get_value())
    if context.registration.kind is PlatformKind.CANVAS:
        wanted[claims.CANVAS_SUBMISSION_TYPE] = {"type": "none"}
    url = str(context.lineitems_url)
    answer = tokens.ask(
        context.registration,
        _granted(context.scopes),
        "POST",
        url,
        headers={"Content-Type": claims.LINEITEM_TYPE, "Accept": claims.LINEITEM_TYPE},
        data=json.dumps(wanted),
    )
    made = tokens.json_of(answer)
    return _checked(made.get("id") if isinstance(made, dict) else None, url)


def _checked(column: Any, near: str) -> str:
    """The address of a column; it must be of the same site as the list it came from."""
    if not isinstance(column, str) or origin_of(column) != origin_of(near):
        raise PlatformUnreachable(troubles.OTHER_SITE)
    return column


def _granted(scopes: str) -> tuple[str, ...]:
    """The scopes to ask a token for: only what was granted, or some platforms refuse it all."""
    granted = tuple(scope for scope in scopes.split() if scope in claims.GRADE_SCOPES)
    if not granted:
        raise PlatformRefused(403, troubles.SWITCHED_OFF)
    return granted


def _beside(column: str, what: str) -> str:
    """The column's scores or results: the path grows, not the query (Moodle: ?type_id=…)."""
    parts = urlsplit(column)
    return urlunsplit(parts._replace(path=f"{parts.path}/{what}", query="", fragment=""))


def _query(url: str, **added: str) -> str:
    query = "&".join(part for part in (urlsplit(url).query, urlencode(added)) if part)
    return f"?{query}" if query else ""


def _result(entry: Any) -> Result:
    """One entry; a score that is no number at all is no answer either."""
    if not isinstance(entry, dict):
        raise PlatformUnreachable(troubles.ANSWER_ODD)
    points, maximum = _number(entry.get("resultScore")), _number(entry.get("resultMaximum"))
    comment = entry.get("comment")
    return Result(
        points=points,
        share=None if points is None else points / (maximum or 1),
        comment=comment if isinstance(comment, str) else "",
    )


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MAX_SCORE:
        raise PlatformUnreachable(troubles.ANSWER_ODD)
    return float(value)
