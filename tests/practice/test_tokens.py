"""Access tokens: the assertion is really verified."""

import json
import uuid

import pytest

from lti_tool.practice import vocabulary as v
from lti_tool.practice.keys import KeyRing


def assertion(lms, keys, **changed):
    now = int(lms.time.timestamp())
    claims = {
        "iss": lms.tool.client_id,
        "sub": lms.tool.client_id,
        "aud": lms.site.token_url,
        "iat": now,
        "exp": now + 60,
        "jti": uuid.uuid4().hex,
    } | changed
    return keys.sign({name: value for name, value in claims.items() if value is not None})


def ask(lms, signed, scope=v.SCORE, **changed):
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": v.ASSERTION_TYPE,
        "client_assertion": signed,
        "scope": scope,
    } | changed
    return lms.web.post(lms.site.token_url.removeprefix("http://lms.test"), data=form)


def test_a_good_assertion_gets_a_token(lms, tool_keys):
    reply = ask(lms, assertion(lms, tool_keys))

    token = json.loads(reply.data)
    assert (reply.status_code, token["expires_in"], token["scope"]) == (200, 3600, v.SCORE)
    assert lms.site.access_tokens.find(token["access_token"]).client_id == lms.tool.client_id


def test_moodles_answers_call_themselves_html(moodle, tool_keys):
    assert ask(moodle, assertion(moodle, tool_keys)).mimetype == "text/html"


def test_an_assertion_by_another_key_is_refused(lms):
    assert ask(lms, assertion(lms, KeyRing([]))).status_code in (400, 401)


def test_the_keys_are_fetched_again_for_an_unknown_kid(lms):
    ring, fetched = KeyRing([]), []
    lms.tool.jwks, lms.tool.jwks_url = None, "https://tool.test/jwks"
    lms.site.tool_keys.fetch = lambda url: fetched.append(url) or json.dumps(ring.published())
    ask(lms, assertion(lms, ring))
    ring.rotate(keep_old=True)

    assert ask(lms, assertion(lms, ring)).status_code == 200
    assert ask(lms, assertion(lms, ring)).status_code == 200
    assert len(fetched) == 2


def test_an_expired_assertion_is_refused(lms, tool_keys):
    signed = assertion(lms, tool_keys)
    lms.later(minutes=2)

    assert ask(lms, signed).status_code == 400


def test_moodles_error_about_a_signature_is_not_even_json(moodle, tool_keys):
    signed = assertion(moodle, tool_keys)[:-8] + "AAAAAAAA"

    with pytest.raises(json.JSONDecodeError):
        json.loads(ask(moodle, signed).data)


def test_moodle_grants_what_it_can_of_what_is_asked(bench, tool_keys):
    moodle = bench("moodle", scopes=[v.SCORE])

    reply = ask(moodle, assertion(moodle, tool_keys), f"{v.SCORE} {v.LINEITEM}")
    assert json.loads(reply.data)["scope"] == v.SCORE
    assert ask(moodle, assertion(moodle, tool_keys), v.LINEITEM).status_code == 400


def test_canvas_grants_all_that_is_asked_or_nothing(bench, tool_keys):
    canvas = bench("canvas", scopes=[v.SCORE])

    assert ask(canvas, assertion(canvas, tool_keys), f"{v.SCORE} {v.LINEITEM}").status_code == 400


def test_moodle_does_not_look_at_the_audience(moodle, tool_keys):
    assert ask(moodle, assertion(moodle, tool_keys, aud="anything")).status_code == 200


@pytest.mark.parametrize("changed", [{"aud": "anything"}, {"iss": "x"}, {"jti": None}, {"iat": 1}])
def test_canvas_looks_at_every_claim(canvas, tool_keys, changed):
    assert ask(canvas, assertion(canvas, tool_keys, **changed)).status_code == 400


def test_canvas_takes_a_jti_once(canvas, tool_keys):
    signed = assertion(canvas, tool_keys)

    assert [ask(canvas, signed).status_code for _ in range(2)] == [200, 400]


def test_moodle_wants_a_form_and_nothing_else(moodle, tool_keys):
    path = moodle.site.token_url.removeprefix("http://lms.test")

    assert moodle.web.post(path, json={"scope": v.SCORE}).status_code == 400
    assert moodle.web.get(path).status_code == 405
    assert ask(moodle, assertion(moodle, tool_keys), grant_type="password").status_code == 400
