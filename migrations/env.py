"""Runs the migrations over the application's own engine (SQLite or PostgreSQL)."""

from alembic import context
from flask import current_app

engine = current_app.extensions["migrate"].db.engine
metadata = current_app.extensions["migrate"].db.metadata


def as_plain_type(kind: str, item: object, _context: object) -> str | bool:
    """Migrations never import the application: its own types are written as what they are."""
    if kind == "type" and type(item).__name__ == "UTCDateTime":
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """All pending migrations, in one transaction where the database can."""
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            compare_type=True,
            render_item=as_plain_type,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
