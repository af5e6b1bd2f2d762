"""How each database is opened: settings in force, and many writers who never see "locked"."""

import contextvars
import multiprocessing
import threading
import time

import pytest
from sqlalchemy import select, text

from lti_tool import create_app
from lti_tool import db as database
from lti_tool.clock import ClockOffset
from lti_tool.db import db, insert_missing, short_transaction, start_reading, start_writing
from lti_tool.jobs import WorkerSeen
from lti_tool.settings import SettingsError
from tests.conftest import settings_for

WRITES = 40


def setting(name):
    start_reading()
    return str(db.session.scalar(text(name)))


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", "2"),  # FULL
        ("foreign_keys", "1"),
        ("busy_timeout", "15000"),
        ("trusted_schema", "0"),
    ],
)
def test_sqlite_settings_are_in_force(sqlite_app, pragma, value):
    assert setting(f"PRAGMA {pragma}") == value


@pytest.fixture
def postgresql_app(request):
    """The tool on PostgreSQL."""
    return request.getfixturevalue("_postgresql_app")


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement_timeout", "10s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ],
)
def test_postgresql_limits_are_in_force(postgresql_app, name, value):
    with postgresql_app.app_context():
        assert setting(f"SHOW {name}") == value
        db.session.remove()


def test_a_new_threads_connection_has_the_settings_too(sqlite_app):
    found = []

    def look():
        with sqlite_app.app_context():
            found.append(setting("PRAGMA foreign_keys"))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert found == ["1"]


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 2)])
def test_a_sqlite_that_can_damage_the_file_is_refused(monkeypatch, tmp_path, version):
    class Affected:
        sqlite_version_info, sqlite_version = version, ".".join(map(str, version))

    monkeypatch.setattr(database, "sqlite3", Affected)

    with pytest.raises(SettingsError) as refused:
        create_app(settings_for(tmp_path, f"sqlite:///{tmp_path}/tool.db"))

    assert refused.value.key == "DATABASE_URL"
    assert "3.51.3" in str(refused.value)


def test_a_reader_waits_for_no_writer(sqlite_app):
    start_writing()
    db.session.execute(text("SELECT 1"))  # BEGIN IMMEDIATE: the one writer
    began = time.monotonic()
    found = []

    def read():
        with sqlite_app.app_context():
            start_reading()
            found.append(db.session.scalars(select(WorkerSeen)).all())

    elsewhere(read)
    db.session.rollback()

    assert found == [[]]
    assert time.monotonic() - began < 2


def test_a_writer_waits_for_the_writer_before_it(sqlite_app):
    start_writing()
    db.session.execute(text("SELECT 1"))
    done = []

    def write():
        with sqlite_app.app_context():
            start_writing()
            db.session.merge(ClockOffset(id=9, seconds=1))
            db.session.commit()
            done.append(time.monotonic())

    thread = threading.Thread(target=contextvars.Context().run, args=(write,))
    thread.start()
    time.sleep(0.3)
    released = time.monotonic()
    db.session.rollback()
    thread.join(timeout=10)

    assert done[0] >= released


def elsewhere(what):
    thread = threading.Thread(target=contextvars.Context().run, args=(what,))
    thread.start()
    thread.join(timeout=10)


def test_a_short_transaction_inside_a_writing_one_is_a_mistake_that_shows(app):
    start_writing()
    db.session.execute(text("SELECT 1"))

    with pytest.raises(RuntimeError), short_transaction():
        pass


def test_two_who_meet_somebody_new_at_once_make_one_row(app):
    rows = [{"id": 1, "seconds": 5}]
    start_writing()
    insert_missing(ClockOffset, rows)
    db.session.commit()

    insert_missing(ClockOffset, [{"id": 1, "seconds": 7}])

    db.session.commit()
    assert [row.seconds for row in db.session.scalars(select(ClockOffset))] == [5]


# --- many writers ----------------------------------------------------------------------------


def add_up(app, errors, pause=0.0):
    """Read, think, write: each addition must be there in the end."""
    for _ in range(WRITES):
        time.sleep(pause)
        try:
            with app.app_context():
                start_writing()
                row = db.session.get(ClockOffset, 1, with_for_update=True)
                row.seconds += 1
                db.session.commit()
        except Exception as error:
            errors.append(type(error).__name__)


def add_up_in_a_process(environ, errors, pause):
    add_up(create_app(environ), errors, pause)


def total():
    start_reading()
    return db.session.get_one(ClockOffset, 1, populate_existing=True).seconds


@pytest.fixture
def zero(app):
    start_writing()
    db.session.add(ClockOffset(id=1, seconds=0))
    db.session.commit()
    return app


def test_eight_threads_that_write_at_once_lose_nothing_and_see_no_lock(zero):
    errors = []
    threads = [threading.Thread(target=add_up, args=(zero, errors)) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert errors == []
    assert total() == 8 * WRITES


def run_processes(number, app, pause=0.0):
    known = app.extensions["good_turn_settings"]
    environ = {f"LTI_TOOL_{key}": str(value) for key, value in vars(known).items()}
    spawn = multiprocessing.get_context("spawn")
    with spawn.Manager() as manager:
        errors = manager.list()
        workers = [
            spawn.Process(target=add_up_in_a_process, args=(environ, errors, pause))
            for _ in range(number)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=120)
        return list(errors)


def test_processes_that_write_at_once_lose_nothing_and_see_no_lock(zero):
    errors = run_processes(2, zero)

    assert errors == []
    assert total() == 2 * WRITES


@pytest.mark.hard
@pytest.mark.timeout(600)
def test_sixty_four_processes_that_write_a_hundred_times_a_second_see_no_lock(zero):
    errors = run_processes(64, zero, pause=0.64)

    assert errors == []
    assert total() == 64 * WRITES
