"""What Canvas finds wrong with a registration, in words (its JSON schema, written out)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lti_tool.practice import vocabulary as v

GRANTS = ("client_credentials", "implicit")
ENUMERATED_PRIVACY = ("public", "name_only", "email_only", "anonymous")
MESSAGE_TYPES = (
    v.RESOURCE_LINK_REQUEST,
    v.DEEP_LINK_REQUEST,
    "LtiDataPrivacyLaunchRequest",
    "LtiReportReviewRequest",
    "LtiEulaRequest",
)


def troubles(payload: dict[str, Any], scopes: Iterable[str]) -> list[str]:
    """Everything that is wrong, not only the first thing."""
    return [
        *_fixed_values(payload),
        *_addresses(payload),
        *_scopes(payload, frozenset(scopes) | {"openid"}),
        *_configuration(payload.get(v.TOOL_CONFIGURATION)),
    ]


def _fixed_values(payload: dict[str, Any]) -> Iterator[str]:
    if payload.get("application_type") != "web":
        yield "application_type: Must be 'web'"
    if not set(GRANTS) <= set(payload.get("grant_types") or []):
        yield f"grant_types: Must include {', '.join(GRANTS)}"
    if "id_token" not in (payload.get("response_types") or []):
        yield "response_types: Must include id_token"
    if payload.get("token_endpoint_auth_method") != "private_key_jwt":
        yield "token_endpoint_auth_method: Must be 'private_key_jwt'"
    if not payload.get("client_name") or not isinstance(payload["client_name"], str):
        yield "client_name: can't be blank"


def _addresses(payload: dict[str, Any]) -> Iterator[str]:
    for name in ("initiate_login_uri", "jwks_uri"):
        if not _is_address(payload.get(name)):
            yield f"{name}: is invalid"
    for name in ("logo_uri", "client_uri", "tos_uri", "policy_uri"):
        if payload.get(name) and not _is_address(payload[name]):
            yield f"{name}: is invalid"
    redirect_uris = payload.get("redirect_uris")
    if not isinstance(redirect_uris, list) or not redirect_uris:
        yield "redirect_uris: can't be blank"
    elif not all(_is_address(uri) for uri in redirect_uris):
        yield "redirect_uris: Must only contain valid URIs"


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _scopes(payload: dict[str, Any], known: frozenset[str]) -> Iterator[str]:
    scope = payload.get("scope") or ""
    if not isinstance(scope, str):
        yield "scope: must be a string"
        return
    unknown = [name for name in scope.split() if name not in known]
    if unknown:
        yield f"scopes: Invalid scopes: {', '.join(unknown)}"


def _configuration(given: object) -> Iterator[str]:
    if not isinstance(given, dict):
        yield "lti_tool_configuration: can't be blank"
        return
    for name in ("domain", "target_link_uri"):
        if not isinstance(given.get(name), str) or not given[name]:
            yield f"object at root is missing required properties: {name}"
    for name in ("messages", "claims"):
        if not isinstance(given.get(name), list):
            yield f"object at root is missing required properties: {name}"
    yield from _custom(given.get("custom_parameters"), "/custom_parameters")
    level = given.get(v.CANVAS + "privacy_level")
    if level is not None and level not in ENUMERATED_PRIVACY:
        yield f"value at /{v.CANVAS}privacy_level is not one of: {list(ENUMERATED_PRIVACY)}"
    messages = given.get("messages")
    for n, message in enumerate(messages if isinstance(messages, list) else []):
        yield from _message(message, f"/messages/{n}")


def _message(message: object, place: str) -> Iterator[str]:
    if not isinstance(message, dict):
        yield f"value at {place} is not an object"
        return
    if message.get("type") not in MESSAGE_TYPES:
        yield f"value at {place}/type is not one of: {list(MESSAGE_TYPES)}"
    if not isinstance(message.get("placements") or [], list):
        yield f"value at {place}/placements is not an array"
    yield from _custom(message.get("custom_parameters"), f"{place}/custom_parameters")


def _custom(custom: object, place: str) -> Iterator[str]:
    if custom is None:
        return
    if not isinstance(custom, dict):
        yield f"value at {place} is not an object"
        return
    for name, value in custom.items():
        if not isinstance(value, str):
            yield f"value at {place}/{name} is not a string"
