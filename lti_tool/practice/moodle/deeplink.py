"""Moodle's deep linking: "Select content", and `contentitem_return.php`."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

from lti_tool.practice import vocabulary as v
from lti_tool.practice.access import peeked, verified
from lti_tool.practice.contents import items_of, overlooked, settings, words
from lti_tool.practice.dialect import DeepLinked, Launching
from lti_tool.practice.exchange import PlatformPage
from lti_tool.practice.fields import LinkFields
from lti_tool.practice.model import Course, Link, Person, Tool
from lti_tool.practice.moodle.registration import domain_of
from lti_tool.practice.moodle.roles import may_manage_activities

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

RETURN_PATH = "/mod/lti/contentitem_return.php"
NO_PERMISSION = "Sorry, but you do not currently have permissions to do that (Manage activities)."


def target(launching: Launching) -> str:
    """Where content is selected: the tool's own address for it, else its usual one."""
    return launching.tool.deep_link_url or launching.tool.launch_url


def check(launching: Launching) -> None:
    """Who may not, or with a tool that does not offer it, stays on a Moodle page."""
    if launching.tool.deep_link_url is None:
        raise PlatformPage(404, "This tool does not support content selection.")
    if not may_manage_activities(launching):
        raise PlatformPage(404, NO_PERMISSION)


def message(launching: Launching) -> dict[str, Any]:
    """The claims that a deep linking request has and a launch has not."""
    offered = settings(
        launching,
        return_url(launching),
        accept_types=["ltiResourceLink"],
        accept_presentation_document_targets=["frame", "iframe", "window"],
        accept_copy_advice=False,
        accept_multiple=True,
        accept_unsigned=False,
        auto_create=False,
        can_confirm=False,
        title=launching.tool.name,
        text="",
    )
    return {v.MESSAGE_TYPE: v.DEEP_LINK_REQUEST, v.TARGET_LINK_URI: target(launching), **offered}


def return_url(launching: Launching) -> str:
    """Where the answer goes: course, tool and the key of this person's session in its query."""
    query = {
        "course": launching.course.number,
        "id": launching.tool.number,
        "sesskey": sesskey(launching.site, launching.person),
    }
    return f"{launching.site.base_url}{RETURN_PATH}?{urlencode(query)}"


def sesskey(site: Site, person: Person) -> str:
    """Moodle's guard against forged forms: ten characters of this person's session."""
    seal = hmac.new(site.state.secret.encode(), f"sesskey {person.sub}".encode(), hashlib.sha256)
    return seal.hexdigest()[:10]


def deep_linked(site: Site, person: Person, url: str, token: str) -> DeepLinked:
    """Make an activity of each item. Only the signature and its times were looked at."""
    query = dict(parse_qsl(urlsplit(url).query))
    course, tool = _place(site, query)
    claims = _verified(site, tool, token)
    if query.get("sesskey") != sesskey(site, person):
        raise PlatformPage(404, "Your session has most likely timed out. Please log in again.")
    check(site.launching(person, _sketch(course, tool), is_deep_link=True))
    answer = DeepLinked(
        tool,
        course,
        message=words(claims, "msg"),
        error=words(claims, "errormsg"),
        claims=claims,
        overlooked=overlooked(site, tool, claims),
    )
    if not answer.error:
        _make(site, answer, items_of(claims))
    return answer


def _place(site: Site, query: dict[str, str]) -> tuple[Course, Tool]:
    course = site.state.courses.get(query.get("course", ""))
    tools = [tool for tool in site.state.tools.values() if tool.number == query.get("id")]
    if not tools or course is None:
        raise PlatformPage(404, "The LTI tool type does not exist.")
    return course, tools[0]


def _sketch(course: Course, tool: Tool) -> Link:
    return Link("", course.number, tool.client_id, tool.number, "", "", "activity", "", {})


def _verified(site: Site, tool: Tool, token: str) -> dict[str, Any]:
    header, claimed = peeked(token)
    if claimed.get("iss") != tool.client_id:
        raise PlatformPage(404, "The consumer key is incorrect.")
    key = site.tool_keys.key(tool, header.get("kid"))
    if key is None:
        raise PlatformPage(404, '"kid" invalid, unable to lookup correct key')
    try:
        return verified(token, key, site.now())
    except jwt.PyJWTError as problem:
        raise PlatformPage(404, f"Exception - {problem}") from None


def _make(site: Site, answer: DeepLinked, items: list[dict[str, Any]]) -> None:
    """One after another; an address that is not the tool's makes nothing."""
    for item in items:
        url = str(item.get("url") or "")
        if url and domain_of(url) != answer.tool.domain:
            answer.error = f"No tool is configured for {url}"
        else:
            fields = _fields(answer.tool, item)
            answer.links.append(site.add_link(answer.course, answer.tool, **fields))


def _fields(tool: Tool, item: dict[str, Any]) -> LinkFields:
    fields: LinkFields = {
        "title": str(item.get("title") or tool.name),
        "description": str(item.get("text") or ""),
        "custom": typed(params_to_string(item.get("custom") or {})),
        "url": str(item.get("url") or ""),
    }
    wanted = item.get("lineItem")
    if tool.accepts_grades == "never" or (tool.accepts_grades == "delegate" and not wanted):
        return fields
    line_item = wanted if isinstance(wanted, dict) else {}
    return fields | {
        "graded": True,
        "maximum": float(line_item.get("scoreMaximum") or 100),
        "resource_id": str(line_item.get("resourceId") or ""),
        "tag": str(line_item.get("tag") or ""),
    }


def params_to_string(custom: dict[str, Any]) -> str:
    """Custom values as the lines of text that a teacher may edit later; only scalars fit."""
    php = {True: "1", False: "", None: ""}
    return "\n".join(
        f"{name}={php[value] if value is None or isinstance(value, bool) else value}"
        for name, value in custom.items()
        if not isinstance(value, dict | list)
    )


def typed(text: str) -> dict[str, str]:
    """Lines `k=v` as Moodle reads them; what stands after a newline in a value is lost."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    pairs = [line.partition("=") for line in lines if line.find("=") > 0]
    return {name.strip(): value.strip() for name, _, value in pairs}
