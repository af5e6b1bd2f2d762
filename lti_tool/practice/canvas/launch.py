"""Canvas's side of a launch: login initiation, `authorize_redirect` and the id_token."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt

from lti_tool.practice import vocabulary as v
from lti_tool.practice.canvas import deeplink
from lti_tool.practice.canvas.custom import custom_claim
from lti_tool.practice.canvas.grades import lineitem_url, lineitems_url
from lti_tool.practice.canvas.roles import launch_roles
from lti_tool.practice.canvas.roster import memberships_url, opaque, personal
from lti_tool.practice.dialect import Launching, LoginRequest
from lti_tool.practice.exchange import PlatformPage
from lti_tool.practice.model import Person

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

HINT_LIFE = timedelta(minutes=5)
TOKEN_SECONDS = 3600
MOST_PENDING = 10_000
RETURN_PATH = "/external_content/success/external_tool_redirect"
NEEDED = (
    "scope",
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "login_hint",
    "nonce",
)
FIXED = {
    "scope": "openid",
    "response_type": "id_token",
    "response_mode": "form_post",
    "prompt": "none",
}
NO_PROBLEMS: dict[str, Any] = {"validation_context": None, "errors": {"errors": {}}}
COURSE_OFFERING = v.LIS_V2 + "course#CourseOffering"


def login(launching: Launching) -> LoginRequest:
    """Canvas's fields. The launch is made now and kept for one fetch; the hint is a JWT."""
    site, tool = launching.site, launching.tool
    if not may_enter(launching):
        raise PlatformPage(401, "You are not authorised to see this course.")
    if launching.is_deep_link:
        deeplink.check(launching)
    verifier = uuid.uuid4().hex
    site.pending[verifier] = (launching, claims(launching, ""))
    while len(site.pending) > MOST_PENDING:
        site.pending.pop(next(iter(site.pending)))
    return LoginRequest(
        tool.login_url,
        {
            "iss": site.issuer,
            "login_hint": login_hint(launching.person),
            "client_id": tool.client_id,
            "deployment_id": launching.link.deployment_id,
            "target_link_uri": target(launching),
            "lti_message_hint": _message_hint(site, verifier),
            "canvas_environment": "prod",
            "canvas_region": "not_configured",
            "lti_storage_target": "post_message_forwarding",
        },
    )


def may_enter(launching: Launching) -> bool:
    """Whether Canvas shows the course: to its people, to administrators, and if it is public."""
    return (
        launching.enrolment is not None
        or launching.person.is_admin
        or (launching.person.is_visitor and launching.course.is_public)
    )


def target(launching: Launching) -> str:
    """What is to be opened: the link's own address, the placement's, else the tool's."""
    return launching.link.url or deeplink.target(launching)


def login_hint(person: Person) -> str:
    """An opaque id: Canvas does not show the `sub` this early."""
    return opaque(f"login {person.sub}")


def _message_hint(site: Site, verifier: str) -> str:
    expires = int((site.now() + HINT_LIFE).timestamp())
    hint = {"verifier": verifier, "canvas_domain": site.base_url, "exp": expires}
    return jwt.encode(hint, site.state.secret, algorithm="HS256")


def authorize(
    site: Site, query: dict[str, str], person: Person | None
) -> tuple[str, dict[str, str]]:
    """`authorize_redirect`: nearly every error is posted to the tool, with its state."""
    redirect_uri = _checked_redirect(site, query)
    error = _error(site, query, person)
    answer = error or _fetched(site, query)
    return redirect_uri, answer | {"state": query.get("state", "")}


def _checked_redirect(site: Site, query: dict[str, str]) -> str:
    """A page of Canvas's own where the developer key or its redirect URI is unknown."""
    tool = site.state.tools.get(query.get("client_id", ""))
    if tool is None:
        raise PlatformPage(400, "unauthorized_client: Unknown client id")
    wanted = query.get("redirect_uri", "")
    if not any(same_address(wanted, known) for known in tool.redirect_uris):
        raise PlatformPage(400, "invalid_request_object: Invalid redirect_uri")
    return wanted


def same_address(wanted: str, registered: str) -> bool:
    """Canvas ignores an extra query unless the registered address has one itself."""
    return (
        wanted == registered
        if urlsplit(registered).query
        else wanted.partition("?")[0] == registered
    )


def _error(site: Site, query: dict[str, str], person: Person | None) -> dict[str, str] | None:
    missing = [name for name in NEEDED if not query.get(name)]
    if missing:
        return problem(
            "invalid_request_object", f"The following parameters are missing: {','.join(missing)}"
        )
    for name, value in FIXED.items():
        if query.get(name) != value:
            return problem("invalid_request_object", f"The '{name}' must be '{value}'")
    if person is None or query["login_hint"] != login_hint(person):
        return problem("login_required", "Must have an active user session")
    if site.state.tools[query["client_id"]].state != "active":
        return problem("unauthorized_client", "Client not authorized in requested context")
    if _verifier(site, query) is None:
        return problem("invalid_request_object", "Invalid lti_message_hint")
    return None


def problem(error: str, description: str) -> dict[str, str]:
    """The fields of an error answer."""
    return {"error": error, "error_description": description}


def _verifier(site: Site, query: dict[str, str]) -> str | None:
    """The cached launch's name, if Canvas itself wrote the hint in the last five minutes."""
    try:
        hint = jwt.decode(
            query.get("lti_message_hint", ""),
            site.state.secret,
            algorithms=["HS256"],
            options={"verify_exp": False},
        )
    except jwt.PyJWTError:
        return None
    return hint["verifier"] if hint["exp"] > site.now().timestamp() else None


def _fetched(site: Site, query: dict[str, str]) -> dict[str, str]:
    """The cached launch, which can be had once."""
    kept = site.pending.pop(_verifier(site, query) or "", None)
    if kept is None:
        return problem(
            "launch_no_longer_valid", "The launch has either expired or already been consumed"
        )
    launching, made = kept
    if launching.tool.client_id != query["client_id"]:
        return problem("unauthorized_client", "Client not authorized in requested context")
    return {"id_token": site.sign(made | {"nonce": query["nonce"]})}


def claims(launching: Launching, nonce: str) -> dict[str, Any]:
    """The id_token of a launch, or of a deep linking request; it lives for an hour."""
    return {
        **(deeplink.message(launching) if launching.is_deep_link else _message(launching)),
        **_envelope(launching, nonce),
        **_place(launching),
        **_services(launching),
        v.ROLES: launch_roles(launching),
        v.CUSTOM: custom_claim(launching),
        v.CANVAS_PLACEMENT: launching.link.placement,
        "errors": {"errors": {}},
    }


def _message(launching: Launching) -> dict[str, Any]:
    """The claims of a resource link launch alone."""
    link, course = launching.link, launching.course
    has_own_link = link.resource_link_id != course.context_id
    title = link.title if has_own_link else course.title
    return {
        v.MESSAGE_TYPE: v.RESOURCE_LINK_REQUEST,
        v.VERSION: "1.3.0",
        v.RESOURCE_LINK: {
            "id": link.resource_link_id,
            "description": link.description or None,
            "title": title,
            **NO_PROBLEMS,
        },
        v.DEPLOYMENT_ID: link.deployment_id,
        v.TARGET_LINK_URI: target(launching),
    }


def _envelope(launching: Launching, nonce: str) -> dict[str, Any]:
    site, tool, person = launching.site, launching.tool, launching.person
    issued = int(site.now().timestamp())
    known = (
        {}
        if person.is_visitor
        else {"sub": person.sub, **_legacy(person), **personal(tool, person)}
    )
    return {
        "aud": tool.client_id,
        "azp": tool.client_id,
        "exp": issued + TOKEN_SECONDS,
        "iat": issued,
        "iss": site.issuer,
        "nonce": nonce,
        "locale": "en",
        **known,
    }


def _legacy(person: Person) -> dict[str, Any]:
    old = opaque(person.sub)
    return {
        v.LTI + "lti11_legacy_user_id": old,
        v.LTI + "lti1p1": {"user_id": old, **NO_PROBLEMS},
    }


def _place(launching: Launching) -> dict[str, Any]:
    site, course = launching.site, launching.course
    return {
        v.CONTEXT: {
            "id": course.context_id,
            "label": course.label,
            "title": course.title,
            "type": [COURSE_OFFERING],
            **NO_PROBLEMS,
        },
        v.TOOL_PLATFORM: {
            "guid": f"{opaque(site.base_url)}:canvas-lms",
            "name": site.name,
            "version": "cloud",
            "product_family_code": "canvas",
            **NO_PROBLEMS,
        },
        v.LAUNCH_PRESENTATION: {
            "document_target": "iframe",
            "return_url": f"{site.base_url}/courses/{course.number}{RETURN_PATH}",
            "locale": "en",
            "height": 800,
            "width": 1200,
            **NO_PROBLEMS,
        },
        v.LIS: {"person_sourcedid": "", "course_offering_sourcedid": "", **NO_PROBLEMS},
    }


def _services(launching: Launching) -> dict[str, Any]:
    """NRPS and AGS, only when the developer key has their scopes."""
    site, course, tool = launching.site, launching.course, launching.tool
    offered: dict[str, Any] = {}
    if v.MEMBERS in tool.scopes:
        offered[v.NRPS_CLAIM] = {
            "context_memberships_url": memberships_url(site, course),
            "service_versions": ["2.0"],
            **NO_PROBLEMS,
        }
    scopes = [scope for scope in v.AGS_SCOPES if scope in tool.scopes]
    if scopes:
        own = _assignment(launching)
        single = {"lineitem": own[0]} if len(own) == 1 else {}
        links = {"scope": scopes, "lineitems": lineitems_url(site, course)} | single
        offered[v.AGS_CLAIM] = links | NO_PROBLEMS
    return offered


def _assignment(launching: Launching) -> list[str]:
    """The line item, when the link is an assignment with one."""
    if launching.is_deep_link:
        return []
    return [
        lineitem_url(launching.site, item)
        for item in launching.site.line_items_of(launching.course)
        if item.resource_link_id == launching.link.resource_link_id
        and item.client_id == launching.tool.client_id
    ]
