"""What custom fields of a launch say about the course and the person.

Teachers can type them: they are looked at with care, and never give a right.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lti_tool.lti import claims as names

MAX_HISTORY = 100
MAX_SECTIONS = 50
MAX_ID = 255
MAX_CUSTOM = 100_000
"""Canvas names up to a thousand earlier courses."""
NO_IDS = frozenset({"truncated", "timed out"})
"""What Canvas writes instead of an id when the list is too long, or took too long."""


@dataclass(frozen=True)
class Custom:
    """The custom fields that are for the course; what a platform did not fill in is none."""

    history: tuple[str, ...] = ()
    """Context ids of the courses it was copied from, nearest first."""
    key: str = ""
    """The course that the link was made in, in our own words: tells a copy."""
    sections: tuple[str, ...] | None = None
    """The person's sections or groups."""
    is_concluded: bool | None = None
    ends_at: str | None = None
    """When the course ends, in UTC; empty where it has no end."""

    @property
    def end(self) -> datetime | None:
        """`ends_at` as a time."""
        return datetime.fromisoformat(self.ends_at) if self.ends_at else None


def read(fields: Mapping[str, Any]) -> Custom:
    """What the custom claim says; whatever cannot be used is left out."""
    return Custom(
        history=_history(told(fields, "context_history") or ""),
        key=(told(fields, names.COURSE_FIELD) or "")[:MAX_ID],
        sections=_sections(fields),
        is_concluded=_is_concluded(told(fields, "course_state")),
        ends_at=_end(told(fields, "course_end")),
    )


def told(fields: Mapping[str, Any], name: str) -> str | None:
    """A custom field; one that the platform did not fill in arrives as its own name ("$…")."""
    value = fields.get(name)
    if not isinstance(value, str) or value.startswith("$") or len(value) > MAX_CUSTOM:
        return None
    return value.replace("\0", "").strip()


def _history(value: str) -> tuple[str, ...]:
    ids = [one.strip() for one in value.split(",")]
    good = [one for one in ids if 0 < len(one) <= MAX_ID and one.lower() not in NO_IDS]
    return tuple(dict.fromkeys(good))[:MAX_HISTORY]


def _sections(fields: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Canvas sends a JSON list of names, Moodle a list of numbers with commas."""
    value, groups = told(fields, "sections"), told(fields, "groups")
    if value is not None:
        return _bounded(_names(value))
    return _bounded(groups.split(",")) if groups is not None else None


def _names(value: str) -> list[str]:
    if not value.startswith("["):
        return [value]
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    return [one for one in found if isinstance(one, str)]


def _bounded(sections: list[str]) -> tuple[str, ...]:
    good = {one.strip().replace("\0", "")[:MAX_ID] for one in sections} - {""}
    return tuple(sorted(good)[:MAX_SECTIONS])


def _is_concluded(state: str | None) -> bool | None:
    """Canvas has one word for a course that is over."""
    return None if not state else state == "completed"


def _end(value: str | None) -> str | None:
    if not value:
        return value
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None
