"""Asks a platform what `findings` and `signs` then judge: each question once, within ten seconds.

Nothing is changed and nothing is kept but what a launch or a chore would keep too.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime

from lti_tool import settings
from lti_tool.clock import now
from lti_tool.db import db
from lti_tool.errors import PlatformRefused, PlatformUnreachable, Words
from lti_tool.lti import findings, grades, http, members, queries, signs, token, tokens, troubles
from lti_tool.lti.claims import SCOPE_MEMBERS
from lti_tool.lti.findings import Asked, Finding, Level
from lti_tool.lti.models import Context, Registration

SECONDS = 8.0
MAX_KEY_SET = 256_000
OTHERS = 3
"""Platforms whose clocks are looked at beside."""
OAUTH_ERRORS = ("invalid_client", "invalid_request", "invalid_grant", "unauthorized_client")


def examine(registration: Registration) -> list[Finding]:
    """How each part of a platform's set-up stands; a switched-off platform is not asked."""
    counted = queries.logins_of(registration, now())
    is_new = not queries.has_launched(registration)
    launch_url = f"{_base(registration)}/launch"
    signs_found = [signs.logins(counted, launch_url, is_new=is_new), signs.refusals(counted)]
    if registration.is_disabled:
        return [DISABLED, _addresses(registration), *signs_found]
    keys, token_given = ask_keys(registration.jwks_url), ask_token(registration)
    course = queries.latest_course(registration)
    return [
        _addresses(registration),
        findings.keys(keys, counted),
        findings.token(token_given, f"{settings.current().origin}/lti/jwks.json"),
        _clock(registration, keys, token_given, counted.refused.get("launch-too-old", 0)),
        findings.roster(ask_roster(course), has_courses=course is not None),
        findings.grades(ask_grades(course), has_courses=course is not None),
        look_at_frame(registration),
        *signs_found,
    ]


DISABLED = Finding(
    "platform", Level.WARN, "It is disabled: its launches are refused.", "lti-tool platform enable."
)


def ask_keys(url: str) -> Asked:
    """A platform's key set."""
    try:
        began = time.monotonic()
        answer = http.ask("GET", url, max_bytes=MAX_KEY_SET, seconds=SECONDS)
    except PlatformUnreachable as error:
        return Asked(url, trouble=_why(error))
    asked = Asked(url, ahead=_ahead(answer, time.monotonic() - began))
    if answer.status != 200:
        return replace(asked, trouble=_in_words(troubles.of_status(answer.status)))
    try:
        key_set = json.loads(answer.body)
    except (ValueError, RecursionError):
        return replace(asked, trouble=_in_words(troubles.ANSWER_UNREADABLE))
    usable = token.usable_keys(key_set) if isinstance(key_set, dict) else {}
    return replace(asked, count=len(usable))


def ask_token(registration: Registration) -> Asked:
    """A new access token; one that is refused for its scope is proof enough that we are known."""
    url = registration.token_url
    try:
        began = time.monotonic()
        answer = tokens.offered(registration, (SCOPE_MEMBERS,))
    except PlatformUnreachable as error:
        return Asked(url, trouble=_why(error))
    asked = Asked(url, ahead=_ahead(answer, time.monotonic() - began))
    said = answer.body[:2000].decode("utf-8", "replace")
    if (answer.status == 200 and '"access_token"' in said) or "invalid_scope" in said:
        return asked
    named = [error for error in OAUTH_ERRORS if error in said]
    why = " ".join([f"status {answer.status}", *named[:1]])
    return replace(asked, trouble=why, is_refused=400 <= answer.status < 500)


def ask_roster(course: Context | None) -> Asked | None:
    """The first page of a course's people; none where no launch brought the address."""
    if course is None or course.memberships_url is None:
        return None
    url = course.memberships_url
    return _service(url, lambda: len(next(members.pages(course), [])))


def ask_grades(course: Context | None) -> Asked | None:
    """The list of a course's columns; none where the platform does not let us make one."""
    if course is None or not grades.can_make_columns(course):
        return None
    return _service(str(course.lineitems_url), lambda: 1 if grades.find_column(course) else 0)


def look_at_frame(registration: Registration) -> Finding:
    """One of our own pages, asked for at our public address as browsers do."""
    public = settings.current().origin
    status: int | str
    try:
        answer = http.ask("GET", f"{_base(registration)}/notice/who-may", seconds=SECONDS)
        status, headers = answer.status, list(answer.headers.items())
    except PlatformUnreachable as error:
        status, headers = _why(error), []
    return signs.frame(
        public_url=public, platform=registration.auth_url, status=status, headers=headers
    )


def _addresses(registration: Registration) -> Finding:
    return findings.addresses(
        kind=registration.kind.value,
        issuer=registration.issuer,
        auth_url=registration.auth_url,
        others={"token_url": registration.token_url, "jwks_url": registration.jwks_url},
    )


def _clock(registration: Registration, keys: Asked, given: Asked, late: int) -> Finding:
    """The platform's clock; when it is not ours, others are asked who is right."""
    ahead = {asked.host: asked.ahead for asked in (keys, given)}
    found = findings.clock(ahead, {}, late)
    if found.level is not Level.BAD:
        return found
    others = [
        one.jwks_url
        for one in queries.registrations()
        if not one.is_disabled and findings.host_of(one.jwks_url) not in ahead
    ]
    asked = [ask_keys(url) for url in others[:OTHERS]]
    elsewhere = {one.host: one.ahead for one in asked if one.ahead is not None}
    return findings.clock(ahead, elsewhere, late)


def _why(error: PlatformUnreachable) -> str:
    return _in_words(troubles.words_of(error.reason))


def _in_words(words: Words) -> str:
    return f"{words.cause.rstrip('.')} ({words.code})"


def _service(url: str, ask: Callable[[], int]) -> Asked:
    try:
        return Asked(url, count=ask())
    except PlatformRefused as error:
        is_no = error.http_status in (401, 403)
        return Asked(url, trouble=_why(error), is_refused=is_no)
    except PlatformUnreachable as error:
        return Asked(url, trouble=_why(error))
    finally:
        db.session.rollback()


def _ahead(answer: http.Answer, took: float) -> float | None:
    """How far the platform's clock is before ours, by the answer's Date (RFC 9110 §6.6.1)."""
    try:
        said: datetime = parsedate_to_datetime(answer.headers.get("Date", ""))
        age = float(answer.headers.get("Age", "0"))
        return (said - now()).total_seconds() + age + took / 2
    except (TypeError, ValueError):
        return None


def _base(registration: Registration) -> str:
    return f"{settings.current().origin}/lti/{registration.public_id}"
