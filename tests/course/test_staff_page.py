"""The page where staff look after their course."""

import pytest

from lti_tool.db import db
from lti_tool.lti.models import Context


def test_staff_see_who_is_known_and_that_the_list_is_complete(app, course, visit, run_chores):
    ivy = visit(course, course.ivy)
    before = ivy.page("course").text
    run_chores(app)

    after = ivy.page("course").text

    assert "has not come yet" in before
    assert "2 students, 1 staff" in after
    assert "was last complete" in after


def test_trouble_with_the_list_is_told_in_words(
    sqlite_app, make_site, one_course, visit, run_chores
):
    ivy = visit(one_course, one_course.ivy)
    one_course.tool.scopes = []
    run_chores(sqlite_app)

    page = ivy.page("course").text

    assert "Trouble" in page


def test_the_course_zone_is_the_instructors_and_can_be_changed(course, visit):
    course.ivy.timezone = "Asia/Tokyo"
    ivy = visit(course, course.ivy)
    first = ivy.page("course").text

    answer = ivy.send("course/zone", _from="course", time_zone="America/Lima")

    assert 'value="Asia/Tokyo"' in first
    assert answer.status_code == 303
    assert db.session.query(Context).one().time_zone == "America/Lima"


@pytest.mark.parametrize("zone", ["99", "", "Europe/Nowhere", "../etc/passwd", "/etc/localtime"])
def test_what_is_no_zone_is_refused(one_course, visit, zone):
    ivy = visit(one_course, one_course.ivy)
    before = db.session.query(Context).one().time_zone

    answer = ivy.send("course/zone", _from="course", time_zone=zone)

    assert answer.status_code == 422
    assert "zone-unknown" in answer.text
    assert db.session.query(Context).one().time_zone == before


def test_moodles_99_names_no_zone(one_course, visit):
    visit(one_course, one_course.ivy)

    assert db.session.query(Context).one().time_zone is None


def test_students_do_not_see_the_page(course, visit):
    ana = visit(course, course.ana)

    assert ana.page("course").status_code == 403
    assert "/course" not in ana.page().text
