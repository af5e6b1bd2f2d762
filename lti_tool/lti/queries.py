"""Reads about platforms."""

from sqlalchemy import select

from lti_tool import settings
from lti_tool.db import db
from lti_tool.errors import NotHere
from lti_tool.lti import refusals, rules
from lti_tool.lti.models import Context, PlatformKind, Registration


def registration_for(public_id: str) -> Registration:
    """The platform whose address was used, switched off or not; raises NotHere."""
    row = db.session.scalar(select(Registration).where(Registration.public_id == public_id))
    if row is None:
        raise NotHere(refusals.UNKNOWN_REGISTRATION)
    return row


def registrations() -> list[Registration]:
    """All platforms, oldest first."""
    return list(db.session.scalars(select(Registration).order_by(Registration.id)))


def has_launched(registration: Registration) -> bool:
    """Whether anybody ever opened a course from this platform."""
    known = select(Context.id).where(Context.registration_id == registration.id).limit(1)
    return db.session.scalar(known) is not None


def frame_origins(registration: Registration) -> list[str]:
    """Who may frame the pages of this registration (decision 5)."""
    return rules.frame_origins(
        addresses=(registration.issuer, registration.auth_url),
        is_canvas=registration.kind is PlatformKind.CANVAS,
        added=registration.extra_frame_origins,
    )


def canvas_configuration(registration: Registration) -> dict[str, object]:
    """The JSON that Canvas's developer-key form takes (Canvas lti_dev_key_config)."""
    origin = settings.current().origin
    base = f"{origin}/lti/{registration.public_id}"
    placement = {
        "placement": "course_navigation",
        "message_type": "LtiResourceLinkRequest",
        "target_link_uri": f"{base}/launch",
        "text": "Good Turn",
        "default": "disabled",
        "enabled": True,
    }
    return {
        "title": "Good Turn",
        "description": "Classmates helping classmates, in the course",
        "oidc_initiation_url": f"{base}/login",
        "target_link_uri": f"{base}/launch",
        "public_jwk_url": f"{origin}/lti/jwks.json",
        "scopes": list(rules.SCOPES),
        "custom_fields": {"tz": "$Person.address.timezone"},
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": origin.partition("://")[2],
                "tool_id": "good-turn",
                "privacy_level": "public",
                "settings": {"text": "Good Turn", "placements": [placement]},
            }
        ],
    }
