"""What is wrong with a platform's set-up, in words: pure rules over what was asked and counted.

Each rule takes plain facts and says in one finding how one part stands, why, and what to do. They
say hosts and counts, never a name, a token or an address with a secret in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from lti_tool.errors import N_
from lti_tool.lti.rules import origin_of

CLOCKS_APART = 60
"""Seconds that two clocks may differ: as far as launches are forgiven."""
ENOUGH_LOGINS = 3
"""Logins that were lost, from which on it is no accident."""


class Level(StrEnum):
    """How a part stands."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """How one part of a set-up stands; `cause` and `advice` are translated where they are shown,
    and then take `facts`."""

    check: str
    level: Level
    cause: str
    advice: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def told(self) -> tuple[str, str]:
        """Cause and advice in English, with their facts."""
        return self.cause % self.facts, self.advice % self.facts


@dataclass(frozen=True)
class Asked:
    """How one question to a platform went."""

    url: str
    trouble: str = ""
    """Why there is no answer that can be used; empty when there is."""
    is_refused: bool = False
    """The platform answered and said no."""
    count: int = 0
    """Keys, people or columns in the answer."""
    ahead: float | None = None
    """Seconds that the platform's clock is before ours, as its answer said."""

    @property
    def host(self) -> str:
        """Whom we asked."""
        return host_of(self.url)


@dataclass(frozen=True)
class Logins:
    """What became of the logins of the last day; those of this minute are not counted."""

    completed: int = 0
    lost: int = 0
    """They never came back."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """By the code of the refusal."""


def host_of(url: str) -> str:
    """The host of an address, for people; never what an address may hide."""
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"


CANVAS_ISSUERS = {
    "https://canvas.instructure.com",
    "https://canvas.beta.instructure.com",
    "https://canvas.test.instructure.com",
}


def addresses(*, kind: str, issuer: str, auth_url: str, others: Mapping[str, str]) -> Finding:
    """Whether the addresses can be those of one platform of this kind."""
    bad = [name for name, url in {"auth_url": auth_url, **others}.items() if not origin_of(url)]
    facts = {"names": ", ".join(bad), "host": host_of(issuer), "auth": host_of(auth_url)}
    if bad:
        cause = N_("These addresses cannot be addresses: %(names)s.")
        return Finding("addresses", Level.BAD, cause, RELINK, facts)
    is_hosted = facts["host"].endswith(".instructure.com")
    if kind == "canvas" and is_hosted and issuer not in CANVAS_ISSUERS:
        cause = N_("The issuer is the school's own address, %(host)s.")
        return Finding("addresses", Level.BAD, cause, CANVAS_ISSUER, facts)
    if kind == "moodle" and not auth_url.startswith(issuer.rstrip("/") + "/"):
        cause = N_("The issuer is at %(host)s, but people sign in at %(auth)s.")
        return Finding("addresses", Level.BAD, cause, MOODLE_ISSUER, facts)
    return Finding("addresses", Level.OK, N_("Issuer and addresses fit together."), "", facts)


RELINK = N_("Enter them again: lti-tool platform relink.")
CANVAS_ISSUER = N_(
    "All hosted Canvas schools have the issuer https://canvas.instructure.com: "
    "lti-tool platform relink ID --issuer https://canvas.instructure.com --confirm."
)
MOODLE_ISSUER = N_(
    "Moodle's issuer is the site's own address, the Platform ID of its tool configuration details: "
    "lti-tool platform relink ID --issuer …."
)


def keys(asked: Asked, logins: Logins) -> Finding:
    """Whether the platform's keys can be had, and are those that it signs with."""
    foreign = logins.refused.get("key-unknown", 0) + logins.refused.get("signature-bad", 0)
    facts = {"host": asked.host, "why": asked.trouble, "count": asked.count, "foreign": foreign}
    if asked.trouble:
        cause = N_("The platform's keys cannot be fetched from %(host)s: %(why)s.")
        return Finding("keys", Level.BAD, cause, KEYS_AWAY, facts)
    if not asked.count:
        cause = N_("The key set at %(host)s holds no key that launches could be signed with.")
        return Finding("keys", Level.BAD, cause, KEYS_WRONG, facts)
    if foreign:
        cause = N_(
            "The keys at %(host)s are of another platform: %(foreign)s launches of the last day "
            "were signed with a key that is not there."
        )
        return Finding("keys", Level.BAD, cause, KEYS_WRONG, facts)
    return Finding("keys", Level.OK, N_("%(count)s keys at %(host)s."), "", facts)


KEYS_AWAY = N_(
    "Open the platform's keyset address in a browser of this server's network; "
    "a firewall may be in the way, or the address is wrong."
)
KEYS_WRONG = N_(
    "Compare the keyset address with the platform's own (Moodle: Public keyset URL): "
    "lti-tool platform relink ID --jwks-url …."
)


def token(asked: Asked, our_keys: str) -> Finding:
    """Whether the platform gives us access tokens."""
    facts = {"host": asked.host, "why": asked.trouble, "ours": our_keys}
    if asked.is_refused:
        cause = N_("%(host)s gives Good Turn no access token: %(why)s.")
        return Finding("token", Level.BAD, cause, TOKEN_REFUSED, facts)
    if asked.trouble:
        cause = N_("No access token can be asked for at %(host)s: %(why)s.")
        return Finding("token", Level.BAD, cause, TOKEN_AWAY, facts)
    return Finding("token", Level.OK, N_("%(host)s gives access tokens."), "", facts)


TOKEN_REFUSED = N_(
    "The client id is not known there, or the platform cannot read our keys at %(ours)s, "
    "or the key is switched off (Canvas) or not yet active (Moodle: Activate)."
)
TOKEN_AWAY = N_("Compare the access token address: lti-tool platform relink ID --token-url ….")


def clock(ahead: Mapping[str, float | None], elsewhere: Mapping[str, float], late: int) -> Finding:
    """Whether the platform's clock and ours agree. `ahead` is by host, and `elsewhere` too: what
    hosts of other platforms say, for telling whose clock is wrong."""
    here = {host: seconds for host, seconds in ahead.items() if seconds is not None}
    apart = max(here.values(), key=abs, default=0.0)
    facts = {"host": max(here, key=lambda host: abs(here[host]), default="?"), "late": late}
    facts |= {"seconds": round(abs(apart))}
    if abs(apart) > CLOCKS_APART:
        cause = CLOCK_AHEAD if apart > 0 else CLOCK_BEHIND
        return Finding("clock", Level.BAD, cause, _whose(apart, elsewhere), facts)
    if late:
        cause = N_("%(late)s launches of the last day came too late.")
        return Finding("clock", Level.WARN, cause, CLOCK_ONE, facts)
    if not here:
        return Finding("clock", Level.WARN, N_("The platform does not say what time it is."))
    return Finding("clock", Level.OK, N_("The clocks differ by %(seconds)s seconds."), "", facts)


def _whose(apart: float, elsewhere: Mapping[str, float]) -> str:
    """What to do about two clocks, by what the others say."""
    if any(abs(one) <= CLOCKS_APART for one in elsewhere.values()):
        return CLOCK_THEIRS
    if any(abs(one - apart) <= CLOCKS_APART for one in elsewhere.values()):
        return CLOCK_OURS
    return CLOCK_ONE


CLOCK_AHEAD = N_("The clock of %(host)s is %(seconds)s seconds before ours.")
CLOCK_BEHIND = N_("The clock of %(host)s is %(seconds)s seconds behind ours.")
CLOCK_OURS = N_("Other platforms say the same: this server's clock is wrong; set it with NTP.")
CLOCK_THEIRS = N_("Other platforms agree with us: the platform's clock is wrong.")
CLOCK_ONE = N_(
    "Look at both with `date -u`: one that no time service sets is likely the wrong one. "
    "Launches last a minute in Moodle, so both must be right."
)


def roster(asked: Asked | None, *, has_courses: bool) -> Finding:
    """Whether the list of people can be had; `asked` is none where no launch told its address."""
    return _service(asked, has_courses=has_courses, words=ROSTER)


def grades(asked: Asked | None, *, has_courses: bool) -> Finding:
    """Whether columns can be had."""
    return _service(asked, has_courses=has_courses, words=GRADES)


@dataclass(frozen=True)
class ServiceWords:
    """What is said about one of the platform's services."""

    check: str
    missing: str
    off: str
    fine: str
    level: Level


ROSTER = ServiceWords(
    "roster",
    N_("The platform offers no list of people: the service is switched off."),
    N_(
        "Moodle: Services → IMS LTI Names and Role Provisioning, “Use this service”. "
        "Canvas: the developer key's scope “Can retrieve user data …”."
    ),
    N_("%(count)s people on the first page from %(host)s."),
    Level.BAD,
)
GRADES = ServiceWords(
    "grades",
    N_("The platform offers no gradebook: the service is switched off."),
    N_(
        "Moodle: Services → IMS LTI Assignment and Grade Services, “Use this service for grade "
        "sync and column management”. Canvas: the developer key's scopes about line items and "
        "scores. Without, boards work, and no score can be sent."
    ),
    N_("The gradebook at %(host)s answers."),
    Level.WARN,
)


def _service(asked: Asked | None, *, has_courses: bool, words: ServiceWords) -> Finding:
    if not has_courses:
        return Finding(words.check, Level.WARN, N_("Not known before the first launch."))
    if asked is None:
        return Finding(words.check, words.level, words.missing, words.off)
    facts = {"host": asked.host, "why": asked.trouble, "count": asked.count}
    if asked.is_refused:
        cause = N_("%(host)s refuses it: %(why)s.")
        return Finding(words.check, Level.BAD, cause, words.off, facts)
    if asked.trouble:
        cause = N_("%(host)s gives no answer that can be used: %(why)s.")
        return Finding(words.check, Level.BAD, cause, SERVICE_AWAY, facts)
    return Finding(words.check, Level.OK, words.fine, "", facts)


SERVICE_AWAY = N_("The platform or its network is in trouble; it is tried again by itself.")
