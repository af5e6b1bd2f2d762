"""A course's people, from the platform's roster service (NRPS 2.0), whole or not at all."""

import html
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from lti_tool.errors import PlatformUnreachable
from lti_tool.lti import http, tokens, troubles
from lti_tool.lti.claims import MEMBERS_TYPE, SCOPE_MEMBERS
from lti_tool.lti.message import MAX_ID, MAX_TEXT
from lti_tool.lti.models import Context, PlatformKind, Registration
from lti_tool.lti.roles import Role, role_of
from lti_tool.lti.rules import origin_of

MAX_PAGES = 10_000
MAX_PEOPLE = 500_000
PART = 2_000
"""People asked of Moodle at a time, which would else answer with everybody, and too late."""
PAUSES = (1.0, 3.0)
"""Seconds to wait before a page that failed is asked for again; the first page is asked once."""
LONGEST_PAUSE = 15.0
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,<]*\brel\s*=\s*["“”]?next\b', re.IGNORECASE)


@dataclass(frozen=True)
class Member:
    """One person as the roster lists them; names are empty where the platform withholds them."""

    sub: str
    names: tuple[str, str, str]
    role: Role


def pages(context: Context) -> Iterator[list[Member]]:
    """Everyone in the course, page after page.

    Raises PlatformUnreachable at the first page that is missing, malformed, of another site or of
    another course, or that came before: nobody may then be taken for gone.
    """
    registration, course_id = context.registration, context.context_id
    walk, url = _Walk(), _beginning(context)
    while url:
        walk.goes_to(url)
        answer = _asked(registration, url, PAUSES if walk.is_under_way else ())
        listed, following = _listed(answer, course_id), next_page(answer, url)
        walk.saw([str(entry["user_id"]) for entry in listed], is_last=following is None)
        yield [member for member in map(_member, listed) if member is not None]
        url = following


class _Walk:
    """What was seen of one roster so far, to notice pages that repeat or never end."""

    def __init__(self) -> None:
        self._urls, self._people = set[str](), set[str]()

    @property
    def is_under_way(self) -> bool:
        return len(self._urls) > 1

    def goes_to(self, url: str) -> None:
        if url in self._urls or len(self._urls) >= MAX_PAGES:
            raise PlatformUnreachable(troubles.PAGES_ENDLESS)
        self._urls.add(url)

    def saw(self, people: Sequence[str], *, is_last: bool) -> None:
        """An empty page may end a roster; one that only repeats stands where another should."""
        known = len(self._people)
        self._people.update(people)
        is_empty_end = is_last and not people
        if self.is_under_way and len(self._people) == known and not is_empty_end:
            raise PlatformUnreachable(troubles.PAGES_REPEAT)
        if len(self._people) > MAX_PEOPLE:
            raise PlatformUnreachable(troubles.PAGES_ENDLESS)


def _beginning(context: Context) -> str | None:
    """The address of the first page."""
    url = context.memberships_url
    if not url or context.registration.kind is not PlatformKind.MOODLE or "limit=" in url:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}limit={PART}"


def _asked(registration: Registration, url: str, pauses: Sequence[float]) -> http.Answer:
    """One page. In the middle of a long roster a stumble is no reason to begin again."""
    for pause in pauses:
        try:
            return _ask(registration, url)
        except PlatformUnreachable as error:
            wait = pause if error.retry_after is None else max(pause, error.retry_after)
            if not error.may_pass or wait > LONGEST_PAUSE:
                raise
            time.sleep(wait)
    return _ask(registration, url)


def _ask(registration: Registration, url: str) -> http.Answer:
    return tokens.ask(registration, (SCOPE_MEMBERS,), "GET", url, headers={"Accept": MEMBERS_TYPE})


def next_page(answer: http.Answer, url: str) -> str | None:
    """The address of the next page, letter by letter as the platform wrote it (RFC 8288).

    Moodle writes curly quotes and `&amp;` in places. A page of another site is refused.
    """
    found = _NEXT.search(answer.headers.get("Link", ""))
    if found is None:
        return None
    following = urljoin(url, html.unescape(found[1].strip()))
    if origin_of(following) != origin_of(url):
        raise PlatformUnreachable(troubles.OTHER_SITE)
    return following


def _listed(answer: http.Answer, course_id: str) -> list[dict[str, Any]]:
    """The entries of one page, each with an id and roles."""
    said = tokens.json_of(answer)
    listed = said.get("members") if isinstance(said, dict) else None
    if not isinstance(listed, list):
        raise PlatformUnreachable(troubles.ANSWER_ODD)
    context = said.get("context")
    if isinstance(context, dict) and context.get("id", course_id) != course_id:
        raise PlatformUnreachable(troubles.OTHER_COURSE)
    for entry in listed:
        _check(entry)
    return listed


def _check(entry: Any) -> None:
    if not isinstance(entry, dict):
        raise PlatformUnreachable(troubles.ANSWER_ODD)
    sub, roles = entry.get("user_id"), entry.get("roles")
    is_id = isinstance(sub, str) and 0 < len(sub) <= MAX_ID and "\0" not in sub
    if not is_id or not isinstance(roles, list):
        raise PlatformUnreachable(troubles.ANSWER_ODD)


def _member(entry: dict[str, Any]) -> Member | None:
    """One entry; none for people who are not active, are no one in this course, or pretend."""
    role = role_of(role for role in entry["roles"] if isinstance(role, str))
    if entry.get("status", "Active") != "Active" or role in (Role.TEST_STUDENT, Role.OBSERVER):
        return None
    name, given, family = (_name(entry, field) for field in ("name", "given_name", "family_name"))
    return Member(entry["user_id"], (name, given, family), role)


def _name(entry: dict[str, Any], field: str) -> str:
    """A name as plain text: Moodle escapes names for HTML."""
    value = entry.get(field)
    return html.unescape(value)[:MAX_TEXT].replace("\0", "") if isinstance(value, str) else ""
