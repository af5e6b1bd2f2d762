"""Moodle's scores and results (`scores.php`, `results.php`, `gradebookservices.php`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lti_tool.practice import vocabulary as v
from lti_tool.practice.exchange import Call, Refusal, Reply, json_reply
from lti_tool.practice.model import Cell, LineItem
from lti_tool.practice.moodle.grades import is_number, lineitem_path, lineitem_url, type_id
from lti_tool.practice.moodle.replies import allowed_tool, course_here, refused, speaks
from lti_tool.practice.moodle.roles import is_gradable
from lti_tool.practice.moodle.roster import whole

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

NEEDED = ("userId", "timestamp", "gradingProgress", "activityProgress")


def scores(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """Take one score. Every answer is in the list of posts as well."""
    body = call.json_object() or {}
    try:
        reply = _taken(site, call, names, body)
    except Refusal as refusal:
        site.note_score(names["item"], body, refusal.reply.status)
        raise
    site.note_score(names["item"], body, reply.status)
    return reply


def _taken(site: Site, call: Call, names: dict[str, str], body: dict[str, Any]) -> Reply:
    speaks(call, v.SCORE_TYPE)
    item = _item_for(site, call, names, v.SCORE)
    with site.changing():
        at = _checked(site, call, item, body)
        cell = item.cells.setdefault(str(body["userId"]), Cell(maximum=item.maximum))
        if cell.is_locked:
            raise refused(call, 500)
        _store(cell, item, body, at)
    return Reply(200, b"", v.SCORE_TYPE + "; charset=utf-8")


def _item_for(site: Site, call: Call, names: dict[str, str], scope: str) -> LineItem:
    """The tool's own column. Another tool's is 403 here, where `lineitem.php` says 404."""
    tool = allowed_tool(site, call, [scope])
    course = course_here(site, call, names["course"])
    item = site.state.line_items.get(names["item"])
    if item is None:
        raise refused(call, 404, f"Not Found: Grade item {names['item']} doesn't exist.")
    removed = tool.client_id in course.removed_tools
    if removed or item.client_id != tool.client_id or item.course_number != course.number:
        raise refused(call, 403, "Line item does not exist.")
    if call.query.get("type_id") != tool.number:
        raise refused(call, 403, "Invalid tool proxy specified.")
    return item


def _checked(site: Site, call: Call, item: LineItem, body: dict[str, Any]) -> datetime:
    """The score's time, if Moodle likes the score: 400 for its shape, 409 for its age."""
    at = moment(body.get("timestamp"))
    course = site.state.courses[item.course_number]
    complete = all(body.get(name) is not None for name in NEEDED)
    numeric = all(
        body.get(name) is None or is_number(body[name]) for name in ("scoreGiven", "scoreMaximum")
    )
    gradable = is_gradable(course.enrolments.get(str(body.get("userId"))))
    if not (complete and at and numeric and gradable):
        raise refused(call, 400, "Incorrect score received")
    stored = item.cells.get(str(body["userId"]), Cell()).timestamp
    if stored and int(stored.timestamp()) >= int(at.timestamp()):
        reason = f"Refusing score with an earlier timestamp for item {item.number}"
        raise refused(call, 409, f"{reason} and user {body['userId']}")
    return at


def _store(cell: Cell, item: LineItem, body: dict[str, Any], at: datetime) -> None:
    """An overridden grade stays as the teacher left it, though the answer is 200."""
    cell.timestamp, cell.maximum = at, item.maximum
    cell.comments = [str(body["comment"])] if body.get("comment") else []
    if not cell.overridden_by_teacher:
        cell.score = _final(item, body)


def _final(item: LineItem, body: dict[str, Any]) -> float | None:
    """The grade to keep: none unless FullyGraded, rescaled, and inside 0 … maximum."""
    if body.get("scoreGiven") is None or body["gradingProgress"] != "FullyGraded":
        return None
    maximum = float(body["scoreMaximum"]) if body.get("scoreMaximum") is not None else 1.0
    scale = item.maximum / maximum if maximum else 1.0
    return min(max(float(body["scoreGiven"]) * scale, 0.0), item.maximum)


def moment(text: object) -> datetime | None:
    """An ISO 8601 time with its zone."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at and at.tzinfo else None


def results(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """The column's grades. With `limit` a real one crashes (seen on 4.5.6): 404, in HTML."""
    speaks(call, v.RESULT_CONTAINER)
    item = _item_for(site, call, names, v.RESULT_READONLY)
    if call.accept not in ("", v.RESULT_CONTAINER):
        raise refused(call, 400, "Invalid request made.")
    if whole(call.query.get("limit")):
        page = b"<html><h1>Error</h1><p>Exception - Undefined variable $lastpage</p></html>"
        return Reply(404, page, "text/html; charset=utf-8")
    with site.lock:
        wanted = [_result(site, item, sub) for sub in _wanted(item, call.query.get("user_id"))]
    return json_reply(wanted, media_type=v.RESULT_CONTAINER)


def _wanted(item: LineItem, user_id: str | None) -> list[str]:
    """Whose results; a `user_id` that is no number means everybody's, as PARAM_INT has it."""
    graded = [sub for sub, cell in item.cells.items() if cell.timestamp]
    return [sub for sub in graded if sub == user_id] if whole(user_id) else graded


def _result(site: Site, item: LineItem, sub: str) -> dict[str, Any]:
    """One result. All of a column's results bear the same id, as in Moodle."""
    cell = item.cells[sub]
    query = f"type_id={type_id(site, item)}"
    result: dict[str, Any] = {"id": f"{lineitem_path(site, item)}/results?{query}", "userId": sub}
    if cell.score is None or cell.timestamp is None:
        return result
    result |= {"resultScore": cell.score, "resultMaximum": item.maximum}
    comment = {"comment": cell.comments[-1]} if cell.comments else {}
    at = cell.timestamp.astimezone(UTC).isoformat(timespec="seconds")
    return result | comment | {"scoreOf": lineitem_url(site, item), "timestamp": at}


def teacher_sets(site: Site, item: LineItem, sub: str, score: float | None) -> None:
    """A teacher's edit moves the stored time; on an activity's own column it overrides for good."""
    cell = item.cells.setdefault(sub, Cell())
    cell.score, cell.maximum, cell.timestamp = score, item.maximum, site.course_now()
    cell.overridden_by_teacher = item.is_coupled and score is not None
