"""Sections that see each other, or do not."""

import pytest

from lti_tool.course import rules
from lti_tool.practice.sample import CANVAS_CUSTOM, MOODLE_CUSTOM


@pytest.mark.parametrize(
    ("policy", "staff", "apart"),
    [
        ("automatic", {}, False),
        ("automatic", {"A": {1}}, False),
        ("automatic", {"A": {1}, "B": {1}}, False),
        ("automatic", {"A": {1}, "B": {2}}, True),
        ("automatic", {"A": {1}, "B": {1, 2}}, True),
        ("together", {"A": {1}, "B": {2}}, False),
        ("apart", {}, True),
    ],
)
def test_sections_are_apart_where_their_staff_differs_or_somebody_chose_so(policy, staff, apart):
    who = {section: frozenset(members) for section, members in staff.items()}

    assert rules.are_apart(policy, who) is apart


@pytest.fixture
def sectioned(course):
    """Ana is in Monday, Ben in Tuesday, and what their launches say tells so."""
    course.tool.custom = CANVAS_CUSTOM if course.site.dialect_name == "canvas" else MOODLE_CUSTOM
    course.site.enrol(course.lms, course.ana, section="Monday")
    course.site.enrol(course.lms, course.ben, section="Tuesday")
    return course


def test_apart_a_section_sees_neither_the_list_nor_the_address_of_another(sectioned, visit, ask):
    ivy, ana, ben = (visit(sectioned, one) for one in (sectioned.ivy, sectioned.ana, sectioned.ben))
    place, for_all = ask(ana, "Of Monday"), ask(ivy, "Of the teacher")
    before = ben.page(place).status_code

    ivy.send("course/sections", _from="course", sections="apart")

    assert before == 200
    assert ben.page(place).status_code == 404
    assert "Of Monday" not in ben.page().text
    assert ben.send(f"{place}/answers", _from="", body="From outside").status_code == 404
    assert ben.page(for_all).status_code == 200
    assert ana.page(place).status_code == ivy.page(place).status_code == 200


def test_apart_a_section_sees_its_own_and_who_has_none(sectioned, visit, ask):
    site, lms = sectioned.site, sectioned.lms
    cem, dot = site.add_person(name="Cem Lind"), site.add_person(name="Dot Lind")
    site.enrol(lms, cem, section="Monday")
    site.enrol(lms, dot)
    ivy = visit(sectioned, sectioned.ivy)
    of_ana, of_dot = ask(visit(sectioned, sectioned.ana), "Monday"), ask(visit(sectioned, dot), "D")
    ivy.send("course/sections", _from="course", sections="apart")

    cem = visit(sectioned, cem)

    assert cem.page(of_ana).status_code == cem.page(of_dot).status_code == 200


def test_different_staff_sets_sections_apart_by_itself(sectioned, visit, ask):
    site, lms = sectioned.site, sectioned.lms
    tom = site.add_person(name="Tom Wolf")
    site.enrol(lms, tom, "teacher", section="Tuesday")
    site.enrol(lms, sectioned.ivy, "teacher", section="Monday")
    place = ask(visit(sectioned, sectioned.ana), "Of Monday")
    visit(sectioned, sectioned.ivy), visit(sectioned, tom)

    ben = visit(sectioned, sectioned.ben)

    assert ben.page(place).status_code == 404


def test_an_unknown_choice_is_refused(one_course, visit, context):
    ivy = visit(one_course, one_course.ivy)

    answer = ivy.send("course/sections", _from="course", sections="secret")

    assert answer.status_code == 422
    assert context().sections == "automatic"
