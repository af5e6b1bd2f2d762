"""Writes at the front door: let somebody in, or keep a launch until its button is pressed."""

import dataclasses
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, select, update

from lti_tool.clock import course_now, now
from lti_tool.db import db
from lti_tool.errors import LaunchRejected
from lti_tool.launch import rules
from lti_tool.launch.models import DeepLinkRequest, PendingLaunch, Visit
from lti_tool.launch.rules import Power
from lti_tool.lti import actions as lti
from lti_tool.lti import message, refusals
from lti_tool.lti.launches import digest, purge_logins
from lti_tool.lti.message import Launch
from lti_tool.lti.models import Context, Registration
from lti_tool.lti.sealing import seal, unseal
from lti_tool.roster import actions as roster
from lti_tool.roster.models import Membership


class Notice(StrEnum):
    """Why a valid launch opens no board; each has a page of its own."""

    WHO_MAY = "who-may"
    NO_COURSE = "no-course"
    WHO_MAY_LINK = "who-may-link"


@dataclass(frozen=True)
class Entry:
    """What a launch came to: a visit, for choosing what to link or for the board, or a notice."""

    visit: Visit | None = None
    is_choosing: bool = False
    notice: Notice | None = None
    is_sweep_wanted: bool = False


def let_in(registration: Registration, launch: Launch, browser: str) -> Entry:
    """Open a visit for this launch in this browser; another person's visits in it end."""
    if launch.course is None:
        return Entry(notice=Notice.NO_COURSE)
    is_choosing = launch.deep_link is not None
    if is_choosing and not rules.may(launch.role, Power.STAFF_PAGES):
        return Entry(notice=Notice.WHO_MAY_LINK)
    if launch.person.sub is None or not rules.may_enter(launch.role):
        return Entry(notice=Notice.WHO_MAY)
    context, link = lti.record(registration, launch, launch.course, course_now())
    member = roster.admit(registration, context, launch.person, launch.role)
    roster.learn(member, _zone(launch), launch.custom.sections)
    if launch.role.is_staff:
        _keep_zone(context, launch)
    is_sweep_wanted = roster.want_sweep(context, is_staff=launch.role.is_staff)
    _end_visits_of_others(browser, member)
    visit = Visit(
        browser_hash=digest(browser),
        member=member,
        link=link,
        role=launch.role,
        locale=launch.locale,
        began_at=now(),
        seen_at=now(),
    )
    db.session.add(visit)
    db.session.flush()
    _keep_request(visit, launch)
    return Entry(visit=visit, is_choosing=is_choosing, is_sweep_wanted=is_sweep_wanted)


def choose_without_cookie(registration: Registration, secret: str) -> Entry:
    """Let in whoever chooses what to link in a frame that keeps no cookie, once.

    The answer must be posted from that very frame, so no new tab helps: each form of its pages
    carries the secret instead, which nobody else has.
    """
    return let_in(registration, _spend(registration, secret), secret)


def _spend(registration: Registration, secret: str) -> Launch:
    """The launch that waits behind a secret, if it is one for choosing what to link; once."""
    pending = _pending(registration, PendingLaunch.token_hash == digest(secret))
    launch = message.from_text(unseal(pending.sealed_launch))
    if launch.deep_link is None or not rules.is_pending_open(pending.began_at, now()):
        raise LaunchRejected(refusals.OPEN_EXPIRED)
    _use(pending)
    return launch


def _keep_request(visit: Visit, launch: Launch) -> None:
    if launch.deep_link is not None:
        settings = dataclasses.asdict(launch.deep_link)
        db.session.add(
            DeepLinkRequest(
                visit_id=visit.id, deployment_id=launch.deployment_id, settings=settings
            )
        )
        db.session.flush()


def keep_pending(registration: Registration, launch: Launch, proof_hash: str | None) -> str:
    """Keep a verified launch for its button; returns the secret that the button brings back."""
    secret = secrets.token_urlsafe(24)
    db.session.add(
        PendingLaunch(
            registration_id=registration.id,
            token_hash=digest(secret),
            sealed_launch=seal(message.to_text(launch)),
            proof_hash=proof_hash,
            began_at=now(),
        )
    )
    return secret


def unproved(registration: Registration, secret: str, proof: str) -> Launch | None:
    """The launch whose person must be named, because this browser did not prove that it began it;
    none where it proved it, or no proof was possible and it was named already (decision 2)."""
    pending = _pending(registration, PendingLaunch.token_hash == digest(secret))
    if pending.proof_hash is None or hmac.compare_digest(digest(proof), pending.proof_hash):
        return None
    return message.from_text(unseal(pending.sealed_launch))


def mint_code(registration: Registration, secret: str) -> str:
    """Turn a button's secret into a code for the tab it opened, once; raises LaunchRejected."""
    pending = _pending(registration, PendingLaunch.token_hash == digest(secret))
    if pending.code_hash is not None or not rules.is_pending_open(pending.began_at, now()):
        raise LaunchRejected(refusals.OPEN_EXPIRED)
    code = secrets.token_urlsafe(24)
    minted = db.session.execute(
        update(PendingLaunch)
        .where(PendingLaunch.id == pending.id, PendingLaunch.code_hash.is_(None))
        .values(code_hash=digest(code), code_made_at=now())
    )
    if minted.rowcount != 1:  # type: ignore[attr-defined]
        raise LaunchRejected(refusals.OPEN_EXPIRED)
    return code


def redeem(registration: Registration, code: str) -> Launch:
    """The launch that a code stands for, once and within its 30 seconds."""
    pending = _pending(registration, PendingLaunch.code_hash == digest(code))
    if not rules.is_code_open(pending.code_made_at, now()):
        raise LaunchRejected(refusals.OPEN_EXPIRED)
    _use(pending)
    return message.from_text(unseal(pending.sealed_launch))


def end(visit: Visit) -> None:
    """End a visit: its address opens nothing any more."""
    visit.ended_at = now()


def purge() -> None:
    """Forget what can no longer be used: logins, pending launches, and visits of past days."""
    moment = now()
    purge_logins(moment)
    db.session.execute(
        delete(PendingLaunch).where(PendingLaunch.began_at < moment - 2 * rules.PENDING_LASTS)
    )
    doomed = select(Visit.id).where(Visit.began_at < moment - 2 * rules.VISIT_LASTS)
    db.session.execute(delete(DeepLinkRequest).where(DeepLinkRequest.visit_id.in_(doomed)))
    db.session.execute(delete(Visit).where(Visit.began_at < moment - 2 * rules.VISIT_LASTS))


def _pending(registration: Registration, matches: ColumnElement[bool]) -> PendingLaunch:
    row = db.session.scalar(
        select(PendingLaunch).where(
            PendingLaunch.registration_id == registration.id,
            matches,
        )
    )
    if row is None:
        raise LaunchRejected(refusals.OPEN_EXPIRED)
    return row


def _use(pending: PendingLaunch) -> None:
    used = db.session.execute(
        update(PendingLaunch)
        .where(PendingLaunch.id == pending.id, PendingLaunch.used_at.is_(None))
        .values(used_at=now())
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise LaunchRejected(refusals.OPEN_EXPIRED)


def _keep_zone(context: Context, launch: Launch) -> None:
    """The course's zone is that of the first teacher who comes; Moodle's "99" names none."""
    context.time_zone = context.time_zone or _zone(launch)


def _zone(launch: Launch) -> str | None:
    """The zone that the platform names for the person, if it is one."""
    return launch.time_zone if message.is_zone(launch.time_zone) else None


def _end_visits_of_others(browser: str, member: Membership) -> None:
    """On a shared computer the last person's pages close when the next one comes."""
    others = select(Membership.id).where(Membership.user_id != member.user_id)
    db.session.execute(
        update(Visit)
        .where(
            Visit.browser_hash == digest(browser),
            Visit.ended_at.is_(None),
            Visit.member_id.in_(others),
        )
        .values(ended_at=now())
    )
