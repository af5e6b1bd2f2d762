"""The conversation with a platform that registers us: look at it, fetch its keys, ask it once.

Every trouble is a value with words, so that the page can tell it and the invitation stays open.
No transaction is open meanwhile.
"""

from dataclasses import dataclass
from typing import Any

from lti_tool import settings
from lti_tool.errors import PlatformRefused, PlatformUnreachable, Words
from lti_tool.lti import dynamic, keys, troubles
from lti_tool.lti.dynamic import AnswerLost
from lti_tool.registration import offer, refusals, rules
from lti_tool.registration.offer import Addresses
from lti_tool.registration.rules import Platform, Registered, Unfit

OVER = {"moodle": (401, 403, 404)}
"""How a platform says that its token has been used or is too old: 401 or 403; Moodle has a page."""


@dataclass(frozen=True)
class Asked:
    """What the platform sent along: where it describes itself, and a token for one registration."""

    url: str
    token: str = ""


@dataclass(frozen=True)
class Trouble:
    """Why it came to nothing, in words."""

    words: Words
    because: str = ""
    """What happened on the way, in words to be translated."""
    detail: str = ""
    """What was seen: a status with the platform's own words, or the name of a field."""
    is_uncertain: bool = False
    """Whether the platform may have registered us all the same."""


@dataclass(frozen=True)
class Answered:
    """The platform has registered us."""

    platform: Platform
    registered: Registered
    key_set: dict[str, Any]


def addresses(public_id: str) -> Addresses:
    """Our addresses for the registration with this id."""
    return Addresses(settings.current().origin, public_id)


def invitation(secret: str) -> str:
    """The address of an invitation."""
    return f"{settings.current().origin}/register/{secret}"


def look(asked: Asked) -> Platform | Trouble:
    """The platform as it describes itself."""
    try:
        return rules.platform_of(dynamic.configuration(asked.url, asked.token), asked.url)
    except PlatformRefused as refusal:
        return Trouble(refusals.CONFIGURATION_REFUSED, detail=_said(refusal))
    except PlatformUnreachable as error:
        return _unreachable(error)
    except Unfit as unfit:
        return Trouble(refusals.OF_FLAW[unfit.flaw], detail=unfit.where)


def key_set_of(platform: Platform) -> dict[str, Any] | Trouble:
    """The platform's public keys: without them no launch could be checked."""
    try:
        return keys.read_key_set(platform.jwks_url)
    except PlatformUnreachable as error:
        return _unreachable(error, refusals.KEYS_UNREADABLE)


def register(asked: Asked, ours: Addresses) -> Answered | Trouble:
    """Have the platform register us: it is asked once, after everything else was well."""
    platform = look(asked)
    if isinstance(platform, Trouble):
        return platform
    key_set = key_set_of(platform)
    if isinstance(key_set, Trouble):
        return key_set
    registered = _ask(asked, platform, ours)
    if isinstance(registered, Trouble):
        return registered
    return Answered(platform, registered, key_set)


def _ask(asked: Asked, platform: Platform, ours: Addresses) -> Registered | Trouble:
    metadata = offer.metadata(ours, platform)
    try:
        said = dynamic.register(platform.registration_url, asked.token, metadata)
        return rules.registered(said)
    except PlatformRefused as refusal:
        is_over = refusal.http_status in OVER.get(platform.kind, (401, 403))
        words = refusals.TOKEN_OVER if is_over else refusals.REFUSED
        return Trouble(words, detail=_said(refusal))
    except AnswerLost as lost:
        because = troubles.words_of(lost.reason).cause
        return Trouble(refusals.OUTCOME_UNKNOWN, because, is_uncertain=True)
    except PlatformUnreachable as error:
        return _unreachable(error)
    except Unfit as unfit:
        return Trouble(refusals.OUTCOME_UNKNOWN, detail=unfit.where, is_uncertain=True)


def _unreachable(error: PlatformUnreachable, otherwise: Words = refusals.UNREACHABLE) -> Trouble:
    words = {
        troubles.ADDRESS_PRIVATE.code: refusals.PRIVATE,
        troubles.ADDRESS_BAD.code: refusals.NOT_HTTPS,
    }
    because = troubles.words_of(error.reason).cause
    return Trouble(words.get(error.reason, otherwise), because)


def _said(refusal: PlatformRefused) -> str:
    return f"{refusal.http_status} {refusal.reason}".strip()
