"""Roles: a launch and a roster need not agree."""

from lti_tool.practice import vocabulary as v


def roster_roles(lms, person):
    reply = lms.call("GET", lms.members_url, v.MEMBERSHIP_CONTAINER).get_json()
    return {member["user_id"]: member["roles"] for member in reply["members"]}.get(person.sub)


def test_moodles_non_editing_teacher_launches_as_instructor_and_is_listed_as_learner(moodle):
    helper = moodle.enrolled("Nel Assist", "non_editing_teacher")

    assert moodle.claims(helper)[v.ROLES] == [v.MEMBERSHIP + "Instructor"]
    assert roster_roles(moodle, helper) == ["Learner"]


def test_moodles_administrator_launches_as_instructor_and_is_not_listed(moodle):
    admin = moodle.site.add_person(name="Ada Min", is_admin=True)

    assert v.MEMBERSHIP + "Instructor" in moodle.claims(admin)[v.ROLES]
    assert v.SYSTEM + "Administrator" in moodle.claims(admin)[v.ROLES]
    assert roster_roles(moodle, admin) is None


def test_moodle_lets_a_teacher_switch_to_student_with_the_same_sub(moodle):
    moodle.site.switch_role(moodle.ivy, moodle.course)

    claims = moodle.claims(moodle.ivy)
    assert claims[v.ROLES] == [v.MEMBERSHIP + "Learner"]
    assert claims["sub"] == moodle.ivy.sub


def test_canvass_assistant_is_also_an_instructor(canvas):
    assert v.TEACHING_ASSISTANT in canvas.claims(canvas.tom)[v.ROLES]
    assert roster_roles(canvas, canvas.tom) == [v.TEACHING_ASSISTANT, v.MEMBERSHIP + "Instructor"]


def test_canvass_roster_has_membership_roles_only(canvas):
    assert v.INSTITUTION + "Student" in canvas.claims()[v.ROLES]
    assert roster_roles(canvas, canvas.ana) == [v.MEMBERSHIP + "Learner"]


def test_canvass_test_student_launches_but_is_not_listed(canvas):
    test_student = canvas.enrolled("Test Student", "test_student")

    assert v.TEST_USER in canvas.claims(test_student)[v.ROLES]
    assert roster_roles(canvas, test_student) is None


def test_an_unenrolled_canvas_administrator_has_no_course_role(canvas):
    admin = canvas.site.add_person(name="Ada Min", is_admin=True)

    assert canvas.claims(admin)[v.ROLES] == [v.INSTITUTION + "Administrator", v.SYSTEM + "User"]


def test_canvas_merges_the_roles_of_several_enrolments(canvas):
    canvas.site.enrol(canvas.course, canvas.ana, "designer", section="B")

    assert roster_roles(canvas, canvas.ana) == [
        v.MEMBERSHIP + "Learner", v.MEMBERSHIP + "ContentDeveloper",
    ]  # fmt: skip
