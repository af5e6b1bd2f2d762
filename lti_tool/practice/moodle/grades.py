"""Moodle's line items (`gradebookservices/…/lineitems.php`, `lineitem.php`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lti_tool.practice import vocabulary as v
from lti_tool.practice.exchange import Call, Reply, json_reply
from lti_tool.practice.model import Course, LineItem, Tool
from lti_tool.practice.moodle.replies import (
    allowed_tool,
    course_here,
    curly_links,
    refused,
    speaks,
)
from lti_tool.practice.moodle.roster import whole

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

READERS = (v.LINEITEM, v.LINEITEM_READONLY)
HTML = "text/html; charset=utf-8"


def lineitems_url(site: Site, course: Course, tool: Tool) -> str:
    """The container's address, with Moodle's `type_id`."""
    return f"{_container(site, course.number)}?type_id={tool.number}"


def _container(site: Site, course_number: str) -> str:
    return f"{site.base_url}/mod/lti/services.php/{course_number}/lineitems"


def lineitem_path(site: Site, line_item: LineItem) -> str:
    """The address before its query."""
    return f"{_container(site, line_item.course_number)}/{line_item.number}/lineitem"


def lineitem_url(site: Site, line_item: LineItem) -> str:
    """The line item's address; `/scores` and `/results` belong before the question mark."""
    return f"{lineitem_path(site, line_item)}?type_id={type_id(site, line_item)}"


def type_id(site: Site, line_item: LineItem) -> str:
    """The number of the tool that owns the column."""
    return site.state.tools[line_item.client_id or ""].number


def is_number(value: object) -> bool:
    """PHP's is_numeric: a number, or text that is one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def lineitems(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """List (GET) or create (POST)."""
    speaks(call, v.LINEITEM_CONTAINER, v.LINEITEM_TYPE)
    tool = allowed_tool(site, call, READERS if call.method == "GET" else (v.LINEITEM,))
    wanted = v.LINEITEM_CONTAINER if call.method == "GET" else v.LINEITEM_TYPE
    given = call.accept if call.method == "GET" else call.media_type
    if given not in ("", wanted):
        raise refused(call, 400, "No context or unsupported content type")
    course = course_here(site, call, names["course"])
    present(course, tool, call)
    return (
        _list(site, call, course, tool)
        if call.method == "GET"
        else _create(site, call, course, tool)
    )


def present(course: Course, tool: Tool, call: Call) -> None:
    """A tool that was taken out of the course may not touch its columns: 403."""
    if tool.client_id in course.removed_tools:
        raise refused(call, 403, "Not allowed in context")


def _list(site: Site, call: Call, course: Course, tool: Tool) -> Reply:
    found = [item for item in site.line_items_of(course) if _matches(item, tool, call.query)]
    limit, start = whole(call.query.get("limit")), whole(call.query.get("from"))
    shown = found[start : start + limit] if limit else found
    body = [as_json(site, item) for item in shown]
    reply = Reply(200, json.dumps(body).encode(), v.LINEITEM_CONTAINER + "; charset=utf-8")
    if limit:
        reply.headers.update(_links(site, call, course, (start, limit, len(found))))
    return reply


def _matches(item: LineItem, tool: Tool, query: dict[str, str]) -> bool:
    return (
        item.client_id == tool.client_id
        and query.get("resource_id", item.resource_id) == item.resource_id
        and query.get("tag", item.tag) == item.tag
        and query.get("resource_link_id", item.resource_link_id) == item.resource_link_id
    )


def _links(site: Site, call: Call, course: Course, span: tuple[int, int, int]) -> dict[str, str]:
    start, limit, total = span
    kept = {name: value for name, value in call.query.items() if name not in ("limit", "from")}

    def page(first: int) -> str:
        query = urlencode(kept | {"limit": str(limit), "from": str(first)})
        return f"{_container(site, course.number)}?{query}"

    urls = {"first": page(0), "canonical": page(start)}
    if start + limit < total:
        urls["next"] = page(start + limit)
    return curly_links(urls | {"last": page(max(total - limit + 1, 0))})


def _create(site: Site, call: Call, course: Course, tool: Tool) -> Reply:
    """Make a manual grade item. Asking twice makes two, alike in everything but the id."""
    wanted = _labelled(call, "No label or Score Maximum")
    rlid = wanted.get("resourceLinkId")
    if rlid and not owns_link(site, course, tool, str(rlid)):
        raise refused(call, 403)
    with site.changing() as state:
        item = LineItem(
            number=site.next_number(),
            course_number=course.number,
            label=str(wanted["label"]),
            maximum=float(wanted["scoreMaximum"]),
            client_id=tool.client_id,
            resource_id=str(wanted.get("resourceId") or ""),
            tag=str(wanted.get("tag") or ""),
            resource_link_id=str(rlid) if rlid else None,
        )
        state.line_items[item.number] = item
    echoed = wanted | {"id": lineitem_url(site, item)}
    return json_reply(echoed, status=201, media_type=v.LINEITEM_TYPE)


def _labelled(call: Call, reason: str) -> dict[str, Any]:
    """The body, if it has the two things that Moodle insists on."""
    wanted = call.json_object()
    if not wanted or wanted.get("label") is None or not is_number(wanted.get("scoreMaximum")):
        raise refused(call, 400, reason)
    return wanted


def owns_link(site: Site, course: Course, tool: Tool, rlid: str) -> bool:
    """Whether that activity is in the course and this tool's."""
    return any(
        link.resource_link_id == rlid
        and link.course_number == course.number
        and link.client_id == tool.client_id
        for link in site.state.links.values()
    )


def lineitem(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """Show, change or delete one column."""
    speaks(call, v.LINEITEM_TYPE)
    tool = allowed_tool(site, call, READERS if call.method == "GET" else (v.LINEITEM,))
    course = course_here(site, call, names["course"])
    present(course, tool, call)
    item = site.state.line_items.get(names["item"])
    if item is None or item.course_number != course.number:
        raise refused(call, 404, f"Not Found: Grade item {names['item']} doesn't exist")
    if item.client_id != tool.client_id:
        raise refused(call, 404, "Line item does not exist")
    if call.method == "DELETE":
        return _delete(site, item)
    return _change(site, call, item) if call.method == "PUT" else _show(site, item)


def _show(site: Site, item: LineItem) -> Reply:
    return json_reply(as_json(site, item), media_type=v.LINEITEM_TYPE)


def _delete(site: Site, item: LineItem) -> Reply:
    """Even the activity's own column goes, with all its grades (seen on 4.5.6)."""
    with site.changing() as state:
        del state.line_items[item.number]
    return Reply(204)


def _change(site: Site, call: Call, item: LineItem) -> Reply:
    """Replace; what is not sent is emptied, and a new maximum rescales every grade."""
    wanted = _labelled(call, "")
    rlid = wanted.get("resourceLinkId")
    tool, course = site.state.tools[item.client_id or ""], site.state.courses[item.course_number]
    if rlid and not owns_link(site, course, tool, str(rlid)):
        raise refused(call, 403)
    with site.changing():
        item.label = str(wanted["label"])
        item.resource_id = str(wanted.get("resourceId") or "")
        item.tag = str(wanted.get("tag") or "")
        item.resource_link_id = str(rlid) if rlid else item.resource_link_id
        _rescale(item, float(wanted["scoreMaximum"]))
    body = json.dumps(wanted | {"id": lineitem_url(site, item)}).encode()
    return Reply(200, body, HTML)


def _rescale(item: LineItem, maximum: float) -> None:
    """Keep every grade's percentage."""
    factor = maximum / item.maximum if item.maximum else 1.0
    item.maximum = maximum
    for cell in item.cells.values():
        cell.maximum = maximum
        cell.score = None if cell.score is None else cell.score * factor


def as_json(site: Site, item: LineItem) -> dict[str, Any]:
    """A column as tools see it; resourceId and tag are there even when empty."""
    shown: dict[str, Any] = {
        "id": lineitem_url(site, item),
        "label": item.label,
        "scoreMaximum": item.maximum,
        "resourceId": item.resource_id,
        "tag": item.tag,
    }
    if item.resource_link_id:
        shown |= {"resourceLinkId": item.resource_link_id, "ltiLinkId": item.resource_link_id}
    return shown
