"""The two steps of a launch: begin (the login) and verify (the id_token). LTI Security §5.1.

A launch is trusted when the platform signed it, it is meant for us, it answers a login that this
browser began a moment ago, and it was never used before.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, func, select, update

from lti_tool import settings
from lti_tool.clock import now
from lti_tool.db import db, short_transaction
from lti_tool.errors import LaunchRejected, ToolError
from lti_tool.lti import keys, message, queries, refusals, rules, token
from lti_tool.lti.message import Launch
from lti_tool.lti.models import Deployment, LoginState, Registration
from lti_tool.lti.toolconf import Login

STATE_PREFIX = "state-"
"""PyLTI1p3 puts it before every state."""


@dataclass(frozen=True)
class Verified:
    """A launch whose token holds, and the login that it answers; not yet used."""

    launch: Launch
    login_id: int
    state: str
    is_same_browser: bool
    """False when the browser sent no cookie, so that who began is not proved (decision 2)."""
    proof_hash: str | None
    """Of what the platform's storage can prove instead."""


def launch_url(registration: Registration) -> str:
    """The one address the platform may post a launch to."""
    return f"{settings.current().origin}/lti/{registration.public_id}/launch"


@dataclass(frozen=True)
class Storage:
    """Where a platform keeps something for a browser without cookies (LTI platform storage)."""

    frame: str
    """The name of the platform's frame that keeps it, or `_parent`."""
    origin: str
    key: str
    value: str = ""
    """A secret; only its digest is kept here."""


@dataclass(frozen=True)
class Begun:
    """A login that began: where to send the browser, and what to leave with the platform before."""

    address: str
    storage: Storage | None


def begin(
    registration: Registration, fields: Mapping[str, str], browser: str, *, has_cookie: bool
) -> Begun:
    """Begin a login for this browser.

    Of an unsigned request nothing is kept but the row of the login itself. Where the browser
    brought no cookie and the platform offers its storage, that keeps a proof (decision 2).
    """
    state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    address = Login(registration, dict(fields), state, nonce).address(launch_url(registration))
    frame = "" if has_cookie else fields.get("lti_storage_target", "")
    storage = storage_of(registration, frame, STATE_PREFIX + state)
    if storage is not None:
        storage = replace(storage, value=secrets.token_urlsafe(24))
    db.session.add(
        LoginState(
            registration_id=registration.id,
            state_hash=digest(STATE_PREFIX + state),
            nonce=nonce,
            browser_hash=digest(browser),
            proof_hash=digest(storage.value) if storage else None,
            created_at=now(),
        )
    )
    _make_room(registration.id)
    return Begun(address, storage)


def storage_of(registration: Registration, frame: str, state: str) -> Storage | None:
    """The platform's storage for one login, if the frame that it names can be one."""
    origin = rules.storage_origin(registration.auth_url)
    if not rules.is_frame_name(frame) or not origin:
        return None
    return Storage(frame, origin, f"good-turn-{state}")


def verify(registration: Registration, fields: Mapping[str, str], browser: str | None) -> Verified:
    """Check everything about a launch, writing nothing but why not; raises LaunchRejected."""
    with _noting(registration.id, fields.get("state", "")):
        return _verified(registration, fields, browser)


def _verified(
    registration: Registration, fields: Mapping[str, str], browser: str | None
) -> Verified:
    if fields.get("error"):
        raise LaunchRejected(refusals.PLATFORM_SAID_NO)
    if not fields.get("id_token"):
        raise LaunchRejected(refusals.TOKEN_MISSING)
    login = _login(registration, fields.get("state", ""), browser)
    claims = token.read(fields["id_token"], lambda kid: keys.key_for(registration, kid))
    if claims.get("iss") != registration.issuer:
        raise LaunchRejected(refusals.ISSUER_UNKNOWN)
    token.check_audience(claims, registration.client_id)
    token.check_times(claims, now())
    _check_nonce(claims, login.nonce)
    launch = message.read(claims, settings.current().origin)
    _check_return(registration, launch)
    return Verified(
        launch,
        login.id,
        fields["state"],
        is_same_browser=browser is not None,
        proof_hash=login.proof_hash,
    )


def use(verified: Verified, registration: Registration) -> Launch:
    """Use a verified launch, once: of two at the same moment one is refused (decision 4 too)."""
    used = db.session.execute(
        update(LoginState)
        .where(LoginState.id == verified.login_id, LoginState.used_at.is_(None))
        .values(used_at=now())
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise LaunchRejected(refusals.LAUNCH_USED)
    with _noting(registration.id, verified.state):
        _admit_deployment(registration, verified.launch.deployment_id)
    return verified.launch


def digest(secret: str) -> str:
    """What is kept of a secret that somebody brings back: enough to know it again."""
    return hashlib.sha256(secret.encode()).hexdigest()


def purge_logins(moment: datetime) -> None:
    """Forget logins of past days."""
    db.session.execute(delete(LoginState).where(LoginState.created_at < moment - rules.LOGINS_KEPT))


@contextmanager
def _noting(registration_id: int, state: str) -> Iterator[None]:
    """Note at the login why its launch is refused: its platform's administrator may want to know.

    Of a launch that answers no login nothing is kept, and of each login the first refusal only.
    """
    try:
        yield
    except ToolError as error:
        db.session.rollback()
        known = select(LoginState.id).where(
            LoginState.state_hash == digest(state),
            LoginState.registration_id == registration_id,
            LoginState.used_at.is_(None),
            LoginState.refused.is_(None),
        )
        login_id = db.session.scalar(known)
        db.session.rollback()
        if login_id is not None:
            with short_transaction() as connection:
                ours = update(LoginState).where(LoginState.id == login_id)
                connection.execute(ours.values(refused=error.words.code))
        raise


def _make_room(registration_id: int) -> None:
    """Keep the number of open logins bounded; the oldest make room, a tenth at a time."""
    ours = LoginState.registration_id == registration_id
    newest = db.session.scalar(select(func.max(LoginState.id))) or 0
    if newest % 100:
        return
    count = db.session.scalar(select(func.count()).where(ours)) or 0
    if count > rules.MAX_OPEN_LOGINS:
        oldest = select(LoginState.id).where(ours).order_by(LoginState.id)
        doomed = oldest.limit(count - rules.MAX_OPEN_LOGINS + rules.MAX_OPEN_LOGINS // 10)
        db.session.execute(delete(LoginState).where(LoginState.id.in_(doomed)))


def _login(registration: Registration, state: str, browser: str | None) -> LoginState:
    row = db.session.scalar(
        select(LoginState).where(
            LoginState.state_hash == digest(state),
            LoginState.registration_id == registration.id,
        )
    )
    if row is None or not rules.is_login_open(row.created_at, now()):
        raise LaunchRejected(refusals.STATE_UNKNOWN)
    if row.used_at is not None:
        raise LaunchRejected(refusals.LAUNCH_USED)
    if browser is not None and digest(browser) != row.browser_hash:
        raise LaunchRejected(refusals.STATE_OTHER_BROWSER)
    return row


def _check_nonce(claims: token.Claims, expected: str) -> None:
    nonce = claims.get("nonce")
    if nonce is None:
        raise LaunchRejected(refusals.CLAIM_MISSING)
    if not isinstance(nonce, str) or not secrets.compare_digest(nonce.encode(), expected.encode()):
        raise LaunchRejected(refusals.NONCE_BAD)


def _check_return(registration: Registration, launch: Launch) -> None:
    """What somebody chooses goes back to the platform itself and nowhere else."""
    allowed = queries.frame_origins(registration)
    if launch.deep_link and not rules.is_within(launch.deep_link.return_url, allowed):
        raise LaunchRejected(refusals.RETURN_FOREIGN)


def _admit_deployment(registration: Registration, deployment_id: str) -> None:
    """A registration that lists none takes the first and lists it; then only listed ones come."""
    listed = _listed(registration)
    if not listed:
        db.session.refresh(registration, with_for_update=True)
        listed = _listed(registration) or _list(registration, deployment_id)
    if deployment_id not in listed:
        raise LaunchRejected(refusals.DEPLOYMENT_UNKNOWN)


def _list(registration: Registration, deployment_id: str) -> set[str]:
    first = Deployment(
        registration_id=registration.id, deployment_id=deployment_id, created_at=now()
    )
    db.session.add(first)
    return {deployment_id}


def _listed(registration: Registration) -> set[str]:
    found = select(Deployment.deployment_id).where(Deployment.registration_id == registration.id)
    return set(db.session.scalars(found))
