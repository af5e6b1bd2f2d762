"""Access tokens for a platform's services (LTI Security Framework §4.1), kept until they expire."""

import json
import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from joserfc import jwt
from sqlalchemy import Delete, delete, select

from lti_tool.clock import now
from lti_tool.db import db, missing, short_transaction
from lti_tool.errors import PlatformRefused, PlatformUnreachable
from lti_tool.lti import http, troubles
from lti_tool.lti.keys import signing_key
from lti_tool.lti.models import AccessToken, Registration
from lti_tool.lti.sealing import seal, unseal

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SPARE = timedelta(seconds=60)
"""A token is not used in its last minute."""
MAX_TOKEN_ANSWER = 64_000
SECONDS = 10.0
"""For one question altogether, with whatever tokens it takes."""


def ask(  # noqa: PLR0913
    registration: Registration,
    scopes: tuple[str, ...],
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    data: str | None = None,
) -> http.Answer:
    """Ask a service of the platform with a token for `scopes`; a 401 gets one fresh token.

    Returns an answer below 400; raises PlatformRefused with the status for any other, and
    PlatformUnreachable when there is none. Holds no transaction while the platform thinks.
    """
    until = time.monotonic() + SECONDS
    answer = _ask(registration, scopes, method, url, headers, data, until)
    if answer.status == 401:
        _forget(registration, scopes)
        answer = _ask(registration, scopes, method, url, headers, data, until)
    if answer.status >= 400:
        raise refusal_of(answer)
    if answer.status >= 300:
        raise PlatformUnreachable(troubles.REDIRECTED)
    return answer


def offered(registration: Registration, scopes: tuple[str, ...]) -> http.Answer:
    """What the platform answers to whoever asks for a new token; it is kept nowhere."""
    return _request(registration, scopes, time.monotonic() + SECONDS)


def refusal_of(answer: http.Answer) -> PlatformRefused:
    """The platform's refusal; its text is read for what the status hides, and kept nowhere."""
    said = answer.body[:2000].decode("utf-8", "replace").lower()
    after = seconds_asked(answer.headers.get("Retry-After", ""), now())
    if answer.status == 403 and "rate limit" in said:
        return PlatformRefused(429, troubles.THROTTLED, after)
    if answer.status == 422 and "has concluded" in said:
        return PlatformRefused(403, troubles.CONCLUDED, after)
    return PlatformRefused(answer.status, troubles.of_status(answer.status), after)


def seconds_asked(retry_after: str, moment: datetime) -> int | None:
    """How long a Retry-After header asks to wait: seconds or a date (RFC 9110 §10.2.3)."""
    if retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 7:
        return int(retry_after)
    try:
        return max(0, round((parsedate_to_datetime(retry_after) - moment).total_seconds()))
    except (TypeError, ValueError):
        return None


def json_of(answer: http.Answer) -> Any:
    """The answer as JSON; a cut or foreign one raises PlatformUnreachable."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise PlatformUnreachable(troubles.ANSWER_UNREADABLE) from None


def _ask(  # noqa: PLR0913
    registration: Registration,
    scopes: tuple[str, ...],
    method: str,
    url: str,
    headers: Mapping[str, str],
    data: str | None,
    until: float,
) -> http.Answer:
    bearer = {"Authorization": f"Bearer {_token(registration, scopes, until)}"}
    body = data.encode() if data is not None else None
    db.session.rollback()
    return http.ask(method, url, headers={**headers, **bearer}, data=body, seconds=_left(until))


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise PlatformUnreachable(troubles.TOO_SLOW)
    return left


def _token(registration: Registration, scopes: tuple[str, ...], until: float) -> str:
    row = db.session.scalar(
        select(AccessToken).where(
            AccessToken.registration_id == registration.id, AccessToken.scopes == " ".join(scopes)
        )
    )
    if row is not None and row.expires_at - SPARE > now():
        return unseal(row.sealed_token)
    return _fetch(registration, scopes, until)


def _fetch(registration: Registration, scopes: tuple[str, ...], until: float) -> str:
    """A new token. A platform that gives none is in trouble, or has the service switched off."""
    answer = _request(registration, scopes, until)
    if answer.status != 200:
        raise _no_token(answer)
    said = json_of(answer)
    token = said.get("access_token") if isinstance(said, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise PlatformUnreachable(troubles.ANSWER_ODD)
    granted = said.get("scope")
    if isinstance(granted, str) and granted and not set(scopes) & set(granted.split()):
        raise PlatformRefused(403, troubles.SWITCHED_OFF)
    lasts = said.get("expires_in")
    seconds = lasts if isinstance(lasts, int) and 0 < lasts <= 86_400 else 3600
    if registration.id is not None:  # else it is no platform yet, and only being tried
        _keep(registration, scopes, token, seconds)
    return token


def _request(registration: Registration, scopes: tuple[str, ...], until: float) -> http.Answer:
    url = registration.token_url
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": _assertion(registration),
        "scope": " ".join(scopes),
    }
    db.session.rollback()
    return http.ask("POST", url, data=form, max_bytes=MAX_TOKEN_ANSWER, seconds=_left(until))


def _no_token(answer: http.Answer) -> PlatformUnreachable:
    if answer.status == 400 and b"invalid_scope" in answer.body[:2000]:
        return PlatformRefused(403, troubles.SWITCHED_OFF)
    if answer.status < 400:
        return PlatformUnreachable(troubles.of_status(answer.status))
    refusal = refusal_of(answer)
    words = troubles.words_of(refusal.reason) if refusal.may_pass else troubles.NO_TOKEN
    return PlatformUnreachable(words, retry_after=refusal.retry_after)


def _assertion(registration: Registration) -> str:
    """Who we are, signed: RFC 7523, with a `jti` that is never used twice (Canvas checks)."""
    key = signing_key()
    moment = int(now().timestamp())
    said = {
        "iss": registration.client_id,
        "sub": registration.client_id,
        "aud": registration.token_url,
        "iat": moment - 5,
        "exp": moment + 60,
        "jti": secrets.token_urlsafe(24),
    }
    return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key.kid}, said, key)


def _keep(registration: Registration, scopes: tuple[str, ...], token: str, seconds: int) -> None:
    """Keep a token in place of the last; of two workers that fetched one, either's will do."""
    row = {
        "registration_id": registration.id,
        "scopes": " ".join(scopes),
        "sealed_token": seal(token),
        "expires_at": now() + timedelta(seconds=seconds),
    }
    db.session.rollback()
    with short_transaction() as connection:
        connection.execute(_those(row["registration_id"], row["scopes"]))
        connection.execute(missing(AccessToken), [row])


def _forget(registration: Registration, scopes: tuple[str, ...]) -> None:
    registration_id = registration.id
    db.session.rollback()
    with short_transaction() as connection:
        connection.execute(_those(registration_id, " ".join(scopes)))


def _those(registration_id: Any, scopes: Any) -> Delete:
    return delete(AccessToken).where(
        AccessToken.registration_id == registration_id, AccessToken.scopes == scopes
    )
