"""Writes about registering: invite, take a turn, and finish; an invitation is spent by success."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, update

from lti_tool.clock import now
from lti_tool.db import db, new_public_id
from lti_tool.errors import ToolError
from lti_tool.lti import actions as lti
from lti_tool.lti import keys
from lti_tool.lti.launches import digest
from lti_tool.lti.models import Invite, PlatformKind, Registration
from lti_tool.registration import queries, refusals, rules, talk
from lti_tool.registration.rules import Platform, Registered
from lti_tool.registration.talk import Answered, Asked, Trouble


class NotNow(ToolError):
    """The invitation is in use, or what was sent has been sent before."""

    status = 409
    words = refusals.BUSY


@dataclass(frozen=True)
class Turn:
    """The right to register by an invitation, until the lease runs out."""

    invite_id: int
    public_id: str
    lease: datetime


def invite(name: str) -> str:
    """Invite one platform to be registered; returns the address, which is kept nowhere."""
    secret = secrets.token_urlsafe(24)
    moment = now()
    db.session.add(
        Invite(
            secret_hash=digest(secret),
            name=name,
            registration_public_id=new_public_id(),
            made_at=moment,
            expires_at=moment + rules.INVITE_LASTS,
        )
    )
    return talk.invitation(secret)


def take_turn(invite: Invite, asked: Asked) -> Turn:
    """Begin a dynamic registration, one at a time and each token once; raises NotNow.

    A platform that sends no token makes the same request whenever somebody begins again.
    """
    attempt = digest(f"{asked.url}\n{asked.token}") if asked.token else None
    if (
        attempt
        and invite.attempt_hash == attempt
        and not rules.is_under_way(invite.registering_until, now())
    ):
        raise NotNow(refusals.ALREADY_SENT)
    lease = now() + rules.LEASE
    taken = db.session.execute(
        update(Invite)
        .where(Invite.id == invite.id, Invite.spent_at.is_(None), _nobody_else())
        .values(registering_until=lease, attempt_hash=attempt)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise NotNow
    return Turn(invite.id, invite.registration_public_id, lease)


def finish(turn: Turn, answer: Answered | Trouble) -> Registration | Trouble:
    """Keep what the platform answered and spend the invitation, or leave it open."""
    if isinstance(answer, Trouble):
        _give_back(turn, is_uncertain=answer.is_uncertain)
        return answer
    if queries.is_known(answer.platform.issuer, answer.registered.client_id):
        _give_back(turn, is_uncertain=True)
        return Trouble(refusals.KNOWN)
    if not _spend(turn.invite_id, Invite.registering_until == turn.lease):
        return Trouble(refusals.OUTCOME_UNKNOWN)
    return _register(turn.invite_id, answer.platform, answer.registered, answer.key_set)


def finish_by_hand(
    invite: Invite, platform: Platform, registered: Registered, key_set: dict[str, Any]
) -> Registration:
    """Register what somebody typed, and spend the invitation; raises NotNow."""
    if not _spend(invite.id, _nobody_else()):
        raise NotNow
    return _register(invite.id, platform, registered, key_set)


def _nobody_else() -> ColumnElement[bool]:
    return or_(Invite.registering_until.is_(None), Invite.registering_until <= now())


def _give_back(turn: Turn, *, is_uncertain: bool) -> None:
    """The next may try. What may have arrived is remembered, so that it is not sent twice."""
    forgotten = {} if is_uncertain else {"attempt_hash": None}
    db.session.execute(
        update(Invite)
        .where(Invite.id == turn.invite_id, Invite.registering_until == turn.lease)
        .values(registering_until=None, **forgotten)
    )


def _spend(invite_id: int, is_ours: ColumnElement[bool]) -> bool:
    spent = db.session.execute(
        update(Invite)
        .where(Invite.id == invite_id, Invite.spent_at.is_(None), is_ours)
        .values(spent_at=now(), registering_until=None)
    )
    return bool(spent.rowcount == 1)  # type: ignore[attr-defined]


def _register(
    invite_id: int, platform: Platform, registered: Registered, key_set: dict[str, Any]
) -> Registration:
    invite = db.session.get_one(Invite, invite_id, populate_existing=True)
    registration = lti.register(
        name=invite.name,
        kind=PlatformKind(platform.kind),
        issuer=platform.issuer,
        client_id=registered.client_id,
        auth_url=platform.auth_url,
        token_url=platform.token_url,
        jwks_url=platform.jwks_url,
        deployment_ids=registered.deployment_ids,
        public_id=invite.registration_public_id,
    )
    keys.keep_first(registration, key_set)
    invite.registration = registration
    db.session.flush()
    return registration
