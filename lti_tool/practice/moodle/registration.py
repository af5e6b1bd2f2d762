"""Moodle's dynamic registration (`openid-configuration.php`, `openid-registration.php`)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt

from lti_tool.practice import vocabulary as v
from lti_tool.practice.access import verified
from lti_tool.practice.exchange import Call, Refusal, Reply, json_reply
from lti_tool.practice.fields import ToolFields
from lti_tool.practice.model import Tool
from lti_tool.practice.moodle.custom import VARIABLES

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

REGISTRATION_PATH = "/mod/lti/openid-registration.php"
TOKEN_LIFE = timedelta(hours=1)
NEW, UPDATE = "reg", "reg-update"
DOMAIN = re.compile(r"(?:https?://)?(?:www\.)?([^/]+)(?:/|$)", re.IGNORECASE)
NEEDED = (
    "response_types",
    "initiate_login_uri",
    "redirect_uris",
    "client_name",
    "jwks_uri",
    "token_endpoint_auth_method",
    v.TOOL_CONFIGURATION,
)
NAMES = ("name", "given_name", "family_name")
READING = (v.SCORE, v.RESULT_READONLY, v.LINEITEM_READONLY)


def registration_url(site: Site, url: str, update: Tool | None) -> str:
    """The tool's address with where to read about us, and a signed token for one registration."""
    issued = int(site.now().timestamp())
    token = site.sign(
        {
            "sub": update.number if update else site.new_client_id(),
            "scope": UPDATE if update else NEW,
            "iat": issued,
            "exp": issued + int(TOKEN_LIFE.total_seconds()),
        }
    )
    added = {"openid_configuration": site.openid_configuration_url, "registration_token": token}
    return url + ("&" if "?" in url else "?") + urlencode(added)


def configuration(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """The configuration, for everybody."""
    return json_reply(openid_configuration(site))


def openid_configuration(site: Site) -> dict[str, Any]:
    """What Moodle says about itself."""
    return {
        "issuer": site.issuer,
        "token_endpoint": site.token_url,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": site.jwks_url,
        "authorization_endpoint": site.auth_url,
        "registration_endpoint": site.base_url + REGISTRATION_PATH,
        "scopes_supported": [*v.ALL_SCOPES, "openid"],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", *NAMES, "email"],
        v.PLATFORM_CONFIGURATION: {
            "product_family_code": "moodle",
            "version": "4.5.6 (Build: 20250811)",
            "messages_supported": [
                {"type": v.RESOURCE_LINK_REQUEST},
                {"type": v.DEEP_LINK_REQUEST, "placements": ["ContentArea"]},
            ],
            "variables": list(VARIABLES),
        },
    }


def wrong(message: str, status: int = 400) -> Refusal:
    """An error as Moodle writes it: bare words."""
    return Refusal(Reply(status, message.encode(), "text/plain; charset=utf-8"))


def registration(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """Make the tool, pending; its client id was chosen when the token was."""
    if not call.headers.get("authorization", "").startswith("Bearer "):
        raise wrong("missing_registration_token", 401)
    with site.changing():
        client_id, known = _allowed(site, call.bearer)
        payload = call.json_object() or {}
        config = to_config(payload)
        config |= {"client_id": client_id, "registration": payload}
        config |= {"state": known.state if known else "pending"}
        tool = site.add_tool(**config)
    return json_reply(_registered(tool))


def _allowed(site: Site, token: str) -> tuple[str, Tool | None]:
    """The client id that the token gives; an expired or foreign one ends in an error page."""
    claims = _opened(site, token)
    tools = site.state.tools
    if claims.get("scope") == UPDATE:
        for tool in tools.values():
            if tool.number == claims["sub"]:
                return tool.client_id, tool
        raise wrong("Unknown client")
    if claims.get("scope") != NEW:
        raise wrong("Incorrect scope", 403)
    if claims["sub"] in tools:
        raise wrong("token_already_used", 401)
    return str(claims["sub"]), None


def _opened(site: Site, token: str) -> dict[str, Any]:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        keys = {key["kid"]: jwt.PyJWK(key) for key in site.keys.published()["keys"]}
        return verified(token, keys[str(kid)], site.now(), required=("sub", "exp"))
    except (jwt.PyJWTError, KeyError) as problem:
        page = f"<html><h1>Error</h1><p>Exception - {problem}</p></html>"
        raise Refusal(Reply(404, page.encode(), "text/html; charset=utf-8")) from None


def to_config(payload: dict[str, Any]) -> ToolFields:
    """The tool's settings, from what it sent; refuses in Moodle's order and words."""
    for name in NEEDED:
        if not payload.get(name):
            raise wrong(f"missing required attribute {name}")
    given = payload[v.TOOL_CONFIGURATION]
    target, domain = _target(given)
    _check(payload)
    scopes = granted(str(payload.get("scope") or "").split(" "))
    custom = given.get("custom_parameters") or {}
    return {
        "name": str(payload["client_name"]),
        "login_url": str(payload["initiate_login_uri"]),
        "launch_url": target,
        "redirect_uris": [str(uri) for uri in payload["redirect_uris"]],
        "jwks_url": str(payload["jwks_uri"]),
        "scopes": scopes,
        "privacy": privacy(given.get("claims") or []),
        "custom": {str(name): str(value) for name, value in custom.items()},
        "domain": domain,
        "description": str(given.get("description") or ""),
        "deep_link_url": _deep_link_url(given.get("messages") or []),
        "accepts_grades": "delegate" if set(scopes) & set(v.AGS_SCOPES) else "never",
        "is_in_chooser": False,
    }


def _target(given: dict[str, Any]) -> tuple[str, str]:
    """Target and domain, which must be the same place, port included."""
    if not given.get("domain"):
        raise wrong("missing_domain")
    target = given.get("target_link_uri") or f"https://{given['domain']}"
    domain = domain_of(given["domain"])
    if domain != domain_of(target):
        raise wrong("domain_targetlinkuri_mismatch")
    return target, domain


def domain_of(url: str) -> str:
    """Host and port, without "www."."""
    found = DOMAIN.search(url)
    return found[1] if found else ""


def _check(payload: dict[str, Any]) -> None:
    if "id_token" not in payload["response_types"]:
        raise wrong("invalid_response_types")
    if not isinstance(payload["redirect_uris"], list):
        raise wrong("invalid_redirect_uris")
    if payload["token_endpoint_auth_method"] != "private_key_jwt":  # noqa: S105 -- a method
        raise wrong("invalid_token_endpoint_auth_method")
    if payload.get("application_type", "web") not in ("", "web"):
        raise wrong("invalid_application_type")


def granted(asked: list[str]) -> list[str]:
    """The scopes that Moodle's switches come to: reading grades, managing columns, the roster."""
    manages = v.LINEITEM in asked
    reads = manages or bool(set(asked) & set(READING))
    members = [v.MEMBERS] if v.MEMBERS in asked else []
    return [*([v.LINEITEM] if manages else []), *(READING if reads else ()), *members]


def privacy(claims: list[str]) -> str:
    """The two switches for names and e-mail, as one word."""
    named, mailed = bool(set(NAMES) & set(claims)), "email" in claims
    if named and mailed:
        return "public"
    return "name_only" if named else "email_only" if mailed else "anonymous"


def _deep_link_url(messages: list[Any]) -> str | None:
    """The address of the last deep linking message; no other message counts."""
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("type") == v.DEEP_LINK_REQUEST:
            return str(message.get("target_link_uri") or "")
    return None


def _registered(tool: Tool) -> dict[str, Any]:
    """Moodle's answer. `scope` and `claims` say more than is granted: PHP's `??` binds last."""
    grades = [*READING, v.LINEITEM] if set(tool.scopes) & set(v.AGS_SCOPES) else []
    claims = ["sub", "iss"]
    claims += (
        ["name", "family_name", "given_name"] if tool.privacy in ("public", "name_only") else []
    )
    claims += ["email"] if tool.privacy in ("public", "email_only") else []
    deep = {"type": v.DEEP_LINK_REQUEST, "target_link_uri": tool.deep_link_url}
    configuration = {
        "version": "1.3.0",
        "deployment_id": tool.number,
        "target_link_uri": tool.launch_url,
        "domain": tool.domain,
        "description": tool.description,
        **({"messages": [deep]} if tool.deep_link_url is not None else {}),
        **({"custom_parameters": tool.custom} if tool.custom else {}),
        "claims": claims,
    }
    return {
        "client_id": tool.client_id,
        "response_types": ["id_token"],
        "jwks_uri": tool.jwks_url,
        "initiate_login_uri": tool.login_url,
        "grant_types": ["client_credentials", "implicit"],
        "redirect_uris": tool.redirect_uris,
        "application_type": "web",
        "token_endpoint_auth_method": "private_key_jwt",
        "client_name": tool.name,
        "logo_uri": tool.registration.get("logo_uri") or "",
        "scope": " ".join([*grades, *([v.MEMBERS] if v.MEMBERS in tool.scopes else [])]),
        v.TOOL_CONFIGURATION: configuration,
    }
