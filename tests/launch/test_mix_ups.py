"""Whose launch is it? Only the browser that began, at the registration it began with (OIDC state).

Login CSRF: an attacker begins a login, and lets somebody else's browser finish it.
"""

import itertools

import pytest

from lti_tool.db import db
from lti_tool.launch.models import Visit
from tests.conftest import make_course
from tests.door import COOKIE, Door, code_of, is_refused


@pytest.fixture
def registrations(app, make_site):
    """Five registrations: two of them with one issuer, two with one issuer and one client id."""
    shared = {"issuer": "https://canvas.instructure.com"}
    sites = [
        (make_site("moodle"), "good-turn"),
        (make_site("canvas"), "good-turn"),
        (make_site("canvas", "b", **shared), "10000000000001"),
        (make_site("canvas", "c", **shared), "10000000000002"),
        (make_site("canvas", "d", **shared), "10000000000002"),
    ]
    return [Door(app, make_course(site, client_id=client)).login() for site, client in sites]


def test_each_of_them_is_right_by_itself(registrations):
    answers = [door.knock(door.claims()).status_code for door in registrations]

    assert answers == [303] * 5


def test_no_mix_of_state_browser_registration_and_token_gets_in(registrations):
    cookies = [door.cookie() for door in registrations]
    tokens = [door.sign(door.claims()) for door in registrations]
    wrong = []

    for door, cookie, state, token in itertools.product(
        registrations, range(5), range(5), range(5)
    ):
        here = registrations.index(door)
        if len({here, cookie, state, token}) == 1:
            continue
        fields = {"id_token": tokens[token], "state": registrations[state].state}
        answer = door.post_with(cookies[cookie], fields)
        if not is_refused(answer):
            wrong.append((here, cookie, state, token, answer.status_code))

    assert wrong == []
    assert db.session.query(Visit).count() == 0


def test_a_registration_with_the_same_issuer_and_client_does_not_take_the_others_token(
    registrations,
):
    theirs, ours = registrations[3:]
    token = theirs.sign(theirs.claims())
    ours.site.keys.keys[:] = theirs.site.keys.keys  # even if their keys were the same

    assert code_of(ours.post({"id_token": token, "state": theirs.state})) == "state-unknown"
    assert code_of(ours.post({"id_token": token, "state": ours.state})) == "nonce-bad"


def test_a_login_that_began_elsewhere_is_not_finished_here(one_door):
    attackers = one_door.login().fields(one_door.claims())
    victim = Door(one_door.app, one_door.course).login()
    before = one_door.rows()

    answer = victim.post(attackers)

    assert code_of(answer) == "state-other-browser"
    assert one_door.rows() == before


def test_the_attacker_can_still_use_what_the_victim_could_not(one_door):
    own = one_door.login().fields(one_door.claims())
    Door(one_door.app, one_door.course).login().post(own)

    answer = one_door.post(own)

    one_door.login()
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "cookie",
    [
        pytest.param("x" * 32, id="a made-up cookie"),
        pytest.param("x" * 64, id="a long one"),
        pytest.param("é" * 20, id="one beyond ASCII"),
        pytest.param("%00" * 10, id="one with odd signs"),
    ],
)
def test_a_cookie_that_we_never_gave_finishes_no_login(one_door, cookie):
    before = one_door.rows()

    answer = one_door.post_with(cookie, one_door.fields(one_door.claims()))

    assert code_of(answer) == "state-other-browser"
    assert one_door.rows() == before


@pytest.mark.parametrize("turn", range(30))
def test_a_changed_state_finishes_no_login(one_door, turn):
    state = one_door.state
    other = state[:turn] + ("A" if state[turn] != "A" else "B") + state[turn + 1 :]

    answer = one_door.knock(one_door.claims(), state=other)

    assert code_of(answer) == "state-unknown"


def test_two_logins_in_one_browser_are_both_good(one_door):
    first = one_door.login().fields(one_door.claims())
    second = one_door.login(client=one_door.client).fields(one_door.claims())

    answers = [one_door.post(fields).status_code for fields in (second, first)]

    one_door.login()
    assert answers == [303, 303]


def test_a_login_keeps_the_cookie_that_the_browser_has(one_door):
    known = one_door.login().cookie()

    one_door.login(client=one_door.client)

    assert one_door.cookie() == known


@pytest.mark.parametrize("planted", ["short", "x" * 65, ""])
def test_a_cookie_that_is_none_of_ours_is_replaced(one_door, planted):
    client = one_door.app.test_client()
    client.set_cookie(COOKIE, planted, domain="127.0.0.1")

    one_door.login(client=client)

    assert 20 <= len(one_door.cookie()) <= 64
    assert one_door.cookie() != planted
