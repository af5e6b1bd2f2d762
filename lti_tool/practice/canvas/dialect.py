"""The Canvas-like LMS: its addresses, and which function answers each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lti_tool.practice.canvas import (
    deeplink,
    grades,
    launch,
    registration,
    replies,
    roles,
    roster,
    scores,
    token,
)
from lti_tool.practice.dialect import DeepLinked, Launching, LoginRequest, route
from lti_tool.practice.exchange import Call, Reply, json_reply
from lti_tool.practice.model import LineItem, Person, Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

LINE_ITEMS = "/api/lti/courses/<course>/line_items"


def jwks(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """The platform's public keys, cacheable as Canvas says."""
    with site.changing():
        reply = json_reply(site.keys.published())
    reply.headers["Cache-Control"] = "max-age=864000, public"
    return reply


class Canvas:
    """Canvas's ways."""

    auth_path = "/api/lti/authorize_redirect"
    token_path = "/login/oauth2/token"  # noqa: S105 -- an address
    jwks_path = "/api/lti/security/jwks"
    configuration_path = "/api/lti/security/openid-configuration"
    deep_link_path = "/courses/<number>/deep_linking_response"
    usual_placement = "link_selection"
    roles = roles.ROLES
    routes = (
        route(
            "configuration", "/api/lti/security/openid-configuration", registration.configuration
        ),
        route("registration", registration.REGISTRATIONS, registration.registration, "POST"),
        route("jwks", "/api/lti/security/jwks", jwks),
        route("token", "/login/oauth2/token", token.token, "POST"),
        route("members", "/api/lti/courses/<course>/names_and_roles", roster.members),
        route("lineitems", LINE_ITEMS, grades.lineitems, "GET", "POST"),
        route("lineitems", LINE_ITEMS + "/<item>", grades.lineitem, "GET", "PUT", "DELETE"),
        route("scores", LINE_ITEMS + "/<item>/scores", scores.scores, "POST"),
        route("results", LINE_ITEMS + "/<item>/results", scores.results),
        route("results", LINE_ITEMS + "/<item>/results/<result>", scores.result),
    )

    def login(self, launching: Launching) -> LoginRequest:
        """See canvas.launch."""
        return launch.login(launching)

    def authorize(
        self, site: Site, query: dict[str, str], person: Person | None
    ) -> tuple[str, dict[str, str]]:
        """See canvas.launch."""
        return launch.authorize(site, query, person)

    def claims(self, launching: Launching, nonce: str) -> dict[str, Any]:
        """See canvas.launch."""
        return launch.claims(launching, nonce)

    def lineitem_url(self, site: Site, line_item: LineItem) -> str:
        """See canvas.grades."""
        return grades.lineitem_url(site, line_item)

    def teacher_sets(self, site: Site, line_item: LineItem, sub: str, score: float | None) -> None:
        """See canvas.scores."""
        scores.teacher_sets(site, line_item, sub, score)

    def openid_configuration(self, site: Site) -> dict[str, Any]:
        """See canvas.registration."""
        return registration.openid_configuration(site)

    def registration_url(self, site: Site, url: str, update: Tool | None) -> str:
        """See canvas.registration."""
        return registration.registration_url(site, url, update)

    def deep_linked(self, site: Site, person: Person, return_url: str, token: str) -> DeepLinked:
        """See canvas.deeplink."""
        return deeplink.deep_linked(site, return_url, token)

    def throttled(self, status: int | None) -> Reply:
        """See canvas.replies."""
        return replies.throttled(status)
