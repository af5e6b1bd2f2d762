"""People, and what they are in a course."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, new_public_id
from lti_tool.lti.models import Context, Registration
from lti_tool.lti.roles import Role


class Status(StrEnum):
    """Whether a person belongs to the course now."""

    ACTIVE = "active"
    LEFT = "left"


class User(Base):
    """A person of one platform, known by (registration, sub) and never by e-mail."""

    __tablename__ = "user"
    __table_args__ = (UniqueConstraint("registration_id", "sub"),)
    personal: ClassVar = frozenset({"sub", "name", "given", "family", "time_zone"})

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    sub: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    given: Mapped[str] = mapped_column(default="")
    family: Mapped[str] = mapped_column(default="")
    time_zone: Mapped[str | None]
    """Their own, as the platform said at their last launch; none when it names none."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    """The platform made one account of two: whoever comes with this `sub` is that other user."""

    registration: Mapped[Registration] = relationship()


class Membership(Base):
    """A person's place in one course; it stays when they leave, so that posts keep an author."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("context_id", "user_id"),
        Index("ix_membership_user_id", "user_id"),
    )
    personal: ClassVar = frozenset({"seen_at"})

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=new_public_id)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    status: Mapped[Status] = mapped_column(default=Status.ACTIVE)
    role: Mapped[Role]
    """As the roster or the last launch says; gives no power (that is the visit's role)."""
    is_staff: Mapped[bool] = mapped_column(default=False)
    """Set by any staff launch or staff role in the roster: earns no credit, is not asked."""
    is_listed: Mapped[bool] = mapped_column(default=False)
    """The platform's roster had this person once; administrators and test students it never has."""
    joined_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    """The last launch, in real time."""
    left_at: Mapped[datetime | None]

    context: Mapped[Context] = relationship()
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)

    @property
    def is_test(self) -> bool:
        """Whether this is a platform's pretend student, who is never counted."""
        return self.role is Role.TEST_STUDENT

    @property
    def is_learner(self) -> bool:
        """Whether this person counts as a learner: is asked, credited and graded."""
        return self.role is Role.STUDENT and not self.is_staff and self.status is Status.ACTIVE


class SectionMember(Base):
    """Somebody is in a section (Canvas) or group (Moodle) of the course; both words mean one."""

    __tablename__ = "section_member"
    personal: ClassVar = frozenset({"section"})

    member_id: Mapped[int] = mapped_column(ForeignKey("membership.id"), primary_key=True)
    section: Mapped[str] = mapped_column(primary_key=True)
    """As the platform names it: Canvas sends names, Moodle ids of groups."""


class PersonMerge(Base):
    """The platform made one account of two, and we followed; kept so that it can be undone."""

    __tablename__ = "person_merge"
    personal: ClassVar = frozenset({"journal"})

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=new_public_id)
    old_user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    new_user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    journal: Mapped[list[Any]] = mapped_column(JSON)
    """What was changed, row by row, with what was there before."""
    merged_at: Mapped[datetime]
    split_at: Mapped[datetime | None]


class RosterSweep(Base):
    """How asking the platform for a course's people went, the last time and the last good time."""

    __tablename__ = "roster_sweep"
    personal: ClassVar = frozenset[str]()

    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"), primary_key=True)
    wanted_at: Mapped[datetime | None]
    """A launch asked for a fresh roster then; none when nothing is wanted."""
    tried_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(default="")
    """What went wrong the last time, as a short reason without personal data; empty if nothing."""
    turned_over_at: Mapped[datetime | None]
    """A sweep found other people than then; none when the instructor has answered."""
