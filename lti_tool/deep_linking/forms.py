"""Checks what somebody chose to link; what they chose comes back with the words."""

from dataclasses import dataclass, field
from typing import Protocol

from lti_tool.course.rules import MAX_TOPIC_NAME, is_taken, topic_name
from lti_tool.deep_linking.rules import MAXIMUM, MOST_AT_ONCE, MOST_POINTS, Choice, Offer
from lti_tool.errors import N_

WHOLE = "whole"
NEW = "new"
TOPIC = "topic:"


class Form(Protocol):
    """A form as it was sent; a field may stand in it more than once."""

    def get(self, name: str, default: str, /) -> str:
        """One value of a field."""

    def getlist(self, name: str, /) -> list[str]:
        """All values of a field."""


@dataclass
class Chosen:
    """A form as it was sent: what it means, and what is wrong with it."""

    boards: list[str] = field(default_factory=list)
    names: str = ""
    is_with_column: bool = False
    maximum: str = str(MAXIMUM)
    problems: dict[str, str] = field(default_factory=dict)
    choice: Choice = field(default_factory=Choice)


def choice(form: Form, offer: Offer) -> Chosen:
    """The boards that were ticked, the names that were typed, and the columns."""
    chosen = Chosen(
        boards=form.getlist("board"),
        names=form.get("names", "").replace("\0", "")[:20_000],
        is_with_column=offer.may_have_columns and form.get("column", "") == "yes",
        maximum=form.get("maximum", str(MAXIMUM)).strip()[:10],
    )
    names = _names(chosen)
    chosen.choice = Choice(
        is_whole=WHOLE in chosen.boards,
        topic_keys=tuple(
            key
            for key, name in offer.topics
            if TOPIC + key in chosen.boards or is_taken(name, names)
        ),
        names=tuple(
            name for name in names if not is_taken(name, (known for _key, known in offer.topics))
        ),
        maximum=_maximum(chosen) if chosen.is_with_column else None,
    )
    _check(chosen, offer)
    return chosen


def _names(chosen: Chosen) -> tuple[str, ...]:
    """The names that were typed, one on each line; the same one twice is one."""
    if NEW not in chosen.boards:
        return ()
    names = {topic_name(line).casefold(): topic_name(line) for line in chosen.names.splitlines()}
    return tuple(name for name in names.values() if name)


def _maximum(chosen: Chosen) -> int | None:
    typed = chosen.maximum
    is_number = typed.isascii() and typed.isdecimal() and 1 <= int(typed) <= MOST_POINTS
    return int(typed) if is_number else None


def _check(chosen: Chosen, offer: Offer) -> None:
    made = chosen.choice
    if NEW in chosen.boards and not _names(chosen):
        chosen.problems["names"] = N_("Write the name of the topic or assignment.")
    elif any(len(name) > MAX_TOPIC_NAME for name in made.names):
        chosen.problems["names"] = N_("A name is too long: 100 characters at most.")
    if made.count == 0 and not chosen.problems:
        chosen.problems["board"] = N_("Choose at least one board.")
    if made.count > (MOST_AT_ONCE if offer.may_be_several else 1):
        chosen.problems["board"] = (
            N_("That is too much at once: 30 links at most.")
            if offer.may_be_several
            else N_("Your course takes one link at a time: choose one.")
        )
    if chosen.is_with_column and made.maximum is None:
        chosen.problems["maximum"] = N_("Points are a whole number from 1 to 100.")
