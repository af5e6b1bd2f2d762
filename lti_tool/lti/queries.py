"""Reads about platforms."""

from sqlalchemy import select

from lti_tool.db import db
from lti_tool.errors import NotHere
from lti_tool.lti import refusals, rules
from lti_tool.lti.models import Context, Invite, PlatformKind, Registration


def registration_for(public_id: str) -> Registration:
    """The platform whose address was used, switched off or not; raises NotHere."""
    row = db.session.scalar(select(Registration).where(Registration.public_id == public_id))
    if row is None:
        is_reserved = invite_reserving(public_id) is not None
        raise NotHere(refusals.UNFINISHED if is_reserved else refusals.UNKNOWN_REGISTRATION)
    return row


def invite_reserving(public_id: str) -> Invite | None:
    """The invitation for which these addresses are kept, if there is one."""
    return db.session.scalar(select(Invite).where(Invite.registration_public_id == public_id))


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
