"""Runs the migrations over the application's own engine (SQLite or PostgreSQL)."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Connection

engine = current_app.extensions["migrate"].db.engine
metadata = current_app.extensions["migrate"].db.metadata


def as_plain_type(kind: str, item: object, _context: object) -> str | bool:
    """Migrations never import the application: its own types are written as what they are."""
    if kind == "type" and type(item).__name__ == "UTCDateTime":
        return "sa.DateTime(timezone=True)"
    return False


@contextmanager
def tables_may_be_rebuilt(connection: Connection) -> Iterator[None]:
    """SQLite alters a table by making it anew, which references to it would forbid.

    They are looked at afterwards instead (https://sqlite.org/lang_altertable.html, section 7).
    """
    driver = connection.connection.driver_connection
    if engine.dialect.name == "sqlite":
        driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        if engine.dialect.name == "sqlite":
            driver.execute("PRAGMA foreign_keys=ON")


def check_references(connection: Connection) -> None:
    """Refuse, before anything is kept, a migration that lost rows to which others refer."""
    is_sqlite = engine.dialect.name == "sqlite"
    if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError("a migration left references to rows that are not there")


def run() -> None:
    """All pending migrations, in one transaction: both databases can."""
    with engine.connect() as connection, tables_may_be_rebuilt(connection):
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            compare_type=True,
            render_item=as_plain_type,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            check_references(connection)


run()
