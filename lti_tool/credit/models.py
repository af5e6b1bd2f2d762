"""What helping earned, how the course counts it, and what the gradebook was told."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base
from lti_tool.lti.models import Context
from lti_tool.roster.models import Membership

NOTHING: frozenset[str] = frozenset()


class Reason(StrEnum):
    """What an entry is for."""

    UNSTUCK = "unstuck"
    """The asker said that an answer got them unstuck."""


class CreditEntry(Base):
    """One act that counts. Entries are only ever added; totals are computed."""

    __tablename__ = "credit_entry"
    __table_args__ = (
        UniqueConstraint("reason", "source"),
        Index("ix_credit_entry_member_id", "member_id"),
    )
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("membership.id"))
    given_by_id: Mapped[int] = mapped_column(ForeignKey("membership.id"), index=True)
    reason: Mapped[Reason]
    source: Mapped[str]
    """What the act was done to, e.g. "answer:12"; the ledger does not look inside."""
    points: Mapped[int]
    run: Mapped[int] = mapped_column(default=1)
    topic_key: Mapped[str] = mapped_column(default="")
    """The topic that the help was about; counts for that topic's column, where there is one."""
    made_at: Mapped[datetime]


class Mode(StrEnum):
    """What an instructor chose to do with credit."""

    OFF = "off"
    GRADEBOOK = "gradebook"


class CreditPolicy(Base):
    """How one course counts credit; a course without a row has it off."""

    __tablename__ = "credit_policy"
    personal: ClassVar = NOTHING

    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"), primary_key=True)
    mode: Mapped[Mode] = mapped_column(default=Mode.OFF)
    full_marks_at: Mapped[int] = mapped_column(default=10)
    """Confirmed helps that give the full score."""
    chosen_at: Mapped[datetime]


class ColumnStatus(StrEnum):
    """Where a grade column stands."""

    WANTED = "wanted"
    READY = "ready"
    REFUSED = "refused"
    """The platform does not let us make or use it; nothing more is tried until staff asks."""
    GONE = "gone"
    """Somebody deleted it in the gradebook."""


class GradeColumn(Base):
    """One column in the platform's gradebook, made after an instructor's yes."""

    __tablename__ = "grade_column"
    __table_args__ = (UniqueConstraint("context_id", "topic_key"),)
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    topic_key: Mapped[str] = mapped_column(default="")
    """The topic that it counts, or everything that no other column does."""
    label: Mapped[str] = mapped_column(default="Good Turn")
    lineitem_url: Mapped[str | None]
    maximum: Mapped[int]
    status: Mapped[ColumnStatus] = mapped_column(default=ColumnStatus.WANTED)
    trouble: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]

    context: Mapped[Context] = relationship()


class PushStatus(StrEnum):
    """Where one person's score stands."""

    WAITING = "waiting"
    SENT = "sent"
    CHANGED_BY_TEACHER = "changed_by_teacher"
    """The gradebook shows something that we did not send; it is never overwritten."""
    EXEMPT = "exempt"
    """The platform says that this person cannot have a score; it is asked again after a day."""


class ScorePush(Base):
    """The outbox row of one person in one column: what is wanted, on its way, and known sent.

    The truth about passback; the queue only wakes workers. Newer wants overwrite older ones, so an
    outage of days piles up one send per person.
    """

    __tablename__ = "score_push"
    __table_args__ = (
        UniqueConstraint("column_id", "member_id"),
        Index("ix_score_push_due", "status", "next_try_at"),
        Index("ix_score_push_leased_until", "leased_until"),
    )
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    column_id: Mapped[int] = mapped_column(ForeignKey("grade_column.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("membership.id"), index=True)
    status: Mapped[PushStatus] = mapped_column(default=PushStatus.WAITING)
    wanted: Mapped[float]
    sent: Mapped[float | None]
    """The score the platform is known to have from us."""
    underway: Mapped[list[float]] = mapped_column(JSON, default=list)
    """Scores that were sent without a known answer: each may have arrived, or may yet."""
    stamp: Mapped[datetime | None]
    """The timestamp of the last send; every send has a later whole second."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Refusals of this very score in a row; those of the whole platform are counted there."""
    next_try_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    lease: Mapped[str | None]
    trouble: Mapped[str] = mapped_column(default="")

    column: Mapped[GradeColumn] = relationship()
    member: Mapped[Membership] = relationship()


class GradeService(Base):
    """How a platform's gradebook has been answering, so that a silent one is asked less."""

    __tablename__ = "grade_service"
    personal: ClassVar = NOTHING

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(default="")
