"""What a course is divided into: runs, one after the other, and topics."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, new_public_id

NOTHING: frozenset[str] = frozenset()


class Run(Base):
    """A run of a course that is over, or that began after another.

    A course without rows is in its first run; `Context.run` is the number of the one that is on.
    """

    __tablename__ = "run"
    __table_args__ = (UniqueConstraint("context_id", "number"),)
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=new_public_id)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    number: Mapped[int]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """When the next one began; none while it is on."""
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"), index=True)


class Topic(Base):
    """Something that questions of a course are about: an assignment, a chapter.

    Its key travels in a link's custom field and so survives a copy of the course.
    """

    __tablename__ = "topic"
    __table_args__ = (UniqueConstraint("context_id", "key"),)
    personal: ClassVar = NOTHING

    id: Mapped[int] = mapped_column(primary_key=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    key: Mapped[str] = mapped_column(default=new_public_id)
    name: Mapped[str]
    made_at: Mapped[datetime]
