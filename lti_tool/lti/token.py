"""Is this id_token signed by that platform, and what does it say? Nothing here is stored.

Our own checks over joserfc, because PyLTI1p3 leaves most of them out (decision 6):
LTI Security Framework 1.0 §5.1.3, RFC 7515, RFC 8725.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from lti_tool.errors import LaunchRejected
from lti_tool.lti import refusals

MAX_CHARACTERS = 64_000
ALGORITHMS = ["RS256"]
"""What both Moodle and Canvas sign with; RSA keys below 2048 bits are not taken."""
_REGISTRY = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
"""Headers that nobody knows are passed over (RFC 7515 §4); the dangerous ones are forbidden."""
FORBIDDEN_HEADERS = frozenset({"crit", "jku", "jwk", "x5u", "x5c", "zip", "b64"})
LEEWAY = timedelta(seconds=60)
MAX_LIFETIME = timedelta(hours=1)
MAX_AGE = timedelta(minutes=10)
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)

Claims = dict[str, Any]
KeyFinder = Callable[[str], RSAKey]


def read(id_token: str, key_of: KeyFinder) -> Claims:
    """The claims of a token whose signature holds; raises LaunchRejected.

    `key_of` gives the platform's key for a key id. Every part must be the one canonical spelling of
    its bytes, so that no second text of the same token exists.
    """
    if len(id_token) > MAX_CHARACTERS or not _COMPACT.fullmatch(id_token):
        raise LaunchRejected(refusals.TOKEN_UNREADABLE)
    header, payload, _signature = (_decoded(part) for part in id_token.split("."))
    key = key_of(_key_id(_object(header)))
    try:
        jws.deserialize_compact(id_token, key, registry=_REGISTRY)
    except (JoseError, ValueError):
        raise LaunchRejected(refusals.SIGNATURE_BAD) from None
    return _object(payload)


def usable_keys(key_set: Mapping[str, Any]) -> dict[str, RSAKey]:
    """The keys of a key set that may sign launches, by key id; the rest is passed over."""
    keys: dict[str, RSAKey] = {}
    entries = key_set.get("keys")
    for entry in entries if isinstance(entries, list) else []:
        key = _usable(entry)
        if key is not None:
            keys.setdefault(entry["kid"], key)
    return keys


def check_times(claims: Claims, now: datetime) -> None:
    """Refuse a token that is expired, from the future, old, or valid for too long."""
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    starts = _seconds(claims, "nbf") if "nbf" in claims else issued
    moment, leeway = now.timestamp(), LEEWAY.total_seconds()
    if (
        expires + leeway < moment
        or issued - leeway > moment
        or starts - leeway > moment
        or moment - issued > MAX_AGE.total_seconds() + leeway
        or expires - issued > MAX_LIFETIME.total_seconds() + leeway
    ):
        raise LaunchRejected(refusals.TOO_OLD)


def check_audience(claims: Claims, client_id: str) -> None:
    """Refuse a token that is not for us (OpenID Connect Core §3.1.3.7)."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or not all(isinstance(one, str) for one in audiences):
        raise LaunchRejected(refusals.AUDIENCE_UNKNOWN)
    presented_to = claims.get("azp", client_id if len(audiences) == 1 else None)
    if client_id not in audiences or presented_to != client_id:
        raise LaunchRejected(refusals.AUDIENCE_UNKNOWN)


def _decoded(part: str) -> bytes:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise LaunchRejected(refusals.TOKEN_UNREADABLE) from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise LaunchRejected(refusals.TOKEN_UNREADABLE)
    return raw


def _object(raw: bytes) -> Claims:
    """A JSON object: no name stands twice, every number is one, every text is Unicode."""
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constant
        )
        _check_unicode(raw, value)
    except (ValueError, RecursionError):
        raise LaunchRejected(refusals.TOKEN_UNREADABLE) from None
    if not isinstance(value, dict):
        raise LaunchRejected(refusals.TOKEN_UNREADABLE)
    return value


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _check_unicode(raw: bytes, value: Any) -> None:
    """Half a surrogate pair can be written in JSON, and then nowhere else (RFC 7493 §2.1)."""
    if b"\\ud" in raw.lower():
        json.dumps(value, ensure_ascii=False).encode()


def _key_id(header: Claims) -> str:
    if FORBIDDEN_HEADERS & header.keys() or header.get("alg") not in ALGORITHMS:
        raise LaunchRejected(refusals.SIGNATURE_BAD)
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= 255:
        raise LaunchRejected(refusals.KEY_UNKNOWN)
    return kid


def _usable(entry: Any) -> RSAKey | None:
    if not isinstance(entry, dict) or entry.get("kty") != "RSA":
        return None
    if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") not in ALGORITHMS:
        return None
    if not isinstance(entry.get("kid"), str) or "d" in entry:
        return None
    try:
        key = RSAKey.import_key({name: entry[name] for name in ("kty", "n", "e", "kid")})
        bits = key.public_key.key_size
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if bits >= 2048 else None


def _seconds(claims: Claims, name: str) -> float:
    """A time claim (RFC 7519 NumericDate); raises LaunchRejected.

    Kept as a number, because a date cannot hold what an attacker writes: the year 10000 is refused
    like any other time, and is no mistake of ours.
    """
    if name not in claims:
        raise LaunchRejected(refusals.CLAIM_MISSING)
    seconds = claims[name]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise LaunchRejected(refusals.CLAIM_BAD)
    try:
        return float(seconds)
    except OverflowError:
        raise LaunchRejected(refusals.TOO_OLD) from None
