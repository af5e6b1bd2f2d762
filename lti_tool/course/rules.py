"""Decisions about a course in time: its topics, runs and end."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

UNDO_WITHIN = timedelta(days=14)
"""How long a new run can be taken back."""
MAX_TOPICS = 200
"""In one course."""
MAX_TOPIC_NAME = 100
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Characters that only steer how others are shown: they can make a name read as another."""


def topic_name(typed: str) -> str:
    """A name as it is kept: one line, without control characters and doubled spaces."""
    shown = unicodedata.normalize("NFC", INVISIBLE.sub("", typed))
    return " ".join("".join(" " if _is_control(one) else one for one in shown).split())


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")


def is_taken(name: str, names: Iterable[str]) -> bool:
    """Whether one of `names` is the same name to people: case makes no other topic."""
    return name.casefold() in {known.casefold() for known in names}


def is_over(*, is_concluded: bool, ends_at: datetime | None, now: datetime) -> bool:
    """Whether a course has ended: then it is read, and nothing is added."""
    return is_concluded or (ends_at is not None and ends_at <= now)


def may_undo(began_at: datetime, now: datetime) -> bool:
    """Whether a run that began then can still be taken back."""
    return now - began_at < UNDO_WITHIN


def are_apart(policy: str, staff: Mapping[str, frozenset[int]]) -> bool:
    """Whether the sections of a course do not see each other, given each one's staff.

    Automatically so where sections have different staff: then they are taught as courses of their
    own (decision 13).
    """
    if policy == "automatic":
        return len(set(staff.values())) > 1
    return policy == "apart"
