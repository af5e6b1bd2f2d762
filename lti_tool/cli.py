"""The `lti-tool` commands (also `flask --app lti_tool …`): the server's own, and all packages'.

Results go to standard output and nothing else does; a mistake is one plain line and exit 1.
"""

import os
import signal
from pathlib import Path
from typing import Any

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import ScriptInfo, with_appcontext
from sqlalchemy import inspect

from lti_tool import __version__, clock, create_app, health, jobs, settings
from lti_tool.db import db
from lti_tool.lti import queries
from lti_tool.lti.commands import signing_keys
from lti_tool.registration.commands import invite
from lti_tool.terminal import PlainGroup
from lti_tool.upkeep import commands as upkeep


@click.group(cls=PlainGroup)
@click.version_option(__version__, prog_name="lti-tool")
@click.pass_context
def group(context: click.Context) -> None:
    """Good Turn: a peer-help board inside Moodle and Canvas courses.

    Example: lti-tool platform list
    """
    context.obj = ScriptInfo(create_app=create_app, set_debug_flag=False)


def main() -> None:
    """The console script."""
    group.main(prog_name="lti-tool")


@group.command(short_help="Run the web server.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@with_appcontext
def serve(host: str, port: int, workers: int) -> None:
    """Run the web server.

    Example: lti-tool serve --host 0.0.0.0 --port 8000 --workers 4
    """
    _refuse_practice()
    db.engine.dispose()
    run_server("lti_tool:create_app", host, port, workers)


def run_server(target: str, host: str, port: int, workers: int) -> None:
    """Serve `target`, an application factory, until told to stop; dead workers are replaced."""
    from granian.constants import Interfaces
    from granian.log import LOGGING_CONFIG
    from granian.server import Server

    folder = Path(settings.ROOT) / "var" / f"metrics-{port}"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    streams: Any = LOGGING_CONFIG["handlers"]
    to_stderr = {name: each | {"stream": "ext://sys.stderr"} for name, each in streams.items()}
    server = Server(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=8,
        respawn_failed_workers=True,
        log_access=False,
        log_dictconfig={"handlers": to_stderr},
        websockets=False,
    )
    try:
        server.serve()
    except RuntimeError as error:
        raise click.ClickException(f"{host}:{port} cannot be listened on: {error}") from error


@group.command(short_help="Run the chores worker.")
@with_appcontext
def worker() -> None:
    """Run the chores worker: rosters, grade columns, scores.

    Example: lti-tool worker
    """
    _refuse_practice()
    run_worker(_app())


def run_worker(app: Flask) -> None:
    """Run chores until SIGTERM or SIGINT; what is underway is finished or picked up later."""
    signal.signal(signal.SIGTERM, _stop)
    jobs.work(app)


@group.command(short_help="Run what is due now.")
@click.option("--once", is_flag=True, help="Run every chore once, then stop.")
@with_appcontext
def chores(once: bool) -> None:
    """Run what is due now, then stop; for cron, where no worker runs.

    Example: lti-tool chores --once
    """
    del once  # the only way there is; the flag says it to the reader of a crontab
    _refuse_practice()
    jobs.run_all(_app())


@group.command(short_help="Migrate the database.")
@with_appcontext
def upgrade() -> None:
    """Bring the database to the newest form. Safe to run again.

    Example: lti-tool upgrade
    """
    migrate()
    click.echo("The database is up to date.")


def migrate() -> None:
    """Bring the database of the current application to the newest migration."""
    db.session.remove()
    try:
        flask_migrate.upgrade(directory=str(settings.ROOT / "migrations"))
    except SystemExit:  # its way of saying that it does not know the database's migration
        raise click.ClickException(
            "The database was migrated by another version of Good Turn; nothing was changed."
        ) from None


@group.command(short_help="The tool and a practice LMS on this machine.")
def demo() -> None:
    """Start the tool, its worker and a practice LMS, and print one address to open.

    Example: lti-tool demo
    """
    from lti_tool import demo as demonstration

    demonstration.run()


for _collected in (invite, *upkeep.COMMANDS, signing_keys):
    group.add_command(_collected)


def register(app: Flask) -> None:
    """The same commands under `flask --app lti_tool`."""
    for command in group.commands.values():
        app.cli.add_command(command)


def _refuse_practice() -> None:
    """Real servers never run on a practice database, whose clock may be moved (decision 15)."""
    if not inspect(db.engine).has_table("registration") or not health.is_migrated():
        raise click.ClickException("The database is not migrated; run: lti-tool upgrade")
    if any(row.is_practice for row in queries.registrations()) or clock.offset():
        raise click.ClickException(
            "LTI_TOOL_DATABASE_URL should be a database of its own: this one belongs to a demo."
        )
    db.session.rollback()


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def _stop(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt
