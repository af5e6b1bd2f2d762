"""Every claim, header and form field, wrong in every way: refused, and nothing is written."""

import json

import pytest

from lti_tool.lti import claims as c
from tests.conftest import make_course
from tests.door import Door, as_json, code_of, is_refused
from tests.launch.bad import BY_CLAIM, HEADERS, spoilt

CLAIMS = [
    pytest.param(name, value, id=f"{name.rpartition('/')[2]} – {what}")
    for name, values in BY_CLAIM.items()
    for what, value in values.items()
]


def short(name):
    return name.rpartition("/")[2]


@pytest.mark.parametrize(("name", "value"), CLAIMS)
def test_a_spoilt_claim_is_refused(one_door, name, value):
    before = one_door.rows()

    answer = one_door.knock(spoilt(one_door.claims(), name, value))

    assert is_refused(answer), answer.text
    assert one_door.rows() == before


@pytest.mark.parametrize("name", [pytest.param(name, id=short(name)) for name in BY_CLAIM])
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_claim_that_stands_twice_is_refused_whichever_is_right(one_door, name, place):
    before = one_door.rows()
    right, twice = as_json(one_door.claims()), as_json({name: "evil"})
    body = twice[:-1] + b"," + right[1:] if place == "first" else right[:-1] + b"," + twice[1:]
    if name not in one_door.claims():
        body = body[:-1] + b"," + twice[1:]

    answer = one_door.knock(token=one_door.sign(body))

    assert is_refused(answer), answer.text
    assert one_door.rows() == before


@pytest.mark.parametrize("header", [pytest.param(h, id=name) for name, h in HEADERS.items()])
def test_a_spoilt_header_is_refused(one_door, header):
    before = one_door.rows()

    answer = one_door.knock(token=one_door.sign(one_door.claims(), headers=header))

    assert is_refused(answer), answer.text
    assert one_door.rows() == before


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"7", id="a number"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b'{"exp": NaN}', id="not a number"),
        pytest.param(b'{"exp": -Infinity}', id="infinity"),
        pytest.param(b'{"exp": 1' + b"0" * 5000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b"\xff\xfe{}", id="not UTF-8"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
        pytest.param(b"[" * 20_000, id="20,000 lists deep"),
        pytest.param(b'{"a":' * 8_000 + b"1" + b"}" * 8_000, id="8,000 objects deep"),
        pytest.param(json.dumps({"a": "x" * 64_000}).encode(), id="oversize"),
    ],
)
def test_claims_that_are_no_claims_are_refused(one_door, body):
    before = one_door.rows()

    answer = one_door.knock(token=one_door.sign(body))

    assert is_refused(answer), answer.text
    assert one_door.rows() == before


def fields(door, **changed):
    return {"id_token": door.sign(door.claims()), "state": door.state} | changed


def in_query(door):
    good = fields(door)
    return {"query_string": good}


FORMS = [
    pytest.param(lambda d: {"data": {}}, "token-missing", id="an empty form"),
    pytest.param(in_query, "token-missing", id="everything in the query"),
    pytest.param(lambda d: {"json": fields(d)}, "token-missing", id="JSON"),
    pytest.param(lambda d: {"data": b"\xff\xfe\x00"}, "token-missing", id="bytes"),
    pytest.param(
        lambda d: {"data": as_json(fields(d)), "content_type": "text/plain"},
        "token-missing",
        id="text/plain",
    ),
    pytest.param(
        lambda d: {"data": b"--x\r\n", "content_type": "multipart/form-data; boundary=x"},
        "token-missing",
        id="half a multipart",
    ),
    pytest.param(
        lambda d: {"data": b"--x", "content_type": "multipart/form-data"},
        "token-missing",
        id="multipart without boundary",
    ),
    pytest.param(
        lambda d: {"data": fields(d, state="state-\0")}, "state-unknown", id="NUL in the state"
    ),
    pytest.param(
        lambda d: {"data": fields(d, state="state-\ufffd")}, "state-unknown", id="odd state"
    ),
    pytest.param(
        lambda d: {"data": fields(d, state="x" * 100_000)}, "state-unknown", id="huge state"
    ),
    pytest.param(
        lambda d: {"data": fields(d, state=d.state.upper())}, "state-unknown", id="other letters"
    ),
    pytest.param(
        lambda d: {"data": fields(d, state=d.state + " ")}, "state-unknown", id="a space more"
    ),
    pytest.param(
        lambda d: {"data": fields(d, id_token=d.sign(d.claims()) + " ")},
        "token-unreadable",
        id="a space behind the token",
    ),
    pytest.param(
        lambda d: {"data": fields(d, id_token="x" * 70_000)}, "token-unreadable", id="huge token"
    ),
    pytest.param(lambda d: {"data": {"x": "y" * 1_100_000}}, "too-large", id="over a megabyte"),
    pytest.param(
        lambda d: {"data": fields(d, error="access_denied")}, "platform-said-no", id="error too"
    ),
    pytest.param(
        lambda d: {"data": fields(d, id_token=["bad", d.sign(d.claims())])},
        "token-unreadable",
        id="two tokens, the bad one first",
    ),
    pytest.param(
        lambda d: {"data": fields(d, id_token=[d.sign(d.claims()), "bad"])},
        "token-unreadable",
        id="two tokens, the bad one last",
    ),
    pytest.param(
        lambda d: {"data": fields(d, state=[d.state, d.state])},
        "token-unreadable",
        id="the state twice",
    ),
    pytest.param(
        lambda d: {"data": fields(d), "method": "PUT"}, "wrong-use", id="PUT instead of POST"
    ),
    pytest.param(
        lambda d: {"data": fields(d), "method": "GET"}, "token-missing", id="GET instead of POST"
    ),
]


@pytest.mark.parametrize(("form", "code"), FORMS)
def test_a_spoilt_form_is_refused(one_door, form, code):
    before = one_door.rows()
    how = {"method": "POST"} | form(one_door)

    answer = one_door.ask(how.pop("method"), one_door.path, **how)

    assert is_refused(answer), answer.text
    assert code_of(answer) == code
    assert one_door.rows() == before


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"iss": None}, id="no issuer"),
        pytest.param({"iss": "https://other.example"}, id="another issuer"),
        pytest.param({"iss": ""}, id="an empty issuer"),
        pytest.param({"iss": "a\0b"}, id="NUL in the issuer"),
        pytest.param({"login_hint": None}, id="no hint"),
        pytest.param({"login_hint": ""}, id="an empty hint"),
        pytest.param({"client_id": "another-tool"}, id="another client"),
        pytest.param({"client_id": "a\0b"}, id="NUL in the client"),
    ],
)
def test_a_spoilt_login_begins_nothing(one_door, fields):
    good = dict(one_door.site.login_request(one_door.course.ana, one_door.course.link))
    sent = {k: v for k, v in (good | fields).items() if v is not None} if fields else {}
    before = one_door.rows()

    answer = one_door.ask("POST", one_door.path.replace("/launch", "/login"), data=sent)

    assert is_refused(answer), answer.text
    assert one_door.rows() == before


@pytest.mark.parametrize("path", ["/lti/%00/launch", "/lti/a%00b/login", "/lti/no-such/launch"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_that_never_was_is_not_here(app, path, method):
    answer = Door.of(app).ask(method, path, data={"id_token": "x", "state": "y", "iss": "z"})

    assert answer.status_code == 404
    assert code_of(answer) in ("registration-unknown", "not-here")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("sub", "a\0b", id="NUL in an id"),
        pytest.param("sub", "\ud800", id="half a surrogate pair in an id"),
        pytest.param("name", "\ud800", id="half a surrogate pair in a name"),
        pytest.param(c.CONTEXT, {"id": "\udfff"}, id="half a surrogate pair in a course"),
        pytest.param(
            c.NAMES_AND_ROLES, {"context_memberships_url": "http://x/\0"}, id="NUL in an address"
        ),
    ],
)
def test_what_a_database_cannot_keep_is_refused_before_it_gets_there(app, make_site, name, value):
    door = Door(app, make_course(make_site("canvas"))).login()

    answer = door.knock(spoilt(door.claims(), name, value))

    assert is_refused(answer), answer.text


def test_the_list_is_long_enough():
    listed = len(CLAIMS) + 2 * len(BY_CLAIM) + len(HEADERS) + len(FORMS)

    assert listed >= 300
