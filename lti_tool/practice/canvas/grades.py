"""Canvas's line items (`line_items_controller.rb`); each is, or hangs on, an assignment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from lti_tool.practice import vocabulary as v
from lti_tool.practice.canvas.replies import allowed_tool, course_here, page_links, refused
from lti_tool.practice.exchange import Call, Reply, json_reply
from lti_tool.practice.model import Course, LineItem, Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

T = TypeVar("T")
READERS = (v.LINEITEM, v.LINEITEM_READONLY)
PAGE = 10
LARGEST_PAGE = 100


def lineitems_url(site: Site, course: Course) -> str:
    """The container's address."""
    return f"{site.base_url}/api/lti/courses/{course.number}/line_items"


def lineitem_url(site: Site, line_item: LineItem) -> str:
    """The line item's address."""
    course = site.state.courses[line_item.course_number]
    return f"{lineitems_url(site, course)}/{line_item.number}"


def lineitems(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """List (GET) or create (POST)."""
    tool = allowed_tool(site, call, READERS if call.method == "GET" else (v.LINEITEM,))
    with site.changing():
        course = course_here(site, tool, names["course"])
        return (
            _list(site, call, course, tool)
            if call.method == "GET"
            else _create(site, call, course, tool)
        )


def _list(site: Site, call: Call, course: Course, tool: Tool) -> Reply:
    """Only what this developer key owns, filtered and paged (ten, or as `limit` says)."""
    found = [item for item in site.line_items_of(course) if _matches(item, tool, call.query)]
    shown, links = paged(call, found, lineitems_url(site, course))
    body = [as_json(site, item, call) for item in shown]
    return Reply(200, json.dumps(body).encode(), v.LINEITEM_CONTAINER + "; charset=utf-8", links)


def _matches(item: LineItem, tool: Tool, query: dict[str, str]) -> bool:
    return (
        item.client_id == tool.client_id
        and query.get("resource_id", item.resource_id) == item.resource_id
        and query.get("tag", item.tag) == item.tag
        and query.get("resource_link_id", item.resource_link_id) == item.resource_link_id
    )


def paged(call: Call, found: list[T], url: str) -> tuple[list[T], dict[str, str]]:
    """One numbered page of `found` and its Link header."""
    size = min(
        max(number(call.query.get("limit") or call.query.get("per_page"), PAGE), 1), LARGEST_PAGE
    )
    page = max(number(call.query.get("page"), 1), 1)
    kept = {name: value for name, value in call.query.items() if name not in ("page", "limit")}

    def address(n: int) -> str:
        return f"{url}?{urlencode(kept | {'page': str(n), 'per_page': str(size)})}"

    last = max((len(found) + size - 1) // size, 1)
    urls = {"current": address(page)}
    if page < last:
        urls["next"] = address(page + 1)
    urls |= {"first": address(1), "last": address(last)}
    return found[(page - 1) * size : page * size], page_links(urls)


def number(text: str | None, otherwise: int) -> int:
    """`text` as a whole number, if it is one."""
    return int(text) if text and text.isdecimal() else otherwise


def _create(site: Site, call: Call, course: Course, tool: Tool) -> Reply:
    """Make an assignment (visible to students) with its line item; asking twice makes two."""
    wanted: dict[str, Any] = call.json_object() or {}
    rlid = wanted.get("resourceLinkId")
    if rlid:
        _check_link(site, course, tool, str(rlid))
    item = LineItem(
        number=site.next_number(),
        course_number=course.number,
        label=_label(wanted),
        maximum=_maximum(wanted),
        client_id=tool.client_id,
        resource_id=str(wanted.get("resourceId") or ""),
        tag=str(wanted.get("tag") or ""),
        resource_link_id=str(rlid) if rlid else None,
        submission_type=wanted.get(v.CANVAS_SUBMISSION_TYPE),
        starts_at=wanted.get("startDateTime"),
        ends_at=wanted.get("endDateTime"),
    )
    site.state.line_items[item.number] = item
    return json_reply(as_json(site, item, call), status=201, media_type=v.LINEITEM_TYPE)


def _label(wanted: dict[str, Any]) -> str:
    if not wanted.get("label"):
        raise refused(422, "Label can't be blank")
    return str(wanted["label"])


def _maximum(wanted: dict[str, Any]) -> float:
    """Zero is let through here (whether Canvas takes it: unverified); nonsense is not."""
    try:
        maximum = float(wanted.get("scoreMaximum"))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise refused(422, "Score maximum is not a number") from None
    if maximum < 0:
        raise refused(422, "Score maximum must be greater than or equal to 0")
    return maximum


def _check_link(site: Site, course: Course, tool: Tool, rlid: str) -> None:
    """404 for a link that is not this tool's, 412 for one that is not a graded one here."""
    own = [link for link in site.state.links.values() if link.client_id == tool.client_id]
    if not any(link.resource_link_id == rlid for link in own):
        raise refused(404, "The specified resource does not exist.")
    if not any(item.resource_link_id == rlid for item in site.line_items_of(course)):
        raise refused(412, "The specified resource link is not an assignment of this course")


def lineitem(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """Show, change or delete one."""
    tool = allowed_tool(site, call, READERS if call.method == "GET" else (v.LINEITEM,))
    with site.changing():
        item = own_item(site, tool, names)
        if call.method == "DELETE":
            return _delete(site, item)
        if call.method == "PUT":
            _change(item, call.json_object() or {})
        return json_reply(as_json(site, item, call), media_type=v.LINEITEM_TYPE)


def own_item(site: Site, tool: Tool, names: dict[str, str]) -> LineItem:
    """This tool's line item in that course; another tool's is 412."""
    course = course_here(site, tool, names["course"])
    item = site.state.line_items.get(names["item"])
    if item is None or item.course_number != course.number:
        raise refused(404, "The specified resource does not exist.")
    if item.client_id != tool.client_id:
        raise refused(412, "Tool does not have permission to view line_item")
    return item


def _delete(site: Site, item: LineItem) -> Reply:
    """Not the one that came with an assignment."""
    if item.is_coupled:
        return Reply(401)
    del site.state.line_items[item.number]
    return Reply(204)


def _change(item: LineItem, wanted: dict[str, Any]) -> None:
    """Only what is sent changes; grades keep their points when the maximum moves."""
    if "label" in wanted:
        item.label = _label(wanted)
    if "scoreMaximum" in wanted:
        item.maximum = _maximum(wanted)
    item.resource_id = str(wanted.get("resourceId", item.resource_id) or "")
    item.tag = str(wanted.get("tag", item.tag) or "")


def as_json(site: Site, item: LineItem, call: Call) -> dict[str, Any]:
    """A line item as tools see it; empty members are left out."""
    shown: dict[str, Any] = {
        "id": lineitem_url(site, item),
        "scoreMaximum": item.maximum,
        "label": item.label,
        "tag": item.tag,
        "resourceId": item.resource_id,
        "resourceLinkId": item.resource_link_id,
        v.CANVAS_SUBMISSION_TYPE: item.submission_type,
        "startDateTime": item.starts_at,
        "endDateTime": item.ends_at,
    }
    if "launch_url" in (call.query.get("include[]"), call.query.get("include")):
        shown[v.CANVAS_LAUNCH_URL] = site.state.tools[item.client_id or ""].launch_url
    return {name: value for name, value in shown.items() if value not in (None, "")}
