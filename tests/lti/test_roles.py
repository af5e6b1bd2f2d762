"""Which power every role name gives, alone and beside every other: no power by surprise.

The expectation here is written from the vocabulary (LIS v2, LTI Core 1.3 §A.2) and the project's
decision 8, as sets of what a name witnesses, and shares nothing with the product's tables.
"""

import itertools

import pytest

from lti_tool.launch import rules
from lti_tool.launch.rules import Power
from lti_tool.lti.roles import Role, role_of

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

SUB_ROLES = {
    "Administrator": "Administrator Developer ExternalDeveloper ExternalSupport "
    "ExternalSystemAdministrator Support SystemAdministrator",
    "ContentDeveloper": "ContentDeveloper ContentExpert ExternalContentExpert Librarian",
    "Instructor": "ExternalInstructor Grader GuestInstructor Lecturer PrimaryInstructor "
    "SecondaryInstructor TeachingAssistant TeachingAssistantGroup TeachingAssistantOffering "
    "TeachingAssistantSection TeachingAssistantSectionAssociation TeachingAssistantTemplate",
    "Learner": "ExternalLearner GuestLearner Instructor Learner NonCreditLearner",
    "Manager": "AreaManager CourseCoordinator ExternalObserver Manager Observer",
    "Member": "Member",
    "Mentor": "Advisor Auditor ExternalAdvisor ExternalAuditor ExternalLearningCoordinator "
    "ExternalMentor ExternalReviewer ExternalTutor LearningCoordinator Mentor Reviewer Tutor",
    "Officer": "Chair Communications Secretary Treasurer Vice-Chair",
}
WITNESS = {
    "Instructor": "teaches",
    "Learner": "learns",
    "ContentDeveloper": "designs",
    "Manager": "manages",
    "Officer": "manages officially",
    "Member": "is in a group",
}
NOT_IN_THIS_COURSE = [
    *(
        f"{LIS}institution/person#{name}"
        for name in (
            *("Administrator", "Alumni", "Faculty", "Guest", "Instructor", "Learner", "Member"),
            *("Mentor", "None", "Observer", "Other", "ProspectiveStudent", "Staff", "Student"),
        )
    ),
    *(
        f"{LIS}system/person#{name}"
        for name in (
            *("AccountAdmin", "Administrator", "Creator", "None", "SysAdmin", "SysSupport", "User"),
        )
    ),
    *(f"{LIS}person#{name}" for name in ("Administrator", "Instructor", "Student")),
    *(
        f"urn:lti:role:ims/lis/{name}"
        for name in (
            "Instructor",
            "Learner",
            "TeachingAssistant",
            "Administrator",
            "Instructor/Lecturer",
        )
    ),
    "urn:lti:instrole:ims/lis/Instructor",
    "urn:lti:sysrole:ims/lis/SysAdmin",
]
NONSENSE = [
    "",
    " ",
    "instructor",
    "INSTRUCTOR",
    "Instructor ",
    " Instructor",
    "Instructor,Learner",
    "Teacher",
    "Student",
    "TeachingAssistant",
    "Owner",
    "root",
    "$Membership.role",
    "Instructor\n",
    f"{LIS}membership",
    f"{LIS}membership#",
    f"{LIS}membership/",
    f"{LIS}membership/Instructor",
    f"{LIS}membership/Instructor#",
    f"{LIS}membership#instructor",
    f"{LIS}membership#Instructor/x",
    f"{LIS}membership#Instructor#",
    f"{LIS}membership/#Instructor",
    f"{LIS}membership//Instructor",
    f"{LIS}membership/Learner/Instructor",
    f"{LIS}unknown/unknown#Helper",
    f"{LIS}membership/Nobody#Instructor",
    f"{LIS}foo#Instructor",
    f"x{LIS}membership#Instructor",
    "https://purl.imsglobal.org/vocab/lis/v2/membership#Instructor",
    "http://purl.imsglobal.org/vocab/lis/v2/Membership#Instructor",
    "http://evil.example/vocab/lis/v2/membership#Instructor",
    "http://purl.imsglobal.org/vocab/lis/v1/membership#Instructor",
    "http://purl.imsglobal.org/vocab/lis/v2/foo/bar#Instructor",
    "http://purl.imsglobal.org/vocab/lti/system/person#testuser",
]


def vocabulary():
    """Every name with what it witnesses about this course (none: nothing)."""
    known = {}
    for principal, subs in SUB_ROLES.items():
        known[principal] = known[f"{LIS}membership#{principal}"] = WITNESS.get(principal)
        for sub in subs.split():
            known[f"{LIS}membership/{principal}#{sub}"] = sub_witness(principal, sub)
    known |= dict.fromkeys([*NOT_IN_THIS_COURSE, *NONSENSE])
    known[f"{LIS}membership/Instructor#Invented"] = "teaches"
    known[f"{LIS}membership/Learner#Invented"] = "learns"
    known[TEST_USER] = "is a pretence"
    return known


def sub_witness(principal, sub):
    if principal == "Instructor" and sub.startswith("TeachingAssistant"):
        return "assists"
    if sub in ("Observer", "ExternalObserver"):
        return None
    return WITNESS.get(principal)


def expected(witnesses):
    """What decision 8 gives somebody of whom all this is said."""
    said = set(witnesses)
    if "is in a group" in said:
        said.discard("manages")  # the leader of a Canvas group is Member and Manager
    for witness, role in (
        ("is a pretence", "test_student"),
        ("assists", "teaching_assistant"),
        ("teaches", "instructor"),
        ("learns", "student"),
        ("designs", "designer"),
        ("manages", "designer"),
        ("manages officially", "designer"),
    ):
        if witness in said:
            return role
    return "observer"


KNOWN = vocabulary()


@pytest.mark.parametrize("name", [pytest.param(name, id=repr(name)) for name in KNOWN])
def test_every_name_gives_what_it_witnesses_and_no_more(name):
    assert role_of([name]) == expected([KNOWN[name]])


def test_every_pair_of_names_gives_what_both_witness_in_either_order():
    pairs = list(itertools.product(KNOWN, repeat=2))

    wrong = [
        (one, other)
        for one, other in pairs
        if role_of([one, other]) != expected([KNOWN[one], KNOWN[other]])
    ]

    assert len(KNOWN) >= 120
    assert len(pairs) >= 7_000
    assert wrong == []


@pytest.mark.parametrize(
    ("names", "role"),
    [
        pytest.param([], "observer", id="none at all"),
        pytest.param(["Learner"] * 3, "student", id="the same thrice"),
        pytest.param(
            [
                f"{LIS}membership/Instructor#TeachingAssistant",
                f"{LIS}membership#Instructor",
                f"{LIS}institution/person#Instructor",
                f"{LIS}system/person#User",
            ],
            "teaching_assistant",
            id="Canvas: assistant",
        ),
        pytest.param(
            [
                f"{LIS}institution/person#Instructor",
                f"{LIS}membership#Learner",
                f"{LIS}system/person#User",
            ],
            "student",
            id="Canvas: a learner who teaches elsewhere",
        ),
        pytest.param(
            [
                f"{LIS}institution/person#Administrator",
                f"{LIS}system/person#SysAdmin",
                f"{LIS}system/person#User",
            ],
            "observer",
            id="Canvas: an administrator who is not enrolled",
        ),
        pytest.param(
            [f"{LIS}membership#Learner", TEST_USER, f"{LIS}system/person#User"],
            "test_student",
            id="Canvas: Student View",
        ),
        pytest.param(
            [f"{LIS}membership#Instructor", TEST_USER], "test_student", id="a pretence that teaches"
        ),
        pytest.param(
            [f"{LIS}membership#Member", f"{LIS}membership#Manager"],
            "observer",
            id="Canvas: leader of a group",
        ),
        pytest.param(["Member", "Manager"], "observer", id="the same in short"),
        pytest.param(["Member", "Manager", "Learner"], "student", id="a leader who learns"),
        pytest.param(
            [f"{LIS}membership#Member", f"{LIS}membership#ContentDeveloper"],
            "designer",
            id="a designer in a group",
        ),
        pytest.param(
            [f"{LIS}membership#Mentor", f"{LIS}system/person#User"],
            "observer",
            id="Canvas: observer",
        ),
        pytest.param(
            [
                f"{LIS}membership#Instructor",
                f"{LIS}system/person#Administrator",
                f"{LIS}institution/person#Administrator",
            ],
            "instructor",
            id="Moodle: administrator, who says Instructor",
        ),
        pytest.param(
            ["Learner", f"{LIS}person#Administrator"], "student", id="Moodle's roster: short"
        ),
        pytest.param(
            [f"{LIS}membership#Administrator", "Administrator"], "observer", id="administrator"
        ),
        pytest.param(
            [f"{LIS}membership/Learner#Instructor"], "student", id="a learner's sub-role Instructor"
        ),
    ],
)
def test_what_platforms_really_send_together(names, role):
    assert role_of(names) == role


POWERS = {
    "observer": set(),
    "test_student": {"take_part"},
    "student": {"take_part"},
    "designer": {"take_part", "staff_pages"},
    "teaching_assistant": {"take_part", "staff_pages"},
    "instructor": {"take_part", "staff_pages", "configure"},
}


@pytest.mark.parametrize("role", POWERS)
@pytest.mark.parametrize("power", list(Power))
def test_a_role_has_these_powers_and_no_others(role, power):
    assert rules.may(Role(role), power) == (power in POWERS[role])


def test_the_tables_above_know_every_role_and_power():
    assert set(POWERS) == set(Role)
    assert {"take_part", "staff_pages", "configure"} == set(Power)
