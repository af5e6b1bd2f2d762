"""The chores: what they are, who wakes them, and the worker that runs them.

The truth is in rows; the queue (Huey) only wakes workers. A lost wake-up delays a chore until its
next turn, and loses nothing.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

import huey
import structlog
from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.clock import now
from lti_tool.db import Base, absolute_url, db, start_writing

log = structlog.get_logger()
EVERY = 20.0
"""Seconds between two turns of every chore, woken or not."""
WORKER_IS_LATE = timedelta(seconds=90)
THREADS = 4


class WorkerSeen(Base):
    """When a chores worker was last seen; /readyz asks."""

    __tablename__ = "worker_seen"
    personal: ClassVar = frozenset[str]()

    id: Mapped[int] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


def init_app(app: Flask, url: str, chores: Mapping[str, Callable[[], None]]) -> None:
    """Give `app` its chores by name, and the queue that wakes them."""
    app.extensions["good_turn_chores"] = dict(chores)
    queue = _queue(url)
    app.extensions["good_turn_queue"] = queue
    app.extensions["good_turn_wake"] = queue.task(name="chore")(lambda name: run(app, name))


def wake(name: str) -> None:
    """Ask a worker to run the chore soon. Call it after the commit; it may be lost."""
    if name not in current_app.extensions["good_turn_chores"]:
        raise KeyError(name)
    try:
        current_app.extensions["good_turn_wake"](name)
    except Exception as error:  # the queue is down: the chore's next turn comes anyway
        log.warning("wake_lost", chore=name, error=type(error).__name__)


def run(app: Flask, name: str) -> None:
    """Run one chore now, in an application context of its own; failures are logged, not raised."""
    began = time.monotonic()
    with app.app_context():
        start_writing()
        try:
            app.extensions["good_turn_chores"][name]()
        except Exception as error:  # one chore's mistake must not stop the others
            db.session.rollback()
            log.exception("chore_failed", chore=name, error=type(error).__name__)
        else:
            log.debug("chore", chore=name, ms=round(1000 * (time.monotonic() - began)))


def run_all(app: Flask) -> None:
    """Run every chore once: what `lti-tool chores --once` does."""
    with app.app_context():
        start_writing()
        seen()
    for name in app.extensions["good_turn_chores"]:
        run(app, name)


def seen() -> None:
    """Note that a worker is alive."""
    db.session.merge(WorkerSeen(id=1, seen_at=now()))
    db.session.commit()


def is_worker_alive() -> bool:
    """Whether a worker was seen lately."""
    last = db.session.scalar(select(WorkerSeen.seen_at))
    return last is not None and now() - last < WORKER_IS_LATE


def side_by_side(
    groups: Mapping[int, Sequence[int]], work: Callable[[int], None], width: int
) -> None:
    """Do `work` for every member of every group, at most `width` of one group at a time."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def one(member: int) -> None:
        with app.app_context():
            work(member)

    pools = [(ThreadPoolExecutor(max_workers=width), members) for members in groups.values()]
    done = [pool.submit(one, member) for pool, members in pools for member in members]
    try:
        for each in done:
            each.result()
    finally:
        for pool, _members in pools:
            pool.shutdown()


def work(app: Flask) -> None:
    """Run chores until told to stop: woken ones at once, every one in turn."""
    stop = threading.Event()
    turns = threading.Thread(target=_take_turns, args=(app, stop), daemon=True)
    turns.start()
    try:
        consumer = app.extensions["good_turn_queue"].create_consumer(
            workers=THREADS, worker_type="thread", periodic=False, initial_delay=0.05, max_delay=0.5
        )
        consumer.run()
    finally:
        stop.set()


def _take_turns(app: Flask, stop: threading.Event) -> None:
    while True:
        try:
            run_all(app)
        except Exception as error:  # the database may be away for a moment
            log.warning("turn_failed", error=type(error).__name__)
        if stop.wait(EVERY):
            return


def _queue(url: str) -> Any:
    """Huey over SQLite, PostgreSQL or Redis. Its SQLite journal is the old one, never WAL:
    Huey opens the standard library's SQLite, which may have the WAL-reset bug."""
    scheme = urlsplit(url).scheme
    common = {"results": False, "immediate": False}
    if scheme == "sqlite":
        path = absolute_url(url).removeprefix("sqlite:///")
        return huey.SqliteHuey("queue", filename=path, journal_mode="truncate", **common)
    if scheme == "postgresql":
        return huey.PostgresHuey("queue", dsn=url, **common)
    return huey.RedisHuey("queue", url=url, **common)
