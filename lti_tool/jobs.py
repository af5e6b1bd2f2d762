"""The chores: what they are, who wakes them, and the worker that runs them.

The truth is in rows; the queue (Huey) only wakes workers. A lost wake-up delays a chore until its
next turn, and loses nothing.
"""

import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from queue import Empty, Full, Queue, SimpleQueue
from typing import Any, ClassVar, TypeVar
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
"""Seconds between two turns of every chore, woken or not; a chore may ask for an earlier one."""
Chore = Callable[[], float | None]
WORKER_IS_LATE = timedelta(seconds=90)
THREADS = 4
PLATFORMS_AT_ONCE = 16
_opening = threading.Lock()
T = TypeVar("T")


class WorkerSeen(Base):
    """When a chores worker was last seen; /readyz asks."""

    __tablename__ = "worker_seen"
    personal: ClassVar = frozenset[str]()

    id: Mapped[int] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


def init_app(app: Flask, url: str, chores: Mapping[str, Chore]) -> None:
    """Give `app` its chores by name, and the queue that wakes them."""
    app.extensions["good_turn_chores"] = dict(chores)
    app.extensions["good_turn_stopping"] = threading.Event()
    app.extensions["good_turn_next_turn"] = 0.0
    app.extensions["good_turn_queue_url"] = url


def wake(name: str) -> None:
    """Ask a worker to run the chore soon. Call it after the commit; it may be lost."""
    if name not in current_app.extensions["good_turn_chores"]:
        raise KeyError(name)
    try:
        queue_of(current_app._get_current_object())  # type: ignore[attr-defined]
        current_app.extensions["good_turn_wake"](name)
    except Exception as error:  # the queue is down: the chore's next turn comes anyway
        log.warning("wake_lost", chore=name, error=type(error).__name__)


def queue_of(app: Flask) -> Any:
    """The queue, opened at its first use: the tool starts and serves without it."""
    with _opening:
        if "good_turn_queue" not in app.extensions:
            queue = _queue(app.extensions["good_turn_queue_url"])
            app.extensions["good_turn_wake"] = queue.task(name="chore")(lambda name: run(app, name))
            app.extensions["good_turn_queue"] = queue
        return app.extensions["good_turn_queue"]


def run(app: Flask, name: str) -> None:
    """Run one chore now, in an application context of its own; failures are logged, not raised."""
    began = time.monotonic()
    with app.app_context():
        try:
            start_writing()
            _ask_for_turn(app, app.extensions["good_turn_chores"][name]())
        except Exception as error:  # one chore's mistake must not stop the others
            db.session.rollback()
            log.exception("chore_failed", chore=name, error=type(error).__name__)
        else:
            log.debug("chore", chore=name, ms=round(1000 * (time.monotonic() - began)))


def _ask_for_turn(app: Flask, seconds: float | None) -> None:
    """Let the next turn come after so many seconds, if that is earlier than it would."""
    if seconds is not None:
        wanted = time.monotonic() + max(1.0, seconds)
        app.extensions["good_turn_next_turn"] = min(app.extensions["good_turn_next_turn"], wanted)


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
    groups: Mapping[int, Sequence[int]], work: Callable[[int, int], bool], width: int
) -> bool:
    """Do `work(group, member)` for all, at most `width` of one group at a time.

    A group is left when `work` says that it may not go on, and everything when the worker stops.
    One member's mistake must not stop the others. Says whether anything was done.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    lines = [(group, _line(members)) for group, members in groups.items()]
    with ThreadPoolExecutor(width * min(len(lines), PLATFORMS_AT_ONCE)) as pool:
        done = [
            pool.submit(_work_off, app, work, group, line)
            for group, line in lines
            for _ in range(width)
        ]
    return any(each.result() for each in done)


def _line(members: Sequence[int]) -> SimpleQueue[int]:
    line: SimpleQueue[int] = SimpleQueue()
    for member in members:
        line.put(member)
    return line


def _work_off(
    app: Flask, work: Callable[[int, int], bool], group: int, line: SimpleQueue[int]
) -> bool:
    stopping: threading.Event = app.extensions["good_turn_stopping"]
    has_worked = False
    while not stopping.is_set():
        try:
            member = line.get_nowait()
        except Empty:
            break
        with app.app_context():
            try:
                may_go_on = work(group, member)
            except Exception as error:  # logged; its lease runs out and it is tried again
                log.exception("work_failed", error=type(error).__name__)
                continue
        if not may_go_on:
            break
        has_worked = True
    return has_worked


def ahead(make: Callable[[], Iterator[T]], most: int) -> Iterator[T]:
    """What `make()` gives, made in a thread of its own, at most `most` ahead of who takes it.

    So that waiting for a platform and writing happen at the same time. Raises what `make` raises.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    line: Queue[tuple[bool, Any]] = Queue(most)
    is_over = threading.Event()

    def put(is_last: bool, part: Any) -> bool:
        while not is_over.is_set():
            try:
                line.put((is_last, part), timeout=0.2)
            except Full:
                continue
            return True
        return False

    def fetch() -> None:
        error = None
        with app.app_context():
            try:
                if not all(put(False, part) for part in make()):
                    return
            except Exception as raised:  # it is raised again where it is waited for
                error = raised
        put(True, error)

    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    try:
        yield from _until_last(line)
    finally:
        is_over.set()
        thread.join(timeout=2)


def _until_last(line: "Queue[tuple[bool, Any]]") -> Iterator[Any]:
    while True:
        is_last, part = line.get()
        if not is_last:
            yield part
        elif part is not None:
            raise part
        else:
            return


def is_stopping() -> bool:
    """Whether this worker was told to stop."""
    stopping: threading.Event = current_app.extensions["good_turn_stopping"]
    return stopping.is_set()


def this_worker() -> str:
    """This process, for its leases: which machine, and which number there."""
    return f"{_machine()}.{os.getpid()}"


def has_ended(name: str) -> bool:
    """Whether that process is known to have ended: it was on this machine and is not there now."""
    machine, _, number = name.partition(".")
    if machine != _machine() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:  # somebody else's, so it is there
        return False
    return False


@lru_cache(maxsize=1)
def _machine() -> str:
    """A name for where process numbers mean the same: one boot and one namespace of Linux.

    Elsewhere a name that no other process has, so that nobody is taken for dead.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        space = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return secrets.token_hex(8)
    return hashlib.sha256(f"{boot}{space}".encode()).hexdigest()[:16]


def work(app: Flask) -> None:
    """Run chores until told to stop: woken ones at once, every one in turn."""
    stop: threading.Event = app.extensions["good_turn_stopping"]
    for turn in (_be_seen, _take_turns):
        threading.Thread(target=turn, args=(app, stop), daemon=True).start()
    try:
        while not _listen(app):
            stop.wait(EVERY)  # meanwhile the turns go on
    finally:
        stop.set()


def _listen(app: Flask) -> bool:
    """Run what is woken until told to stop; false when the queue cannot be opened now."""
    try:
        queue = queue_of(app)
    except Exception as error:  # whatever its driver says, it is away
        log.warning("queue_away", error=type(error).__name__)
        return False
    queue.create_consumer(
        workers=THREADS, worker_type="thread", periodic=False, initial_delay=0.05, max_delay=0.5
    ).run()
    return True


def _take_turns(app: Flask, stop: threading.Event) -> None:
    while True:
        app.extensions["good_turn_next_turn"] = time.monotonic() + EVERY
        for name in app.extensions["good_turn_chores"]:
            run(app, name)
        while time.monotonic() < app.extensions["good_turn_next_turn"]:
            if stop.wait(0.5):
                return
        if stop.is_set():
            return


def _be_seen(app: Flask, stop: threading.Event) -> None:
    """Beside the turns, because one may take long without anything being wrong."""
    while True:
        try:
            with app.app_context():
                start_writing()
                seen()
        except Exception as error:  # the database may be away for a moment
            log.warning("unseen", error=type(error).__name__)
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
        return huey.PostgresHuey("queue", dsn=url, connect_timeout=5, **common)
    return huey.RedisHuey("queue", url=url, **common)
