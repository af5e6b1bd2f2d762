"""The board's pages: who sees what, in which order, at what cost."""

import pytest
from sqlalchemy import event

from lti_tool.board import actions
from lti_tool.board.models import Question
from lti_tool.db import db, start_writing
from lti_tool.roster.models import Membership
from tests.conftest import make_course


@pytest.fixture
def canvas_course(sqlite_app, make_site):
    return make_course(make_site("canvas"))


@pytest.fixture
def statements(sqlite_app):
    """Every statement sent to the database."""
    sent = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    return sent


def ask_many(count):
    """`count` questions by the only student who has launched."""
    start_writing()
    asker = db.session.query(Membership).first()
    for n in range(count):
        actions.ask(asker, title=f"Question {n}", body="…", form_key="")
    db.session.commit()


def titles(page):
    return [part.split("<")[0] for part in page.text.split('">Question ')[1:]]


def test_questions_come_newest_first_and_page_by_page(one_course, visit):
    ana = visit(one_course, one_course.ana)
    ask_many(60)

    first = ana.page()
    older = first.text.split("?before=")[1].split('"')[0]
    second = ana.page(f"?before={older}")

    assert titles(first) == [str(n) for n in range(59, 34, -1)]
    assert titles(second) == [str(n) for n in range(34, 9, -1)]


def test_a_page_takes_the_same_number_of_queries_whatever_it_holds(one_course, visit, statements):
    ana = visit(one_course, one_course.ana)
    ask_many(2)
    statements.clear()
    ana.page()
    few = len([each for each in statements if each.startswith("SELECT")])
    ask_many(30)
    statements.clear()

    ana.page()

    many = len([each for each in statements if each.startswith("SELECT")])
    assert few == many <= 9


def test_reading_writes_nothing(one_course, visit, statements):
    ana = visit(one_course, one_course.ana)
    statements.clear()

    ana.page()
    ana.page("credit")

    assert [each for each in statements if each.split()[0] in ("INSERT", "UPDATE", "DELETE")] == []


def test_a_form_sent_twice_asks_once_and_a_changed_one_asks_again(one_course, visit):
    ana = visit(one_course, one_course.ana)

    for body in ("first", "first", "changed"):
        ana.send("ask", title="Same form", body=body, form_key="the-same-key")

    assert sorted(row.body for row in db.session.query(Question)) == ["changed", "first"]


def test_what_was_typed_comes_back_with_the_problem(one_course, visit):
    ana = visit(one_course, one_course.ana)

    answer = ana.send("ask", title="<b>Only a title</b>", body="  ")

    assert answer.status_code == 422
    assert "&lt;b&gt;Only a title&lt;/b&gt;" in answer.text
    assert "Tell your classmates a little more" in answer.text


def test_a_test_student_has_a_board_of_its_own(canvas_course, visit):
    tester = canvas_course.site.add_person(name="Test Student")
    canvas_course.site.enrol(canvas_course.lms, tester, "test_student")
    ana, pretender = visit(canvas_course, canvas_course.ana), visit(canvas_course, tester)
    ana.send("ask", title="A real question", body="…")

    made = pretender.send("ask", title="A pretend question", body="…")

    question = made.headers["Location"].removeprefix(pretender.home)
    assert "A pretend question" in pretender.page().text
    assert "A real question" not in pretender.page().text
    assert "A pretend question" not in ana.page().text
    assert ana.page(question).status_code == 404


def test_people_who_share_a_first_name_get_an_initial(one_course, visit):
    other = one_course.site.add_person(name="Ana Li")
    one_course.site.enrol(one_course.lms, other, "student")
    visit(one_course, other)
    ana = visit(one_course, one_course.ana)

    ana.send("ask", title="Which Ana?", body="…")

    assert "Ana R. asked" in ana.page().text


def test_two_courses_in_two_tabs_do_not_mix(one_course, browser):
    site = one_course.site
    other = site.add_course(title="Another course", label="CS 202")
    site.enrol(other, one_course.ana, "student")
    link = site.add_link(other, one_course.tool, title="Good Turn")
    ana = browser()
    ana.launch(one_course, one_course.ana)
    first = ana.home
    ana.send("ask", title="In the first course", body="…")

    ana.launch(one_course, one_course.ana, link)

    assert "In the first course" not in ana.page().text
    assert "In the first course" in ana.get(first).text


def test_people_whose_names_are_withheld_can_be_told_apart(one_course, visit):
    one_course.tool.privacy = "anonymous"
    ana, ben = visit(one_course, one_course.ana), visit(one_course, one_course.ben)
    made = ana.send("ask", title="Who am I?", body="…")
    question = made.headers["Location"].removeprefix(ana.home)

    ben.send(f"{question}/answers", _from=question, body="Nobody knows.")

    page = ben.page(question).text
    assert "Classmate 1 asked" in page
    assert "You are here as Classmate 2." in page
    assert "Ana" not in page
