"""The `lti-tool` commands (also `flask --app lti_tool …`).

Results go to standard output and nothing else does; a mistake is one plain line and exit 1.
"""

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import ScriptInfo, with_appcontext
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from lti_tool import __version__, clock, create_app, health, jobs, settings
from lti_tool.db import db, start_reading, start_writing
from lti_tool.errors import PlatformUnreachable, ToolError
from lti_tool.lti import actions, keys, queries
from lti_tool.lti.http import check_address
from lti_tool.lti.models import PlatformKind, Registration
from lti_tool.lti.rules import origin_of


class PlainCommand(click.Command):
    """A command whose troubles are one plain line and exit 1, also under `flask`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong outside of it is said in words."""
        try:
            return super().invoke(ctx)
        except ToolError as error:
            raise click.ClickException(f"{error.words.cause} ({error.words.code})") from error
        except SQLAlchemyError as error:
            raise click.ClickException(
                f"The database cannot be used ({type(error).__name__}); check "
                "LTI_TOOL_DATABASE_URL, then run: lti-tool upgrade"
            ) from error
        except OSError as error:
            raise click.ClickException(f"{error.strerror}: {error.filename or '-'}") from error


class PlainGroup(click.Group):
    """A group of such commands."""

    command_class = PlainCommand


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


@group.group(cls=PlainGroup, short_help="Learning platforms: add, list, show, disable.")
def platform() -> None:
    """Learning platforms that may launch Good Turn.

    Example: lti-tool platform list
    """


def _origins(_context: Any, _option: Any, values: Sequence[str]) -> Sequence[str]:
    for value in values:
        if origin_of(value) != value.rstrip("/"):
            raise click.BadParameter(f"{value} is not an origin such as https://lms.example.edu")
    return [value.rstrip("/") for value in values]


def _check_addresses(given: dict[str, Any]) -> None:
    """Refuse addresses that no platform can have; which these are depends on the settings."""
    for name in ("auth_url", "token_url", "jwks_url"):
        try:
            check_address(given[name])
        except PlatformUnreachable as error:
            hint = f"--{name.replace('_', '-')}"
            raise click.BadParameter(f"{given[name]}: {error.reason}", param_hint=hint) from None


@platform.command("add", short_help="Register a platform by hand.")
@click.option("--name", required=True, help="For people; need not be unique.")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in PlatformKind]))
@click.option("--issuer", required=True, help="The platform's `iss`, exactly as it sends it.")
@click.option("--client-id", required=True)
@click.option("--auth-url", required=True)
@click.option("--token-url", required=True)
@click.option("--jwks-url", required=True)
@click.option("--deployment-id", "deployment_ids", multiple=True, help="May be given often.")
@click.option("--frame-origin", "frame_origins", multiple=True, callback=_origins)
@with_appcontext
def add_platform(**given: Any) -> None:
    """Register a platform by hand; prints its addresses as JSON.

    \b
    Example:
      lti-tool platform add --name "Our Moodle" --kind moodle \\
        --issuer https://moodle.example.edu --client-id AbC123 \\
        --auth-url https://moodle.example.edu/mod/lti/auth.php \\
        --token-url https://moodle.example.edu/mod/lti/token.php \\
        --jwks-url https://moodle.example.edu/mod/lti/certs.php
    """
    _check_addresses(given)
    start_reading()
    keys.signing_key()
    start_writing()
    registration = actions.register(**given | {"kind": PlatformKind(given["kind"])})
    db.session.commit()
    click.echo(json.dumps(described(registration), indent=2))


@platform.command("list", short_help="All platforms.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def list_platforms(as_json: bool) -> None:
    """All platforms, oldest first.

    Example: lti-tool platform list --json
    """
    found = [described(registration) for registration in queries.registrations()]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for each in found:
        click.echo(f"{each['id']}  {each['kind']:<7} {each['name']}  {each['issuer']}")


@platform.command("show", short_help="One platform.")
@click.argument("platform_id")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@with_appcontext
def show_platform(platform_id: str, as_json: bool) -> None:
    """One platform and its addresses.

    Example: lti-tool platform show 3q2-7w…
    """
    found = described(_registration(platform_id))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        click.echo(f"{name}: {value}")


@platform.command("disable", short_help="Refuse a platform's launches.")
@click.argument("platform_id")
@with_appcontext
def disable_platform(platform_id: str) -> None:
    """Refuse a platform's launches from now on; nothing is deleted.

    Example: lti-tool platform disable 3q2-7w…
    """
    start_writing()
    registration = _registration(platform_id)
    registration.is_disabled = True
    db.session.commit()
    click.echo(f"{registration.name} is disabled.")


def described(registration: Registration) -> dict[str, Any]:
    """What an administrator enters in the platform, and what we know of it."""
    origin = settings.current().origin
    base = f"{origin}/lti/{registration.public_id}"
    return {
        "id": registration.public_id,
        "name": registration.name,
        "kind": registration.kind.value,
        "issuer": registration.issuer,
        "client_id": registration.client_id,
        "deployment_ids": [row.deployment_id for row in registration.deployments],
        "login_url": f"{base}/login",
        "launch_url": f"{base}/launch",
        "jwks_url": f"{origin}/lti/jwks.json",
        "config_url": f"{base}/config.json",
        "disabled": registration.is_disabled,
    }


@group.group("keys", cls=PlainGroup, short_help="Our signing keys: rotate.")
def signing_keys() -> None:
    """The keys that Good Turn signs with.

    Example: lti-tool keys rotate
    """


@signing_keys.command("rotate", short_help="Make a new signing key.")
@with_appcontext
def rotate_keys() -> None:
    """Make a new signing key; prints its id.

    It is published at once and signs after an hour, when every platform can know it; the old one
    stays published for two days more.

    Example: lti-tool keys rotate
    """
    start_reading()
    keys.signing_key()
    db.session.rollback()
    click.echo(keys.make_signing_key().kid)


@group.command(short_help="The tool and a practice LMS on this machine.")
def demo() -> None:
    """Start the tool, its worker and a practice LMS, and print one address to open.

    Example: lti-tool demo
    """
    from lti_tool import demo as demonstration

    demonstration.run()


def register(app: Flask) -> None:
    """The same commands under `flask --app lti_tool`."""
    for command in group.commands.values():
        app.cli.add_command(command)


def _registration(platform_id: str) -> Registration:
    for registration in queries.registrations():
        if registration.public_id == platform_id:
            return registration
    raise click.ClickException(f"There is no platform {platform_id}; see: lti-tool platform list")


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
