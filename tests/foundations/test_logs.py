"""Logs and figures hold nothing personal and nothing secret, also when things go wrong."""

import io
import json
import logging
import re
import sys

import pytest
import structlog
from sqlalchemy import select

from lti_tool import jobs, logs
from lti_tool.board import queries as board
from lti_tool.launch.session import COOKIE
from lti_tool.lti.models import AccessToken
from lti_tool.lti.sealing import unseal
from lti_tool.practice.faults import Fault
from tests.conftest import SECRET, db, make_course
from tests.house.source import calls, ours

TYPED = ("Zyxwtitle", "Zyxwbody", "Zyxwhelp", "Zyxwnote", "Zyxwlongcourse")


class Written:
    """What the tool wrote to standard error: as lines, each a dict, and empty after reading."""

    def __init__(self, monkeypatch):
        self.stream, self.monkeypatch = io.StringIO(), monkeypatch

    def at(self, level):
        structlog.contextvars.clear_contextvars()
        with self.monkeypatch.context() as patched:
            patched.setattr(sys, "stderr", self.stream)
            logs.set_up(level)

    def __call__(self):
        lines = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        self.stream.seek(0)
        self.stream.truncate()
        return lines


@pytest.fixture
def written(monkeypatch):
    """The tool at its most talkative: written() → what it wrote since."""
    lines = Written(monkeypatch)
    lines.at("debug")
    yield lines
    logs.set_up("error")


@pytest.fixture
def hidden_course(sqlite_app, make_site):
    """A course whose title is looked for in the logs."""
    return make_course(make_site("canvas"), title="Zyxwlongcourse")


def whole_journey(course, visit, browser, run_chores):
    """Ask, answer, thank, grade; then an LMS that breaks, forged launches and mistakes."""
    ivy, ana, ben = (visit(course, who) for who in (course.ivy, course.ana, course.ben))
    app = ivy.app
    ivy.send("credit/settings", mode="gradebook", full_marks_at="10")
    run_chores(app)
    place = ana.send("ask", title="Zyxwtitle", body="Zyxwbody").headers["Location"]
    place = place.removeprefix(ana.home)
    ben.send(f"{place}/answers", _from=place, body="Zyxwhelp")
    answer = re.search(r"answers/([^/\"]+)/thanks", ana.page(place).text)[1]
    course.site.faults.add(Fault("*", "garbage"))
    ana.send(f"answers/{answer}/thanks", _from=place, note="Zyxwnote")
    run_chores(app)
    course.site.faults.clear()
    run_chores(app)
    address, fields = browser().login(course.ana, course.link, course.site)
    browser().post(address.partition("5000")[2], fields)
    browser().post(address.partition("5000")[2], fields | {"id_token": fields["id_token"][:-9]})
    ana.page("?before=Zyxwtitle")
    return [ivy, ana, ben], fields, [place.rpartition("/")[2], answer]


def secrets_of(course, browsers, fields, ids):
    """Everything that must never be written anywhere."""
    people = (course.ana, course.ben, course.ivy)
    yield from TYPED
    yield from (word for person in people for word in person.name.split())
    yield from (person.email for person in people)
    yield from (person.sub for person in people)
    yield from (browser.home.split("/")[2] for browser in browsers)
    yield from (browser.client.get_cookie(COOKIE, "127.0.0.1").value for browser in browsers)
    yield from (fields["id_token"][:40], fields["id_token"][-40:], fields["state"], *ids, SECRET)
    db.session.rollback()
    yield from (unseal(sealed) for sealed in db.session.scalars(select(AccessToken.sealed_token)))


def test_a_whole_journey_leaves_nothing_personal_behind(
    hidden_course, visit, browser, run_chores, written
):
    told = whole_journey(hidden_course, visit, browser, run_chores)

    lines = written()
    figures = browser().get("/metrics").text
    secrets = [secret for secret in secrets_of(hidden_course, *told) if secret]
    everything = "\n".join(map(json.dumps, lines)) + figures
    assert len(lines) > 25
    assert len(secrets) > 25
    assert [secret for secret in secrets if secret in everything] == []


def test_every_line_is_json_with_listed_fields_only(one_course, visit, run_chores, written):
    visit(one_course, one_course.ana).page()
    run_chores(visit(one_course, one_course.ben).app)

    lines = written()

    assert {"request", "chore"} <= {line["event"] for line in lines}
    assert not [line for line in lines if set(line) - logs.FIELDS]


def test_a_field_that_is_not_listed_is_dropped(written):
    structlog.get_logger().info("request", name="Ana", status=200, email="ana@example.edu")

    [line] = written()

    assert set(line) == {"event", "status", "level", "timestamp"}


def test_no_line_of_code_logs_a_field_that_is_dropped():
    used = {
        (module.name, keyword.arg)
        for module in ours()
        for name, call in calls(module)
        if name.startswith("log.") or name == ".log"
        for keyword in call.keywords
    }

    assert len(used) > 8
    assert not [(name, field) for name, field in used if field not in logs.FIELDS]


def test_a_mistake_is_logged_by_its_place_and_not_its_message(
    one_course, visit, monkeypatch, written
):
    ana = visit(one_course, one_course.ana)
    written()
    monkeypatch.setattr(board, "questions", _quotes_ana)

    ana.page()

    mistake, request = written()
    assert (mistake["event"], mistake["error"]) == ("mistake", "ValueError")
    assert "_quotes_ana" in mistake["where"]
    assert mistake["request_id"] == request["request_id"]
    assert "Ana" not in json.dumps(mistake)


def _quotes_ana(*_given):
    raise ValueError("Ana Ruiz wrote: help")


def test_a_chore_that_fails_is_logged_without_its_message(sqlite_app, monkeypatch, written):
    chores = {"roster.sweep": _quotes_ana}
    monkeypatch.setitem(sqlite_app.extensions, "good_turn_chores", chores)

    jobs.run(sqlite_app, "roster.sweep")

    [line] = written()
    assert (line["event"], line["chore"], line["error"]) == (
        "chore_failed", "roster.sweep", "ValueError",
    )  # fmt: skip
    assert "Ana" not in json.dumps(line)


def test_a_library_is_quoted_by_its_place_only(written):
    try:
        _quotes_ana()
    except ValueError:
        logging.getLogger("some.library").exception("Ana asked for %s", "https://x/?token=1")

    [line] = written()

    assert (line["event"], line["error"], line["level"]) == ("library", "ValueError", "error")
    assert line["where"].startswith("some.library:")
    assert "Ana" not in json.dumps(line)


def test_the_level_is_obeyed(written):
    written.at("warning")

    structlog.get_logger().info("request")
    structlog.get_logger().warning("wake_lost")

    assert [line["event"] for line in written()] == ["wake_lost"]
