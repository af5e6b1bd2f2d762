"""Canvas's token endpoint: strict about every claim of the assertion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from lti_tool.practice import vocabulary as v
from lti_tool.practice.access import TOKEN_LIFE, peeked, verified
from lti_tool.practice.exchange import Call, Refusal, Reply, json_reply
from lti_tool.practice.model import Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

OLDEST_ASSERTION = 300
CLAIMS = ("iss", "sub", "aud", "iat", "exp", "jti")


def failed(error: str, description: str, *, status: int = 400) -> Refusal:
    """An OAuth error."""
    return Refusal(json_reply({"error": error, "error_description": description}, status=status))


def token(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """An access token for exactly the wanted scopes; one that is not allowed fails them all."""
    form = call.form
    if call.method != "POST" or form.get("grant_type") != "client_credentials":
        raise failed(
            "unsupported_grant_type",
            "The grant_type you requested is not currently supported by Canvas",
        )
    if form.get("client_assertion_type") != v.ASSERTION_TYPE:
        raise failed("invalid_request", "assertion type is invalid")
    tool = _proven_tool(site, form.get("client_assertion", ""))
    scopes = form.get("scope", "").split()
    if not scopes or not set(scopes) <= set(tool.scopes):
        raise failed("invalid_scope", "A requested scope is invalid, unknown, malformed")
    return json_reply(
        {
            "access_token": site.issue_token(tool, scopes),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LIFE.total_seconds()),
            "scope": " ".join(scopes),
        }
    )


def _proven_tool(site: Site, assertion: str) -> Tool:
    """The tool whose key signed an assertion that is fresh, meant for us and new."""
    header, claimed = peeked(assertion)
    tool = site.state.tools.get(str(claimed.get("sub")))
    if tool is None:
        raise failed("invalid_client", "unknown client", status=401)
    key = site.tool_keys.key(tool, header.get("kid"))
    if key is None:
        raise failed("invalid_request", "JWS signature invalid.")
    claims = _verified(site, assertion, key)
    _check(site, claims)
    return tool


def _verified(site: Site, assertion: str, key: jwt.PyJWK) -> dict[str, Any]:
    try:
        return verified(assertion, key, site.now(), required=CLAIMS)
    except jwt.MissingRequiredClaimError as problem:
        raise failed(
            "invalid_request", f"the following assertions are missing: {problem.claim}"
        ) from None
    except jwt.ExpiredSignatureError:
        raise failed("invalid_request", "the assertion has expired") from None
    except jwt.PyJWTError:
        raise failed("invalid_request", "JWS signature invalid.") from None


def _check(site: Site, claims: dict[str, Any]) -> None:
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if site.token_url not in audience:
        raise failed("invalid_request", "the 'aud' is invalid")
    if claims["iss"] != claims["sub"]:
        raise failed("invalid_request", "the 'iss' is invalid")
    if float(claims["iat"]) < site.now().timestamp() - OLDEST_ASSERTION:
        raise failed("invalid_request", "the 'iat' must be less than 300 seconds old")
    if not site.assertions.first(str(claims["sub"]) + " " + str(claims["jti"])):
        raise failed("invalid_request", "the 'jti' is invalid")
