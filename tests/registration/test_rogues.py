"""Platforms that lie, and people who were not invited: nothing of theirs is ever registered."""

import time

import pytest

from lti_tool.db import db, start_writing
from lti_tool.lti import actions as lti
from lti_tool.lti import claims, dynamic, keys
from lti_tool.lti.models import PlatformKind, Registration
from lti_tool.practice.faults import Fault
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Site
from tests.door import at_once, code_of
from tests.registration.conftest import Office, asked_of, registrations
from tests.registration.liar import Liar

KEY_SET = Site("moodle").keys.published()
ADDRESSES = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "registration_endpoint",
)
INCOMPLETE, ISSUER, ELSEWHERE, UNREADABLE = (
    "configuration-incomplete", "configuration-issuer", "configuration-elsewhere",
    "configuration-unreadable",
)  # fmt: skip
NO_ADDRESS = {
    "left out": ...,
    "null": None,
    "empty": "",
    "a number": 7,
    "true": True,
    "a list": ["https://lms.example"],
    "an object": {"url": "https://lms.example"},
    "words": "not an address",
    "a path": "/register",
    "no host": "https://",
    "another scheme": "ftp://lms.example/",
    "a script": "javascript:alert(1)",
    "markup": "<script>alert(1)</script>",
    "a line end": "https://lms.example/\r\nX-Evil: yes",
    "a bad port": "https://lms.example:99999/",
    "endless": "https://lms.example/" + "x" * 2_000,
    "somebody's": "https://lms.example@evil.example/",
    "a backslash": "https://evil.example\\lms.example/",
    "letters that look alike": "https://lmѕ.example/",
}


@pytest.fixture
def liar():
    """A platform that lies, on this machine."""
    made = []

    def serve(url):
        made.append(Liar(url, KEY_SET))
        return made[0]

    with LiveServer(serve):
        yield made[0]


@pytest.fixture
def refused(one_office, liar):
    """Let the liar try; says the code, and that nothing came of it."""

    def attempt(**more):
        answer = one_office.browser.post(one_office.path, liar.fields | more)
        assert answer.status_code == 422, answer.text
        assert "org.imsglobal.lti.close" not in answer.text
        assert registrations() == [0, 0]
        invite = one_office.invite
        assert (invite.spent_at, invite.registering_until) == (None, None)
        launch = one_office.browser.post(f"/lti/{one_office.public_id}/launch")
        assert code_of(launch) == "registration-unfinished"
        return last_code(answer)

    return attempt


def last_code(answer):
    """The code at the foot of the page; what was seen stands above it."""
    return answer.text.rpartition('<p class="code">')[2].partition("<code>")[2].partition("<")[0]


def test_the_liar_is_registered_when_it_tells_the_truth(one_office, liar):
    answer = one_office.browser.post(one_office.path, liar.fields)

    assert answer.status_code == 200
    assert registrations() == [1, 1]
    assert liar.asked == [("GET", "/configuration"), ("GET", "/jwks"), ("POST", "/register")]


@pytest.mark.parametrize("value", [pytest.param(v, id=k) for k, v in NO_ADDRESS.items()])
@pytest.mark.parametrize("name", ADDRESSES)
def test_what_is_no_address_is_refused(refused, liar, name, value):
    liar.describes(**{name: value})

    assert refused() == INCOMPLETE
    assert liar.was_asked_to_register == 0


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_of_another_site_is_never_called(refused, liar, canary, name):
    port = liar.url.rpartition(":")[2]
    elsewhere = [
        canary.url,
        f"https://127.0.0.1:{port}/",
        f"http://localhost:{port}/",
        f"http://127.0.0.1.:{port}/",
        f"http://127.1:{port}/",
        f"http://127.0.0.1:{port}.evil.example/",
        "https://canvas.instructure.com/api/lti/authorize_redirect",
        "https://sso.canvaslms.com/login/oauth2/token",
    ]

    for address in elsewhere:
        liar.describes(**{name: address})
        assert refused() in (ISSUER, ELSEWHERE, INCOMPLETE), address

    assert canary.calls == []
    assert {path for _method, path in liar.asked} == {"/configuration"}


@pytest.mark.parametrize(
    "issuer",
    [
        "https://canvas.instructure.com",
        "https://canvas.beta.instructure.com",
        "https://canvas.instructure.com.evil.example",
        "https://school.instructure.com",
    ],
)
def test_nobody_else_is_hosted_canvas(refused, liar, issuer):
    for family in ("canvas", "moodle", "other"):
        liar.describes(
            issuer=issuer, **{claims.PLATFORM_CONFIGURATION: {"product_family_code": family}}
        )
        assert refused() == ISSUER


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (claims.PLATFORM_CONFIGURATION, ...),
        (claims.PLATFORM_CONFIGURATION, []),
        (claims.PLATFORM_CONFIGURATION, "moodle"),
        (claims.PLATFORM_CONFIGURATION, {}),
        (claims.PLATFORM_CONFIGURATION, {"product_family_code": ["moodle"]}),
        ("response_types_supported", ["code"]),
        ("response_types_supported", "id_token"),
        ("id_token_signing_alg_values_supported", ["HS256", "none"]),
        ("token_endpoint_auth_methods_supported", ["client_secret_basic"]),
        ("token_endpoint_auth_methods_supported", None),
    ],
)
def test_a_platform_of_other_manners_is_refused(refused, liar, name, value):
    liar.describes(**{name: value})

    assert refused() == INCOMPLETE
    assert liar.was_asked_to_register == 0


@pytest.mark.parametrize(
    ("body", "more", "code"),
    [
        pytest.param(b"", {}, UNREADABLE, id="nothing"),
        pytest.param(b"<html>Sign in</html>", {}, UNREADABLE, id="a page"),
        pytest.param(b"[]", {}, UNREADABLE, id="a list"),
        pytest.param(b'"text"', {}, UNREADABLE, id="text"),
        pytest.param(b"null", {}, UNREADABLE, id="null"),
        pytest.param(b"[" * 100_000, {}, UNREADABLE, id="a tower"),
        pytest.param(b"\xff\xfe", {}, UNREADABLE, id="bytes"),
        pytest.param(b"{}" + b" " * 1_000_001, {}, "registration-unreachable", id="too large"),
        pytest.param(b"{}", {"length": 99}, "registration-unreachable", id="cut short"),
        pytest.param(b"{}", {"status": 401}, "configuration-refused", id="401"),
        pytest.param(b"{}", {"status": 404}, "configuration-refused", id="404"),
        pytest.param(b"{}", {"status": 500}, "configuration-refused", id="500"),
        pytest.param(
            b"", {"status": 302, "Location": "http://169.254.169.254/"}, "configuration-refused",
            id="redirected",
        ),
    ],
)  # fmt: skip
def test_a_description_that_cannot_be_had(refused, liar, body, more, code):
    liar.says("/configuration", body, **more)

    assert refused() == code
    assert liar.was_asked_to_register == 0


@pytest.mark.parametrize(
    ("body", "more"),
    [
        pytest.param(b"{}", {}, id="no keys"),
        pytest.param(b'{"keys": []}', {}, id="empty"),
        pytest.param(b"no", {}, id="no JSON"),
        pytest.param({"keys": [{"kty": "oct", "k": "YQ", "kid": "1"}]}, {}, id="a secret"),
        pytest.param(KEY_SET, {"status": 500}, id="broken"),
        pytest.param(b"", {"status": 302, "Location": "http://127.0.0.1/"}, id="redirected"),
        pytest.param(b"x" * 300_000, {}, id="too large"),
    ],
)
def test_without_keys_the_platform_is_not_even_asked(refused, liar, body, more):
    liar.says("/jwks", body, **more)

    assert refused() == "registration-keys"
    assert liar.was_asked_to_register == 0


@pytest.mark.parametrize("status", [401, 403, 400, 404, 405, 409, 415, 422, 429])
def test_a_platform_that_says_no_is_told_with_its_status_and_words(refused, liar, status):
    liar.says("/register", b"domain_mismatch", status=status)

    answer_code = refused()

    over = status in (401, 403) or status == 404
    assert answer_code == ("registration-token" if over else "registration-refused")
    assert liar.was_asked_to_register == 1
    refused()  # nothing came of it for sure, so the same may be tried again
    assert liar.was_asked_to_register == 2


LOST = {
    "nothing": (b"", {}),
    "a page": (b"<html>", {}),
    "a list": (b"[]", {}),
    "no client": ({}, {}),
    "null client": ({"client_id": None}, {}),
    "empty client": ({"client_id": ""}, {}),
    "true client": ({"client_id": True}, {}),
    "list client": ({"client_id": ["a"]}, {}),
    "client of two lines": ({"client_id": "a\nb"}, {}),
    "endless client": ({"client_id": "a" * 256}, {}),
    "odd deployment": (
        {"client_id": "a", claims.TOOL_CONFIGURATION: {"deployment_id": ["1"]}}, {}
    ),
    "endless deployment": ({"client_id": "a", "deployment_id": "1" * 256}, {}),
    "cut short": (b'{"client_id": "a"}', {"length": 999}),
    "too large": (b" " * 1_000_001, {}),
    "broken": (b"{}", {"status": 500}),
    "busy": (b"{}", {"status": 503}),
    "redirected": (b"", {"status": 302, "Location": "http://169.254.169.254/"}),
    "moved for good": (b"", {"status": 308, "Location": "http://127.0.0.1/"}),
    "empty yes": (b"", {"status": 204}),
}  # fmt: skip


@pytest.mark.parametrize("said", [pytest.param(said, id=what) for what, said in LOST.items()])
def test_where_nobody_knows_the_outcome_it_is_said_and_never_sent_twice(
    refused, one_office, liar, said
):
    liar.says("/register", said[0], **said[1])

    code = refused()
    again = one_office.browser.post(one_office.path, liar.fields)

    assert code == "registration-outcome-unknown"
    assert (again.status_code, code_of(again)) == (409, "registration-sent")
    assert liar.was_asked_to_register == 1
    assert registrations() == [0, 0]


def test_a_platform_without_tokens_may_begin_again(one_office, liar):
    liar.says("/register", b"", status=500)
    fields = liar.fields | {"registration_token": ""}
    lost = one_office.browser.post(one_office.path, fields)
    liar.says("/register", {"client_id": "given"})

    done = one_office.browser.post(one_office.path, fields)

    assert last_code(lost) == "registration-outcome-unknown"
    assert done.status_code == 200
    assert registrations() == [1, 1]


@pytest.mark.parametrize(
    "where",
    [
        ("configuration", "registration-unreachable"),
        ("jwks", "registration-keys"),
        ("registration", "registration-outcome-unknown"),
    ],
)
@pytest.mark.parametrize("kind", ["drip", "latency", "cut", "reset"])
def test_a_platform_that_is_slow_or_breaks_off_is_left_in_time(
    one_office, make_site, monkeypatch, kind, where
):
    monkeypatch.setattr(dynamic, "SECONDS", 0.4)
    monkeypatch.setattr(keys, "FETCH_SECONDS", 0.4)
    site = make_site("moodle")
    page, began = one_office.paste(site).text, time.monotonic()
    site.faults.add(Fault(where[0], kind, seconds=1.5))

    answer = one_office.press(page)

    site.faults.clear()
    assert last_code(answer) == where[1]
    assert time.monotonic() - began < 3
    assert registrations() == [0, 0]


@pytest.mark.parametrize(
    "secret", ["x", "A" * 32, "..", "%00", "%2e%2e", "' or 1=1", "<b>", "register", "ö" * 32]
)
def test_nobody_uninvited_registers_anything(one_office, liar, secret):
    answers = [
        one_office.browser.get(f"/register/{secret}", query_string=liar.fields),
        one_office.browser.post(f"/register/{secret}", liar.fields),
        one_office.browser.post(f"/register/{secret}/by-hand", {"kind": "moodle"}),
    ]

    assert {answer.status_code for answer in answers} <= {404, 405}
    assert liar.asked == []
    assert registrations() == [0, 0]


@pytest.mark.parametrize("how", ["digest", "public id"])
def test_what_stands_in_the_database_opens_nothing(one_office, liar, how):
    known = one_office.invite.secret_hash if how == "digest" else one_office.public_id

    answer = one_office.browser.post(f"/register/{known}", liar.fields)

    assert (answer.status_code, liar.asked) == (404, [])


def test_a_spent_invitation_registers_nothing_more(one_office, liar, make_site):
    one_office.register_at(make_site("moodle"))
    liar.honest["issuer"] = liar.url

    answers = [
        one_office.browser.get(one_office.path, query_string=liar.fields),
        one_office.browser.post(one_office.path, liar.fields),
        one_office.by_hand(kind="moodle", site=liar.url, client_id="mine"),
    ]

    assert [answer.status_code for answer in answers] == [410] * 3
    assert liar.asked == []
    assert registrations() == [1, 1]


def test_a_yes_from_another_site_registers_nothing(one_office, liar):
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = one_office.browser.post(one_office.path, liar.fields, headers=headers)
        assert (answer.status_code, code_of(answer)) == (422, "form-expired")

    assert liar.asked == []


def test_a_look_alone_registers_nothing(one_office, liar):
    for _ in range(3):
        assert one_office.browser.get(one_office.path, query_string=liar.fields).status_code == 200

    assert liar.asked == [("GET", "/configuration")] * 3
    assert registrations() == [0, 0]


@pytest.mark.parametrize("is_disabled", [False, True])
def test_a_registration_that_exists_is_neither_taken_over_nor_altered(
    one_office, liar, is_disabled
):
    start_writing()
    row = lti.register(
        name="There before",
        kind=PlatformKind.MOODLE,
        issuer=liar.url,
        client_id="given",
        auth_url=f"{liar.url}/old",
        token_url=f"{liar.url}/old",
        jwks_url=f"{liar.url}/old",
    )
    row.is_disabled = is_disabled
    db.session.commit()
    before = columns(row)

    answer = one_office.browser.post(one_office.path, liar.fields)

    assert last_code(answer) == "registration-known"
    assert columns(db.session.query(Registration).one()) == before
    assert one_office.invite.spent_at is None


def columns(row):
    return {column.key: getattr(row, column.key) for column in Registration.__table__.columns}


def test_a_token_serves_once(one_office, make_site, dialect):
    site = make_site(dialect)
    fields = asked_of(site)
    one_office.browser.post(one_office.path, fields)
    second = Office(one_office.app)

    answer = second.browser.post(second.path, fields)

    assert last_code(answer) == "registration-token"
    assert len(site.state.tools) == 1
    assert registrations() == [1, 1]


@pytest.mark.parametrize("count", [2, 8])
def test_many_at_once_register_once(app, make_site, dialect, count):
    office, site = Office(app), make_site(dialect)
    fields = [asked_of(site) for _ in range(count)]
    db.session.remove()

    def press(turn):
        guest = app.test_client()
        return guest.post(office.path, data=fields[turn], base_url="http://127.0.0.1:5000")

    statuses = [answer.status_code for answer in at_once(count, press)]

    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 410}
    assert len(site.state.tools) == 1
    assert registrations() == [1, 1]


def test_one_press_sent_twice_is_one_registration(app, liar):
    office = Office(app)
    db.session.remove()

    def press(_turn):
        return app.test_client().post(
            office.path, data=liar.fields, base_url="http://127.0.0.1:5000"
        )

    at_once(6, press)

    assert liar.was_asked_to_register == 1
    assert registrations() == [1, 1]


def test_what_a_platform_says_is_only_text(one_office, liar):
    evil = "<script>alert(1)</script>\"'>"
    liar.says("/register", f"{{{evil}}}".encode(), status=422)

    page = one_office.browser.post(one_office.path, liar.fields).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_registration_cut_off_in_the_middle_leaves_the_invitation_open(
    one_office, liar, make_site
):
    row = one_office.invite
    start_writing()
    row = db.session.merge(row)
    row.registering_until, row.attempt_hash = row.made_at, "of the one that was cut off"
    db.session.commit()

    answer = one_office.register_at(make_site("moodle"))

    assert answer.status_code == 200
    assert registrations() == [1, 1]
