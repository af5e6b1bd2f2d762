"""Decisions about registering: how long an invitation serves, and which platform may be believed.

A platform describes itself, so everything it says is checked: that it speaks for its own site and
no other, and that its addresses are addresses.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from lti_tool.lti import claims

INVITE_LASTS = timedelta(days=7)
LEASE = timedelta(seconds=60)
"""How long one registration may be under way; all that is asked meanwhile takes 15 s at most."""
MOST_ADDRESS = 2_000
MOST_ID = 255
DEFAULT_PORTS = {"http": 80, "https": 443}
CANVAS_HOST = re.compile(
    r"(?:[a-z0-9-]+\.((?:beta|test)\.)?instructure|sso\.((?:beta|test)\.)?canvaslms)\.com"
)
Site = tuple[str, str, int]


class State(StrEnum):
    """What an invitation is good for."""

    OPEN = "open"
    EXPIRED = "expired"
    SPENT = "spent"


class Flaw(StrEnum):
    """Why what a platform says of itself cannot be used."""

    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    ISSUER = "issuer"
    ELSEWHERE = "elsewhere"


class Unfit(ValueError):
    """What a platform says cannot be used; `where` names the part of it."""

    def __init__(self, flaw: Flaw, where: str = "") -> None:
        super().__init__(flaw)
        self.flaw, self.where = flaw, where


@dataclass(frozen=True)
class Platform:
    """A platform's addresses, and what it offers."""

    kind: str
    issuer: str
    auth_url: str
    token_url: str
    jwks_url: str
    registration_url: str = ""
    scopes: tuple[str, ...] = claims.SCOPES
    has_deep_linking: bool = True


@dataclass(frozen=True)
class Registered:
    """How a platform that registered us calls us."""

    client_id: str
    deployment_ids: tuple[str, ...] = ()


def state(expires_at: datetime, spent_at: datetime | None, now: datetime) -> State:
    """What an invitation is good for now."""
    if spent_at is not None:
        return State.SPENT
    return State.OPEN if now < expires_at else State.EXPIRED


def is_under_way(registering_until: datetime | None, now: datetime) -> bool:
    """Whether another registration by the same invitation has not ended yet."""
    return registering_until is not None and now < registering_until


def site_of(url: str) -> Site | None:
    """Scheme, host and port of an address; none where there is no such thing."""
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>#@')
    if not is_plain or len(url) > MOST_ADDRESS:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme]


def platform_of(said: object, url: str) -> Platform:
    """The platform that describes itself as `said` at `url`; raises Unfit."""
    if not isinstance(said, dict):
        raise Unfit(Flaw.UNREADABLE)
    about = said.get(claims.PLATFORM_CONFIGURATION)
    if not isinstance(about, dict) or not isinstance(about.get("product_family_code"), str):
        raise Unfit(Flaw.INCOMPLETE, claims.PLATFORM_CONFIGURATION)
    kind = _kind(about["product_family_code"])
    belongs = _same_party(kind, _address(said, "issuer"), url)
    _check_manners(said)
    return Platform(
        kind=kind,
        issuer=said["issuer"],
        auth_url=_own(said, "authorization_endpoint", belongs),
        token_url=_own(said, "token_endpoint", belongs),
        jwks_url=_own(said, "jwks_uri", belongs),
        registration_url=_own(said, "registration_endpoint", belongs),
        scopes=_scopes(said.get("scopes_supported")),
        has_deep_linking=_has_deep_linking(about.get("messages_supported")),
    )


def _kind(family: str) -> str:
    return family if family in ("moodle", "canvas") else "other"


def _address(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or site_of(value) is None:
        raise Unfit(Flaw.INCOMPLETE, name)
    return value


def _own(said: dict[str, Any], name: str, belongs: Callable[[str], bool]) -> str:
    value = _address(said, name)
    if not belongs(value):
        raise Unfit(Flaw.ELSEWHERE, name)
    return value


def _same_party(kind: str, issuer: str, url: str) -> Callable[[str], bool]:
    """Whether an address belongs to who speaks at `url`; raises Unfit for another's issuer.

    A platform speaks for its own scheme, host and port. Only hosted Canvas is spread over several
    known hosts: all its schools have one issuer.
    """
    own, realm = site_of(url), _canvas_realm(url) if kind == "canvas" else None
    is_hosted = realm is not None and issuer == f"https://canvas.{realm}instructure.com"
    if not is_hosted and site_of(issuer) != own:
        raise Unfit(Flaw.ISSUER, "issuer")
    return lambda address: (
        site_of(address) == own or (is_hosted and _canvas_realm(address) == realm)
    )


def _canvas_realm(url: str) -> str | None:
    """Which of hosted Canvas's three realms an address is in: "", "beta." or "test."."""
    scheme, host, port = site_of(url) or ("", "", 0)
    found = CANVAS_HOST.fullmatch(host)
    if found is None or (scheme, port) != ("https", 443):
        return None
    return found[1] or found[2] or ""


def _check_manners(said: dict[str, Any]) -> None:
    """The platform speaks as LTI demands, where it says how it speaks."""
    for name, needed in (
        ("response_types_supported", "id_token"),
        ("id_token_signing_alg_values_supported", "RS256"),
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
    ):
        offered = said.get(name, [needed])
        if not isinstance(offered, list) or needed not in offered:
            raise Unfit(Flaw.INCOMPLETE, name)


def _scopes(offered: object) -> tuple[str, ...]:
    """Of what we ask for, what the platform has; one that does not say is asked for all."""
    if not isinstance(offered, list):
        return claims.SCOPES
    return tuple(scope for scope in claims.SCOPES if scope in offered)


def _has_deep_linking(messages: object) -> bool:
    if not isinstance(messages, list):
        return True
    kinds = [one.get("type") if isinstance(one, dict) else one for one in messages]
    return claims.DEEP_LINKING_REQUEST in kinds


def registered(said: object) -> Registered:
    """How the platform calls us, from its answer; raises Unfit."""
    if not isinstance(said, dict):
        raise Unfit(Flaw.UNREADABLE)
    about = said.get(claims.TOOL_CONFIGURATION)
    inside = about.get("deployment_id") if isinstance(about, dict) else None
    deployment = inside if inside is not None else said.get("deployment_id")
    return Registered(
        client_id=_id(said.get("client_id"), "client_id"),
        deployment_ids=() if deployment is None else (_id(deployment, "deployment_id"),),
    )


def _id(value: object, name: str) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not is_id(text):
        raise Unfit(Flaw.INCOMPLETE, name)
    return text


def is_id(text: str) -> bool:
    """Whether this can be a client id or a deployment id: visible, without spaces around."""
    return 0 < len(text) <= MOST_ID and text.isprintable() and text == text.strip()


def moodle(site: str) -> Platform:
    """A Moodle by its own address, which is its issuer; the rest follows."""
    base = site.rstrip("/")
    return Platform(
        kind="moodle",
        issuer=base,
        auth_url=f"{base}/mod/lti/auth.php",
        token_url=f"{base}/mod/lti/token.php",
        jwks_url=f"{base}/mod/lti/certs.php",
    )


def canvas(site: str, issuer: str) -> Platform:
    """A Canvas by the address of its single sign-on or, if a school runs it, of the school."""
    base = site.rstrip("/")
    return Platform(
        kind="canvas",
        issuer=issuer,
        auth_url=f"{base}/api/lti/authorize_redirect",
        token_url=f"{base}/login/oauth2/token",
        jwks_url=f"{base}/api/lti/security/jwks",
    )


HOSTED_CANVAS = {
    "hosted": canvas("https://sso.canvaslms.com", "https://canvas.instructure.com"),
    "beta": canvas("https://sso.beta.canvaslms.com", "https://canvas.beta.instructure.com"),
    "test": canvas("https://sso.test.canvaslms.com", "https://canvas.test.instructure.com"),
}
