"""Decisions about platforms: when keys may be fetched, whose frames, how long a token serves."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from lti_tool.lti.claims import GRADE_SCOPES, SCOPE_MEMBERS

KEYS_LAST = timedelta(hours=24)
"""How long fetched keys are used before they are asked for again."""
FETCH_BURST = 3.0
FETCH_EVERY = timedelta(minutes=5)
LOGIN_LASTS = timedelta(minutes=10)
"""How long a person may take between the login and the launch: a sign-in may lie between."""
MAX_OPEN_LOGINS = 20_000
"""Login rows kept for one registration; the oldest go first."""
CANVAS_HOSTS = "https://*.instructure.com"
SCOPES = (SCOPE_MEMBERS, *GRADE_SCOPES)
"""What we ask a platform for, and nothing else."""


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


def frame_origins(*, addresses: Iterable[str], is_canvas: bool, added: Iterable[str]) -> list[str]:
    """Who may frame the tool's pages for one registration (decision 5), sorted, without doubles."""
    origins = {origin_of(address) for address in addresses} | set(added)
    if is_canvas:
        origins.add(CANVAS_HOSTS)
    return sorted(origins - {""})
