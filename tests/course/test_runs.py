"""The same course again with other people."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_tool import clock
from lti_tool.course import rules
from lti_tool.course.models import Run
from lti_tool.credit import rules as credit_rules
from lti_tool.credit.models import CreditEntry
from lti_tool.db import db, start_reading
from lti_tool.practice.sample import CANVAS_CUSTOM
from tests.conftest import make_course


def begin(ivy):
    return ivy.send("course/run", run=run_of(ivy))


def run_of(ivy):
    return re.search(r'name="run" value="(\d+)"', ivy.page("course/run").text)[1]


def earlier_of(ivy):
    return re.findall(r'/(runs/[^"/]+)"', ivy.page("course").text)


def test_a_new_run_has_an_empty_board_and_staff_read_the_old_one(course, visit, ask):
    ivy, ana = visit(course, course.ivy), visit(course, course.ana)
    place = ask(ana, "Old question")

    answer = begin(ivy)

    assert answer.status_code == 303
    [earlier] = earlier_of(ivy)
    assert "Old question" not in ana.page().text + ivy.page().text
    assert ana.page(place).status_code == ivy.page(place).status_code == 404
    assert "Old question" in ivy.page(earlier).text
    assert "Old question" in ivy.page(f"{earlier}/{place}").text
    assert ana.page(earlier).status_code == ana.page(f"{earlier}/{place}").status_code == 403


def test_staff_who_come_later_do_not_read_the_old_run(course, visit, ask):
    ivy = visit(course, course.ivy)
    ask(visit(course, course.ana), "Old question")
    begin(ivy)
    [earlier] = earlier_of(ivy)
    una = course.site.add_person(name="Una New")
    course.site.enrol(course.lms, una, "teacher")

    newcomer = visit(course, una)

    assert earlier_of(newcomer) == []
    assert newcomer.page(earlier).status_code == 404


def test_taking_a_run_back_restores_the_board_and_credit(course, visit, ask):
    ivy, ana, ben = (visit(course, one) for one in (course.ivy, course.ana, course.ben))
    place = ask(ana, "Old question")
    ben.send(f"{place}/answers", _from=place, body="Help")
    thanks = re.search(r"(answers/[^/\"]+/thanks)", ana.page(place).text)[1]
    ana.send(thanks, _from=place, note="")
    before = ben.page("credit").text, ana.page().text
    begin(ivy)
    meanwhile = ben.page("credit").text
    ask(ana, "Asked meanwhile")

    answer = ivy.send("course/run/undo", _from="course", run="2")

    assert answer.status_code == 303
    assert "<strong>1</strong>" in before[0]
    assert "<strong>0</strong>" in meanwhile
    assert (ben.page("credit").text, ana.page().text) == before
    assert "Asked meanwhile" in ivy.page(earlier_of(ivy)[0]).text


def test_a_run_can_be_taken_back_for_14_days(one_course, visit, context):
    ivy = visit(one_course, one_course.ivy)
    begin(ivy)
    clock.follow(lambda: timedelta(days=15))

    page = ivy.page("course").text
    ivy.send("course/run/undo", _from="course", run="2")

    assert "Take the new run back" not in page
    assert context().run == 2


def test_a_form_that_is_sent_twice_begins_one_run(one_course, visit, context):
    ivy = visit(one_course, one_course.ivy)
    begin(ivy)

    ivy.send("course/run", run="1")

    assert context().run == 2
    assert [run.number for run in db.session.scalars(select(Run).order_by(Run.id))] == [1, 2]


@pytest.mark.parametrize("run", ["", "x", "-1", "9" * 30])
def test_a_form_without_a_run_is_refused(one_course, visit, context, run):
    ivy = visit(one_course, one_course.ivy)

    answer = ivy.send("course/run", run=run)

    assert answer.status_code == 422
    assert context().run == 1


def test_credit_of_a_new_run_has_its_number(one_course, visit, ask):
    ivy, ana, ben = (
        visit(one_course, who) for who in (one_course.ivy, one_course.ana, one_course.ben)
    )
    begin(ivy)
    place = ask(ana, "New question")
    ben.send(f"{place}/answers", _from=place, body="Help")
    thanks = re.search(r"(answers/[^/\"]+/thanks)", ana.page(place).text)[1]

    ana.send(thanks, _from=place, note="")

    start_reading()
    assert [entry.run for entry in db.session.scalars(select(CreditEntry))] == [2]


@pytest.mark.parametrize(
    ("wanted", "known", "run", "wished"),
    [(1, None, 1, 1), (1, 5, 1, 1), (1, 5, 2, 5), (6, 5, 2, 6), (1, None, 2, 1)],
)
def test_a_score_of_a_later_run_never_sinks(wanted, known, run, wished):
    assert credit_rules.lasting(wanted, known, run=run) == wished


def test_a_concluded_course_is_read_only(app, make_site, visit, ask):
    course = make_course(make_site("canvas"))
    course.tool.custom = CANVAS_CUSTOM
    ana, ben = visit(course, course.ana), visit(course, course.ben)
    place = ask(ana, "Early question")
    course.site.conclude(course.lms)
    visit(course, course.ivy)

    answers = [
        ana.send("ask", title="Late", body="Late"),
        ben.send(f"{place}/answers", _from="", body="Late"),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert all("course-over" in answer.text for answer in answers)
    assert "This course is over" in ana.page().text
    assert "Early question" in ana.page(place).text
    assert "Late" not in ana.page(place).text + ana.page().text


def test_a_course_past_its_end_is_read_only_by_the_courses_clock(one_course, visit):
    one_course.tool.custom = {"course_end": "2100-01-01T00:00:00+00:00"}
    ana = visit(one_course, one_course.ana)
    before = ana.send("ask", title="In time", body="In time")
    clock.follow(lambda: timedelta(days=365 * 100))

    after = ana.send("ask", _from="", title="Late", body="Late")

    assert (before.status_code, after.status_code) == (303, 403)


def test_an_end_is_over_at_its_moment():
    moment = clock.now()

    assert rules.is_over(is_concluded=False, ends_at=moment, now=moment)
    assert not rules.is_over(is_concluded=False, ends_at=None, now=moment)
    assert not rules.is_over(is_concluded=False, ends_at=moment + timedelta(seconds=1), now=moment)
