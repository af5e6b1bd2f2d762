"""The invitation: one address, seven days, one registration; and the page that people see."""

import re

import pytest
from click.testing import CliRunner

from lti_tool import cli
from lti_tool.db import db, start_writing
from lti_tool.lti import actions as lti
from lti_tool.lti.models import Invite, PlatformKind, Registration
from tests.conftest import ORIGIN, migrated, settings_for
from tests.door import code_of
from tests.registration.conftest import Office, registrations

FORM = {"kind": "moodle", "client_id": "typed-in", "deployment_id": ""}


@pytest.fixture
def run(tmp_path):
    """Run a command on a database of its own."""
    environ = settings_for(tmp_path, f"sqlite:///{tmp_path}/tool.db")
    app = migrated(environ)

    def command(*words):
        return CliRunner().invoke(cli.group, words, env=environ)

    with app.app_context():
        yield command
        db.session.remove()
        db.engine.dispose()


def test_the_command_prints_one_address_and_keeps_a_digest(run):
    done = run("invite", "Our Moodle")

    [address] = done.stdout.splitlines()
    secret = re.fullmatch(rf"{ORIGIN}/register/([\w-]{{32}})", address)[1]
    row = db.session.query(Invite).one()
    assert (done.exit_code, row.name) == (0, "Our Moodle")
    assert secret not in str(vars(row))
    assert (row.expires_at - row.made_at).days == 7


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x00b"])
def test_an_invitation_needs_a_name(run, name):
    done = run("invite", name)

    assert (done.exit_code, done.stdout) == (2, "")
    assert db.session.query(Invite).count() == 0


@pytest.mark.parametrize("kind", ["", "moodle", "canvas", "other"])
def test_the_page_shows_every_value_to_be_entered(one_office, kind):
    page = one_office.open(f"?platform={kind}")

    base = f"{ORIGIN}/lti/{one_office.public_id}"
    shown = re.findall(r'<input id="[^"]+" value="([^"]+)" readonly', page.text)
    assert page.status_code == 200
    if kind == "canvas":
        assert {one_office.address, f"{base}/config.json", f"{base}/launch"} <= set(shown)
    elif kind:
        wanted = {f"{base}/login", f"{base}/launch", f"{ORIGIN}/lti/jwks.json"}
        assert wanted | {one_office.address} <= set(shown)
        assert "tz=$Person.address.timezone\ncontext_history=$Context.id.history" in page.text


def test_the_page_for_people_may_be_framed_by_nobody_and_is_kept_nowhere(one_office):
    page = one_office.open("?platform=moodle")

    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "Set-Cookie" not in page.headers


def test_looking_writes_nothing(one_office, make_site):
    before = dict(vars(one_office.invite))

    one_office.open("?platform=canvas")
    one_office.paste(make_site("moodle"))

    after = dict(vars(one_office.invite))
    assert {name: after[name] for name in before if name[0] != "_"} == {
        name: before[name] for name in before if name[0] != "_"
    }
    assert registrations() == [0, 0]


def test_after_seven_days_it_is_gone(one_office, make_site, later):
    site = make_site("moodle")
    page = one_office.paste(site).text
    later(days=7, minutes=1)

    answers = [one_office.open(), one_office.press(page), one_office.by_hand(**FORM)]

    assert [answer.status_code for answer in answers] == [410] * 3
    assert {code_of(answer) for answer in answers} == {"invitation-expired"}
    assert registrations() == [0, 0]
    assert site.state.tools == {}


WRONG = {
    "site": ["", "moodle.example.edu", "ftp://x", "https://", "https://a b", "javascript:alert(1)"],
    "client_id": ["", "  ", "x" * 256, "a\nb"],
    "deployment_id": ["x" * 256, "a\tb"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_slip_is_told_beside_its_field_and_nothing_typed_is_lost(
    one_office, make_site, name, value
):
    site = make_site("moodle")
    typed = FORM | {"site": site.issuer, "deployment_id": "7", name: value}

    page = one_office.by_hand(**typed)

    assert page.status_code == 422
    assert f'id="{name}-problem"' in page.text
    assert page.text.count('<p class="problem"') == 1
    assert all(f'value="{kept}"' in page.text for key, kept in typed.items() if key != name)
    assert one_office.invite.spent_at is None
    assert registrations() == [0, 0]


def test_a_site_without_keys_is_told_beside_its_field(one_office, make_site):
    site = make_site("moodle")

    page = one_office.by_hand(**FORM, site=f"{site.issuer}/elsewhere")

    assert page.status_code == 422
    assert "There are no public keys at the learning platform" in page.text
    assert 'id="site-problem"' in page.text
    assert registrations() == [0, 0]


def test_a_client_that_is_registered_is_left_alone(one_office, make_site):
    site = make_site("moodle")
    one_office.by_hand(**FORM, site=site.issuer)
    second = Office(one_office.app, "Somebody else")

    page = second.by_hand(**FORM, site=site.issuer)

    assert page.status_code == 422
    assert 'id="client_id-problem"' in page.text
    assert registrations() == [1, 1]
    assert db.session.query(Registration).one().public_id == one_office.public_id


def test_two_canvases_of_two_schools_may_share_issuer_and_client(one_office, make_site):
    start_writing()
    other = "https://canvas.other.example"
    lti.register(
        name="Another school",
        kind=PlatformKind.CANVAS,
        issuer="https://canvas.instructure.com",
        client_id="1",
        auth_url=f"{other}/api/lti/authorize_redirect",
        token_url=f"{other}/login/oauth2/token",
        jwks_url=f"{other}/api/lti/security/jwks",
    )
    db.session.commit()
    site = make_site("canvas")

    done = one_office.by_hand(kind="canvas", where="own", site=site.base_url, client_id="1")

    rows = db.session.query(Registration).all()
    assert done.status_code == 303
    assert {(row.issuer, row.client_id) for row in rows} == {
        ("https://canvas.instructure.com", "1")
    }
    assert len({row.public_id for row in rows}) == 2


def test_a_form_from_another_site_registers_nothing(one_office, make_site):
    site = make_site("moodle")
    form = FORM | {"site": site.issuer}
    path = f"{one_office.path}/by-hand"

    answers = [
        one_office.browser.post(path, form, headers=headers)
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        )
    ]

    assert {(one.status_code, code_of(one)) for one in answers} == {(422, "form-expired")}
    assert registrations() == [0, 0]


def test_what_was_typed_as_a_name_is_only_text(sqlite_app):
    office = Office(sqlite_app, "<img src=x onerror=alert(1)>")

    page = office.open("?platform=moodle").text

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
