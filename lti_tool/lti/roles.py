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
    found = {_one(name) for name in names}
    if MEMBERSHIP + "#Member" in names:
        found.discard(Role.DESIGNER)
    for role in (Role.TEACHING_ASSISTANT, Role.INSTRUCTOR, Role.STUDENT, Role.DESIGNER):
        if role in found:
            return role
    return Role.OBSERVER


def _one(name: str) -> Role:
    """The role of a single name; whatever is not in the tables gives nothing."""
    if name in PRINCIPAL:
        return PRINCIPAL[name]
    if name.startswith(MEMBERSHIP + "#"):
        return PRINCIPAL.get(name.removeprefix(MEMBERSHIP + "#"), Role.OBSERVER)
    if name.startswith(MEMBERSHIP + "/"):
        principal, _, sub_role = name.removeprefix(MEMBERSHIP + "/").partition("#")
        return _sub_role(principal, sub_role)
    return Role.OBSERVER


def _sub_role(principal: str, sub_role: str) -> Role:
    """A sub-role has its principal role's power; assistants and observers have their own."""
    if not sub_role or "Observer" in sub_role:
        return Role.OBSERVER
    if principal == "Instructor" and "TeachingAssistant" in sub_role:
        return Role.TEACHING_ASSISTANT
    return PRINCIPAL.get(principal, Role.OBSERVER)
