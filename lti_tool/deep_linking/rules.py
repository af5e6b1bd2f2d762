"""Decisions about links: what may be chosen, and what goes out about it."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_AT_ONCE = 30
MAXIMUM = 10
MOST_POINTS = 100
TOPIC = "{topic}"
"""Stands for a topic's name in a text."""
NO_MARKUP = str.maketrans({"<": "‹", ">": "›"})


@dataclass(frozen=True)
class Offer:
    """What may be chosen in this course, by this person, for this platform's request."""

    topics: Sequence[tuple[str, str]]
    """(key, name) of each topic that is there already."""
    with_column: frozenset[str]
    """Keys of those that have a grade column of their own; empty for the whole course's."""
    may_be_several: bool
    may_have_columns: bool


@dataclass(frozen=True)
class Texts:
    """What goes out about links, in the language of whoever chooses."""

    title: str
    text: str
    topic_title: str
    topic_text: str
    cancelled: str


@dataclass(frozen=True)
class Choice:
    """What somebody chose: boards to link, and the points of their columns."""

    is_whole: bool = False
    """The whole course's board."""
    topic_keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Of topics that are new, or whose name was typed."""
    maximum: int | None = None
    """Points of each column; none without columns."""

    @property
    def count(self) -> int:
        """How many links it makes."""
        return self.is_whole + len(self.topic_keys) + len(self.names)


def without_markup(text: str) -> str:
    """`text` for a platform to show: whatever it does with it, there is no markup in it."""
    return text.translate(NO_MARKUP)


def column_maximum(choice: Choice, topic_key: str | None, offer: Offer) -> int | None:
    """The points of a link's column; none where its topic has a column, or none was chosen.

    A topic that is new has no key yet, and no column.
    """
    if not offer.may_have_columns or topic_key in offer.with_column:
        return None
    return choice.maximum
