"""Decisions at the front door: how long a visit lives, and who may do what (decision 8)."""

from datetime import datetime, timedelta
from enum import StrEnum

from lti_tool.lti.roles import Role

VISIT_LASTS = timedelta(hours=12)
VISIT_IDLES = timedelta(hours=2)
SEEN_EVERY = timedelta(minutes=1)
"""How exactly idleness is counted; between, a page writes nothing."""
PENDING_LASTS = timedelta(minutes=10)
CODE_LASTS = timedelta(seconds=30)


class Power(StrEnum):
    """What a page asks for. Every address inside a visit names one."""

    TAKE_PART = "take_part"
    """Ask, answer, thank, and see one's own pages."""
    STAFF_PAGES = "staff_pages"
    """See names and what needs a human."""
    CONFIGURE = "configure"
    """Policy, grade columns, exports, new runs."""


POWERS: dict[Role, frozenset[Power]] = {
    Role.OBSERVER: frozenset(),
    Role.TEST_STUDENT: frozenset({Power.TAKE_PART}),
    Role.STUDENT: frozenset({Power.TAKE_PART}),
    Role.DESIGNER: frozenset({Power.TAKE_PART, Power.STAFF_PAGES}),
    Role.TEACHING_ASSISTANT: frozenset({Power.TAKE_PART, Power.STAFF_PAGES}),
    Role.INSTRUCTOR: frozenset(Power),
}


def may(role: Role, power: Power) -> bool:
    """Whether a visit in this role has this power."""
    return power in POWERS[role]


def may_enter(role: Role) -> bool:
    """Whether this role opens the board at all."""
    return bool(POWERS[role])


def is_visit_open(began_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Whether a visit still opens: twelve hours, and not two idle ones."""
    return now - began_at < VISIT_LASTS and now - seen_at < VISIT_IDLES


def is_pending_open(began_at: datetime, now: datetime) -> bool:
    """Whether the button of a launch without cookie still works."""
    return now - began_at < PENDING_LASTS


def is_code_open(made_at: datetime | None, now: datetime) -> bool:
    """Whether the code that a new tab brings is still good."""
    return made_at is not None and now - made_at < CODE_LASTS
