"""Canvas's roles as URIs (`lib/lti/substitutions_helper.rb`)."""

from lti_tool.practice import vocabulary as v
from lti_tool.practice.dialect import Launching
from lti_tool.practice.model import Enrolment

TEACHING_ASSISTANT = (v.TEACHING_ASSISTANT, v.MEMBERSHIP + "Instructor")
COURSE_ROLES = {
    "student": (v.MEMBERSHIP + "Learner",),
    "teacher": (v.MEMBERSHIP + "Instructor",),
    "ta": TEACHING_ASSISTANT,
    "non_editing_teacher": TEACHING_ASSISTANT,
    "designer": (v.MEMBERSHIP + "ContentDeveloper",),
    "observer": (v.MEMBERSHIP + "Mentor",),
    "test_student": (v.MEMBERSHIP + "Learner", v.TEST_USER),
}
INSTITUTION_ROLES = {"student": "Student", "teacher": "Instructor", "ta": "Instructor"}
ROLES = frozenset(COURSE_ROLES)


def launch_roles(launching: Launching) -> list[str]:
    """Institution roles from any course, membership roles from this one, and always User."""
    if launching.person.is_visitor:
        return [v.INSTITUTION + "Observer", v.SYSTEM + "User"]
    here = course_roles(launching.enrolment) if launching.enrolment else []
    return [*_institution_roles(launching), *here, v.SYSTEM + "User"]


def course_roles(enrolment: Enrolment) -> list[str]:
    """The membership URIs of all enrolments of one person, merged."""
    uris = [uri for role in enrolment.roles for uri in COURSE_ROLES[role]]
    return list(dict.fromkeys(uris))


def _institution_roles(launching: Launching) -> list[str]:
    courses = launching.site.state.courses.values()
    held = {
        INSTITUTION_ROLES[role]
        for course in courses
        if launching.person.sub in course.enrolments
        for role in course.enrolments[launching.person.sub].roles
        if role in INSTITUTION_ROLES
    }
    admin = {"Administrator"} if launching.person.is_admin else set()
    return [v.INSTITUTION + name for name in sorted(held | admin)]


def is_student(enrolment: Enrolment | None) -> bool:
    """Whether scores may be sent for this person: active, and a student or Test Student."""
    active = enrolment is not None and not enrolment.suspended
    return active and bool({"student", "test_student"} & set(enrolment.roles if enrolment else ()))
