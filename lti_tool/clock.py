"""The two clocks.

Real time counts for tokens, nonces, visits, leases and caches. Course time counts for what people
did and when; it differs from real time only in the demo, whose practice LMS can move it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, db

_NO_OFFSET = timedelta(0)
_offset: Callable[[], timedelta] = lambda: _NO_OFFSET  # noqa: E731


class ClockOffset(Base):
    """How far the demo's course time was moved. No other database ever holds a row."""

    __tablename__ = "clock_offset"
    personal: ClassVar = frozenset[str]()

    id: Mapped[int] = mapped_column(primary_key=True)
    seconds: Mapped[int]


def now() -> datetime:
    """Real time, aware, in UTC."""
    return datetime.now(UTC)


def course_now() -> datetime:
    """The course's time, aware, in UTC."""
    return now() + _offset()


def follow(offset: Callable[[], timedelta]) -> None:
    """Let course time differ from real time by what `offset` says; only the demo calls this."""
    global _offset
    _offset = offset


def offset() -> timedelta:
    """How far the database says that course time was moved."""
    row = db.session.get(ClockOffset, 1, populate_existing=True)
    return timedelta(seconds=row.seconds) if row else _NO_OFFSET


def move(by: timedelta) -> None:
    """Move the demo's course time on; the caller commits."""
    row = db.session.get(ClockOffset, 1)
    if row is None:
        row = ClockOffset(id=1, seconds=0)
        db.session.add(row)
    row.seconds += int(by.total_seconds())
