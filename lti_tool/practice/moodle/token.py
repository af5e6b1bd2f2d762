"""Moodle's `token.php`: lenient about the audience, and its answers call themselves HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from lti_tool.practice import vocabulary as v
from lti_tool.practice.access import TOKEN_LIFE, peeked, verified
from lti_tool.practice.exchange import Call, Refusal, Reply
from lti_tool.practice.model import Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

HTML = "text/html; charset=utf-8"
NEEDED = ("client_assertion", "client_assertion_type", "grant_type", "scope")


def failed(error: str, *, more: str = "") -> Refusal:
    """Moodle's error text; with `more` (a library's message) it is not valid JSON."""
    body = '{\n  "error" : "' + error + '"' + more + "\n}\n"
    return Refusal(Reply(400, body.encode(), HTML))


def token(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """An access token for those of the wanted scopes that the tool is allowed."""
    form = _form(call)
    tool = _proven_tool(site, form["client_assertion"])
    granted = [scope for scope in form["scope"].split(" ") if scope in tool.scopes]
    if not granted:
        raise failed("invalid_scope")
    issued = site.access_tokens.issue(tool.client_id, granted)
    seconds = int(TOKEN_LIFE.total_seconds())
    lines = (
        f'  "access_token" : "{issued}",',
        '  "token_type" : "Bearer",',
        f'  "expires_in" : {seconds},',
        f'  "scope" : "{" ".join(granted)}"',
    )
    return Reply(200, "\n".join(("{", *lines, "}", "")).encode(), HTML)


def _form(call: Call) -> dict[str, str]:
    form = call.form
    is_form = call.media_type == "application/x-www-form-urlencoded"
    if call.method != "POST" or not is_form or not all(form.get(name) for name in NEEDED):
        raise failed("invalid_request")
    if form["client_assertion_type"] != v.ASSERTION_TYPE:
        raise failed("unsupported_grant_type")
    if form["grant_type"] != "client_credentials":
        raise failed("unsupported_grant_type")
    return form


def _proven_tool(site: Site, assertion: str) -> Tool:
    """The tool named by `sub`, if its own key signed the assertion. `aud` is not looked at."""
    header, claims = peeked(assertion)
    if not claims.get("sub"):
        raise failed("invalid_request")
    tool = site.state.tools.get(str(claims["sub"]))
    key = site.tool_keys.key(tool, header.get("kid")) if tool else None
    if tool is None or key is None:
        raise failed("invalid_client")
    _check(site, assertion, key)
    return tool


def _check(site: Site, assertion: str, key: Any) -> None:
    try:
        verified(assertion, key, site.now())
    except jwt.PyJWTError as problem:
        raise failed("invalid_client", more=f"\nException - {problem}") from None
