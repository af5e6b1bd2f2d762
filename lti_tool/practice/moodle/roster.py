"""Moodle's Names and Roles service (`memberships.php`)."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lti_tool.practice import vocabulary as v
from lti_tool.practice.exchange import Call, Reply, json_reply
from lti_tool.practice.model import Course, Enrolment, Person, Tool
from lti_tool.practice.moodle.replies import allowed_tool, course_here, refused, speaks
from lti_tool.practice.moodle.roles import roster_roles

if TYPE_CHECKING:
    from lti_tool.practice.site import Site


def memberships_url(site: Site, course: Course, tool: Tool) -> str:
    """The roster's address, as launches carry it."""
    below = (
        f"/mod/lti/services.php/CourseSection/{course.number}/bindings/{tool.number}/memberships"
    )
    return site.base_url + below


def members(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """The whole roster, unless `limit` was sent.

    The token is not bound to a course: a site tool reads any roster whose address it can make.
    """
    speaks(call, v.MEMBERSHIP_CONTAINER)
    tool = allowed_tool(site, call, [v.MEMBERS])
    if names["tool"] != tool.number:
        raise refused(call, 401, "Unauthorized")
    with site.lock:
        course = course_here(site, call, names["course"])
        page, links = _page(site, call, course, tool)
        container = {
            "id": memberships_url(site, course, tool),
            "context": {"id": course.context_id, "label": course.label, "title": course.title},
            "members": [_member(site, tool, here, call) for here in page],
        }
    reply = json_reply(container, media_type=v.MEMBERSHIP_CONTAINER)
    reply.headers.update(links)
    return reply


def _page(
    site: Site, call: Call, course: Course, tool: Tool
) -> tuple[list[Enrolment], dict[str, str]]:
    """The wanted part, and the Link to the next, which forgets the role filter."""
    found = _with_role(site, site.active_enrolments(course), call.query.get("role", ""))
    limit, start = whole(call.query.get("limit")), whole(call.query.get("from"))
    if limit <= 0:
        return found, {}
    if start + limit >= len(found):
        return found[start : start + limit], {}
    onward = urlencode({"limit": limit, "from": start + limit})
    link = f'<{memberships_url(site, course, tool)}?{onward}>; rel="next"'
    return found[start : start + limit], {"Link": link}


def whole(text: str | None) -> int:
    """A number as PHP's PARAM_INT reads it."""
    return int(text) if text and text.isdecimal() else 0


def _with_role(site: Site, roster: list[Enrolment], role: str) -> list[Enrolment]:
    if not role:
        return roster
    short = role.removeprefix(v.MEMBERSHIP)
    people = site.state.people
    return [here for here in roster if short in roster_roles(people[here.sub], here)]


def _member(site: Site, tool: Tool, here: Enrolment, call: Call) -> dict[str, Any]:
    person = site.state.people[here.sub]
    member: dict[str, Any] = {
        "status": "Active",
        "roles": roster_roles(person, here),
        "user_id": person.sub,
        "lis_person_sourcedid": "",
        **_shared(tool, person),
    }
    if call.query.get("rlid"):
        member["message"] = [{v.MESSAGE_TYPE: v.RESOURCE_LINK_REQUEST}]
    return member


def _shared(tool: Tool, person: Person) -> dict[str, str]:
    """Names pass Moodle's `format_string`, which escapes `&`."""
    shared: dict[str, str] = {}
    if tool.privacy in ("public", "name_only"):
        shared |= {
            "name": html.escape(person.name, quote=False),
            "given_name": html.escape(person.given, quote=False),
            "family_name": html.escape(person.family, quote=False),
            "ext_user_username": person.username,
        }
    if tool.privacy in ("public", "email_only"):
        shared["email"] = person.email
    return shared
