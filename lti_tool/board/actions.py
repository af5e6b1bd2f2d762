"""Writes on the board: ask, answer, thank. Sending a form twice changes nothing."""

import hashlib

from lti_tool.board import queries, rules
from lti_tool.board.models import Answer, Question, Thanks
from lti_tool.clock import course_now
from lti_tool.course import actions as course
from lti_tool.credit import actions as credit
from lti_tool.db import db, new_public_id
from lti_tool.errors import NotAllowed
from lti_tool.roster.models import Membership


def ask(
    asker: Membership, *, title: str, body: str, form_key: str, topic_key: str = ""
) -> Question:
    """Put a question on the course's board; on their own, where the asker is a test student."""
    key = _key(asker, form_key, title, body, topic_key)
    question = queries.question_from(key, asker)
    if question is None:
        course.check_open(asker)
        question = Question(
            context_id=asker.context_id,
            run=asker.context.run,
            asker_id=asker.id,
            private_to_id=asker.id if asker.is_test else None,
            form_key=key,
            topic_key=topic_key,
            title=title,
            body=body,
            asked_at=course_now(),
        )
        db.session.add(question)
        db.session.flush()
    return question


def answer(
    helper: Membership, question: Question, *, body: str, form_key: str, is_by_staff: bool
) -> Answer:
    """Help with a question; askers may answer their own, which earns nothing."""
    key = _key(helper, form_key, body)
    known = queries.answer_from(key, helper)
    if known is None:
        course.check_open(helper)
        known = Answer(
            question=question,
            helper_id=helper.id,
            form_key=key,
            body=body,
            is_by_staff=is_by_staff,
            answered_at=course_now(),
        )
        db.session.add(known)
        db.session.flush()
    return known


def thank(asker: Membership, answer: Answer, note: str) -> Thanks:
    """Record that an answer got the asker unstuck, and reward the helper.

    Only the asker may thank, and nobody earns credit from themselves. Thanking twice changes
    nothing.
    """
    if not rules.may_thank(
        member_id=asker.id, asker_id=answer.question.asker_id, helper_id=answer.helper_id
    ):
        raise NotAllowed
    if answer.thanks is None:
        course.check_open(asker)
        answer.thanks = Thanks(note=note, thanked_at=course_now())
        db.session.flush()
        credit.reward_unstuck(
            answer.helper,
            asker,
            source=f"answer:{answer.id}",
            topic_key=answer.question.topic_key,
        )
    return answer.thanks


def _key(member: Membership, form_key: str, *texts: str) -> str:
    """What tells a form sent twice from one that was changed and sent again.

    It is its member's: nobody can block another's form by guessing its key.
    """
    said = "\0".join((str(member.id), form_key or new_public_id(), *texts))
    return hashlib.sha256(said.encode()).hexdigest()
