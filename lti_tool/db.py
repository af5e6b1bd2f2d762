"""The database: one base for models, one session, and how each database is opened.

Reading and writing are told apart before the first statement, because SQLite must know when a
transaction begins: a reader that turns into a writer can be refused without waiting.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, Engine, Enum, Insert, MetaData, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from lti_tool.settings import ROOT, SettingsError

try:
    from pysqlite3 import dbapi2 as sqlite3
except ImportError:  # not on this system: the standard library's, if it is new enough
    import sqlite3

SAFE_SQLITE = (3, 51, 3)
"""The first release without the WAL-reset bug (sqlite.org/wal.html, fixed 2026-03-13)."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time in UTC on both databases; SQLite itself keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every model stands on.

    Each model says which of its columns hold something personal in `personal`, so that exports and
    erasure find them; an empty set is said too.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime,
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=False,
            length=32,
            values_callable=lambda kind: [member.value for member in kind],
        ),
    }
    personal: ClassVar[frozenset[str]]


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
"""After the commit a page answers with what it knows, and begins no second transaction."""
_writing: ContextVar[bool] = ContextVar("writing", default=True)


def new_public_id() -> str:
    """A random 128-bit name for an address: it says nothing about order or number.

    None begins with a dash: on a command line it would be taken for an option.
    """
    name = secrets.token_urlsafe(16)
    return new_public_id() if name.startswith("-") else name


def init_app(app: Flask, url: str) -> None:
    """Open `url` for `app`; refuses a SQLite library that can damage the file."""
    app.config["SQLALCHEMY_DATABASE_URI"] = absolute_url(url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)


def absolute_url(url: str) -> str:
    """`url` with a SQLite path made absolute, so that every process opens the same file."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return url
    path = (ROOT / parsed.database).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"


def engine_options(url: str) -> dict[str, Any]:
    """How SQLAlchemy opens `url`; parameters never reach an error message."""
    common: dict[str, Any] = {"hide_parameters": True, "pool_pre_ping": True}
    if make_url(url).get_backend_name() == "sqlite":
        if sqlite3.sqlite_version_info < SAFE_SQLITE:
            wanted = ".".join(map(str, SAFE_SQLITE))
            raise SettingsError(
                "DATABASE_URL",
                f"postgresql://…, or Python's SQLite {wanted} or newer: {sqlite3.sqlite_version} "
                "can damage a database that several processes write",
            )
        return {"hide_parameters": True, "module": sqlite3, "connect_args": {"timeout": 15}}
    limits = {
        "statement_timeout": "10s",
        "idle_in_transaction_session_timeout": "30s",
        "lock_timeout": "5s",
    }
    options = " ".join(f"-c {name}={value}" for name, value in limits.items())
    return common | {"connect_args": {"options": options, "connect_timeout": 5}}


def prepare(engine: Engine) -> None:
    """Give every SQLite connection its settings, and begin transactions by what they will do."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def _open_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite
    for pragma in (
        "busy_timeout=15000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", _writing.get())
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _start_afresh() -> None:
    db.session.rollback()
    db.session.expire_all()


def start_reading() -> None:
    """End the open transaction; the next one only reads, and waits for no writer."""
    _start_afresh()
    _writing.set(False)


def start_writing() -> None:
    """End the open transaction; the next one may write, and sees the latest."""
    _start_afresh()
    _writing.set(True)


@contextmanager
def short_transaction() -> Iterator[Connection]:
    """A small write of its own, done at once, whatever the session is doing.

    For what must hold even if the page fails: a key that was fetched, a token, a lease. The
    session must only be reading meanwhile, or SQLite would wait for itself.
    """
    if _writing.get() and db.session().in_transaction():
        raise RuntimeError("a short transaction inside a writing one would wait for itself")
    with db.engine.execution_options(writes=True).begin() as connection:
        yield connection


def insert_missing(model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert those of `rows` that no unique constraint knows yet; the others stay as they are.

    Two processes that meet somebody new at the same moment must not fail for it.
    """
    db.session.execute(missing(model), list(rows))


def missing(model: type[Base]) -> Insert:
    """The statement behind `insert_missing`, for a connection of one's own."""
    kind = db.engine.dialect.name
    insert = postgresql.insert if kind == "postgresql" else sqlite.insert
    return insert(model).on_conflict_do_nothing()


def change(row: Base, wanted: Mapping[str, Any]) -> None:
    """Set what differs from `wanted`, so that an unchanged row costs nothing."""
    for name, value in wanted.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


T = TypeVar("T")
TRIES = 5


def retried(work: Callable[[], T]) -> T:
    """Do `work`, a whole transaction with its commit; again when somebody made the same row first.

    Two launches of a new course both find no row and both write it. The database refuses the
    second, which then begins anew and finds what the first one wrote.
    """
    for _ in range(TRIES - 1):
        try:
            return work()
        except IntegrityError:
            start_writing()
    return work()


def is_reachable() -> bool:
    """Whether the database answers."""
    try:
        db.session.execute(text("SELECT 1"))
    except Exception:  # whatever the driver says, the answer is no
        return False
    return True


def is_writing() -> bool:
    """Whether the session's transactions may write."""
    return _writing.get()


View = TypeVar("View", bound=Callable[..., Any])


def writes(view: View) -> View:
    """Mark a page that writes though it answers a GET (the login, which LTI lets be either)."""
    view.writes = True  # type: ignore[attr-defined]
    return view
