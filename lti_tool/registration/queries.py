"""Reads about invitations, and about what a new registration has seen so far."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func, select

from lti_tool import settings
from lti_tool.clock import now
from lti_tool.db import db
from lti_tool.errors import NotHere, ToolError
from lti_tool.lti import queries as lti
from lti_tool.lti.launches import digest
from lti_tool.lti.models import (
    Context,
    Deployment,
    Invite,
    LoginState,
    PlatformKeys,
    Registration,
)
from lti_tool.registration import refusals, rules
from lti_tool.registration.rules import State


class InviteOver(ToolError):
    """The invitation has run out."""

    status = 410
    words = refusals.INVITE_EXPIRED


@dataclass(frozen=True)
class Seen:
    """What the live check shows: counts and hosts only."""

    host: str
    keys_at: datetime | None
    deployments: int
    logins: int
    """Of the last minutes: they are forgotten soon."""
    courses: int


def invite_for(secret: str) -> Invite:
    """The invitation of this address, open or spent; raises NotHere, InviteOver."""
    invite = db.session.scalar(select(Invite).where(Invite.secret_hash == digest(secret)))
    if invite is None:
        raise NotHere(refusals.INVITE_UNKNOWN)
    if rules.state(invite.expires_at, invite.spent_at, now()) is State.EXPIRED:
        raise InviteOver
    return invite


def platform_at(public_id: str) -> Registration | None:
    """The platform of these addresses; none while they are reserved only; raises NotHere."""
    invite = lti.invite_reserving(public_id)
    is_open = invite is not None and invite.spent_at is None
    return None if is_open else lti.registration_for(public_id)


def is_known(issuer: str, client_id: str, auth_url: str | None = None) -> bool:
    """Whether this client of this platform is registered, switched off or not.

    Canvases that schools run themselves may share issuer and client id; with `auth_url` only one
    at the same site counts.
    """
    found = db.session.scalars(
        select(Registration.auth_url).where(
            Registration.issuer == issuer, Registration.client_id == client_id
        )
    )
    return any(auth_url is None or rules.site_of(each) == rules.site_of(auth_url) for each in found)


def seen_of(registration: Registration) -> Seen:
    """What has been seen of this platform so far."""
    keys = db.session.get(PlatformKeys, registration.id)
    return Seen(
        host=urlsplit(registration.issuer).netloc,
        keys_at=keys.fetched_at if keys else None,
        deployments=_count(Deployment, registration),
        logins=_count(LoginState, registration),
        courses=_count(Context, registration),
    )


def _count(model: type[Deployment | LoginState | Context], registration: Registration) -> int:
    ours = select(func.count()).where(model.registration_id == registration.id)
    return db.session.scalar(ours) or 0


def frame_ancestors() -> list[str]:
    """Who may frame dynamic registration: the platform's own window, whose origin nobody knows."""
    private = ["http:"] if settings.current().ALLOW_PRIVATE_PLATFORMS else []
    return ["https:", *private]
