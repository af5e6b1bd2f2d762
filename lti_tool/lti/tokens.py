"""Access tokens for a platform's services (LTI Security Framework §4.1), kept until they expire."""

import json
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from joserfc import jwt
from sqlalchemy import delete, insert, select

from lti_tool.clock import now
from lti_tool.db import db, short_transaction
from lti_tool.errors import PlatformRefused, PlatformUnreachable
from lti_tool.lti import http
from lti_tool.lti.keys import signing_key
from lti_tool.lti.models import AccessToken, Registration
from lti_tool.lti.sealing import seal, unseal

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SPARE = timedelta(seconds=60)
"""A token is not used in its last minute."""
MAX_TOKEN_ANSWER = 64_000


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
    PlatformUnreachable when there is none.
    """
    answer = _ask(registration, scopes, method, url, headers, data)
    if answer.status == 401:
        _forget(registration, scopes)
        answer = _ask(registration, scopes, method, url, headers, data)
    if answer.status >= 400:
        raise refusal_of(answer)
    if answer.status >= 300:
        raise PlatformUnreachable("the platform redirects its service elsewhere")
    return answer


def refusal_of(answer: http.Answer) -> PlatformRefused:
    """The platform's refusal; its text is read for throttling only, and kept nowhere."""
    said = answer.body[:2000].decode("utf-8", "replace").lower()
    is_throttled = answer.status == 403 and "rate limit" in said
    after = answer.headers.get("Retry-After", "")
    return PlatformRefused(
        429 if is_throttled else answer.status,
        f"status {answer.status}",
        int(after) if after.isdecimal() and len(after) < 7 else None,
    )


def json_of(answer: http.Answer) -> Any:
    """The answer as JSON; a cut or foreign one raises PlatformUnreachable."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise PlatformUnreachable("the answer is not JSON") from None


def _ask(  # noqa: PLR0913
    registration: Registration,
    scopes: tuple[str, ...],
    method: str,
    url: str,
    headers: Mapping[str, str],
    data: str | None,
) -> http.Answer:
    bearer = {"Authorization": f"Bearer {_token(registration, scopes)}"}
    body = data.encode() if data is not None else None
    return http.ask(method, url, headers={**headers, **bearer}, data=body)


def _token(registration: Registration, scopes: tuple[str, ...]) -> str:
    row = db.session.scalar(
        select(AccessToken).where(
            AccessToken.registration_id == registration.id, AccessToken.scopes == " ".join(scopes)
        )
    )
    if row is not None and row.expires_at - SPARE > now():
        return unseal(row.sealed_token)
    return _fetch(registration, scopes)


def _fetch(registration: Registration, scopes: tuple[str, ...]) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": _assertion(registration),
        "scope": " ".join(scopes),
    }
    answer = http.ask("POST", registration.token_url, data=form, max_bytes=MAX_TOKEN_ANSWER)
    if answer.status != 200:
        raise refusal_of(answer)
    said = json_of(answer)
    token = said.get("access_token") if isinstance(said, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise PlatformUnreachable("the answer holds no token")
    lasts = said.get("expires_in")
    seconds = lasts if isinstance(lasts, int) and 0 < lasts <= 86_400 else 3600
    _keep(registration, scopes, token, seconds)
    return token


def _assertion(registration: Registration) -> str:
    """Who we are, signed: RFC 7523, with a `jti` that is never used twice (Canvas checks)."""
    key = signing_key()
    moment = int(time.time())
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
    registration_id = registration.id
    _forget(registration, scopes)
    with short_transaction() as connection:
        connection.execute(
            insert(AccessToken).values(
                registration_id=registration_id,
                scopes=" ".join(scopes),
                sealed_token=seal(token),
                expires_at=now() + timedelta(seconds=seconds),
            )
        )


def _forget(registration: Registration, scopes: tuple[str, ...]) -> None:
    registration_id = registration.id
    db.session.rollback()
    with short_transaction() as connection:
        connection.execute(
            delete(AccessToken).where(
                AccessToken.registration_id == registration_id,
                AccessToken.scopes == " ".join(scopes),
            )
        )
