"""Broken set-ups, each caused at the practice LMS, and each named by `doctor`."""

import dataclasses
import json
from datetime import timedelta

import pytest

from lti_tool import jobs
from lti_tool.clock import now
from lti_tool.db import db, start_writing
from lti_tool.lti import findings, queries, signs
from lti_tool.lti.findings import Asked, Level, Logins
from lti_tool.lti.models import LoginState
from lti_tool.practice.exchange import PlatformPage
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Fault
from tests.conftest import make_course, register, registration_row


@pytest.fixture
def doctor(run):
    """Examine: doctor(course) → its findings by check, and the exit code."""

    def examine(course):
        result = run("doctor", course.registration_id, "--json")
        assert result.stdout, result.output
        found = {one["check"]: one for one in json.loads(result.stdout)}
        return found | {"exit": result.exit_code}

    return examine


@pytest.fixture
def used(sqlite_app, dialect, make_site, visit):
    """A course that was launched, in both dialects; a worker is there."""
    course = make_course(make_site(dialect))
    visit(course, course.ivy)
    start_writing()
    jobs.seen()
    return course


def mistake(course, **values):
    """Our side knows something else than the platform."""
    start_writing()
    row = registration_row(course.registration_id)
    for name, value in values.items():
        setattr(row, name, value)
    db.session.commit()


def begin(app, course, number):
    """Logins that began five minutes ago and never came back."""
    start_writing()
    row = registration_row(course.registration_id)
    db.session.add_all(
        LoginState(
            registration_id=row.id,
            state_hash=f"state {n}",
            nonce="n",
            browser_hash="b",
            created_at=now() - timedelta(minutes=5),
        )
        for n in range(number)
    )
    db.session.commit()


def bad(found, check, *words):
    assert found[check]["level"] == "bad", found
    assert found["exit"] == 1
    for word in words:
        assert word in found[check]["cause"] + found[check]["advice"]


def test_a_set_up_that_works_has_nothing_bad(used, doctor):
    found = doctor(used)

    assert found.pop("exit") == 0
    well = {check for check, one in found.items() if one["level"] == "ok"}
    assert well == set(found) - {"frame"}  # nothing listens at the address of a test


def test_one_line_for_each_check_and_no_names(used, run):
    result = run("doctor")

    lines = result.stdout.splitlines()
    assert len(lines) == 11
    assert all(line.split()[0] in ("ok", "warn", "bad") for line in lines)
    for secret in ("Ivy", "Stone", "good-turn\n", used.ivy.sub + '"'):
        assert secret not in result.stdout


def test_keys_that_cannot_be_reached(used, doctor):
    used.site.faults.add(Fault("jwks", "reset"))

    bad(doctor(used), "keys", "cannot be fetched", "firewall")


def test_an_empty_key_set(used, doctor):
    used.site.faults.add(Fault("jwks", "wrong"))

    bad(doctor(used), "keys")


def test_keys_of_another_platform(used, doctor, make_site, browser):
    other = make_site(used.site.dialect_name, path="other")
    mistake(used, jwks_url=other.jwks_url)
    used.site.rotate_keys(keep_old=False)
    refused = browser().launch(used, used.ana)

    assert refused.status_code >= 400
    bad(doctor(used), "keys", "of another platform", "--jwks-url")


def test_an_unknown_client_id(used, doctor):
    mistake(used, client_id="somebody-else")

    bad(doctor(used), "token", "client id is not known")


def test_a_roster_service_that_is_off(used, doctor):
    used.tool.scopes[:] = [scope for scope in used.tool.scopes if "nrps" not in scope]

    bad(doctor(used), "roster", "Names and Role")


def test_a_grade_service_that_is_off(used, doctor):
    used.tool.scopes[:] = [scope for scope in used.tool.scopes if "ags" not in scope]

    bad(doctor(used), "grades", "Grade Services")


def test_a_grade_service_that_was_never_on(sqlite_app, make_site, dialect, visit, doctor):
    site = make_site(dialect)
    course = make_course(site)
    course.tool.scopes[:] = [scope for scope in course.tool.scopes if "ags" not in scope]
    visit(course, course.ivy)

    found = doctor(course)

    assert found["grades"]["level"] == "warn"
    assert "switched off" in found["grades"]["cause"]


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_clock_that_is_off_by_ten_minutes(used, doctor, minutes):
    used.site.now = lambda: now() + timedelta(minutes=minutes)

    side = "before" if minutes > 0 else "behind"
    found = doctor(used)

    bad(found, "clock", side, "date -u")
    assert any(str(600 + off) in found["clock"]["cause"] for off in range(-2, 3))


def test_an_unknown_audience(used, doctor, browser):
    for _ in range(3):
        launch_with(browser(), used, aud="an old consumer key", azp="an old consumer key")

    bad(doctor(used), "launches", "audience-unknown", "3 launches", "consumer key")


def test_another_issuer(used, doctor, browser):
    launch_with(browser(), used, iss="https://elsewhere.example.edu")

    bad(doctor(used), "launches", "issuer-unknown", "Platform ID")


def test_an_unknown_deployment(used, doctor, browser):
    name = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"
    launch_with(browser(), used, **{name: "another"})

    bad(doctor(used), "launches", "deployment-unknown", "--deployment-id")


def launch_with(guest, course, **changed):
    """A launch whose token says something else; it is refused."""
    said = course.site.sign
    course.site.sign = lambda claims, **how: said(claims | changed, **how)
    answer = guest.launch(course, course.ana)
    course.site.sign = said
    assert answer.status_code == 400, answer.text


def test_a_wrong_redirect_address(sqlite_app, make_site, dialect, doctor, browser):
    course = make_course(make_site(dialect))
    course.tool.redirect_uris[:] = ["http://127.0.0.1:5000/launch"]
    for _ in range(2):
        with pytest.raises(PlatformPage):
            browser().launch(course, course.ana)
    minutes_pass()

    found = doctor(course)

    bad(found, "logins", "2 logins", "redirect address", "Activate", "/launch")


def minutes_pass():
    """The logins that began are not of this minute any more."""
    start_writing()
    earlier = now() - timedelta(minutes=5)
    db.session.execute(db.update(LoginState).values(created_at=earlier))
    db.session.commit()


def test_a_tool_that_is_pending(sqlite_app, make_site, doctor, browser):
    course = make_course(make_site("moodle"))
    course.tool.state = "pending"
    with pytest.raises(PlatformPage):
        browser().launch(course, course.ana)

    found = doctor(course)

    assert "Pending (Moodle: Activate)" in found["logins"]["advice"]
    assert found["logins"]["level"] == "warn"


def test_logins_that_come_back_are_no_trouble(used, sqlite_app, doctor):
    begin(sqlite_app, used, 1)

    assert doctor(used)["logins"]["level"] == "ok"


def test_a_worker_that_is_dead(sqlite_app, make_site, visit, doctor):
    course = make_course(make_site("moodle"))
    visit(course, course.ivy)

    bad(doctor(course), "worker", "lti-tool worker")


@pytest.fixture
def served(sqlite_app, monkeypatch):
    """Serve the tool at its public address, behind a proxy that adds headers."""
    servers = []

    def serve(*headers):
        def behind(environ, start_response):
            def answer(status, told, *more):
                return start_response(status, [*told, *headers], *more)

            return sqlite_app.wsgi_app(environ, answer)

        server = LiveServer(lambda url: behind).start()
        servers.append(server)
        known = sqlite_app.extensions["good_turn_settings"]
        moved = dataclasses.replace(known, PUBLIC_URL=server.url)
        monkeypatch.setitem(sqlite_app.extensions, "good_turn_settings", moved)

    yield serve
    for server in servers:
        server.stop()


def test_a_proxy_that_blocks_frames(used, doctor, served):
    served(("X-Frame-Options", "SAMEORIGIN"))

    bad(doctor(used), "frame", "may not show them in a frame", "X-Frame-Options")


def test_a_proxy_with_a_policy_of_its_own(used, doctor, served):
    served(("Content-Security-Policy", "frame-ancestors 'self'"))

    bad(doctor(used), "frame", "Content-Security-Policy")


def test_pages_that_may_be_framed(used, doctor, served):
    served()

    assert doctor(used)["frame"]["level"] == "ok"


def test_a_school_address_as_canvas_issuer():
    found = findings.addresses(
        kind="canvas",
        issuer="https://school.instructure.com",
        auth_url="https://sso.canvaslms.com/api/lti/authorize_redirect",
        others={},
    )

    assert found.level is Level.BAD
    assert "https://canvas.instructure.com" in found.told()[1]


def test_the_issuer_of_another_moodle():
    found = findings.addresses(
        kind="moodle",
        issuer="https://old.example.edu",
        auth_url="https://new.example.edu/mod/lti/auth.php",
        others={},
    )

    assert found.level is Level.BAD
    assert found.told()[0] == (
        "The issuer is at old.example.edu, but people sign in at new.example.edu."
    )


@pytest.mark.parametrize(
    ("elsewhere", "words"),
    [
        ({"a": 600.0}, "this server's clock"),
        ({"a": 0.0}, "the platform's clock is wrong"),
        ({}, "date -u"),
    ],
)
def test_whose_clock_is_wrong(elsewhere, words):
    found = findings.clock({"lms": 598.0}, elsewhere, 0)

    assert found.level is Level.BAD
    assert words in found.told()[1]


def test_a_service_that_is_in_trouble_is_not_said_to_be_off(used, doctor):
    used.site.faults.add(Fault("members", "status", status=503))

    found = doctor(used)

    bad(found, "roster", "no answer that can be used")
    assert "Names and Role" not in found["roster"]["advice"]


def test_every_advice_takes_its_facts():
    for code in signs.ADVICE:
        cause, _ = signs.refusals(Logins(refused={code: 2})).told()

        assert code in cause
        assert "2 launches" in cause


def test_a_token_endpoint_that_is_away_is_told_by_its_host():
    found = findings.token(Asked("https://lms.example.edu/token?secret=1", trouble="away"), "x")

    assert found.told()[0] == "No access token can be asked for at lms.example.edu: away."


def test_logins_of_other_platforms_and_days_do_not_count(used, sqlite_app, make_site):
    other = register(make_site("moodle", path="second"))
    begin(sqlite_app, used, 3)

    counted = queries.logins_of(other, now())
    later = queries.logins_of(registration_row(used.registration_id), now() + timedelta(days=2))

    assert counted == later == Logins()
