"""Decisions about platforms: when keys may be fetched, whose frames, how long a token serves."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

KEYS_LAST = timedelta(hours=24)
"""How long fetched keys are used before they are asked for again."""
FETCH_BURST = 3.0
FETCH_EVERY = timedelta(minutes=5)
KEY_SET_CACHED = timedelta(hours=1)
"""How long platforms may keep our key set: what /lti/jwks.json says."""
KEY_OVERLAP = timedelta(hours=48)
LOGIN_LASTS = timedelta(minutes=10)
"""How long a person may take between the login and the launch: a sign-in may lie between."""
LOGINS_KEPT = timedelta(days=1)
"""How long a login is remembered, to know of those that never came back."""
MAX_OPEN_LOGINS = 20_000
"""Login rows kept for one registration; the oldest go first."""
FRAME_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,100}", re.ASCII)
CANVAS_STORAGE = {
    "https://canvas.instructure.com": "https://sso.canvaslms.com",
    "https://canvas.beta.instructure.com": "https://sso.beta.canvaslms.com",
    "https://canvas.test.instructure.com": "https://sso.test.canvaslms.com",
}
CANVAS_HOSTS = "https://*.instructure.com"


def may_fetch(left: float, counted_at: datetime, now: datetime) -> tuple[bool, float]:
    """Whether keys may be fetched again, and the tokens left afterwards (decision 6).

    A bucket of three that gains one in five minutes: a platform that changes its keys is noticed
    at once, and forged key ids cannot make us hammer it.
    """
    gained = (now - counted_at) / FETCH_EVERY
    tokens = min(FETCH_BURST, left + max(0.0, gained))
    return (True, tokens - 1) if tokens >= 1 else (False, tokens)


def are_fresh(fetched_at: datetime | None, now: datetime) -> bool:
    """Whether keys fetched then can be used without asking again."""
    return fetched_at is not None and now - fetched_at < KEYS_LAST


def signing_key(made_at: Mapping[str, datetime], now: datetime) -> str:
    """Which of our keys signs: the newest that platforms can have seen, else the oldest.

    Platforms keep our key set for up to an hour, so a new key is published that long before it
    signs anything.
    """
    by_age = sorted(made_at, key=lambda kid: made_at[kid])
    known = [kid for kid in by_age if now - made_at[kid] >= KEY_SET_CACHED]
    return known[-1] if known else by_age[0]


def published_keys(made_at: Mapping[str, datetime], now: datetime) -> set[str]:
    """Which of our keys are in our key set: a replaced one stays through its overlap."""
    by_age = sorted(made_at, key=lambda kid: made_at[kid])
    replaced_at = {kid: made_at[after] for kid, after in pairwise(by_age)}
    return {
        kid
        for kid in by_age
        if kid not in replaced_at or now - replaced_at[kid] < KEY_SET_CACHED + KEY_OVERLAP
    }


def is_login_open(created_at: datetime, now: datetime) -> bool:
    """Whether a login begun then may still be completed."""
    return timedelta(0) <= now - created_at <= LOGIN_LASTS


def origin_of(url: str) -> str:
    """Scheme, host and port of `url` as a browser compares them; empty when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")


PLAIN_URL = re.compile(
    r"https?://[A-Za-z0-9.:\[\]-]+(?:[/?][A-Za-z0-9._~:/?#\[\]@!$&()*+,;=%-]*)?", re.ASCII
)
"""An address without quotes or backslashes, and without a name or password before its host."""


def is_within(url: str, origins: Iterable[str]) -> bool:
    """Whether `url` is of one of these origins, however a browser reads it.

    Browsers forgive what parsers do not agree about: backslashes, tabs, other scripts' dots, names
    before an @. An address with any of these is of no origin.
    """
    origin = origin_of(url) if PLAIN_URL.fullmatch(url) else ""
    host = origin.partition("://")[2]
    return bool(host) and any(
        origin == allowed or _is_below(origin, allowed) for allowed in origins
    )


def _is_below(origin: str, pattern: str) -> bool:
    """Whether `origin` is of a host that a pattern like https://*.example.org means."""
    before, star, after = pattern.partition("://*.")
    scheme, _, host = origin.partition("://")
    return bool(star) and scheme == before and host.endswith(f".{after}")


def storage_origin(auth_url: str) -> str:
    """Whose frame keeps things for tools: that of the auth address.

    Hosted Canvas answers from its sign-in host only, also where an older address is registered.
    """
    origin = origin_of(auth_url)
    return CANVAS_STORAGE.get(origin, origin)


def is_frame_name(name: str) -> bool:
    """Whether a platform's frame may be called so; `_parent` is the platform's page itself."""
    return FRAME_NAME.fullmatch(name) is not None


def frame_origins(*, addresses: Iterable[str], is_canvas: bool, added: Iterable[str]) -> list[str]:
    """Who may frame the tool's pages for one registration (decision 5), sorted, without doubles."""
    origins = {origin_of(address) for address in addresses} | set(added)
    if is_canvas:
        origins.add(CANVAS_HOSTS)
    return sorted(origins - {""})
