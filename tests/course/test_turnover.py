"""A course that comes back with other people before anybody says so."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from lti_tool.db import db, start_writing
from lti_tool.roster import rules
from lti_tool.roster.models import RosterSweep


@pytest.mark.parametrize(
    ("stayed", "gone", "joined", "is_other"),
    [
        (0, 30, 30, True),
        (4, 6, 6, True),
        (5, 5, 30, False),
        (4, 6, 5, False),
        (0, 30, 0, True),
        (0, 4, 30, False),
        (30, 0, 60, False),
    ],
)
def test_a_course_has_turned_over_when_most_are_gone_and_most_are_new(
    stayed, gone, joined, is_other
):
    assert rules.has_turned_over(stayed=stayed, gone=gone, joined=joined) is is_other


@pytest.fixture
def reset_course(app, course, visit, ask, run_chores):
    """A course with an old question that was reset; returns its instructor's visit and sweep."""
    for number in range(5):
        person = course.site.add_person(name=f"Old {number}")
        course.site.enrol(course.lms, person)
    ivy = visit(course, course.ivy)
    course.place = ask(visit(course, course.ana), "Old question")
    run_chores(app)

    def sweep():
        start_writing()
        db.session.execute(update(RosterSweep).values(tried_at=None))
        db.session.commit()
        visit(course, course.ivy)
        run_chores(app)

    course.site.reset_course(course.lms, keep_staff=True)
    sweep()
    course.ivy_page, course.sweep = ivy, sweep
    return course


def newcomer(course, visit):
    una = course.site.add_person(name="Una New")
    course.site.enrol(course.lms, una)
    return visit(course, una)


def test_new_people_of_a_reset_course_never_see_the_old_run(reset_course, visit):
    una = newcomer(reset_course, visit)

    board, question = una.page(), una.page(reset_course.place)
    asked = una.send("ask", title="Mine", body="Mine")

    assert "waits for your teacher" in board.text
    assert "Old question" not in board.text
    assert question.status_code == 404
    assert asked.status_code == 403
    assert "course-waits" in asked.text
    assert "Other people are in this course now" in reset_course.ivy_page.page("course").text


def test_a_new_run_opens_the_board_for_new_people(reset_course, visit, ask):
    una, ivy = newcomer(reset_course, visit), reset_course.ivy_page

    ivy.send("course/run", run="1")

    ask(una, "New question")
    assert "New question" in una.page().text
    assert "Old question" not in una.page().text
    assert "Other people are in this course now" not in ivy.page("course").text


def test_going_on_shows_new_people_the_board_as_it_is(reset_course, visit):
    una, ivy = newcomer(reset_course, visit), reset_course.ivy_page

    ivy.send("course/go-on", _from="course")
    reset_course.sweep()

    assert "Old question" in una.page().text


def test_who_comes_a_moment_later_is_new_as_well():
    then = datetime(2026, 1, 1, tzinfo=UTC)

    assert rules.is_newcomer(then + timedelta(seconds=1), then)
    assert not rules.is_newcomer(then, then)
    assert not rules.is_newcomer(then, None)
