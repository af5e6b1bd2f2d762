"""Checks what an instructor chose about credit."""

from collections.abc import Mapping
from dataclasses import dataclass

from lti_tool.credit.models import Mode
from lti_tool.errors import N_, Invalid, Words

MOST = 100
BAD_CHOICE = Words(
    "credit-choice",
    N_("Choose whether credit goes to the gradebook, and a whole number of helps from 1 to 100."),
    N_("Go back, correct it and save again."),
)


@dataclass(frozen=True)
class Choice:
    """What an instructor chose."""

    mode: Mode
    full_marks_at: int


def choice(form: Mapping[str, str]) -> Choice:
    """The choice in `form`; raises Invalid."""
    mode, number = form.get("mode", ""), form.get("full_marks_at", "").strip()
    if mode not in set(Mode) or not number.isascii() or not number.isdecimal() or len(number) > 3:
        raise Invalid(BAD_CHOICE)
    if not 1 <= int(number) <= MOST:
        raise Invalid(BAD_CHOICE)
    return Choice(Mode(mode), int(number))
