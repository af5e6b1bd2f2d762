"""Deep linking responses: what both platforms look at, and what neither does (LTI DL 2.0 §4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lti_tool.practice import vocabulary as v
from lti_tool.practice.dialect import Launching
from lti_tool.practice.model import Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

RESPONSE_CLAIMS = ("aud", "exp", "iat", "nonce")


def settings(launching: Launching, return_url: str, **offered: Any) -> dict[str, Any]:
    """The deep_linking_settings claim; `data` only where a test asks for some."""
    data = launching.site.deep_link_data
    given = {} if data is None else {"data": data}
    return {v.DEEP_LINK_SETTINGS: {"deep_link_return_url": return_url, **offered, **given}}


def overlooked(site: Site, tool: Tool, claims: dict[str, Any]) -> list[str]:
    """What the specification would have refused."""
    return list(_overlooked(site, tool, claims))


def _overlooked(site: Site, tool: Tool, claims: dict[str, Any]) -> Iterator[str]:
    audience = claims.get("aud")
    if site.issuer not in (audience if isinstance(audience, list) else [audience]):
        yield "aud is not the platform"
    yield from (f"{name} is missing" for name in RESPONSE_CLAIMS if not claims.get(name))
    if claims.get(v.DEPLOYMENT_ID) not in tool.deployment_ids:
        yield "deployment_id is not the tool's"
    if claims.get(v.MESSAGE_TYPE) != v.DEEP_LINK_RESPONSE:
        yield f"message_type is not {v.DEEP_LINK_RESPONSE}"
    if claims.get(v.VERSION) != "1.3.0":
        yield "version is not 1.3.0"
    if claims.get(v.DEEP + "data") != site.deep_link_data:
        yield "data is not what the request had"
    if not isinstance(claims.get(v.CONTENT_ITEMS, []), list):
        yield "content_items is not a list"


def items_of(claims: dict[str, Any]) -> list[dict[str, Any]]:
    """The content items that are objects."""
    found = claims.get(v.CONTENT_ITEMS) or []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def words(claims: dict[str, Any], name: str) -> str:
    """`msg` or `errormsg`, as text."""
    return str(claims.get(v.DEEP + name) or "")
