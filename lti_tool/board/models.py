"""A question, its answers, and the asker's word that one of them helped."""

from datetime import datetime
from typing import ClassVar, Optional

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lti_tool.db import Base, new_public_id
from lti_tool.roster.models import Membership


class Question(Base):
    """One learner's ask."""

    __tablename__ = "question"
    __table_args__ = (
        Index("ix_question_board", "context_id", "run", "private_to_id", "id"),
        Index("ix_question_topic", "context_id", "run", "topic_key", "id"),
    )
    personal: ClassVar = frozenset({"title", "body"})

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=new_public_id)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    asker_id: Mapped[int] = mapped_column(ForeignKey("membership.id"), index=True)
    private_to_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"), index=True)
    """A test student has a board of its own: what is on it is seen by nobody else."""
    run: Mapped[int] = mapped_column(default=1)
    topic_key: Mapped[str] = mapped_column(default="")
    """A topic of the course, or none."""
    form_key: Mapped[str] = mapped_column(unique=True)
    """The form it came from: sent twice, it is asked once."""
    title: Mapped[str]
    body: Mapped[str]
    asked_at: Mapped[datetime]

    asker: Mapped[Membership] = relationship(foreign_keys=[asker_id])
    answers: Mapped[list["Answer"]] = relationship(back_populates="question", order_by="Answer.id")

    @property
    def is_settled(self) -> bool:
        """Whether the asker said that an answer got them unstuck."""
        return any(answer.thanks is not None for answer in self.answers)


class Answer(Base):
    """One person's help with one question."""

    __tablename__ = "answer"
    personal: ClassVar = frozenset({"body"})

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=new_public_id)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    helper_id: Mapped[int] = mapped_column(ForeignKey("membership.id"), index=True)
    form_key: Mapped[str] = mapped_column(unique=True)
    body: Mapped[str]
    is_by_staff: Mapped[bool] = mapped_column(default=False)
    answered_at: Mapped[datetime]

    question: Mapped[Question] = relationship(back_populates="answers")
    helper: Mapped[Membership] = relationship()
    thanks: Mapped[Optional["Thanks"]] = relationship(back_populates="answer")


class Thanks(Base):
    """The asker's word that an answer got them unstuck, with a sentence if they like."""

    __tablename__ = "thanks"
    personal: ClassVar = frozenset({"note"})

    id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id"), unique=True)
    note: Mapped[str]
    thanked_at: Mapped[datetime]

    answer: Mapped[Answer] = relationship(back_populates="thanks")
