"""Access tokens, and the client assertions that tools get them with."""

import json
import secrets
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import jwt

from lti_tool.practice.model import Tool

TOKEN_LIFE = timedelta(hours=1)
KEYS_KEPT = 60.0
LARGEST_KEY_SET = 1_000_000
UNCHECKED = ("verify_exp", "verify_iat", "verify_nbf", "verify_aud")
MOST_REMEMBERED = 100_000


@dataclass(frozen=True)
class AccessToken:
    """What a token allows, to whom, until when."""

    client_id: str
    scopes: frozenset[str]
    expires_at: datetime


class AccessTokens:
    """The tokens that were given out. A restart forgets them, so tools must cope with a 401."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._tokens: dict[str, AccessToken] = {}

    def issue(self, client_id: str, scopes: list[str]) -> str:
        """A new token, good for an hour on either platform."""
        token = secrets.token_hex(16)
        with self._lock:
            if len(self._tokens) > 10_000:
                self._forget_expired()
            expires_at = self._now() + TOKEN_LIFE
            self._tokens[token] = AccessToken(client_id, frozenset(scopes), expires_at)
        return token

    def find(self, token: str) -> AccessToken | None:
        """The token's meaning while it lives."""
        found = self._tokens.get(token)
        return found if found and found.expires_at > self._now() else None

    def revoke_all(self) -> None:
        """As if every token had expired."""
        with self._lock:
            self._tokens.clear()

    def _forget_expired(self) -> None:
        now = self._now()
        self._tokens = {key: kept for key, kept in self._tokens.items() if kept.expires_at > now}


def fetch(url: str) -> bytes:
    """Get a tool's key set over the network."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"not a web address: {url}")
    request = urllib.request.Request(  # noqa: S310 -- the scheme was just looked at
        url, headers={"User-Agent": "PracticeLMS/1.0"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return bytes(answer.read(LARGEST_KEY_SET))


class JwksCache:
    """Tools' public keys, kept for a minute and fetched again for an unknown kid.

    `fetch` may be replaced, so that a test needs no network for it.
    """

    def __init__(self) -> None:
        self.fetch: Callable[[str], bytes] = fetch
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    def key(self, tool: Tool, kid: str | None) -> jwt.PyJWK | None:
        """The tool's key of that id."""
        if tool.jwks is not None:
            return chosen(tool.jwks, kid)
        if tool.jwks_url is None:
            return None
        fetched_at, key_set = self._kept.get(tool.jwks_url, (float("-inf"), {}))
        found = chosen(key_set, kid)
        if found is None or time.monotonic() - fetched_at > KEYS_KEPT:
            found = chosen(self._fetched(tool.jwks_url), kid)
        return found

    def _fetched(self, url: str) -> dict[str, Any]:
        try:
            key_set = json.loads(self.fetch(url))
        except (OSError, ValueError):
            return {}
        if not isinstance(key_set, dict):
            return {}
        self._kept[url] = (time.monotonic(), key_set)
        return key_set


def chosen(key_set: dict[str, Any], kid: str | None) -> jwt.PyJWK | None:
    """The RSA key with that kid."""
    for key in key_set.get("keys", []):
        if key.get("kid") == kid and key.get("kty") == "RSA":
            return jwt.PyJWK(key, algorithm="RS256")
    return None


def peeked(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of an unverified assertion; both empty if it is no JWT at all."""
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}, {}
    return header, claims


def verified(
    assertion: str, key: jwt.PyJWK, now: datetime, *, required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The assertion's claims, its RS256 signature and times checked against `now`.

    The times are compared here and not by the library, which only knows the wall clock.
    """
    options = dict.fromkeys(UNCHECKED, False) | {"require": list(required)}
    claims = jwt.decode(assertion, key, algorithms=["RS256"], options=cast(Any, options))
    moment = now.timestamp()
    if "exp" in claims and moment >= float(claims["exp"]):
        raise jwt.ExpiredSignatureError("expired")
    if "iat" in claims and float(claims["iat"]) > moment + 60:
        raise jwt.ImmatureSignatureError("issued in the future")
    return dict(claims)


class UsedOnce:
    """Remembers tokens that may be used only once (Canvas's jti), the last 100,000 of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, None] = {}

    def first(self, token: str) -> bool:
        """Whether `token` was never seen before."""
        with self._lock:
            if token in self._seen:
                return False
            self._seen[token] = None
            if len(self._seen) > MOST_REMEMBERED:
                del self._seen[next(iter(self._seen))]
            return True
