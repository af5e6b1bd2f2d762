"""Chores and their worker: woken or not, killed or stopped, one by one or two at once."""

import threading
import time

import pytest
from sqlalchemy import select

from lti_tool import jobs
from lti_tool.clock import now
from lti_tool.db import db, start_reading, start_writing
from lti_tool.jobs import WorkerSeen
from lti_tool.practice.faults import Fault
from tests import postgres
from tests.conftest import _kept, _opened, make_course, migrated, settings_for
from tests.credit.conftest import entered
from tests.credit.worker import Worker, wait_until


@pytest.fixture
def noted(app):
    """The tool with chores that note their turns, the first of which always fails."""
    turns = []

    def broken():
        turns.append("broken")
        raise ValueError

    app.extensions["good_turn_chores"], real = (
        {"broken": broken, "whole": lambda: turns.append("whole")},
        app.extensions["good_turn_chores"],
    )
    yield app, turns
    app.extensions["good_turn_chores"] = real


def test_a_chore_that_fails_does_not_stop_the_others(noted):
    app, turns = noted

    jobs.run_all(app)

    assert turns == ["broken", "whole"]


def test_one_members_mistake_does_not_stop_the_others(app):
    done = []

    def work(_group, member):
        if member == 2:
            raise ValueError
        done.append(member)
        return True

    assert jobs.side_by_side({1: [1, 2, 3, 4]}, work, 2)
    assert sorted(done) == [1, 3, 4]


def test_a_group_that_may_not_go_on_is_left_and_the_others_are_not(app):
    done = []

    def work(group, member):
        done.append((group, member))
        return group != 1

    jobs.side_by_side({1: range(50), 2: range(50)}, work, 2)

    assert len([one for one in done if one[0] == 1]) <= 2
    assert len([one for one in done if one[0] == 2]) == 50


def test_never_more_of_a_group_at_a_time_than_said(app):
    guard, busy, most = threading.Lock(), [0], [0]

    def work(_group, _member):
        with guard:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.002)
        with guard:
            busy[0] -= 1
        return True

    jobs.side_by_side({1: range(40)}, work, 2)

    assert most[0] == 2


def test_a_worker_that_was_seen_lately_counts_as_alive(app, monkeypatch):
    start_writing()
    before = jobs.is_worker_alive()
    jobs.seen()
    alive = jobs.is_worker_alive()
    db.session.merge(WorkerSeen(id=1, seen_at=now() - 2 * jobs.WORKER_IS_LATE))
    db.session.commit()

    assert (before, alive, jobs.is_worker_alive()) == (False, True, False)


def test_this_process_lives_and_an_ended_one_is_known_to_have_ended():
    machine = jobs.this_worker().partition(".")[0]

    assert not jobs.has_ended(jobs.this_worker())
    assert jobs.has_ended(f"{machine}.{2**22 + 1}")
    assert not jobs.has_ended(f"elsewhere.{2**22 + 1}")
    assert not jobs.has_ended("")


# --- the queue -------------------------------------------------------------------------------


def test_waking_an_unknown_chore_is_a_mistake(app):
    with pytest.raises(KeyError):
        jobs.wake("no.such.chore")


def test_the_tool_starts_and_answers_though_its_queue_cannot_be_reached(tmp_path):
    environ = settings_for(
        tmp_path, f"sqlite:///{tmp_path}/tool.db", QUEUE_URL="postgresql://127.0.0.1:1/none"
    )
    app = migrated(environ)

    with app.app_context():
        jobs.wake("credit.send")

    for _ in _kept(app):
        assert app.test_client().get("/healthz").status_code == 200


def test_a_lost_wake_up_only_delays(sqlite_app, make_site, visit):
    course = make_course(make_site("moodle"))
    room = entered(sqlite_app, course, visit)
    room.say_yes()
    room.earn(course.ben)  # nobody is woken

    with Worker(sqlite_app):
        wait_until(lambda: room.gradebook() == room.due(), 30)

    assert room.shown(course.ben) == 1


def test_a_page_answers_though_the_queue_was_deleted(sqlite_app, make_site, visit):
    course = make_course(make_site("moodle"))
    visit(course, course.ivy)
    delete(jobs.queue_of(sqlite_app).storage.filename)

    ivy = visit(course, course.ivy)

    assert ivy.page().status_code == 200


@pytest.mark.hard
def test_a_queue_that_was_deleted_only_delays(sqlite_app, make_site, visit):
    course = make_course(make_site("moodle"))
    room = entered(sqlite_app, course, visit)
    room.say_yes()
    path = jobs.queue_of(sqlite_app).storage.filename
    with Worker(sqlite_app):
        wait_until(jobs_worker_seen, 30)
        delete(path)
        room.earn(course.ben)
        jobs.wake("credit.send")

        took = wait_until(lambda: room.gradebook() == room.due(), 60)

    assert took < 30


def jobs_worker_seen():
    start_reading()
    return db.session.scalar(select(WorkerSeen.seen_at)) is not None


def delete(path):
    from pathlib import Path

    for name in (path, f"{path}-journal"):
        Path(name).unlink(missing_ok=True)


# --- the worker as a process -----------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def queued(request, tmp_path, worker_name):
    """A tool of its own, with database and queue of the same kind."""
    database = queue = f"sqlite:///{tmp_path}/tool.db"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        database = postgres.fresh_database(server, f"jobs_{worker_name}")
        queue = postgres.fresh_database(server, f"queue_{worker_name}")
    else:
        queue = f"sqlite:///{tmp_path}/queue.db"
    for app in _kept(migrated(settings_for(tmp_path, database, QUEUE_URL=queue))):
        yield from _opened(app)


def test_a_wake_up_brings_the_worker_at_once(queued, make_site):
    from tests.conftest import Browser

    course = make_course(make_site("moodle"))
    with Worker(queued):
        wait_until(jobs_worker_seen, 30)
        time.sleep(0.5)
        began = len(course.site.requests)

        Browser(queued).launch(course, course.ivy)

        took = wait_until(lambda: len(course.site.requests) > began, 15)
    assert took < 5


def test_a_worker_ends_within_seconds_when_told_to(queued, make_site):
    from tests.conftest import Browser

    course = make_course(make_site("moodle"))
    people = [course.site.add_person(name=f"Student {n}") for n in range(40)]
    for person in people:
        course.site.enrol(course.lms, person)
    room = entered(queued, course, lambda c, p: Browser(queued).launch(c, p))
    room.say_yes()
    for person in people:
        room.earn(person)
    course.site.faults.add(Fault("results", "latency", seconds=0.5))

    with Worker(queued) as worker:
        wait_until(lambda: room.posts(), 30)
        took, ended = worker.terminate()

    assert took < 5
    assert ended == 0
    assert len(room.posts()) < 40
