"""How Canvas's LTI services answer and refuse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lti_tool.practice.exchange import Call, Refusal, Reply, json_reply
from lti_tool.practice.model import Course, Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

KINDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    412: "precondition_failed",
    422: "unprocessable_entity",
}
NOT_LINKED = "Access Token not linked to a Tool associated with this Context"


def refused(status: int, message: str) -> Refusal:
    """Canvas's JSON about a failure."""
    body = {"errors": {"type": KINDS[status], "message": message}}
    return Refusal(json_reply(body, status=status))


def allowed_tool(site: Site, call: Call, scopes: Iterable[str]) -> Tool:
    """The tool of the access token; calls without a User-Agent are turned away since 2026."""
    if not call.headers.get("user-agent"):
        raise Refusal(Reply(403, b"403 Forbidden: User-Agent header required", "text/plain"))
    token = site.access_tokens.find(call.bearer)
    if token is None:
        raise refused(401, "Invalid access token")
    if not token.scopes.intersection(scopes):
        raise refused(401, "Insufficient scope")
    if token.client_id not in site.state.tools:
        raise refused(401, "Unknown or inactive Developer Key")
    return site.state.tools[token.client_id]


def course_here(site: Site, tool: Tool, number: str, *, concluded_too: bool = False) -> Course:
    """The course; a concluded one is 404 for grades, one without the tool 401."""
    course = site.state.courses.get(number)
    if course is None or (course.is_concluded and not concluded_too):
        raise refused(404, "The specified resource does not exist.")
    if tool.client_id in course.removed_tools:
        raise refused(401, NOT_LINKED)
    return course


def throttled(status: int | None) -> Reply:
    """429 now; the older form was 403 with the same words."""
    text = (
        b"403 Forbidden (Rate Limit Exceeded)\n"
        if status == 403
        else b"429 Too Many Requests (Rate Limit Exceeded)\n"
    )
    headers = {"X-Request-Cost": "1.02", "X-Rate-Limit-Remaining": "0.0"}
    return Reply(status or 429, text, "text/plain; charset=utf-8", headers)


def page_links(urls: dict[str, str]) -> dict[str, str]:
    """A Link header as Canvas writes it."""
    return {"Link": ",".join(f'<{url}>; rel="{rel}"' for rel, url in urls.items())}
