"""Reads about platforms."""

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from lti_tool.db import db
from lti_tool.errors import NotHere
from lti_tool.lti import refusals, rules
from lti_tool.lti.findings import Logins
from lti_tool.lti.models import Context, Invite, LoginState, PlatformKind, Registration

STILL_COMING = timedelta(minutes=1)


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


def latest_course(registration: Registration) -> Context | None:
    """The course of this platform that was opened for the first time last."""
    ours = select(Context).where(Context.registration_id == registration.id)
    return db.session.scalar(ours.order_by(Context.id.desc()).limit(1))


def logins_of(registration: Registration, now: datetime) -> Logins:
    """What became of the platform's logins of the last day; those of this minute may still come."""
    done = LoginState.used_at.is_not(None)
    rows = db.session.execute(
        select(done, LoginState.refused, func.count())
        .where(
            LoginState.registration_id == registration.id,
            LoginState.created_at > now - rules.LOGINS_KEPT,
            or_(done, LoginState.refused.is_not(None), LoginState.created_at < now - STILL_COMING),
        )
        .group_by(done, LoginState.refused)
    ).all()
    return Logins(
        completed=sum(number for is_done, _, number in rows if is_done),
        lost=sum(number for is_done, code, number in rows if not is_done and code is None),
        refused={code: number for is_done, code, number in rows if not is_done and code},
    )


def original_of(context: Context, key: str) -> int | None:
    """The course of the same platform that this one was copied from: by history, else by key."""
    rows = db.session.execute(
        select(Context.id, Context.context_id, Context.public_id).where(
            Context.registration_id == context.registration_id,
            Context.id != context.id,
            or_(Context.context_id.in_(context.history), Context.public_id == key),
        )
    ).all()
    by_id = {row.context_id: row.id for row in rows}
    nearest = [by_id[one] for one in context.history if one in by_id]
    return nearest[0] if nearest else next((row.id for row in rows), None)


def frame_origins(registration: Registration) -> list[str]:
    """Who may frame the pages of this registration (decision 5)."""
    return rules.frame_origins(
        addresses=(registration.issuer, registration.auth_url),
        is_canvas=registration.kind is PlatformKind.CANVAS,
        added=registration.extra_frame_origins,
    )
