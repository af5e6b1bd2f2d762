"""Canvas's dynamic registration (`dynamic_registration_controller.rb`, `registration.rb`)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import jwt

from lti_tool.practice import vocabulary as v
from lti_tool.practice.canvas.schema import ENUMERATED_PRIVACY, troubles
from lti_tool.practice.exchange import Call, Refusal, Reply, json_reply
from lti_tool.practice.fields import ToolFields
from lti_tool.practice.model import Placement, Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

REGISTRATIONS = "/api/lti/registrations"
TOKEN_LIFE = timedelta(hours=1)
RESOURCE_PLACEMENTS = (
    "account_navigation",
    "assignment_menu",
    "assignment_selection",
    "course_home_sub_navigation",
    "course_navigation",
    "course_settings_sub_navigation",
    "editor_button",
    "global_navigation",
    "homework_submission",
    "link_selection",
    "module_menu",
    "user_navigation",
    "wiki_page_menu",
)
DEEP_PLACEMENTS = (
    "assignment_selection",
    "course_assignments_menu",
    "editor_button",
    "homework_submission",
    "link_selection",
    "module_index_menu_modal",
    "module_menu_modal",
    "submission_type_selection",
)
MORE_SCOPES = (
    "https://canvas.instructure.com/lti/public_jwk/scope/update",
    "https://canvas.instructure.com/lti/account_lookup/scope/show",
    "https://canvas.instructure.com/lti-ags/progress/scope/show",
    "https://purl.imsglobal.org/spec/lti/scope/noticehandlers",
)
RENAMED = {"ContentArea": "link_selection", "RichTextEditor": "editor_button"}
CLAIMS = ("sub", "picture", "email", "name", "given_name", "family_name", "locale")
VARIABLES = ("Context.id", "Context.title", "Context.id.history", "ResourceLink.id", "User.id")


def registration_url(site: Site, url: str, update: Tool | None) -> str:
    """The tool's address with the configuration's, which has the token in its own query too."""
    token = _token(site)
    added = {
        "openid_configuration": _with_query(
            site.openid_configuration_url, {"registration_token": token}
        ),
        "registration_token": token,
    }
    return _with_query(url, added)


def _token(site: Site) -> str:
    """A token that only Canvas itself can read, for an hour."""
    made = site.now()
    content = {
        "uuid": str(uuid.uuid4()),
        "initiated_at": made.isoformat(),
        "user_id": 1,
        "root_account_global_id": 10_000_000_000_001,
        "exp": int((made + TOKEN_LIFE).timestamp()),
    }
    return jwt.encode(content, site.state.secret, algorithm="HS256")


def _with_query(url: str, added: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | added
    return urlunsplit(parts._replace(query=urlencode(query)))


def _allowed(site: Site, call: Call) -> str:
    """The token's own id, if Canvas wrote it within the hour; else 401."""
    try:
        content = jwt.decode(
            call.bearer, site.state.secret, algorithms=["HS256"], options={"verify_exp": False}
        )
    except jwt.PyJWTError:
        raise _unauthorized("JWT format is invalid") from None
    if "uuid" not in content:
        raise _unauthorized("JWT did not include expected contents")
    if content["exp"] <= site.now().timestamp():
        raise _unauthorized("JWT has expired")
    return str(content["uuid"])


def _unauthorized(message: str) -> Refusal:
    return Refusal(json_reply({"errorMessage": message}, status=401))


def configuration(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """The configuration, for whoever has a registration token in the Authorization header."""
    _allowed(site, call)
    return json_reply(openid_configuration(site))


def openid_configuration(site: Site) -> dict[str, Any]:
    """What Canvas says about itself."""
    return {
        "issuer": site.issuer,
        "authorization_endpoint": site.auth_url,
        "registration_endpoint": site.base_url + REGISTRATIONS,
        "jwks_uri": site.jwks_url,
        "token_endpoint": site.token_url,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "scopes_supported": [*v.ALL_SCOPES, *MORE_SCOPES],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": list(CLAIMS),
        "subject_types_supported": ["public"],
        "authorization_server": urlsplit(site.base_url).netloc,
        v.PLATFORM_CONFIGURATION: {
            "product_family_code": "canvas",
            "version": "vCloud",
            "messages_supported": [
                {"type": v.RESOURCE_LINK_REQUEST, "placements": list(RESOURCE_PLACEMENTS)},
                {"type": v.DEEP_LINK_REQUEST, "placements": list(DEEP_PLACEMENTS)},
            ],
            "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
            "variables": list(VARIABLES),
            v.CANVAS + "account_name": site.name,
            v.CANVAS + "account_lti_guid": "practice:canvas-lms",
        },
    }


def registration(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """Make a developer key that is off; a deployment comes only when it is installed."""
    token_id = _allowed(site, call)
    payload = call.json_object() or {}
    found = troubles(payload, (*v.ALL_SCOPES, *MORE_SCOPES))
    if found:
        raise Refusal(json_reply({"errors": found}, status=422))
    if not site.used_registrations.first(token_id):
        raise _unauthorized("The registration token was already used")
    config = to_config(payload)
    config |= {"state": "off", "deployment_ids": [], "registration": payload}
    tool = site.add_tool(**config)
    return json_reply(_registered(site, tool, payload))


def to_config(payload: dict[str, Any]) -> ToolFields:
    """The developer key and its placements, from what the tool sent."""
    given = payload[v.TOOL_CONFIGURATION]
    placements = placements_of(given.get("messages") or [])
    deep = [one for one in placements if one.message_type == v.DEEP_LINK_REQUEST]
    scopes = [scope for scope in str(payload.get("scope") or "").split() if scope != "openid"]
    return {
        "name": payload["client_name"],
        "login_url": payload["initiate_login_uri"],
        "launch_url": given["target_link_uri"],
        "redirect_uris": payload["redirect_uris"],
        "jwks_url": payload["jwks_uri"],
        "scopes": scopes,
        "privacy": privacy(given),
        "custom": given.get("custom_parameters") or {},
        "domain": given["domain"],
        "description": given.get("description") or "",
        "deep_link_url": deep[0].url if deep else None,
        "placements": placements,
    }


def placements_of(messages: list[dict[str, Any]]) -> list[Placement]:
    """The placements that Canvas knows, each with the first message that wants it."""
    found: dict[str, Placement] = {}
    for message in messages:
        for name in message.get("placements") or ["link_selection"]:
            placement = _placement(name, message)
            if placement.name in (*RESOURCE_PLACEMENTS, *DEEP_PLACEMENTS):
                found.setdefault(placement.name, placement)
    return list(found.values())


def _placement(name: str, message: dict[str, Any]) -> Placement:
    own = RENAMED.get(name, name.removeprefix(v.CANVAS))
    hidden = own == "course_navigation" and (
        message.get(v.CANVAS + "course_navigation/default_enabled") is False
    )
    return Placement(
        name=own,
        message_type=message["type"],
        url=message.get("target_link_uri") or "",
        label=message.get("label") or "",
        custom=message.get("custom_parameters") or {},
        is_enabled=not hidden,
        visibility=message.get(v.CANVAS + "visibility") or "",
        opens_window=message.get(v.CANVAS + "display_type") == "new_window",
    )


def privacy(given: dict[str, Any]) -> str:
    """What the tool asks for, or what its claims come to."""
    wished = given.get(v.CANVAS + "privacy_level")
    if wished in ENUMERATED_PRIVACY:
        return str(wished)
    claims = set(given.get("claims") or [])
    named, mailed = bool(claims & {"name", "given_name", "family_name"}), "email" in claims
    if "picture" in claims or (named and mailed):
        return "public"
    return "name_only" if named else "email_only" if mailed else "anonymous"


def _registered(site: Site, tool: Tool, payload: dict[str, Any]) -> dict[str, Any]:
    """Canvas's answer: no deployment id in it."""
    address = f"{site.base_url}{REGISTRATIONS}/{tool.number}"
    return {
        "client_id": tool.client_id,
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "initiate_login_uri": tool.login_url,
        "redirect_uris": tool.redirect_uris,
        "response_types": ["id_token"],
        "client_name": tool.name,
        "jwks_uri": tool.jwks_url,
        "logo_uri": payload.get("logo_uri"),
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join([*tool.scopes, "openid"]),
        "registration_client_uri": address,
        v.TOOL_CONFIGURATION: payload[v.TOOL_CONFIGURATION]
        | {v.CANVAS + "registration_config_url": f"{address}/view"},
    }
