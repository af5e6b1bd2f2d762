"""Error pages: what happened, what to do next, a code; never a traceback, never somebody's HTML."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lti_tool.board import queries as board
from lti_tool.db import db
from lti_tool.errors import PlatformUnreachable
from lti_tool.lti import queries as lti
from tests.conftest import make_course

NASTY = '<script>alert("x")</script><img src=x onerror=alert(1)>'


def code_of(answer):
    return re.search(r"<code>([a-z-]+)</code> <span[^>]*>([0-9a-f]{16})</span>", answer.text)


def raises(error):
    def broken(*_given, **_named):
        raise error

    return broken


@pytest.fixture
def ana(one_course, visit):
    return visit(one_course, one_course.ana)


@pytest.mark.parametrize(
    ("request_line", "status", "code"),
    [
        ("GET /nowhere", 404, "not-here"),
        ("GET /", 404, "not-here"),
        ("GET /static/../setup.cfg", 404, "not-here"),
        ("GET /static/none.css", 404, "not-here"),
        ("GET /v/none/", 401, "visit-over"),
        ("GET /v/%00/", 404, "not-here"),
        ("GET /v/none/?before=%00", 404, "not-here"),
        ("POST /healthz", 405, "wrong-use"),
        ("DELETE /v/none/ask", 405, "wrong-use"),
        ("BREW /v/none/ask", 405, "wrong-use"),
        ("GET /lti/none/launch", 404, "registration-unknown"),
    ],
)
def test_an_error_page_has_a_code(sqlite_app, request_line, status, code):
    method, path = request_line.split()

    answer = sqlite_app.test_client().open(path, method=method)

    assert (answer.status_code, code_of(answer)[1]) == (status, code)


def test_a_wrong_method_says_which_are_right(sqlite_app):
    assert sqlite_app.test_client().post("/healthz").headers["Allow"] == "GET, HEAD, OPTIONS"


def test_what_is_too_large_is_said_so(ana):
    answer = ana.post(ana.home + "ask", {"title": "x" * 1_100_000})

    assert (answer.status_code, code_of(answer)[1]) == (413, "too-large")


def test_too_many_fields_are_too_large(ana):
    answer = ana.post(ana.home + "ask", {f"field-{number}": "x" for number in range(1500)})

    assert answer.status_code in (413, 422)
    assert code_of(answer)


def test_a_mistake_of_ours_shows_no_more_than_a_code(ana, monkeypatch):
    monkeypatch.setattr(board, "questions", raises(RuntimeError("a secret of Ana Ruiz")))

    answer = ana.page()

    assert (answer.status_code, code_of(answer)[1]) == (500, "unexpected")
    assert not re.search(r"Traceback|RuntimeError|secret|lti_tool", answer.text)


def test_a_mistake_in_a_form_leaves_nothing_behind(ana, monkeypatch):
    monkeypatch.setattr("lti_tool.board.views._to", raises(KeyError("after the commit")))
    monkeypatch.setattr("lti_tool.board.actions.course_now", raises(KeyError("while writing")))

    answer = ana.send("ask", title="Lost", body="Lost")

    assert answer.status_code == 500
    assert "Lost" not in ana.page().text


def test_a_database_that_goes_away_under_a_visit_still_gives_a_page(ana, monkeypatch):
    gone = OperationalError("SELECT secret", {}, Exception("connection lost"))

    def lose_it(*_given):
        db.session.rollback()
        monkeypatch.setattr(Session, "execute", raises(gone))
        raise gone

    monkeypatch.setattr(board, "questions", lose_it)
    answer = ana._ask(ana.client.get, ana.home)
    monkeypatch.undo()

    assert (answer.status_code, code_of(answer)[1]) == (500, "unexpected")
    assert "secret" not in answer.text


def test_a_statement_that_the_database_refuses_still_gives_a_page(
    app, make_site, visit, monkeypatch
):
    course = make_course(make_site("moodle"))
    ana = visit(course, course.ana)
    refused = lambda *_given: db.session.execute(text("SELECT nothing FROM nowhere"))  # noqa: E731
    monkeypatch.setattr(board, "questions", refused)

    answer = ana.page()
    monkeypatch.undo()

    assert (answer.status_code, code_of(answer)[1]) == (500, "unexpected")
    assert ana.page().status_code == 200


@pytest.mark.parametrize(("asked", "told"), [(None, "30"), (120, "120")])
def test_an_lms_that_is_away_says_when_to_come_back(one_course, browser, monkeypatch, asked, told):
    away = PlatformUnreachable("a reason for the log", retry_after=asked)
    monkeypatch.setattr(lti, "registration_for", raises(away))

    answer = browser().post(f"/lti/{one_course.registration_id}/launch")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, told)
    assert "a reason for the log" not in answer.text


def test_each_error_page_has_its_own_request_id(browser):
    ids = {code_of(browser().get("/nowhere"))[2] for _ in range(3)}

    assert len(ids) == 3


def test_the_contact_for_help_is_on_error_pages(sqlite_app, browser, monkeypatch):
    object.__setattr__(
        sqlite_app.extensions["good_turn_settings"], "SUPPORT_CONTACT", "help@example.edu"
    )

    page = browser().get("/nowhere").text
    object.__setattr__(sqlite_app.extensions["good_turn_settings"], "SUPPORT_CONTACT", "")

    assert "Who can help: help@example.edu" in page


def test_markup_in_names_titles_and_texts_is_only_text(sqlite_app, make_site, visit):
    course = make_course(make_site("canvas"), title=f"Course {NASTY}")
    person = course.site.add_person(name=f"Mallory {NASTY}", given=f"Mal{NASTY}")
    course.site.enrol(course.lms, person, "student")
    mallory, ivy = visit(course, person), visit(course, course.ivy)
    asked = mallory.send("ask", title=NASTY, body=f"{NASTY}\n\n{NASTY}")
    place = asked.headers["Location"].removeprefix(mallory.home)
    ivy.send(f"{place}/answers", _from=place, body=NASTY)
    again = mallory.send("ask", title=NASTY, body="")

    pages = [again.text, *(one.page(at).text for one in (mallory, ivy) for at in ("", place))]

    assert all("&lt;script&gt;" in page for page in pages)
    assert not [page for page in pages if "<script>alert" in page or "<img src=x" in page]
