"""A course's people, from the platform's roster service (NRPS 2.0), whole or not at all."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from lti_tool.errors import PlatformUnreachable
from lti_tool.lti import http, tokens
from lti_tool.lti.claims import MEMBERS_TYPE, SCOPE_MEMBERS
from lti_tool.lti.message import MAX_ID, MAX_TEXT
from lti_tool.lti.models import Context
from lti_tool.lti.roles import Role, role_of
from lti_tool.lti.rules import origin_of

MAX_PAGES = 2_000
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,<]*\brel\s*=\s*["“”]?next\b', re.IGNORECASE)


@dataclass(frozen=True)
class Member:
    """One person as the roster lists them; names are empty where the platform withholds them."""

    sub: str
    names: tuple[str, str, str]
    role: Role


def members(context: Context) -> Iterator[Member]:
    """Everyone in the course, page after page.

    Raises PlatformUnreachable at the first page that is missing, malformed, of another site or of
    another course: what came before must then not be taken for the whole.
    """
    url, seen = context.memberships_url, set[str]()
    registration, course_id = context.registration, context.context_id
    while url:
        if url in seen or len(seen) >= MAX_PAGES:
            raise PlatformUnreachable("the roster's pages do not end")
        seen.add(url)
        answer = tokens.ask(
            registration, (SCOPE_MEMBERS,), "GET", url, headers={"Accept": MEMBERS_TYPE}
        )
        yield from _page(answer, course_id)
        url = next_page(answer, url)


def next_page(answer: http.Answer, url: str) -> str | None:
    """The address of the next page, letter by letter as the platform wrote it (RFC 8288).

    Moodle writes curly quotes and `&amp;` in places. A page of another site is refused.
    """
    found = _NEXT.search(answer.headers.get("Link", ""))
    if found is None:
        return None
    following = urljoin(url, html.unescape(found[1].strip()))
    if origin_of(following) != origin_of(url):
        raise PlatformUnreachable("the roster goes on at another site")
    return following


def _page(answer: http.Answer, course_id: str) -> Iterator[Member]:
    said = tokens.json_of(answer)
    listed = said.get("members") if isinstance(said, dict) else None
    if not isinstance(listed, list):
        raise PlatformUnreachable("the roster is not one")
    context = said.get("context")
    if isinstance(context, dict) and context.get("id", course_id) != course_id:
        raise PlatformUnreachable("the roster is of another course")
    for entry in listed:
        member = _member(entry)
        if member is not None:
            yield member


def _member(entry: Any) -> Member | None:
    """One entry; none for people who are not active, are no one in this course, or pretend."""
    if not isinstance(entry, dict):
        raise PlatformUnreachable("a member is not an object")
    sub, roles = entry.get("user_id"), entry.get("roles")
    if not isinstance(sub, str) or not 0 < len(sub) <= MAX_ID or not isinstance(roles, list):
        raise PlatformUnreachable("a member lacks id or roles")
    role = role_of(role for role in roles if isinstance(role, str))
    if entry.get("status", "Active") != "Active" or role in (Role.TEST_STUDENT, Role.OBSERVER):
        return None
    name, given, family = (_name(entry, field) for field in ("name", "given_name", "family_name"))
    return Member(sub, (name, given, family), role)


def _name(entry: dict[str, Any], field: str) -> str:
    """A name as plain text: Moodle escapes names for HTML."""
    value = entry.get(field)
    return html.unescape(value)[:MAX_TEXT].replace("\0", "") if isinstance(value, str) else ""
