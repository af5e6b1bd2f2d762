"""What we say of ourselves to a platform: by registration, as Canvas's JSON, and for people.

Everything follows from our address and the id that the invitation reserved. Pure, like rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lti_tool.lti import claims
from lti_tool.registration.rules import Platform

NAME = "Good Turn"
DESCRIPTION = "Classmates helping classmates, in the course"
PERSONAL_CLAIMS = ("name", "given_name", "family_name")
DEEP_PLACEMENTS = ("link_selection", "assignment_selection")
"""Where an instructor in Canvas chooses what a link opens; not in every text box of a course."""


@dataclass(frozen=True)
class Addresses:
    """The addresses of one registration."""

    origin: str
    public_id: str

    @property
    def login(self) -> str:
        """Where a launch begins."""
        return f"{self.origin}/lti/{self.public_id}/login"

    @property
    def launch(self) -> str:
        """Where a launch arrives, and deep linking too."""
        return f"{self.origin}/lti/{self.public_id}/launch"

    @property
    def configuration(self) -> str:
        """What Canvas's developer key reads."""
        return f"{self.origin}/lti/{self.public_id}/config.json"

    @property
    def jwks(self) -> str:
        """Our public keys."""
        return f"{self.origin}/lti/jwks.json"

    @property
    def logo(self) -> str:
        """Our mark."""
        return f"{self.origin}/static/img/mark.svg"

    @property
    def domain(self) -> str:
        """Host and port, as Moodle compares them."""
        return self.origin.partition("://")[2]


def custom_parameters(kind: str) -> Mapping[str, str]:
    """What a platform of this kind is asked to add to each launch."""
    of_kind = {"moodle": claims.CUSTOM_OF_MOODLE, "canvas": claims.CUSTOM_OF_CANVAS}
    return claims.CUSTOM_EVERYWHERE | of_kind.get(kind, {})


def metadata(ours: Addresses, platform: Platform) -> dict[str, Any]:
    """What a platform is sent to register us (LTI Dynamic Registration 1.0 §3.5.2)."""
    return {
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "response_types": ["id_token"],
        "client_name": NAME,
        "logo_uri": ours.logo,
        "initiate_login_uri": ours.login,
        "redirect_uris": [ours.launch],
        "jwks_uri": ours.jwks,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(platform.scopes),
        claims.TOOL_CONFIGURATION: _tool_configuration(ours, platform),
    }


def _tool_configuration(ours: Addresses, platform: Platform) -> dict[str, Any]:
    is_canvas = platform.kind == "canvas"
    return {
        "domain": ours.domain,
        "description": DESCRIPTION,
        "target_link_uri": ours.launch,
        "custom_parameters": dict(custom_parameters(platform.kind)),
        "claims": ["iss", "sub", *PERSONAL_CLAIMS],
        "messages": _messages(ours, platform),
        **({claims.CANVAS + "privacy_level": "public"} if is_canvas else {}),
        **({claims.CANVAS + "tool_id": "good-turn"} if is_canvas else {}),
    }


def _messages(ours: Addresses, platform: Platform) -> list[dict[str, Any]]:
    is_canvas = platform.kind == "canvas"
    common = {"target_link_uri": ours.launch, "label": NAME}
    board: dict[str, Any] = {"type": claims.RESOURCE_LINK_REQUEST, **common}
    if is_canvas:
        board["placements"] = ["course_navigation"]
        board[claims.CANVAS + "course_navigation/default_enabled"] = False
    choice = {
        "type": claims.DEEP_LINKING_REQUEST,
        **common,
        "placements": list(DEEP_PLACEMENTS) if is_canvas else ["ContentArea"],
    }
    return [board, choice] if platform.has_deep_linking else [board]


def canvas_configuration(ours: Addresses) -> dict[str, object]:
    """The JSON that Canvas's developer-key form takes (Canvas lti_dev_key_config)."""
    deep = {
        "message_type": claims.DEEP_LINKING_REQUEST,
        "target_link_uri": ours.launch,
        "text": NAME,
        "enabled": True,
    }
    navigation = deep | {
        "placement": "course_navigation",
        "message_type": claims.RESOURCE_LINK_REQUEST,
        "default": "disabled",
    }
    placements = [navigation, *(deep | {"placement": name} for name in DEEP_PLACEMENTS)]
    return {
        "title": NAME,
        "description": DESCRIPTION,
        "oidc_initiation_url": ours.login,
        "target_link_uri": ours.launch,
        "public_jwk_url": ours.jwks,
        "scopes": list(claims.SCOPES),
        "custom_fields": dict(custom_parameters("canvas")),
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": ours.domain,
                "tool_id": "good-turn",
                "privacy_level": "public",
                "settings": {"text": NAME, "placements": placements},
            }
        ],
    }
