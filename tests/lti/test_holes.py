"""Every hole of PyLTI1p3 2.0.0 that was measured, and the tests that show it closed here.

`HOLES` is the list of what the bare library does (accepts a replay, answers 500, …); each row names
tests of this project. The test below fails when one of them is renamed or removed, so that no row
can outlive its proof.
"""

import ast

import pytest

from lti_tool.db import db
from lti_tool.settings import ROOT
from tests.conftest import registration_row

BAD = "certification/test_known_bad.py::test_a_bad_payload_is_refused_with_its_code"
FORM = "certification/test_known_bad.py::test_a_bad_form_is_refused_with_its_code"
GOOD = "certification/test_valid_variants.py::test_a_valid_launch_opens_the_board"
CLAIM = "launch/test_bad_launches.py::test_a_spoilt_claim_is_refused"
HEADER = "launch/test_bad_launches.py::test_a_spoilt_header_is_refused"
BODY = "launch/test_bad_launches.py::test_claims_that_are_no_claims_are_refused"
REPLAY = "launch/test_replay.py::test_a_token_that_comes_back_is_refused_every_time"
ROLE = "lti/test_roles.py::test_every_name_gives_what_it_witnesses_and_no_more"
TOGETHER = "lti/test_roles.py::test_what_platforms_really_send_together"

HOLES = {
    "the same id_token and state are accepted again": [REPLAY],
    "replay from any browser when cookies are not seen": [
        "launch/test_replay.py::test_a_second_token_for_the_same_login_is_refused",
        "launch/test_button.py::test_a_launch_without_cookie_cannot_be_sent_again",
    ],
    "a replay race lets several in": [
        "launch/test_replay.py::test_of_fifty_at_once_exactly_one_gets_in"
    ],
    "a nonce of another flow is accepted": [
        "launch/test_replay.py::test_a_token_of_one_login_does_not_open_another"
    ],
    "a second user on the same nonce and state": [
        "launch/test_replay.py::test_a_second_token_for_the_same_login_is_refused"
    ],
    "no exp": [BAD, CLAIM],
    "no iat": [BAD, CLAIM],
    "iat a day or a year old": [BAD],
    "exp a year from now": [BAD],
    "no leeway: iat 3 s ahead, exp 5 s ago are refused": [GOOD],
    "target_link_uri missing or of any host": [BAD, CLAIM],
    "azp wrong": [BAD, CLAIM],
    "several aud without azp": [BAD],
    "only aud[0] is looked at": [GOOD],
    "aud [] answers 500": [BAD],
    "unknown iss or client answers 500": [
        "launch/test_bad_launches.py::test_a_spoilt_login_begins_nothing",
        BAD,
    ],
    "resource_link as text answers 500": [CLAIM],
    "claims that are a list answer 500": [BODY, BAD],
    "a header that is no object answers 500": [
        "lti/test_forged_tokens.py::test_a_token_of_another_shape_is_not_taken"
    ],
    "roles as a text are accepted": [CLAIM],
    "alg is taken from the key, RS256 by default": [
        "lti/test_forged_tokens.py::test_another_rsa_algorithm_is_not_taken",
        "lti/test_forged_tokens.py::test_the_public_key_is_no_secret_to_sign_with",
    ],
    "crit, jku, x5u and jwk are not looked at": [
        "lti/test_forged_tokens.py::test_a_key_that_comes_with_the_token_is_never_used",
        "lti/test_forged_tokens.py::"
        "test_a_dangerous_header_is_refused_even_in_the_platforms_own_hand",
        HEADER,
    ],
    "keys of any size and kind": [
        "lti/test_forged_tokens.py::test_only_keys_of_a_fit_kind_and_size_are_taken_from_a_key_set"
    ],
    "an error of the platform is called a missing id_token": [FORM],
    "Canvas's assistant is a teacher": [TOGETHER],
    "any vocabulary's #Instructor is a teacher": [ROLE],
    "a bare or membership Administrator is a teacher": [ROLE, TOGETHER],
    "institution#Instructor with Learner is staff": [TOGETHER],
    "institution#Administrator is a student": [ROLE, TOGETHER],
    "Learner#Instructor is a teacher": [TOGETHER],
    "sub-roles alone give nothing": [ROLE],
    "launch bodies and nonces swell the cookie": [
        "launch/test_visits.py::test_the_cookie_is_made_for_frames_and_for_nobody_else",
        "launch/test_visits.py::test_two_courses_in_two_tabs_are_two_visits",
    ],
    "no Partitioned, and no Secure behind a proxy": [
        "launch/test_visits.py::test_the_cookie_is_made_for_frames_and_for_nobody_else"
    ],
    "JWKS: no timeout": [
        "lti/test_http.py::test_an_answer_in_drops_ends_in_time",
        "lti/test_http.py::test_a_platform_that_keeps_us_waiting_is_left_in_time",
    ],
    "JWKS: no look at the status": [
        "lti/test_keys.py::test_without_keys_the_answer_is_to_come_back_later"
    ],
    "JWKS: fetched at every launch": [
        "lti/test_keys.py::test_keys_are_fetched_once_for_many_launches",
        "lti/test_keys.py::test_thirty_two_launches_at_once_after_a_cold_start_fetch_once",
    ],
    "JWKS: no refetch for an unknown kid, old keys for two hours": [
        "lti/test_keys.py::test_a_new_key_is_noticed_at_its_first_launch_with_one_fetch",
        "lti/test_keys.py::test_a_flood_of_unknown_keys_asks_three_times_and_then_every_five_minutes",
    ],
    "redirects are followed, any address is asked": [
        "lti/test_http.py::test_a_redirect_is_not_followed",
        "lti/test_http.py::test_an_address_inside_may_not_be_called",
    ],
    "nothing binds a registration but its issuer": [
        "launch/test_mix_ups.py::test_no_mix_of_state_browser_registration_and_token_gets_in",
        "launch/test_mix_ups.py::"
        "test_a_registration_with_the_same_issuer_and_client_does_not_take_the_others_token",
    ],
    "the login answers with a page (cookie check), which loses Moodle's session": [
        "launch/test_visits.py::test_a_login_answers_with_a_bare_redirect_to_the_platform"
    ],
    "auth_login_url with a query gets a second question mark": [
        "lti/test_holes.py::test_an_auth_address_with_a_query_keeps_it"
    ],
}
"""Holes of its services (token cache, pages of a roster, Link in small letters, results) are closed
in lti/members, lti/grades and lti/tokens, and shown in tests/roster and tests/credit."""


def names_in(path):
    tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("hole", HOLES)
def test_every_hole_names_tests_that_exist(hole):
    named = [test.split("::") for test in HOLES[hole]]

    missing = [name for path, name in named if name not in names_in(path)]

    assert named
    assert missing == []


def test_an_auth_address_with_a_query_keeps_it(one_course, browser):
    row = registration_row(one_course.registration_id)
    row.auth_url = "https://lms.example/auth?tenant=7"
    db.session.commit()
    fields = dict(one_course.site.login_request(one_course.ana, one_course.link))

    answer = browser().post(f"/lti/{one_course.registration_id}/login", fields)

    assert answer.headers["Location"].startswith("https://lms.example/auth?tenant=7&scope=openid")
