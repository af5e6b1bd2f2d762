"""Decisions about who is in a course."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lti_tool.lti.roles import Role

STALE_AFTER = timedelta(hours=6)
ASK_AGAIN_AFTER = timedelta(minutes=5)
"""After a failed sweep, or when an instructor launches again."""
FEWEST = 5
"""Learners without whom nobody can say that a course has other people."""
UNLISTED_STAY = timedelta(hours=12)
"""How long a launch counts for people whom rosters never have, such as administrators."""


@dataclass(frozen=True)
class Known:
    """One member as we know them."""

    user_id: int
    names: tuple[str, str, str]
    role: Role
    is_staff: bool
    is_listed: bool
    is_active: bool


@dataclass(frozen=True)
class Listed:
    """One member as the platform lists them."""

    sub: str
    names: tuple[str, str, str]
    role: Role


@dataclass(frozen=True)
class Place:
    """An active place in a course, for asking whether its person has left."""

    user_id: int
    is_listed: bool
    seen_at: datetime | None


@dataclass(frozen=True)
class Difference:
    """What a part of a roster changes, by whom."""

    joined: dict[int, Listed]
    changed: dict[int, Listed]


def diff(known: Mapping[int, Known], listed: Mapping[int, Listed]) -> Difference:
    """What to write so that we know what the platform lists; nothing when nothing changed.

    `listed` may be any part of a roster: nobody leaves here.
    """
    return Difference(
        joined={user: member for user, member in listed.items() if user not in known},
        changed={
            user: member
            for user, member in listed.items()
            if user in known and not _says_the_same(known[user], member)
        },
    )


def has_left(place: Place, began_at: datetime) -> bool:
    """Whether somebody who is on no page of a complete roster has left.

    Nobody leaves who launched since the sweep `began_at`: they were let in by the platform itself
    a moment ago (decision 11). Those whom the roster never had cannot vanish from it: their launch
    counts for as long as a visit may last.
    """
    since = began_at if place.is_listed else began_at - UNLISTED_STAY
    return place.seen_at is None or place.seen_at < since


def merged_role(known: Role, listed: Role) -> Role:
    """The role to keep: Moodle lists non-editing teachers as learners, though they launch as staff.

    A launch is the better witness of teaching, a roster of everything else.
    """
    if known.is_staff and listed is Role.STUDENT:
        return known
    return listed if listed is not Role.OBSERVER else known


def merged_names(known: tuple[str, str, str], told: tuple[str, str, str]) -> tuple[str, str, str]:
    """Names as last told; a platform that withholds them takes none away in this course."""
    return told if any(told) else known


def has_turned_over(*, stayed: int, gone: int, joined: int) -> bool:
    """Whether a course has other learners than before: six of ten gone, six of ten new.

    A course that was emptied counts: whoever comes next is new. A handful of people says nothing.
    """
    old, here = stayed + gone, stayed + joined
    return old >= FEWEST and 10 * gone >= 6 * old and 10 * joined >= 6 * here


def is_newcomer(joined_at: datetime, turned_over_at: datetime | None) -> bool:
    """Whether somebody came with the other people of a course that turned over."""
    return turned_over_at is not None and joined_at > turned_over_at


def is_stale(completed_at: datetime | None, now: datetime) -> bool:
    """Whether the people of a course should be asked for again."""
    return completed_at is None or now - completed_at >= STALE_AFTER


def may_ask_again(tried_at: datetime | None, now: datetime) -> bool:
    """Whether enough time has passed since the last try."""
    return tried_at is None or now - tried_at >= ASK_AGAIN_AFTER


def display_names(people: Iterable[tuple[int, str, str, str]]) -> dict[int, str | int]:
    """What each person is called in this course: (id, name, given, family) → first name.

    People who share a first name get the initial of the family name as well. People whose platform
    withholds their name get a number, the same on every page ("Classmate 3"): newcomers come after
    those who are known.
    """
    people = list(people)
    firsts = {person_id: _first(name, given) for person_id, name, given, _ in people}
    shared = Counter(firsts.values())
    unnamed = sorted(person_id for person_id, first in firsts.items() if not first)
    called: dict[int, str | int] = {
        person_id: number for number, person_id in enumerate(unnamed, start=1)
    }
    for person_id, name, given, family in people:
        first = firsts[person_id]
        if not first:
            continue
        initial = (family or name.removeprefix(given).strip() or " ").split()[-1:] or [""]
        is_shared = shared[first] > 1 and initial[0]
        called[person_id] = f"{first} {initial[0][0]}." if is_shared else first
    return called


def _first(name: str, given: str) -> str:
    return given.strip() or (name.split() or [""])[0]


def _says_the_same(known: Known, listed: Listed) -> bool:
    return (
        known.is_active
        and known.is_listed
        and known.names == merged_names(known.names, listed.names)
        and known.role is merged_role(known.role, listed.role)
        and (known.is_staff or not listed.role.is_staff)
    )
