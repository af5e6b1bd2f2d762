"""For whoever runs the server: alive, ready, and figures that not everybody may read."""

import dataclasses
from datetime import timedelta

import pytest

from lti_tool import clock, create_app, jobs
from lti_tool.db import db, start_writing
from tests.conftest import settings_for


def seen(ago):
    """A worker was seen then."""
    start_writing()
    db.session.merge(jobs.WorkerSeen(id=1, seen_at=clock.now() - ago))
    db.session.commit()


def set_setting(monkeypatch, app, **changed):
    chosen = dataclasses.replace(app.extensions["good_turn_settings"], **changed)
    monkeypatch.setitem(app.extensions, "good_turn_settings", chosen)


def ask(app, path, address="127.0.0.1", **headers):
    """A request from this address."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().get(path, headers=names, environ_base={"REMOTE_ADDR": address})


def test_the_process_is_alive(sqlite_app):
    answer = ask(sqlite_app, "/healthz")

    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_it_is_ready_when_a_worker_was_seen_lately(app):
    seen(timedelta(seconds=60))

    answer = ask(app, "/readyz")

    assert answer.status_code == 200
    assert answer.json == {"database": True, "migrations": True, "worker": True}


def test_without_a_worker_it_is_not_ready_and_says_so(app):
    answer = ask(app, "/readyz")

    assert answer.status_code == 503
    assert answer.json == {"database": True, "migrations": True, "worker": False}


def test_a_worker_that_fell_silent_is_noticed(app):
    seen(timedelta(seconds=100))

    assert ask(app, "/readyz").json["worker"] is False


def test_a_worker_of_the_chores_is_seen(sqlite_app):
    jobs.run_all(sqlite_app)

    assert ask(sqlite_app, "/readyz").status_code == 200


def test_a_database_that_is_not_migrated_is_named(tmp_path):
    fresh = create_app(settings_for(tmp_path, f"sqlite:///{tmp_path}/fresh.db"))

    answer = ask(fresh, "/readyz")

    assert answer.status_code == 503
    assert answer.json == {"database": True, "migrations": False, "worker": False}


def test_a_database_that_is_away_is_named(tmp_path):
    alone = create_app(settings_for(tmp_path, "postgresql://nobody:pass-word@127.0.0.1:1/none"))

    ready, page = ask(alone, "/readyz"), ask(alone, "/v/none/")

    assert ready.status_code == 503
    assert ready.json == {"database": False, "migrations": False, "worker": False}
    assert page.status_code in (500, 503)
    assert "pass-word" not in page.text


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1"])
def test_figures_are_shown_on_this_machine(sqlite_app, address):
    answer = ask(sqlite_app, "/metrics", address)

    assert answer.status_code == 200
    assert "good_turn_requests_total" in answer.text


@pytest.mark.parametrize("address", ["10.0.0.1", "203.0.113.7", "2001:db8::1", "", "unix"])
def test_figures_are_not_shown_elsewhere(sqlite_app, address):
    answer = ask(sqlite_app, "/metrics", address)

    assert answer.status_code == 404
    assert "good_turn_" not in answer.text


def test_a_proxy_that_was_not_set_up_does_not_make_everybody_local(sqlite_app):
    assert ask(sqlite_app, "/metrics", X_Forwarded_For="203.0.113.7").status_code == 404


def test_behind_a_proxy_the_visitor_counts_and_not_what_they_claim(tmp_path):
    url = f"sqlite:///{tmp_path}/fresh.db"
    app = create_app(settings_for(tmp_path, url, PROXY_HOPS=1))

    answers = [
        ask(app, "/metrics", X_Forwarded_For=chain).status_code
        for chain in ("203.0.113.7", "127.0.0.1, 203.0.113.7", "203.0.113.7, 127.0.0.1")
    ]

    assert answers == [404, 404, 200]


def test_with_a_token_figures_are_shown_to_who_has_it(sqlite_app, monkeypatch):
    set_setting(monkeypatch, sqlite_app, METRICS_TOKEN="the token of the figures")

    answers = [
        ask(sqlite_app, "/metrics", "203.0.113.7", Authorization="Bearer the token of the figures"),
        ask(sqlite_app, "/metrics", "127.0.0.1", Authorization="Bearer another"),
        ask(sqlite_app, "/metrics", "127.0.0.1", Authorization="Bearer é"),
        ask(sqlite_app, "/metrics", "127.0.0.1"),
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 404, 404]


def test_figures_count_answers_by_endpoint_and_never_by_address(sqlite_app):
    ask(sqlite_app, "/v/a-secret-visit/questions/a-secret-question")

    page = ask(sqlite_app, "/metrics").text

    assert 'endpoint="board.question",method="GET",status="401"' in page
    assert "a-secret" not in page
