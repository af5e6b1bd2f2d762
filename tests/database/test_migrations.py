"""The migrations make what the models say, on both databases, up and down and up again."""

import ast
from pathlib import Path

import flask_migrate
import pytest
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
