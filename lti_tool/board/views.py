"""The board's pages."""

from flask import Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.board import actions, forms, queries
from lti_tool.board.forms import Typed
from lti_tool.board.models import Question
from lti_tool.db import db, new_public_id
from lti_tool.jobs import wake
from lti_tool.launch.rules import Power
from lti_tool.launch.session import course_blueprint, needs

bp = course_blueprint("board", __name__)


@bp.get("/")
@needs(Power.TAKE_PART)
def index() -> str:
    """The course's questions, newest first; those of one topic where the link is about one."""
    topic_key = queries.topic_shown(g.member, request.args.get("topic"), g.visit.link)
    page = queries.questions(g.member, request.args.get("before"), topic_key)
    return render_template(
        "board/index.html", page=page, topic_key=topic_key, topics=queries.topics_of(g.member)
    )


@bp.get("/ask")
@needs(Power.TAKE_PART)
def ask() -> str:
    """The form to ask with."""
    topic_key = queries.topic_shown(g.member, request.args.get("topic"), g.visit.link)
    return _ask_page(_blank(topic_key=topic_key))


@bp.post("/ask")
@needs(Power.TAKE_PART)
def post_question() -> AnyResponse:
    """Put a question on the board."""
    typed = forms.question(request.form, queries.topics_of(g.member))
    if not typed.is_good:
        return Response(_ask_page(typed), 422)
    question = actions.ask(g.member, **typed.values)
    db.session.commit()
    return _to(question.public_id)


@bp.get("/questions/<question_id>")
@needs(Power.TAKE_PART)
def question(question_id: str) -> str:
    """One question and its answers."""
    return _question_page(queries.question_for(g.member, question_id), _blank())


@bp.get("/runs/<run_id>")
@needs(Power.STAFF_PAGES)
def earlier(run_id: str) -> str:
    """The questions of a run that is over, for staff who were there."""
    run = queries.run_for(g.member, run_id)
    page = queries.questions(g.member, request.args.get("before"), run=run)
    return render_template("board/earlier.html", page=page, run=run)


@bp.get("/runs/<run_id>/questions/<question_id>")
@needs(Power.STAFF_PAGES)
def earlier_question(run_id: str, question_id: str) -> str:
    """One question of a run that is over, to be read."""
    run = queries.run_for(g.member, run_id)
    found = queries.question_for(g.member, question_id, run)
    return render_template("board/earlier_question.html", question=found, run=run)


@bp.post("/questions/<question_id>/answers")
@needs(Power.TAKE_PART)
def post_answer(question_id: str) -> AnyResponse:
    """Help with a question."""
    found = queries.question_for(g.member, question_id)
    typed = forms.answer(request.form)
    if not typed.is_good:
        return Response(_question_page(found, typed), 422)
    actions.answer(g.member, found, **typed.values, is_by_staff=g.role.is_staff)
    db.session.commit()
    return _to(question_id)


@bp.post("/answers/<answer_id>/thanks")
@needs(Power.TAKE_PART)
def thank(answer_id: str) -> AnyResponse:
    """The asker says that an answer got them unstuck."""
    answer = queries.answer_for(g.member, answer_id)
    typed = forms.thanks(request.form)
    if not typed.is_good:
        return Response(_question_page(answer.question, _blank(), {answer.id: typed}), 422)
    actions.thank(g.member, answer, typed.values["note"])
    db.session.commit()
    wake("credit.send")
    return _to(answer.question.public_id)


def _ask_page(typed: Typed) -> str:
    return render_template("board/ask.html", typed=typed, topics=queries.topics_of(g.member))


def _blank(**values: str) -> Typed:
    return Typed({"form_key": new_public_id()} | values)


def _question_page(question: Question, typed: Typed, thanks: dict[int, Typed] | None = None) -> str:
    return render_template(
        "board/question.html",
        question=question,
        topic=queries.topics_of(g.member).get(question.topic_key),
        typed=typed,
        thanks=thanks or {},
    )


def _to(question_id: str) -> AnyResponse:
    return redirect(url_for(".question", question_id=question_id), 303)
