"""Commands that are run inside the tool of the test, and databases with a row in every table."""

import contextvars
from datetime import UTC, datetime

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask.cli import ScriptInfo

from lti_tool import cli
from lti_tool.db import Base, UTCDateTime, db, start_reading, start_writing

NOBODYS = {"clock_offset", "tool_key", "worker_seen"}
"""Tables that hold nothing of any platform."""
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture
def run(request):
    """Run a command on the database of this test: run("platform", "list") → its result."""
    name = "app" if "app" in request.fixturenames else "sqlite_app"
    app = request.getfixturevalue(name)

    def command(*words):
        db.session.rollback()
        db.session.expire_all()
        known = ScriptInfo(create_app=lambda: app)
        result = contextvars.Context().run(_invoke, words, known)
        start_reading()
        return result

    return command


def _invoke(words, known):
    inside = click.Group(commands=cli.group.commands)
    return CliRunner().invoke(inside, list(words), obj=known)


def everything(*but):
    """All rows of all tables, as the database has them."""
    start_reading()
    return {
        table.name: sorted(map(str, db.session.execute(sa.select(table)).all()))
        for table in Base.metadata.sorted_tables
        if table.name not in but
    }


def fill(number, rows=1):
    """So many rows in every table, all of one platform; ids begin at `number`."""
    start_writing()
    for table in Base.metadata.sorted_tables:
        if table.name in NOBODYS:
            continue
        many = 1 if table.name == "registration" or is_alone(table) else rows
        made = [
            {
                column.name: made_up(column, number, number + nth, many > 1)
                for column in table.columns
            }
            for nth in range(many)
        ]
        db.session.connection().execute(sa.insert(table), made)
    db.session.commit()


def is_alone(table):
    """Whether a platform has one row there at most."""
    keys = list(table.primary_key.columns)
    return len(keys) == 1 and any(
        key.column.table.name == "registration" for key in keys[0].foreign_keys
    )


def made_up(column, first, here, is_many):
    """A value that a column takes; references name the row of the same number."""
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column.table
        return first if target.name == "registration" or is_alone(target) else here
    if isinstance(column.type, sa.Integer):
        return here
    if isinstance(column.type, sa.Enum) and column.type.enum_class:
        return next(iter(column.type.enum_class))
    kinds = {sa.Float: 1.0, sa.Boolean: False, UTCDateTime: NOON, sa.JSON: []}
    for kind, value in kinds.items():
        if isinstance(column.type, kind):
            return value
    return f"{column.name} {here}"
