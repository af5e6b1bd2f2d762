"""The Moodle-like LMS: its addresses, and which function answers each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lti_tool.practice.dialect import DeepLinked, Launching, LoginRequest, route
from lti_tool.practice.exchange import Call, Reply, json_reply
from lti_tool.practice.model import LineItem, Person, Tool
from lti_tool.practice.moodle import (
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

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

SERVICES = r"/mod/lti/services\.php"


def jwks(site: Site, call: Call, names: dict[str, str]) -> Reply:
    """The platform's public keys."""
    with site.changing():
        return json_reply(site.keys.published())


class Moodle:
    """Moodle 4.5's ways."""

    auth_path = "/mod/lti/auth.php"
    token_path = "/mod/lti/token.php"  # noqa: S105 -- an address
    jwks_path = "/mod/lti/certs.php"
    configuration_path = "/mod/lti/openid-configuration.php"
    deep_link_path = deeplink.RETURN_PATH
    usual_placement = "activity"
    roles = roles.ROLES
    routes = (
        route("configuration", r"/mod/lti/openid-configuration\.php", registration.configuration),
        route(
            "registration",
            r"/mod/lti/openid-registration\.php",
            registration.registration,
            "POST",
        ),
        route("jwks", r"/mod/lti/certs\.php", jwks),
        route("token", r"/mod/lti/token\.php", token.token, "POST"),
        route(
            "members",
            SERVICES + "/(?:CourseSection|Group)/<course>/bindings/<tool>/memberships",
            roster.members,
        ),
        route("lineitems", SERVICES + "/<course>/lineitems", grades.lineitems, "GET", "POST"),
        route(
            "lineitems",
            SERVICES + "/<course>/lineitems/<item>/lineitem",
            grades.lineitem,
            "GET",
            "PUT",
            "DELETE",
        ),
        route(
            "scores", SERVICES + "/<course>/lineitems/<item>/lineitem/scores", scores.scores, "POST"
        ),
        route("results", SERVICES + "/<course>/lineitems/<item>/lineitem/results", scores.results),
    )

    def login(self, launching: Launching) -> LoginRequest:
        """See moodle.launch."""
        return launch.login(launching)

    def authorize(
        self, site: Site, query: dict[str, str], person: Person | None
    ) -> tuple[str, dict[str, str]]:
        """See moodle.launch."""
        return launch.authorize(site, query, person)

    def claims(self, launching: Launching, nonce: str) -> dict[str, Any]:
        """See moodle.launch."""
        return launch.claims(launching, nonce)

    def lineitem_url(self, site: Site, line_item: LineItem) -> str:
        """See moodle.grades."""
        return grades.lineitem_url(site, line_item)

    def teacher_sets(self, site: Site, line_item: LineItem, sub: str, score: float | None) -> None:
        """See moodle.scores."""
        scores.teacher_sets(site, line_item, sub, score)

    def openid_configuration(self, site: Site) -> dict[str, Any]:
        """See moodle.registration."""
        return registration.openid_configuration(site)

    def registration_url(self, site: Site, url: str, update: Tool | None) -> str:
        """See moodle.registration."""
        return registration.registration_url(site, url, update)

    def deep_linked(self, site: Site, person: Person, return_url: str, token: str) -> DeepLinked:
        """See moodle.deeplink."""
        return deeplink.deep_linked(site, person, return_url, token)

    def throttled(self, status: int | None) -> Reply:
        """See moodle.replies."""
        return replies.throttled(status)
