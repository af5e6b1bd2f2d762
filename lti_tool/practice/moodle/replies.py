"""How Moodle's LTI services answer and refuse (`classes/local/ltiservice/`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lti_tool.practice.exchange import Call, Refusal, Reply, json_reply
from lti_tool.practice.model import Course, Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site


def refused(call: Call, status: int, reason: str = "") -> Refusal:
    """Moodle's JSON about a failure."""
    request = {"method": call.method, "url": call.url, "accept": call.accept}
    body = {
        "status": status,
        "reason": reason,
        "request": request | {"contentType": call.media_type},
    }
    return Refusal(json_reply(body, status=status))


def speaks(call: Call, *formats: str) -> None:
    """`services.php` finds a handler by the exact media type; otherwise 400."""
    given = call.accept if call.method in ("GET", "DELETE") else call.media_type
    is_read = call.method == "GET"
    free = call.method == "DELETE" or (is_read and (not given or "*/*" in given))
    if not free and given not in formats:
        raise refused(call, 400, f"No handler found for {call.url} {call.accept} {call.media_type}")


def allowed_tool(site: Site, call: Call, scopes: Iterable[str]) -> Tool:
    """The tool of the access token, if any of `scopes` is granted; 401 otherwise."""
    token = site.access_tokens.find(call.bearer)
    if token is None or not token.scopes.intersection(scopes):
        raise refused(call, 401, "Unauthorized")
    tool = site.state.tools.get(token.client_id)
    if tool is None:
        raise refused(call, 401, "Unauthorized")
    return tool


def course_here(site: Site, call: Call, number: str) -> Course:
    """The course, or 404."""
    if number not in site.state.courses:
        raise refused(call, 404, f"Not Found: Course {number} doesn't exist.")
    return site.state.courses[number]


def throttled(status: int | None) -> Reply:
    """Moodle has no throttle of its own; a proxy in front of it may."""
    return Reply(status or 429, b"<html><h1>Too Many Requests</h1></html>", "text/html")


def curly_links(urls: dict[str, str]) -> dict[str, str]:
    """The Link header of lineitems and results: typographic quotes and `&amp;`, as Moodle sends.

    The bytes are UTF-8; WSGI wants them as Latin-1 text.
    """
    parts = [f"<{url.replace('&', '&amp;')}>; rel=\u201c{rel}\u201d" for rel, url in urls.items()]
    return {"Link": ", ".join(parts).encode().decode("latin-1")}
