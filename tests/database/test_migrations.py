"""The migrations make what the models say, on both databases, up and down and up again."""

import ast
import itertools
from datetime import UTC, date, datetime
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from lti_tool import create_app
from lti_tool.db import Base, db
from lti_tool.settings import ROOT
from tests import postgres
from tests.conftest import settings_for

FOLDER = str(ROOT / "migrations")
VERSIONS = sorted(Path(FOLDER, "versions").glob("*.py"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_app(request, tmp_path, worker_name):
    """The tool with a database in which there is nothing yet."""
    url = f"sqlite:///{tmp_path}/tool.db"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        url = postgres.fresh_database(server, f"migrations_{worker_name}")
    app = create_app(settings_for(tmp_path, url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables():
    with db.engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def differences():
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return compare_metadata(context, Base.metadata)


def test_up_down_and_up_again_is_what_the_models_say(empty_app):
    flask_migrate.upgrade(FOLDER)
    first = differences()

    flask_migrate.downgrade(FOLDER, "base")
    between = tables()
    flask_migrate.upgrade(FOLDER)

    assert (first, between, differences()) == ([], set(), [])
    assert tables() == set(Base.metadata.tables)


def test_upgrading_twice_changes_nothing(empty_app):
    flask_migrate.upgrade(FOLDER)

    flask_migrate.upgrade(FOLDER)

    assert differences() == []


def test_the_head_is_written_down():
    head = ScriptDirectory(FOLDER).get_current_head()

    assert Path(FOLDER, "HEAD").read_text("ascii").strip() == head


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_migrations_never_import_the_application(path):
    tree = ast.parse(path.read_text("utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or node.names[0].name]
    }

    assert imported <= {"sqlalchemy", "alembic"}


def made_up(column):
    """A value that a column of any table takes."""
    if column.foreign_keys or (column.primary_key and isinstance(column.type, sa.Integer)):
        return 1
    kinds = {
        sa.Integer: 1,
        sa.Float: 1.0,
        sa.Boolean: False,
        sa.DateTime: datetime(2026, 9, 1, tzinfo=UTC),
    }
    kinds |= {sa.JSON: [], sa.Date: date(2026, 9, 1)}
    for kind, value in kinds.items():
        if isinstance(column.type, kind):
            return value
    return "moodle"


def everything(metadata):
    with db.engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in metadata.sorted_tables
        }


def a_row_in_every_table():
    metadata = sa.MetaData()
    metadata.reflect(db.engine)
    with db.engine.execution_options(writes=True).begin() as connection:
        for table in metadata.sorted_tables:
            if table.name != "alembic_version":
                row = {column.name: made_up(column) for column in table.columns}
                connection.execute(table.insert().values(row))
    metadata.remove(metadata.tables["alembic_version"])
    return metadata


REVISIONS = [path.stem.split("_")[0] for path in VERSIONS]


@pytest.mark.parametrize(("before", "after"), list(itertools.pairwise(REVISIONS)))
def test_rows_from_before_come_through_up_and_down(empty_app, before, after):
    flask_migrate.upgrade(FOLDER, before)
    metadata = a_row_in_every_table()
    rows = everything(metadata)

    flask_migrate.upgrade(FOLDER, after)
    above = everything(metadata)
    flask_migrate.downgrade(FOLDER, before)

    assert above == rows
    assert everything(metadata) == rows


@pytest.mark.parametrize("empty_app", ["sqlite"], indirect=True)
def test_a_migration_that_loses_what_others_refer_to_is_refused(empty_app, caplog):
    flask_migrate.upgrade(FOLDER, REVISIONS[0])
    a_row_in_every_table()
    connection = db.engine.raw_connection()
    connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
    connection.driver_connection.execute("DELETE FROM registration")
    connection.close()

    with pytest.raises(SystemExit):
        flask_migrate.upgrade(FOLDER)

    with db.engine.connect() as connection:
        revision = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    assert "references to rows that are not there" in caplog.text
    assert revision == REVISIONS[0]
