"""What every answer carries, whatever it is: pages, errors, redirects, files."""

import dataclasses

import pytest

from lti_tool import web
from tests.conftest import ORIGIN, make_course

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}
LOCAL = "http://localhost:* http://127.0.0.1:* http://*.localhost:*"
STATIC = "/static/css/good-turn.css"


def policy(answer):
    """The content security policy, by directive."""
    said = answer.headers["Content-Security-Policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in said)


def framed_by(answer):
    return policy(answer)["frame-ancestors"]


def every_address(app):
    """One address of each rule, with ids that do not exist, and some that are wrong."""
    for rule in app.url_map.iter_rules():
        values = dict.fromkeys(rule.arguments, "none")
        yield rule.build(values)[1]
    yield from ("/", "/nowhere", "/static/none.css", "/v/none/none", "/static/../setup.cfg")


@pytest.fixture
def there(one_course, visit, browser):
    """Answers of every kind, by a name."""
    ana, nobody = visit(one_course, one_course.ana), browser()
    platform = f"/lti/{one_course.registration_id}"
    return {
        "board": ana.page(),
        "not in course": ana.page("questions/none"),
        "refused by role": ana.page("credit/settings"),
        "forged form": ana.post(ana.home + "ask", {"title": "x"}),
        "no visit": nobody.get("/v/none/"),
        "launch refused": nobody.post(f"{platform}/launch"),
        "login refused": nobody.post(f"{platform}/login"),
        "configuration": nobody.get(f"{platform}/config.json"),
        "unknown platform": nobody.get("/lti/none/launch"),
        "nowhere": nobody.get("/nowhere"),
        "keys": nobody.get("/lti/jwks.json"),
        "alive": nobody.get("/healthz"),
        "file": nobody.get(STATIC),
    }


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_every_answer_carries_the_security_headers(sqlite_app, method):
    guest = sqlite_app.test_client()

    for path in every_address(sqlite_app):
        answer = guest.open(path, method=method, base_url=ORIGIN)
        said = policy(answer)
        assert {name: said[name] for name in CSP} == CSP, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["Referrer-Policy"] == "same-origin", path
        assert "X-Frame-Options" not in answer.headers, path
        assert "Server" not in answer.headers, path


def test_who_may_frame_a_page(there, one_course):
    platform = one_course.site.issuer.split("/moodle")[0]

    assert {name: framed_by(answer) for name, answer in there.items()} == {
        "board": platform,
        "not in course": platform,
        "refused by role": platform,
        "forged form": platform,
        "no visit": f"https: {LOCAL}",
        "launch refused": platform,
        "login refused": platform,
        "configuration": platform,
        "unknown platform": "'none'",
        "nowhere": "'none'",
        "keys": "'none'",
        "alive": "'none'",
        "file": "'none'",
    }


def test_canvas_and_added_origins_may_frame_their_own_pages(sqlite_app, make_site, visit):
    site = make_site("canvas")
    course = make_course(site, frame_origins=["https://lms.example.edu"])

    ancestors = framed_by(visit(course, course.ana).page()).split()

    assert "https://*.instructure.com" in ancestors
    assert "https://lms.example.edu" in ancestors


def test_what_may_be_kept_and_what_may_not(there):
    kept = {name: answer.headers["Cache-Control"] for name, answer in there.items()}

    assert kept.pop("keys") == "public, max-age=3600"
    assert kept.pop("file") == "no-cache"
    assert set(kept.values()) == {"no-store"}


def test_a_file_named_by_its_content_is_kept_for_good(sqlite_app, browser):
    guest = browser()
    with sqlite_app.test_request_context():
        address = web.asset("css/good-turn.css")

    kept = guest.get(address).headers["Cache-Control"]
    missing = guest.get("/static/css/none.css?v=1")

    assert kept == "public, max-age=31536000, immutable"
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-cache")


def test_the_name_of_a_file_changes_with_its_content(sqlite_app, tmp_path, monkeypatch):
    monkeypatch.setattr(web, "ROOT", tmp_path)
    file = tmp_path / "static" / "a.css"
    file.parent.mkdir()
    file.write_text("a {}")

    with sqlite_app.test_request_context():
        first = web.asset("a.css")
        file.write_text("b { color: red }")
        second = web.asset("a.css")

    assert first != second


def test_a_server_on_https_keeps_browsers_there(sqlite_app, browser, monkeypatch):
    chosen = sqlite_app.extensions["good_turn_settings"]
    monkeypatch.setitem(
        sqlite_app.extensions,
        "good_turn_settings",
        dataclasses.replace(chosen, PUBLIC_URL="https://goodturn.example.edu"),
    )

    answer = browser().get("/v/none/")

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert framed_by(answer) == "https:"


def test_the_one_cookie_is_locked_to_us(one_course, browser):
    guest = browser()
    fields = dict(one_course.site.login_request(one_course.ana, one_course.link))

    answer = guest.post(f"/lti/{one_course.registration_id}/login", fields)

    [cookie] = answer.headers.getlist("Set-Cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-good-turn=")
    assert set(attributes) == {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"}


def test_pages_load_nothing_from_elsewhere(there):
    for name, answer in there.items():
        sources = [part.split('"')[1] for part in answer.text.split("src=")[1:]]
        assert all(source.startswith("/static/") for source in sources), name
        assert ORIGIN not in answer.text or name in ("configuration",), name
