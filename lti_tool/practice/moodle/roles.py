"""Moodle's roles: capabilities decide, and a launch may say another thing than the roster."""

from lti_tool.practice import vocabulary as v
from lti_tool.practice.dialect import Launching
from lti_tool.practice.model import Enrolment, Person

MANAGES_ACTIVITIES = frozenset({"teacher", "manager", "designer"})
TEACHES = MANAGES_ACTIVITIES | {"non_editing_teacher", "ta"}
ROLES = TEACHES | {"student", "observer"}
ROSTER_ADMINISTRATOR = v.LIS_V2 + "person#Administrator"


def launch_roles(launching: Launching) -> list[str]:
    """The roles claim: Instructor by `mod/lti:manage` or else Learner; admins also as such."""
    person, course = launching.person, launching.course
    if (person.sub, course.number) in launching.site.switched_to_student:
        return [v.MEMBERSHIP + "Learner"]
    held = set(launching.enrolment.roles) if launching.enrolment else set()
    if person.is_admin:
        admin = [v.SYSTEM + "Administrator", v.INSTITUTION + "Administrator"]
        return [v.MEMBERSHIP + "Instructor", *admin]
    return [v.MEMBERSHIP + ("Instructor" if held & TEACHES else "Learner")]


def may_manage_activities(launching: Launching) -> bool:
    """The capability `moodle/course:manageactivities`, which adding an activity needs."""
    if (launching.person.sub, launching.course.number) in launching.site.switched_to_student:
        return False
    held = set(launching.enrolment.roles) if launching.enrolment else set()
    return launching.person.is_admin or bool(held & MANAGES_ACTIVITIES)


def roster_roles(person: Person, enrolment: Enrolment) -> list[str]:
    """Short names by `moodle/course:manageactivities`: non-editing teachers are Learners here."""
    manages = person.is_admin or MANAGES_ACTIVITIES & set(enrolment.roles)
    short = ["Instructor" if manages else "Learner"]
    return [*short, ROSTER_ADMINISTRATOR] if person.is_admin else short


def is_gradable(enrolment: Enrolment | None) -> bool:
    """Whether the person has a gradebook role; a suspended student still has."""
    return enrolment is not None and "student" in enrolment.roles
