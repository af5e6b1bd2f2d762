"""1EdTech's certification: every launch that a platform may send is let in, or told kindly why not.

`at the board` is a visit; `a friendly page` is a 303 to a page with 200 that names nobody.
"""

import pytest

from lti_tool.lti import claims as c
from lti_tool.lti.roles import MEMBERSHIP
from tests.conftest import make_course
from tests.door import Door, code_of

CONTEXT_FREE = (c.CONTEXT, c.NAMES_AND_ROLES, c.ASSIGNMENTS_AND_GRADES)
PERSONAL = ("name", "given_name", "family_name", "email", "picture")


def without(*names, **more):
    return lambda door: {k: v for k, v in door.claims().items() if k not in names} | more


def having(more):
    return lambda door: door.claims() | more


def roles(*names):
    return having({c.ROLES: list(names)})


def times(**seconds):
    return lambda door: (
        door.claims() | {name: door.claims()["iat"] + by for name, by in seconds.items()}
    )


def only_name(name):
    return without(*[other for other in PERSONAL if other != name], **{name: "Ana"})


ACCEPTED = [
    pytest.param(having({}), id="a student, as the platform says it"),
    pytest.param(lambda d: d.claims(d.course.ivy), id="a teacher, as the platform says it"),
    pytest.param(roles(MEMBERSHIP + "#Instructor"), id="instructor"),
    pytest.param(roles("Instructor"), id="instructor, short"),
    pytest.param(roles("Learner"), id="learner, short"),
    pytest.param(roles(MEMBERSHIP + "/Learner#NonCreditLearner"), id="a sub-role alone"),
    pytest.param(
        roles("http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper", "Learner"),
        id="an unknown role beside a known one",
    ),
    pytest.param(roles(MEMBERSHIP + "#Learner", MEMBERSHIP + "#Mentor"), id="several roles"),
    pytest.param(without(*PERSONAL), id="nothing personal"),
    pytest.param(only_name("given_name"), id="only a given name"),
    pytest.param(only_name("family_name"), id="only a family name"),
    pytest.param(only_name("email"), id="only an e-mail address"),
    pytest.param(only_name("name"), id="only a name"),
    pytest.param(having(dict.fromkeys(PERSONAL)), id="personal claims that are null"),
    pytest.param(without("email"), id="no e-mail address"),
    pytest.param(having({"given_name": "Ána 😀", "name": "Ána 😀"}), id="a name beyond ASCII"),
    pytest.param(having({"https://example.com/more": {"deep": [1]}}), id="unknown claims"),
    pytest.param(without("azp", aud=["good-turn"]), id="audience as a list"),
    pytest.param(having({"aud": ["other", "good-turn"], "azp": "good-turn"}), id="two audiences"),
    pytest.param(having({"azp": "good-turn"}), id="one audience and who presents it"),
    pytest.param(without(c.LAUNCH_PRESENTATION), id="no launch presentation"),
    pytest.param(having({c.LAUNCH_PRESENTATION: {}}), id="an empty launch presentation"),
    pytest.param(without(c.CUSTOM), id="no custom claim"),
    pytest.param(without(c.NAMES_AND_ROLES, c.ASSIGNMENTS_AND_GRADES), id="no services"),
    pytest.param(having({c.RESOURCE_LINK: {"id": "only-id"}}), id="a link without title"),
    pytest.param(having({c.CONTEXT: {"id": "only-id"}}), id="a course without title and label"),
    pytest.param(times(exp=-40, iat=-100), id="expired 40 seconds ago: clocks drift"),
    pytest.param(times(iat=40, exp=100), id="issued 40 seconds from now"),
    pytest.param(times(nbf=40), id="good in 40 seconds"),
    pytest.param(lambda d: d.claims() | {"iat": d.claims()["iat"] + 0.5}, id="half a second"),
    pytest.param(having({"sub": "x" * 255}), id="the longest id"),
]


@pytest.mark.parametrize("valid", ACCEPTED)
def test_a_valid_launch_opens_the_board(door, valid):
    answer = door.knock(valid(door))

    page = door.get(answer.headers["Location"])
    door.login()
    assert (answer.status_code, page.status_code) == (303, 200)
    assert "/v/" in answer.headers["Location"]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"typ": None}, id="no type"),
        pytest.param({"typ": "jwt"}, id="type in small letters"),
        pytest.param({"x5t": "abc"}, id="a thumbprint"),
        pytest.param({"made-up": 1}, id="a header nobody knows (RFC 7515 §4: to be ignored)"),
    ],
)
def test_a_header_that_says_more_does_no_harm(door, header):
    given = {name: value for name, value in header.items() if value is not None}

    answer = door.knock(token=door.sign(door.claims(), headers=given))

    door.login()
    assert answer.status_code == 303, code_of(answer)


NO_BOARD = [
    pytest.param(roles(), "who-may", id="roles: an empty list"),
    pytest.param(roles(""), "who-may", id="roles: an empty text (the certification's case)"),
    pytest.param(
        roles("http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper"),
        "who-may",
        id="an unknown role",
    ),
    pytest.param(roles("Mentor"), "who-may", id="mentor"),
    pytest.param(without("sub"), "who-may", id="a guest: no sub"),
    pytest.param(without(*CONTEXT_FREE), "no-course", id="only a resource link"),
    pytest.param(without("sub", *CONTEXT_FREE), "no-course", id="a guest and no course"),
    pytest.param(having({c.CONTEXT: None}), "no-course", id="a course that is null"),
]


@pytest.mark.parametrize(("valid", "notice"), NO_BOARD)
def test_a_launch_without_a_place_at_the_board_gets_a_friendly_page(door, valid, notice):
    before = door.rows()

    answer = door.knock(valid(door))

    page = door.get(answer.headers["Location"])
    after = door.rows()
    door.login()
    assert (answer.status_code, page.status_code) == (303, 200)
    assert answer.headers["Location"].endswith(f"/notice/{notice}")
    assert after == before
    assert "Ana" not in page.text


@pytest.mark.parametrize("issuer", ["https://moodle.example/moodle", "https://lms.example/"])
def test_an_issuer_counts_letter_by_letter(sqlite_app, make_site, issuer):

    door = Door(sqlite_app, make_course(make_site("moodle", issuer=issuer))).login()

    nearly = door.knock(door.claims(iss=issuer.removesuffix("/") + "/x"))
    exactly = door.knock(door.claims())

    assert code_of(nearly) == "issuer-unknown"
    assert exactly.status_code == 303
