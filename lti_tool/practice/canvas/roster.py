"""Canvas's Names and Roles service (`names_and_roles_controller.rb`)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lti_tool.practice import vocabulary as v
from lti_tool.practice.canvas.custom import custom_claim
from lti_tool.practice.canvas.replies import allowed_tool, course_here, page_links, refused
from lti_tool.practice.canvas.roles import course_roles
from lti_tool.practice.dialect import Launching
from lti_tool.practice.exchange import Call, Reply, json_reply
from lti_tool.practice.model import Course, Enrolment, Link, Person, Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

LARGEST_PAGE = 50


def memberships_url(site: Site, course: Course) -> str:
    """The roster's address, as launches carry it."""
    return f"{site.base_url}/api/lti/courses/{course.number}/names_and_roles"


def members(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """One page of at most 50 members, and the way to the next."""
    tool = allowed_tool(site, call, [v.MEMBERS])
    with site.lock:
        course = course_here(site, tool, names["course"], concluded_too=True)
        link = _link(site, course, tool, call.query.get("rlid"))
        page, headers = _page(site, call, course)
        container = {
            "id": memberships_url(site, course),
            "context": {"id": course.context_id, "label": course.label, "title": course.title},
            "members": [_member(site, tool, here, link) for here in page],
        }
    reply = json_reply(container, media_type=v.MEMBERSHIP_CONTAINER)
    reply.headers.update(headers)
    return reply


def _link(site: Site, course: Course, tool: Tool, rlid: str | None) -> Link | None:
    """The link that `rlid` means; the course's own id stands for no special one."""
    own = [link for link in site.state.links.values() if link.client_id == tool.client_id]
    here = [link for link in own if link.course_number == course.number]
    for link in here:
        if link.resource_link_id == rlid:
            return link
    if rlid and rlid != course.context_id:
        raise refused(400, "Tool does not have access to rlid or rlid does not exist")
    return None


def _page(site: Site, call: Call, course: Course) -> tuple[list[Enrolment], dict[str, str]]:
    """The members after the bookmark. `role` must be a full URI; anything else finds nobody."""
    per_page = page_size(call)
    start = _bookmarked(site, call.query.get("page"))
    found = _following(site, course, start, call.query.get("role"))
    page = list(islice(found, per_page + 1))
    shown = page[:per_page]
    urls = {
        "current": _address(site, call, course, start),
        "first": _address(site, call, course, 0),
    }
    if len(page) > per_page:
        last = site.state.people[shown[-1].sub].number
        urls["next"] = _address(site, call, course, last)
    return shown, page_links(urls)


def page_size(call: Call) -> int:
    """`limit` or `per_page`, never more than 50."""
    wanted = call.query.get("limit") or call.query.get("per_page") or str(LARGEST_PAGE)
    return min(max(int(wanted), 1), LARGEST_PAGE) if wanted.isdecimal() else LARGEST_PAGE


def _following(site: Site, course: Course, after: int, role: str | None) -> Iterator[Enrolment]:
    people, roster = site.state.people, site.active_enrolments(course)
    first = bisect_right(roster, after, key=lambda here: people[here.sub].number)
    for here in islice(roster, first, None):
        if "test_student" not in here.roles and (role is None or role in course_roles(here)):
            yield here


def _address(site: Site, call: Call, course: Course, after: int) -> str:
    kept = {name: call.query[name] for name in ("role", "rlid") if name in call.query}
    size = {"page": bookmark(site, after), "per_page": str(page_size(call))}
    return f"{memberships_url(site, course)}?{urlencode(kept | size)}"


def bookmark(site: Site, after: int) -> str:
    """An opaque, case-sensitive page token."""
    text = str(after).encode()
    seal = hmac.new(site.state.secret.encode(), text, hashlib.sha256).digest()[:12]
    return "bookmark:" + base64.urlsafe_b64encode(seal + text).decode().rstrip("=")


def _bookmarked(site: Site, token: str | None) -> int:
    """The person number that a token stands for; a token changed in any way is 404."""
    if token in (None, "", "first"):
        return 0
    try:
        raw = base64.urlsafe_b64decode((token or "").removeprefix("bookmark:") + "==")
        after = int(raw[12:])
    except ValueError:
        raise refused(404, "The specified resource does not exist.") from None
    if bookmark(site, after) != token:
        raise refused(404, "The specified resource does not exist.")
    return after


def _member(site: Site, tool: Tool, here: Enrolment, link: Link | None) -> dict[str, Any]:
    person = site.state.people[here.sub]
    member: dict[str, Any] = {
        "status": "Active",
        **personal(tool, person),
        **({"lis_person_sourcedid": None} if tool.privacy in ("public", "name_only") else {}),
        "user_id": person.sub,
        "lti11_legacy_user_id": opaque(person.sub),
        "roles": course_roles(here),
    }
    if link is not None:
        member["message"] = [_message(site, person, here, link)]
    return member


def _message(site: Site, person: Person, here: Enrolment, link: Link) -> dict[str, Any]:
    """The link's custom fields, expanded for this member: the way to get sections."""
    course, tool = site.course_of(link), site.tool_of(link)
    launching = Launching(site, person, link, course, tool, here)
    return {
        v.MESSAGE_TYPE: v.RESOURCE_LINK_REQUEST,
        "locale": "en",
        v.CUSTOM: custom_claim(launching),
    }


def personal(tool: Tool, person: Person) -> dict[str, str]:
    """What the privacy level shares: names, e-mail, and the picture with "public" only."""
    shared: dict[str, str] = {}
    if tool.privacy in ("public", "name_only"):
        shared = {"name": person.name, "given_name": person.given, "family_name": person.family}
    if tool.privacy in ("public", "email_only"):
        shared["email"] = person.email
    if tool.privacy == "public" and person.picture:
        shared["picture"] = person.picture
    return shared


def opaque(text: str) -> str:
    """A Canvas-looking id: 40 hexadecimal digits."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
