"""Canvas's scores and results (`scores_controller.rb`, `results_controller.rb`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lti_tool.practice import vocabulary as v
from lti_tool.practice.canvas.grades import lineitem_url, own_item, paged
from lti_tool.practice.canvas.replies import allowed_tool, refused
from lti_tool.practice.canvas.roles import is_student
from lti_tool.practice.exchange import Call, Refusal, Reply, json_reply
from lti_tool.practice.model import Cell, Course, LineItem

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

NEEDED = ("userId", "activityProgress", "gradingProgress", "timestamp")
COUNTS_AS_GRADED = ("FullyGraded", "PendingManual")
NOT_A_STUDENT = "User not found in course or is not a student"


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
    tool = allowed_tool(site, call, [v.SCORE])
    with site.changing():
        item = own_item(site, tool, names)
        sub = _student(site, item, body.get("userId"))
        at = _checked(site, item, sub, body)
        cell = item.cells.setdefault(sub, Cell(maximum=item.maximum))
        _submit(item, cell, body)
        _grade(item, cell, body)
        cell.timestamp, cell.maximum = at, item.maximum
        cell.result_number = cell.result_number or site.next_number()
    url = f"{lineitem_url(site, item)}/results/{cell.result_number}"
    return json_reply({"resultUrl": url}, media_type=v.SCORE_TYPE)


def resolved(site: Site, user_id: object) -> str | None:
    """The current `sub` of a LTI id, a past LTI id or Canvas's own number."""
    people = site.state.people
    if str(user_id) in people:
        return str(user_id)
    for person in people.values():
        if str(person.number) == str(user_id) or user_id in person.past_subs:
            return person.sub
    return None


def _student(site: Site, item: LineItem, user_id: object) -> str:
    sub = resolved(site, user_id)
    if sub is None or not is_student(_course(site, item).enrolments.get(sub)):
        raise refused(422, NOT_A_STUDENT)
    return sub


def _course(site: Site, item: LineItem) -> Course:
    return site.state.courses[item.course_number]


def _checked(site: Site, item: LineItem, sub: str, body: dict[str, Any]) -> datetime:
    """The score's time, after everything that Canvas refuses."""
    for name in NEEDED:
        if not body.get(name):
            raise refused(400, f"param is missing or the value is empty: {name}")
    cell = item.cells.get(sub, Cell())
    at = _moment(body["timestamp"], "timestamp")
    if cell.timestamp and cell.timestamp > at:
        shown = f"Provided timestamp of {body['timestamp']} before last updated timestamp of"
        raise refused(400, f"{shown} {cell.timestamp.isoformat(timespec='milliseconds')}")
    _check_words(body)
    _check_numbers(item, body)
    _check_submission(site, item, cell, submission(body))
    return at


def _moment(text: object, what: str) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise refused(400, f"Provided {what} of {text} not a valid timestamp") from None
    if at.tzinfo is None:
        raise refused(400, f"Provided {what} of {text} not a valid timestamp")
    return at


def _check_words(body: dict[str, Any]) -> None:
    if body["activityProgress"] not in v.ACTIVITY_PROGRESS:
        raise refused(422, "Activity progress is not included in the list")
    if body["gradingProgress"] not in v.GRADING_PROGRESS:
        raise refused(422, "Grading progress is not included in the list")


def _check_numbers(item: LineItem, body: dict[str, Any]) -> None:
    """Only a score that counts is looked at. More than the maximum is extra credit."""
    if is_ignored(body):
        return
    if body.get("scoreMaximum") is None:
        raise refused(422, "ScoreMaximum not supplied when ScoreGiven present.")
    if float(body["scoreGiven"]) < 0:
        raise refused(422, "ScoreGiven must be greater than or equal to 0")
    maximum = float(body["scoreMaximum"])
    if maximum < 0 or (maximum == 0 and item.maximum != 0):
        raise refused(422, "ScoreMaximum must be greater than 0")


def is_ignored(body: dict[str, Any]) -> bool:
    """Whether `scoreGiven` is missing or its grading is not done."""
    return body["gradingProgress"] not in COUNTS_AS_GRADED or body.get("scoreGiven") is None


def submission(body: dict[str, Any]) -> dict[str, Any]:
    """Canvas's own extension to a score."""
    given = body.get(v.CANVAS_SUBMISSION)
    return given if isinstance(given, dict) else {}


def _check_submission(site: Site, item: LineItem, cell: Cell, given: dict[str, Any]) -> None:
    if given.get("submitted_at"):
        submitted_at = _moment(given["submitted_at"], "submitted_at timestamp")
        if submitted_at > site.course_now() + timedelta(minutes=1):
            raise refused(
                400, f"Provided submitted_at timestamp of {given['submitted_at']} in the future"
            )
    limit = item.attempts_allowed
    if _is_new_attempt(given) and limit is not None and cell.attempts >= limit:
        raise refused(
            422, "The maximum number of allowed attempts has been reached for this submission"
        )


def _is_new_attempt(given: dict[str, Any]) -> bool:
    """By default every score is a new attempt."""
    return given.get("new_submission") is not False and given.get("submission_type") != "none"


def _submit(item: LineItem, cell: Cell, body: dict[str, Any]) -> None:
    """A new attempt where it is one, and a comment that is added to those before."""
    if _is_new_attempt(submission(body)):
        cell.attempts += 1
    if body.get("comment"):
        cell.comments.append(str(body["comment"]))


def _grade(item: LineItem, cell: Cell, body: dict[str, Any]) -> None:
    """Write the score over whatever is there, a teacher's own grade too.

    `preserve_score` ignores `scoreGiven` altogether; `prioritize_non_tool_grade` stops at ANY
    score, the tool's own earlier one included: both are traps in the real code.
    """
    given = submission(body)
    occupied = given.get("prioritize_non_tool_grade") is True and cell.score is not None
    if given.get("preserve_score") is True or occupied:
        return
    cell.score = None if is_ignored(body) else _scaled(item, body)
    cell.overridden_by_teacher = False


def _scaled(item: LineItem, body: dict[str, Any]) -> float:
    """Points of the line item; raw points where both maxima are 0."""
    given, maximum = float(body["scoreGiven"]), float(body["scoreMaximum"])
    if item.is_pass_fail:
        return item.maximum if given > 0 else 0.0
    return given * item.maximum / maximum if maximum else given


def results(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """Results, of which there is one as soon as the tool has sent a score."""
    tool = allowed_tool(site, call, [v.RESULT_READONLY])
    with site.lock:
        item = own_item(site, tool, names)
        found = _wanted(site, item, call.query.get("user_id"))
        shown, links = paged(call, found, f"{lineitem_url(site, item)}/results")
        body = [_result(site, item, sub) for sub in shown]
    reply = json_reply(body, media_type=v.RESULT_CONTAINER)
    reply.headers.update(links)
    return reply


def _wanted(site: Site, item: LineItem, user_id: str | None) -> list[str]:
    known = [sub for sub, cell in item.cells.items() if cell.result_number]
    if user_id is None:
        return known
    sub = resolved(site, user_id)
    student = sub is not None and is_student(_course(site, item).enrolments.get(sub))
    return [sub] if sub in known and student else []


def result(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """One result, by the address that the score's answer gave."""
    tool = allowed_tool(site, call, [v.RESULT_READONLY])
    with site.lock:
        item = own_item(site, tool, names)
        for sub, cell in item.cells.items():
            if cell.result_number == names["result"]:
                return json_reply(_result(site, item, sub), media_type=v.RESULT_CONTAINER)
    raise refused(404, "The specified resource does not exist.")


def _result(site: Site, item: LineItem, sub: str) -> dict[str, Any]:
    """The score that stands, a teacher's own too."""
    cell = item.cells[sub]
    url = lineitem_url(site, item)
    shown: dict[str, Any] = {
        "id": f"{url}/results/{cell.result_number}",
        "scoreOf": url,
        "userId": sub,
    }
    if cell.score is not None:
        shown |= {"resultScore": cell.score, "resultMaximum": item.maximum}
    return shown | ({"comment": cell.comments[-1]} if cell.comments else {})


def teacher_sets(site: Site, item: LineItem, sub: str, score: float | None) -> None:
    """A teacher's edit does not move the Result's time: the next score overwrites it silently."""
    cell = item.cells.setdefault(sub, Cell())
    cell.score, cell.maximum = score, item.maximum
    cell.overridden_by_teacher = score is not None
