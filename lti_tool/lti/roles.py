"""Which role a launch gives: the platform's role names, read by a table (LTI Core 1.3 §A.2).

Only roles in *this* course count: bare short names, and URIs of the membership vocabulary.
System and institution roles give nothing: a Canvas learner who teaches elsewhere is
`institution/person#Instructor`, and is a student here.
"""

from collections.abc import Iterable
from enum import StrEnum

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


class Role(StrEnum):
    """What a person is in a course, in the order of what it lets them do, least first."""

    OBSERVER = "observer"
    """Mentors, guests, administrators without enrolment, unknown roles: may use nothing."""
    TEST_STUDENT = "test_student"
    """Canvas's Student View: a board of its own, never counted."""
    STUDENT = "student"
    DESIGNER = "designer"
    """Content developers, managers, officers: an assistant, but never told anonymous names."""
    TEACHING_ASSISTANT = "teaching_assistant"
    INSTRUCTOR = "instructor"

    @property
    def is_staff(self) -> bool:
        """Whether this role helps as staff, and so earns no credit."""
        return self in STAFF


STAFF = frozenset({Role.DESIGNER, Role.TEACHING_ASSISTANT, Role.INSTRUCTOR})
PRINCIPAL = {
    "Instructor": Role.INSTRUCTOR,
    "Learner": Role.STUDENT,
    "ContentDeveloper": Role.DESIGNER,
    "Manager": Role.DESIGNER,
    "Officer": Role.DESIGNER,
    "Mentor": Role.OBSERVER,
    "Member": Role.OBSERVER,
    "Administrator": Role.OBSERVER,
}


def role_of(role_names: Iterable[str]) -> Role:
    """The one role that `role_names`, as the platform wrote them, give in this course.

    An assistant is sent as `Instructor#TeachingAssistant` *and* `#Instructor` by Canvas, so an
    assisting sub-role outranks the teaching role it comes with. A test student is nothing else.
    The leader of a Canvas group is `#Member` and `#Manager`, and manages no course.
    """
    names = set(role_names)
    if TEST_USER in names:
        return Role.TEST_STUDENT
    said = {_parts(name) for name in names}
    is_in_group = any(principal == "Member" for principal, _ in said)
    found = {_one(*parts) for parts in said if not (is_in_group and parts[0] == "Manager")}
    for role in (Role.TEACHING_ASSISTANT, Role.INSTRUCTOR, Role.STUDENT, Role.DESIGNER):
        if role in found:
            return role
    return Role.OBSERVER


def _parts(name: str) -> tuple[str, str]:
    """Principal role and sub-role of a name about this course; nothing of any other name."""
    if name in PRINCIPAL:
        return name, ""
    if name.startswith(MEMBERSHIP + "#"):
        return name.removeprefix(MEMBERSHIP + "#"), ""
    if name.startswith(MEMBERSHIP + "/"):
        principal, _, sub_role = name.removeprefix(MEMBERSHIP + "/").partition("#")
        return (principal, sub_role) if sub_role else ("", "")
    return "", ""


def _one(principal: str, sub_role: str) -> Role:
    """A sub-role has its principal role's power; assistants and observers have their own."""
    if "Observer" in sub_role:
        return Role.OBSERVER
    if principal == "Instructor" and "TeachingAssistant" in sub_role:
        return Role.TEACHING_ASSISTANT
    return PRINCIPAL.get(principal, Role.OBSERVER)
