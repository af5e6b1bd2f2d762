"""What custom fields of a launch say, and what is kept of it."""

import json

import pytest

from lti_tool.db import db
from lti_tool.lti import custom
from lti_tool.lti.models import Context
from lti_tool.practice.sample import CANVAS_CUSTOM, MOODLE_CUSTOM
from lti_tool.roster.models import SectionMember, User


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, custom.Custom()),
        ({"context_history": "$Context.id.history", "groups": "$Moodle"}, custom.Custom()),
        ({"context_history": "a, b,truncated"}, custom.Custom(history=("a", "b"))),
        ({"context_history": "timed out"}, custom.Custom()),
        ({"context_history": f"a,a,{'x' * 300}"}, custom.Custom(history=("a",))),
        ({"groups": "7,3"}, custom.Custom(sections=("3", "7"))),
        ({"groups": ""}, custom.Custom(sections=())),
        ({"sections": '["B 1", "A 1", 7]'}, custom.Custom(sections=("A 1", "B 1"))),
        ({"sections": '["broken"'}, custom.Custom(sections=('["broken"',))),
        ({"course_state": "completed"}, custom.Custom(is_concluded=True)),
        ({"course_state": "available"}, custom.Custom(is_concluded=False)),
        ({"course_end": "tomorrow"}, custom.Custom()),
        ({"course_end": ""}, custom.Custom(ends_at="")),
        (
            {"course_end": "2026-01-01T01:00:00+01:00"},
            custom.Custom(ends_at="2026-01-01T00:00:00+00:00"),
        ),
        ({"course_end": "9999-12-31T23:00:00-10:00"}, custom.Custom()),
        ({"context_history": ["a"], "sections": {"a": 1}, "course_state": 7}, custom.Custom()),
    ],
)
def test_custom_fields_are_read_with_care(fields, told):
    assert custom.read(fields) == told


def test_a_history_without_end_is_cut():
    history = custom.read({"context_history": ",".join(map(str, range(1000)))}).history

    assert len(history) == custom.MAX_HISTORY
    assert history[0] == "0"


def test_a_launch_tells_the_persons_sections_and_zone(course, visit):
    course.tool.custom = CANVAS_CUSTOM if course.site.dialect_name == "canvas" else MOODLE_CUSTOM
    course.site.enrol(course.lms, course.ana, section="Monday")
    course.ana.timezone = "Asia/Tokyo"
    visit(course, course.ana)
    course.site.enrol(course.lms, course.ana, section="Tuesday")
    course.lms.enrolments[course.ana.sub].sections.remove("Monday")

    visit(course, course.ana)

    names = {"canvas": "Tuesday", "moodle": course.lms.sections["Tuesday"]}
    assert [row.section for row in db.session.query(SectionMember)] == [
        names[course.site.dialect_name]
    ]
    assert db.session.query(User).one().time_zone == "Asia/Tokyo"


def test_a_launch_without_a_person_zone_names_none(course, visit):
    course.tool.custom = {"tz": json.dumps(99)}

    visit(course, course.ana)

    assert db.session.query(User).one().time_zone is None


def test_a_copied_course_is_recognised_by_its_history(course, visit):
    course.tool.custom = {"context_history": "$Context.id.history"}
    visit(course, course.ivy)
    copy = course.site.copy_course(course.lms, "Again")
    course.site.enrol(copy, course.ivy, "teacher")

    visit(course, course.ivy, course.site.links_of(copy)[0])

    first, second = db.session.query(Context).order_by(Context.id)
    assert second.history == [course.lms.context_id]
    assert (first.copied_from_id, second.copied_from_id) == (None, first.id)
