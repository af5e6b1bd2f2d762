"""Checks what people typed; what they typed comes back with the words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lti_tool.board.rules import MAX_BODY, MAX_NOTE, MAX_TITLE
from lti_tool.errors import N_


@dataclass
class Typed:
    """A form as it was sent: the cleaned values, and what is wrong with each."""

    values: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether the form can be used."""
        return not self.problems


def question(form: Mapping[str, str], topics: Collection[str] = ()) -> Typed:
    """A title of 200 characters and a text of 20,000, both needed; one of `topics`, or none."""
    typed = _typed(form, "title", "body", "topic_key")
    if typed.values["topic_key"] and typed.values["topic_key"] not in topics:
        typed.problems["topic_key"] = N_("Choose a topic from the list, or none.")
    _need(typed, "title", N_("Say in a few words what you are stuck on."))
    _need(typed, "body", N_("Tell your classmates a little more, so that they can help."))
    _limit(typed, "title", MAX_TITLE, N_("The title is too long: 200 characters at most."))
    _limit(typed, "body", MAX_BODY, N_("The text is too long: 20,000 characters at most."))
    return typed


def answer(form: Mapping[str, str]) -> Typed:
    """A text of 20,000 characters, needed."""
    typed = _typed(form, "body")
    _need(typed, "body", N_("Write your answer first."))
    _limit(typed, "body", MAX_BODY, N_("The text is too long: 20,000 characters at most."))
    return typed


def thanks(form: Mapping[str, str]) -> Typed:
    """A sentence of 500 characters, which may be left out."""
    typed = _typed(form, "note")
    _limit(typed, "note", MAX_NOTE, N_("The thanks are too long: 500 characters at most."))
    return typed


def _typed(form: Mapping[str, str], *names: str) -> Typed:
    values = {name: _clean(form.get(name, "")) for name in names}
    return Typed(values | {"form_key": form.get("form_key", "")[:64]})


def _clean(text: str) -> str:
    """Line ends as one character; the character that databases refuse is dropped."""
    return text.replace("\r\n", "\n").replace("\0", "").strip()


def _need(typed: Typed, name: str, problem: str) -> None:
    if not typed.values[name]:
        typed.problems[name] = problem


def _limit(typed: Typed, name: str, most: int, problem: str) -> None:
    if len(typed.values[name]) > most:
        typed.problems[name] = problem
