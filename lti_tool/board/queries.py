"""Reads about the board. Every lookup starts from the member of this visit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from lti_tool.board.models import Answer, Question, Thanks
from lti_tool.board.rules import PAGE
from lti_tool.course import queries as course
from lti_tool.course.models import Run
from lti_tool.db import db
from lti_tool.errors import NotHere
from lti_tool.lti.models import ResourceLink
from lti_tool.roster.models import Membership, SectionMember


@dataclass(frozen=True)
class Row:
    """One question in the list."""

    public_id: str
    title: str
    asker_id: int
    asked_at: datetime
    answers: int
    is_settled: bool
    topic_key: str


@dataclass(frozen=True)
class Page:
    """Some questions, newest first, and where the older ones begin."""

    rows: Sequence[Row]
    older: str | None


def questions(
    member: Membership, before: str | None = None, topic_key: str = "", run: Run | None = None
) -> Page:
    """A page of the course's questions, newest first, or of those about a topic, or of a past run.

    Two queries whatever it holds.
    """
    start = question_for(member, before, run).id if before else None
    answers = _count(Answer.id)
    thanks = _count(Thanks.id)
    wanted = select(
        Question.id,
        Question.public_id,
        Question.title,
        Question.asker_id,
        Question.asked_at,
        Question.topic_key,
        answers.label("answers"),
        thanks.label("thanks"),
    ).where(_on_board_of(member, run))
    if topic_key:
        wanted = wanted.where(Question.topic_key == topic_key)
    if start is not None:
        wanted = wanted.where(Question.id < start)
    found = db.session.execute(wanted.order_by(Question.id.desc()).limit(PAGE + 1)).all()
    rows = [
        Row(
            public_id=row.public_id,
            title=row.title,
            asker_id=row.asker_id,
            asked_at=row.asked_at,
            answers=row.answers,
            is_settled=row.thanks > 0,
            topic_key=row.topic_key,
        )
        for row in found[:PAGE]
    ]
    return Page(rows, older=rows[-1].public_id if len(found) > PAGE else None)


def topics_of(member: Membership) -> dict[str, str]:
    """The topics of the member's course: key → name, in the order of names."""
    return {topic.key: topic.name for topic in course.topics_of(member)}


def topic_shown(member: Membership, asked: str | None, link: ResourceLink | None) -> str:
    """The topic that a board is about: the one asked for, else the link's; "" is the whole course.

    What is asked for must be there, or it raises NotHere. A link may name a topic that its course
    never had, or has no more: it opens the whole board.
    """
    if asked:
        return course.topic_for(member, asked).key
    named = link.topic_key if link is not None and asked is None else ""
    topic = course.topic_at(member, named)
    return topic.key if topic else ""


def run_for(member: Membership, public_id: str) -> Run:
    """A past run of the member's course; raises NotHere."""
    return course.run_for(member, public_id)


def question_for(member: Membership, public_id: str, run: Run | None = None) -> Question:
    """A question on the member's board, or of a past run, with its answers; raises NotHere."""
    question = db.session.scalar(
        select(Question)
        .where(Question.public_id == public_id, _on_board_of(member, run))
        .options(
            joinedload(Question.asker),
            selectinload(Question.answers).joinedload(Answer.helper),
            selectinload(Question.answers).joinedload(Answer.thanks),
        )
    )
    if question is None:
        raise NotHere
    return question


def answer_for(member: Membership, public_id: str) -> Answer:
    """An answer on the member's board; raises NotHere."""
    answer = db.session.scalar(
        select(Answer)
        .join(Question, Answer.question_id == Question.id)
        .where(Answer.public_id == public_id, _on_board_of(member))
    )
    if answer is None:
        raise NotHere
    return answer


def question_from(form_key: str, member: Membership) -> Question | None:
    """The question that this form already made, if it was sent before."""
    return db.session.scalar(
        select(Question).where(Question.form_key == form_key, Question.asker_id == member.id)
    )


def answer_from(form_key: str, member: Membership) -> Answer | None:
    """The answer that this form already made, if it was sent before."""
    return db.session.scalar(
        select(Answer).where(Answer.form_key == form_key, Answer.helper_id == member.id)
    )


def helped(member: Membership, sources: Sequence[str]) -> dict[str, Question]:
    """The questions behind ledger sources like "answer:12", for the helper's own page."""
    ids = [int(source.partition(":")[2]) for source in sources if source.startswith("answer:")]
    rows = db.session.execute(
        select(Answer.id, Question)
        .join(Question, Answer.question_id == Question.id)
        .where(Answer.id.in_(ids), Answer.helper_id == member.id)
    )
    return {f"answer:{answer_id}": question for answer_id, question in rows}


def _on_board_of(member: Membership, run: Run | None = None) -> ColumnElement[bool]:
    """What this member may see: their course's board in the run that is on, or a past one.

    A test student sees only their own.
    """
    if run is None and course.is_waiting(member):
        return false()
    mine = member.id if member.is_test else None
    return and_(
        Question.context_id == member.context_id,
        Question.run == (run.number if run else member.context.run),
        Question.private_to_id.is_(None) if mine is None else Question.private_to_id == mine,
        _of_sections_of(member),
    )


def _of_sections_of(member: Membership) -> ColumnElement[bool]:
    """Where sections are apart: what staff, people of one's own and people of none ask."""
    if member.is_staff or not course.are_apart(member.context):
        return true()
    mine = select(SectionMember.section).where(SectionMember.member_id == member.id)
    askers = SectionMember.member_id == Question.asker_id
    staff = (Membership.id == Question.asker_id) & Membership.is_staff
    return or_(
        Question.asker_id == member.id,
        ~exists().where(askers),
        exists().where(askers, SectionMember.section.in_(mine)),
        exists().where(staff),
    )


def _count(what: object) -> ColumnElement[int]:
    counted = select(func.count(what)).select_from(Answer)  # type: ignore[arg-type]
    if what is Thanks.id:
        counted = counted.join(Thanks, Thanks.answer_id == Answer.id)
    return counted.where(Answer.question_id == Question.id).correlate(Question).scalar_subquery()
