"""Who may thank, and what thanks are worth."""

import re

import pytest

from lti_tool.board.models import Question, Thanks
from lti_tool.board.rules import may_thank
from lti_tool.credit.models import CreditEntry
from lti_tool.db import db


@pytest.fixture
def asked(one_course, visit):
    """Ana asked, Ben answered; gives the browsers, the question and the answer's address."""
    ana, ben = visit(one_course, one_course.ana), visit(one_course, one_course.ben)
    question = ask(ana)
    ben.send(f"{question}/answers", _from=question, body="Write the base case first.")
    return ana, ben, question, answer_on(ana, question)


def ask(browser, title="Why does it never stop?"):
    answer = browser.send("ask", title=title, body="It runs for ever.")
    return answer.headers["Location"].removeprefix(browser.home)


def answer_on(browser, question):
    found = re.search(r"answers/([^/\"]+)/thanks", browser.page(question).text)
    return found and f"answers/{found[1]}/thanks"


def points():
    return db.session.query(CreditEntry).count()


@pytest.mark.parametrize(
    ("member", "asker", "helper", "may"),
    [
        pytest.param(1, 1, 2, True, id="the asker thanks a helper"),
        pytest.param(3, 1, 2, False, id="somebody else"),
        pytest.param(2, 1, 2, False, id="the helper thanks herself"),
        pytest.param(1, 1, 1, False, id="the asker answered alone"),
    ],
)
def test_only_the_asker_may_thank(member, asker, helper, may):
    assert may_thank(member_id=member, asker_id=asker, helper_id=helper) is may


def test_thanks_give_the_helper_one_point(asked):
    ana, ben, question, thanks = asked

    ana.send(thanks, _from=question, note="The base case!")

    assert points() == 1
    assert "Ana said that your answer helped" in ben.page("credit").text


def test_thanking_twice_rewards_once(asked):
    ana, _ben, question, thanks = asked
    page = ana.page(question).text
    token = re.search(r'name="csrf" value="([^"]+)"', page)[1]

    for note in ("That did it!", "Really!"):
        ana.post(ana.home + thanks, {"csrf": token, "note": note})

    assert points() == 1
    assert [row.note for row in db.session.query(Thanks)] == ["That did it!"]


def test_nobody_but_the_asker_can_send_thanks(asked):
    _ana, ben, question, thanks = asked

    answer = ben.send(thanks, _from=question, note="I was great")

    assert answer.status_code == 403
    assert points() == 0


def test_an_answer_by_staff_earns_nothing(one_course, visit):
    ana, ivy = visit(one_course, one_course.ana), visit(one_course, one_course.ivy)
    question = ask(ana)
    ivy.send(f"{question}/answers", _from=question, body="See chapter 3.")

    ana.send(answer_on(ana, question), _from=question, note="Thanks")

    assert points() == 0
    assert "Staff" in ana.page(question).text


def test_thanks_that_are_too_long_come_back_as_typed(asked):
    ana, _ben, question, thanks = asked

    answer = ana.send(thanks, _from=question, note="x" * 501)

    assert answer.status_code == 422
    assert "x" * 501 in answer.text
    assert db.session.query(Thanks).count() == 0


def test_a_teacher_in_student_view_of_moodle_earns_nothing(one_course, visit):
    ana, ivy = visit(one_course, one_course.ana), visit(one_course, one_course.ivy)
    question = ask(ana)
    one_course.site.switch_role(one_course.ivy, one_course.lms)
    ivy = visit(one_course, one_course.ivy)
    ivy.send(f"{question}/answers", _from=question, body="Pretending to be a student.")

    ana.send(answer_on(ana, question), _from=question, note="Thanks")

    assert points() == 0
    assert db.session.query(Question).one().is_settled
