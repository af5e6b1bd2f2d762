"""Moodle's side of a launch: login initiation, `auth.php` and the id_token."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from lti_tool.practice import vocabulary as v
from lti_tool.practice.dialect import Launching, LoginRequest
from lti_tool.practice.exchange import PlatformPage
from lti_tool.practice.model import Person, Tool
from lti_tool.practice.moodle import deeplink
from lti_tool.practice.moodle.custom import custom_claim
from lti_tool.practice.moodle.grades import lineitem_url, lineitems_url
from lti_tool.practice.moodle.roles import launch_roles
from lti_tool.practice.moodle.roster import memberships_url

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

TOKEN_SECONDS = 60
MOST_PENDING = 10_000


def login(launching: Launching) -> LoginRequest:
    """The fields of Moodle's auto-submitted POST; the launch id waits in the person's session."""
    site, tool = launching.site, launching.tool
    if tool.state != "active":
        raise PlatformPage(404, "This tool is pending: an administrator has to activate it first.")
    if launching.person.is_visitor:
        raise PlatformPage(404, "Guests cannot use external tools. Please log in.")
    if launching.is_deep_link:
        deeplink.check(launching)
    launch_id, hint = _remember(launching)
    return LoginRequest(
        tool.login_url,
        {
            "iss": site.issuer,
            "target_link_uri": target(launching),
            "login_hint": launching.person.sub,
            "lti_message_hint": json.dumps(hint | {"launchid": launch_id}),
            "client_id": tool.client_id,
            "lti_deployment_id": launching.link.deployment_id,
        },
    )


def _remember(launching: Launching) -> tuple[str, dict[str, str]]:
    """The launch's name in the session, and what the hint says beside it."""
    site, link = launching.site, launching.link
    own = "_ContentItemSelectionRequest" if launching.is_deep_link else f"{link.resource_link_id}_"
    launch_id = f"ltilaunch{own}{uuid.uuid4().int % 10**9}"
    site.pending[launch_id] = launching
    while len(site.pending) > MOST_PENDING:
        site.pending.pop(next(iter(site.pending)))
    return launch_id, {} if launching.is_deep_link else {"cmid": link.cmid}


def target(launching: Launching) -> str:
    """What is to be opened: the activity's own address, else the tool's."""
    if launching.is_deep_link:
        return deeplink.target(launching)
    return launching.link.url or launching.tool.launch_url


def authorize(
    site: Site, query: dict[str, str], person: Person | None
) -> tuple[str, dict[str, str]]:
    """`auth.php`: errors that come before the tool's registration is known stay a Moodle page."""
    if person is None:
        raise PlatformPage(
            404, "Your session has ended. Please log in and open the activity again."
        )
    launching = _remembered(site, query, person)
    redirect_uri = _checked_redirect(launching.tool, query)
    error = _error(launching.tool, query, person)
    if error is None and not may_enter(launching):
        raise PlatformPage(404, "You can not enrol yourself in this course.")
    answer = error or {"id_token": site.sign(claims(launching, query["nonce"]))}
    return redirect_uri, answer | {"state": query.get("state", "")}


def may_enter(launching: Launching) -> bool:
    """Whether `require_login($course)` lets the person through."""
    return launching.enrolment is not None or launching.person.is_admin


def _remembered(site: Site, query: dict[str, str], person: Person) -> Launching:
    """The launch that the hint stands for in this person's session. Any use is its last."""
    try:
        launch_id = json.loads(query.get("lti_message_hint", ""))["launchid"]
    except (ValueError, TypeError, KeyError):
        raise PlatformPage(404, "Invalid request") from None
    begun = site.pending.get(launch_id)
    if not isinstance(begun, Launching) or begun.person.sub != person.sub:
        raise PlatformPage(404, "Invalid request")
    del site.pending[launch_id]
    needed = ("scope", "response_type", "client_id", "redirect_uri", "login_hint", "nonce")
    complete = all(query.get(name) for name in needed)
    usual = query.get("scope") == "openid" and query.get("response_type") == "id_token"
    if not complete or not usual:
        raise PlatformPage(404, "Invalid request")
    return site.launching(begun.person, begun.link, is_deep_link=begun.is_deep_link)


def _checked_redirect(tool: Tool, query: dict[str, str]) -> str:
    """The redirect URI if it equals a registered line exactly."""
    if query["redirect_uri"] not in tool.redirect_uris:
        raise PlatformPage(404, "Invalid request")
    return query["redirect_uri"]


def _error(tool: Tool, query: dict[str, str], person: Person) -> dict[str, str] | None:
    """What Moodle posts back instead of a token."""
    if query["client_id"] != tool.client_id:
        return {"error": "unauthorized_client"}
    if query["login_hint"] != person.sub:
        return {"error": "access_denied"}
    if "response_mode" not in query:
        return {"error": "invalid_request", "error_description": "Missing response_mode"}
    if query["response_mode"] != "form_post":
        return {"error": "invalid_request", "error_description": "Invalid response_mode"}
    if query.get("prompt", "none") not in ("", "none"):
        return {"error": "invalid_request", "error_description": "Invalid prompt"}
    return None


def claims(launching: Launching, nonce: str) -> dict[str, Any]:
    """The id_token of a launch, or of a deep linking request; it lives for 60 seconds."""
    return {
        **_envelope(launching, nonce),
        v.VERSION: "1.3.0",
        v.DEPLOYMENT_ID: launching.link.deployment_id,
        v.ROLES: launch_roles(launching),
        **(deeplink.message(launching) if launching.is_deep_link else _message(launching)),
        **_place(launching),
        **_services(launching),
        v.CUSTOM: custom_claim(launching),
    }


def _envelope(launching: Launching, nonce: str) -> dict[str, Any]:
    issued = int(launching.site.now().timestamp())
    return {
        "nonce": nonce,
        "iat": issued,
        "exp": issued + TOKEN_SECONDS,
        "iss": launching.site.issuer,
        "aud": launching.tool.client_id,
        "sub": launching.person.sub,
        **personal(launching.tool, launching.person),
    }


def personal(tool: Tool, person: Person) -> dict[str, str]:
    """Names and e-mail, each as far as the tool's privacy setting shares it."""
    names = {"name": person.name, "given_name": person.given, "family_name": person.family}
    shared = names if tool.privacy in ("public", "name_only") else {}
    return shared | ({"email": person.email} if tool.privacy in ("public", "email_only") else {})


def _message(launching: Launching) -> dict[str, Any]:
    """The claims of a resource link launch alone."""
    link = launching.link
    return {
        v.MESSAGE_TYPE: v.RESOURCE_LINK_REQUEST,
        v.TARGET_LINK_URI: target(launching),
        v.RESOURCE_LINK: {
            "title": link.title,
            "description": link.description,
            "id": link.resource_link_id,
        },
    }


def _place(launching: Launching) -> dict[str, Any]:
    site, course = launching.site, launching.course
    query = (
        f"course={course.number}&launch_container=3&instanceid={launching.link.resource_link_id}"
    )
    return {
        v.CONTEXT: {
            "id": course.context_id,
            "label": course.label,
            "title": course.title,
            "type": ["CourseSection"],
        },
        v.LIS: {"person_sourcedid": "", "course_section_sourcedid": ""},
        v.LTI + "ext": _ext(launching),
        v.LAUNCH_PRESENTATION: {
            "locale": "en",
            "document_target": "iframe",
            "return_url": f"{site.base_url}/mod/lti/return.php?{query}",
        },
        v.TOOL_PLATFORM: {
            "product_family_code": "moodle",
            "version": "2024100706",
            "guid": site.base_url.partition("//")[2].replace(":", "."),
            "name": site.name,
            "description": site.name,
        },
    }


def _ext(launching: Launching) -> dict[str, str]:
    named = launching.tool.privacy in ("public", "name_only")
    return {"lms": "moodle-2"} | ({"user_username": launching.person.username} if named else {})


def _services(launching: Launching) -> dict[str, Any]:
    """NRPS and AGS, each only as far as the administrator switched it on.

    The roster is not offered before the course has an activity of the tool.
    """
    site, course, tool = launching.site, launching.course, launching.tool
    offered: dict[str, Any] = {}
    is_used = any(link.client_id == tool.client_id for link in site.links_of(course))
    if v.MEMBERS in tool.scopes and is_used:
        offered[v.NRPS_CLAIM] = {
            "context_memberships_url": memberships_url(site, course, tool),
            "service_versions": ["1.0", "2.0"],
        }
    scopes = [scope for scope in v.AGS_SCOPES if scope in tool.scopes]
    if scopes:
        own = _own_line_items(launching)
        single = {"lineitem": own[0]} if len(own) == 1 else {}
        offered[v.AGS_CLAIM] = {
            "scope": scopes,
            "lineitems": lineitems_url(site, course, tool),
            **single,
        }
    return offered


def _own_line_items(launching: Launching) -> list[str]:
    """`lineitem` is only sent when exactly one belongs to the activity."""
    if launching.is_deep_link:
        return []
    return [
        lineitem_url(launching.site, item)
        for item in launching.site.line_items_of(launching.course)
        if item.client_id == launching.tool.client_id
        and item.resource_link_id == launching.link.resource_link_id
    ]
