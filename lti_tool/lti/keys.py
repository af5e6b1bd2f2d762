"""Keys: the platforms' public ones, fetched sparingly, and our own signing keys."""

import json
import threading
import time
from collections import defaultdict
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from joserfc.jwk import RSAKey
from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from lti_tool.clock import now
from lti_tool.db import db, short_transaction
from lti_tool.errors import LaunchRejected, PlatformUnreachable
from lti_tool.lti import http, refusals, rules, token, troubles
from lti_tool.lti.models import PlatformKeys, Registration, ToolKey
from lti_tool.lti.sealing import seal, unseal

FETCH_SECONDS = 5.0
MAX_KEY_SET = 256_000
KEY_BITS = 2048
_parsed: dict[int, tuple[Any, dict[str, RSAKey]]] = {}
_fetching: dict[int, threading.Lock] = defaultdict(threading.Lock)
_failed_at: dict[int, float] = {}


def key_for(registration: Registration, kid: str) -> RSAKey:
    """The platform's key `kid`, parsed once per worker.

    Fetches the key set when there is none, when it is a day old, or when it lacks `kid`; stale
    keys serve while the platform is down. Raises LaunchRejected when the platform publishes no
    such key, PlatformUnreachable when that cannot be known.
    """
    known, fetched_at = _known(registration.id)
    if kid in known and rules.are_fresh(fetched_at, now()):
        return known[kid]
    try:
        known = _fetched(registration, since=fetched_at)
    except PlatformUnreachable:
        if kid not in known:
            raise
    if not known:
        raise PlatformUnreachable(troubles.NO_USABLE_KEY, retry_after=60)
    if kid not in known:
        raise LaunchRejected(refusals.KEY_UNKNOWN)
    return known[kid]


def _known(registration_id: int) -> tuple[dict[str, RSAKey], Any]:
    row = db.session.get(PlatformKeys, registration_id, populate_existing=True)
    if row is None or row.key_set is None:
        return {}, None
    cached = _parsed.get(registration_id)
    if cached is None or cached[0] != row.fetched_at:
        cached = (row.fetched_at, token.usable_keys(row.key_set))
        _parsed[registration_id] = cached
    return cached[1], row.fetched_at


def _fetched(registration: Registration, *, since: Any) -> dict[str, RSAKey]:
    """The keys after one fetch, by us or by whoever was quicker (many launches, one fetch).

    Whoever waited for a fetch that failed does not try again: the platform is down for all alike,
    and one after the other they would hold every thread for minutes.
    """
    began, registration_id, url = time.monotonic(), registration.id, registration.jwks_url
    db.session.rollback()  # whoever waits here holds no connection that the others need
    with _fetching[registration_id]:
        deadline = time.monotonic() + FETCH_SECONDS + 1
        while True:
            db.session.rollback()
            known, fetched_at = _known(registration_id)
            if fetched_at != since:
                return known
            if _failed_at.get(registration_id, began) > began:
                raise PlatformUnreachable(troubles.KEYS_WAIT, retry_after=60)
            turn = _take_turn(registration_id, since)
            if turn is Turn.OURS:
                return _fetch(registration_id, url)
            is_hopeless = turn is Turn.NONE_LEFT and not _is_being_fetched(registration_id)
            if is_hopeless or time.monotonic() > deadline:
                return known
            db.session.rollback()
            time.sleep(0.05)


class Turn(Enum):
    """Whether we may fetch a platform's keys now."""

    OURS = auto()
    SOMEBODY_ELSES = auto()
    NONE_LEFT = auto()
    """They were fetched too often lately."""


def _take_turn(registration_id: int, since: Any) -> Turn:
    """Ours when the bucket allows it, nobody else is fetching, and nobody has since `since`.

    Another process may have fetched between our look and our turn.
    """
    moment = now()
    _ensure_row(registration_id)
    with short_transaction() as connection:
        row = connection.execute(
            select(PlatformKeys.fetches_left, PlatformKeys.counted_at).where(
                PlatformKeys.registration_id == registration_id
            )
        ).one()
        allowed, left = rules.may_fetch(row.fetches_left, row.counted_at, moment)
        if not allowed:
            return Turn.NONE_LEFT
        taken = connection.execute(
            update(PlatformKeys)
            .where(
                PlatformKeys.registration_id == registration_id,
                PlatformKeys.counted_at == row.counted_at,
                PlatformKeys.fetched_at.is_not_distinct_from(since),
                or_(PlatformKeys.fetching_until.is_(None), PlatformKeys.fetching_until < moment),
            )
            .values(
                fetches_left=left,
                counted_at=moment,
                fetching_until=moment + timedelta(seconds=FETCH_SECONDS + 1),
            )
        )
        return Turn.OURS if taken.rowcount == 1 else Turn.SOMEBODY_ELSES


def _ensure_row(registration_id: int) -> None:
    if db.session.get(PlatformKeys, registration_id) is not None:
        return
    try:
        with short_transaction() as connection:
            connection.execute(
                insert(PlatformKeys).values(
                    registration_id=registration_id,
                    fetches_left=rules.FETCH_BURST,
                    counted_at=now(),
                )
            )
    except IntegrityError:  # another worker was quicker
        return


def _is_being_fetched(registration_id: int) -> bool:
    row = db.session.get(PlatformKeys, registration_id, populate_existing=True)
    return row is not None and row.fetching_until is not None and row.fetching_until > now()


def _fetch(registration_id: int, url: str) -> dict[str, RSAKey]:
    """Ask the platform, with no transaction open meanwhile, and keep what it says."""
    db.session.rollback()
    try:
        key_set = read_key_set(url)
    except PlatformUnreachable:
        _failed_at[registration_id] = time.monotonic()
        _store(registration_id, fetching_until=None)
        raise
    _store(registration_id, key_set=key_set, fetched_at=now(), fetching_until=None)
    return token.usable_keys(key_set)


def keep_first(registration: Registration, key_set: dict[str, Any]) -> None:
    """Keep the keys that were fetched while a platform was being registered; the caller commits."""
    moment = now()
    db.session.add(
        PlatformKeys(
            registration_id=registration.id,
            key_set=key_set,
            fetched_at=moment,
            fetches_left=rules.FETCH_BURST,
            counted_at=moment,
        )
    )


def read_key_set(url: str) -> dict[str, Any]:
    """A platform's key set as it is now; raises PlatformUnreachable when it cannot be used."""
    answer = http.ask("GET", url, max_bytes=MAX_KEY_SET, seconds=FETCH_SECONDS)
    if answer.status != 200:
        raise PlatformUnreachable(troubles.of_status(answer.status))
    try:
        key_set = json.loads(answer.body)
    except ValueError:
        raise PlatformUnreachable(troubles.ANSWER_UNREADABLE) from None
    if not isinstance(key_set, dict) or not token.usable_keys(key_set):
        raise PlatformUnreachable(troubles.NO_USABLE_KEY)
    return key_set


def _store(registration_id: int, **values: Any) -> None:
    with short_transaction() as connection:
        connection.execute(
            update(PlatformKeys)
            .where(PlatformKeys.registration_id == registration_id)
            .values(**values)
        )


def signing_key() -> RSAKey:
    """The key we sign with, made at first need; a new one waits until platforms can know it."""
    rows = _tool_keys()
    if not rows:
        return make_signing_key()
    kid = rules.signing_key({row.kid: row.created_at for row in rows}, now())
    return next(_opened(row.kid, row.sealed_private_key) for row in rows if row.kid == kid)


def make_signing_key() -> RSAKey:
    """A new signing key, sealed and published from now on."""
    key = RSAKey.generate_key(KEY_BITS, parameters={"use": "sig", "alg": "RS256"}, auto_kid=True)
    public = {**key.as_dict(private=False), "kid": key.kid, "use": "sig", "alg": "RS256"}
    with short_transaction() as connection:
        connection.execute(
            insert(ToolKey).values(
                kid=key.kid,
                sealed_private_key=seal(json.dumps(key.as_dict(private=True))),
                public_jwk=public,
                created_at=now(),
            )
        )
    return key


_opened_keys: dict[str, RSAKey] = {}


def _opened(kid: str, sealed: str) -> RSAKey:
    """A sealed key, opened once per worker: parsing it costs more than signing."""
    if kid not in _opened_keys:
        _opened_keys[kid] = RSAKey.import_key(json.loads(unseal(sealed)))
    return _opened_keys[kid]


def published() -> dict[str, list[dict[str, Any]]]:
    """Our public keys as a JWK set: those we sign with, will sign with, or signed with lately."""
    rows = _tool_keys()
    kids = rules.published_keys({row.kid: row.created_at for row in rows}, now())
    return {"keys": [row.public_jwk for row in rows if row.kid in kids]}


def _tool_keys() -> list[ToolKey]:
    return list(db.session.scalars(select(ToolKey).order_by(ToolKey.created_at)))
