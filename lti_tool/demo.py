"""`make demo`: the tool, its worker and a practice LMS, on this machine only.

The LMS is on `localhost` and the tool on `127.0.0.1`: two sites, as in real life, so that the
frame's cookies behave as they do there. Course time can be moved here, and only here.
"""

import ctypes
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import click
from flask import Flask
from sqlalchemy import inspect, select

from lti_tool import cli, clock, health, seed
from lti_tool.app import create_app
from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti import actions as lti
from lti_tool.lti import keys
from lti_tool.lti.models import PlatformKind, Registration
from lti_tool.practice import sample
from lti_tool.practice.app import create_practice
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Site
from lti_tool.settings import ROOT

HOME = Path(os.environ.get("GOOD_TURN_DEMO_HOME", ROOT / "var" / "demo"))
"""Tests run demos of their own beside the developer's."""
PORTS = (8041, 8042)
CLIENT_ID = "good-turn-demo"
READY_SECONDS = 90.0
STOP_SECONDS = 8.0
OFFSET_SECONDS = 0.05


def run() -> None:
    """Start everything, print the one address, and end everything when told to."""
    if "LTI_TOOL_DATABASE_URL" in os.environ:
        raise click.ClickException(
            "LTI_TOOL_DATABASE_URL should not be set: the demo has a database of its own."
        )
    ended = _listen_for_the_end()
    turn = _take_turn()
    lms_port, tool_port = _ports()
    environ = settings(tool_port)
    errors = _send_output_to_log()
    try:
        _run(environ, (lms_port, tool_port), turn, ended)
    except (Exception, SystemExit) as error:
        log = HOME / "demo.log"
        os.write(errors, f"The demo did not start ({error}); see {log}.\n".encode())
        raise SystemExit(1) from error


def settings(tool_port: int) -> dict[str, str]:
    """The demo's settings: a database, a queue and a secret of its own."""
    return {
        "LTI_TOOL_ENV": "development",
        "LTI_TOOL_PUBLIC_URL": f"http://127.0.0.1:{tool_port}",
        "LTI_TOOL_SECRET_KEY": _secret(),
        "LTI_TOOL_DATABASE_URL": f"sqlite:///{HOME}/good-turn.db",
        "LTI_TOOL_QUEUE_URL": f"sqlite:///{HOME}/queue.db",
        "LTI_TOOL_DEFAULT_TIMEZONE": "Europe/Madrid",
        "LTI_TOOL_LOG_LEVEL": "info",
    }


def create_demo_app() -> Flask:
    """The tool with a course clock that the practice LMS can move."""
    app = create_app()
    clock.follow(_Offset(app))
    return app


class _Offset:
    """The moved time, asked from the database once for each page."""

    def __init__(self, app: Flask) -> None:
        self._app, self._asked_at, self._known = app, 0.0, timedelta(0)

    def __call__(self) -> timedelta:
        if time.monotonic() - self._asked_at > OFFSET_SECONDS:
            self._asked_at = time.monotonic()
            with self._app.app_context():
                reader = db.engine.execution_options(writes=False)
                with reader.connect() as connection:
                    seconds = connection.scalar(select(clock.ClockOffset.seconds))
            self._known = timedelta(seconds=seconds or 0)
        return self._known


def _run(
    environ: dict[str, str], ports: tuple[int, int], turn: IO[str], ended: threading.Event
) -> None:
    app = create_app(environ)
    _migrate(app)
    lms_port, tool_port = ports
    children = [_start(environ, "web", str(tool_port)), _start(environ, "worker")]
    lms = LiveServer(lambda url: _lms(app, url, tool_port), host="localhost", port=lms_port)
    try:
        lms.start()  # its threads end with this process, whatever they wait for
        _wait_until_ready(f"http://127.0.0.1:{tool_port}/readyz", children, ended)
        _wait_until_ready(f"{lms.url}/", children, ended)
        turn.close()
        if not ended.is_set():
            click.echo(f"{lms.url}/")
        _watch(children, ended)
    finally:
        _end(children)


def _lms(app: Flask, url: str, tool_port: int) -> Any:
    """The practice LMS in both flavours, registered with the tool."""
    sites = [
        sample.moodle_site(f"{url}/moodle", save_to=HOME / "moodle.json"),
        sample.canvas_site(f"{url}/canvas", save_to=HOME / "canvas.json"),
    ]
    with app.app_context():
        start_reading()
        keys.signing_key()
        start_writing()
        for site in sites:
            _introduce(site, f"http://127.0.0.1:{tool_port}")
        db.session.commit()

    def move(by: timedelta) -> None:
        with app.app_context():
            start_writing()
            clock.move(by)
            db.session.commit()

    return create_practice(sites, move_clock=move, clock_offset=_Offset(app))


def _introduce(site: Site, tool: str) -> None:
    """Register site and tool with each other, or bring their addresses up to date."""
    row = db.session.scalar(select(Registration).where(Registration.name == site.name))
    addresses = {
        "issuer": site.issuer,
        "auth_url": site.auth_url,
        "token_url": site.token_url,
        "jwks_url": site.jwks_url,
    }
    if row is None:
        row = lti.register(
            name=site.name,
            kind=PlatformKind(site.dialect_name),
            client_id=CLIENT_ID,
            is_practice=True,
            **addresses,
        )
        seed.history(row, site)
    for name, address in addresses.items():
        setattr(row, name, address)
    base = f"{tool}/lti/{row.public_id}"
    sample.install(
        site,
        CLIENT_ID,
        login_url=f"{base}/login",
        launch_url=f"{base}/launch",
        jwks_url=f"{tool}/lti/jwks.json",
    )


def _migrate(app: Flask) -> None:
    with app.app_context():
        is_there = inspect(db.engine).has_table("registration")
        if not is_there or not health.is_migrated():
            cli.migrate()


def _start(environ: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lti_tool.demo", *arguments]
    return subprocess.Popen(  # noqa: S603 - our own program
        command,
        env={**os.environ, **environ},
        cwd=ROOT,
        stdout=sys.stderr,
        start_new_session=True,  # Ctrl-C reaches us alone; each part is told to end once
    )


def _wait_until_ready(
    url: str, children: list[subprocess.Popen[bytes]], ended: threading.Event
) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not ended.is_set():
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        if any(child.poll() is not None for child in children):
            raise RuntimeError("a part of it stopped")
        if time.monotonic() > deadline:
            raise RuntimeError("it took too long")
        time.sleep(0.05)


def _watch(children: list[subprocess.Popen[bytes]], ended: threading.Event) -> None:
    """Wait for the end; a part that dies by itself ends all, rather than half of it staying."""
    while not ended.wait(0.5):
        if any(child.poll() is not None for child in children):
            raise RuntimeError("a part of it stopped")


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)


def _listen_for_the_end() -> threading.Event:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _send_output_to_log() -> int:
    """Everything but the address goes to the log; returns where errors went before."""
    errors = os.dup(2)
    with (HOME / "demo.log").open("ab") as log:
        os.dup2(log.fileno(), 2)
    return errors


def _take_turn() -> IO[str]:
    """Two demos that start at the same moment must not choose the same free ports.

    Held until everything listens.
    """
    name = f"good-turn-demo-{os.getuid()}.lock"
    turn = (Path(tempfile.gettempdir()) / name).open("w")
    fcntl.flock(turn, fcntl.LOCK_EX)
    return turn


def _secret() -> str:
    HOME.mkdir(parents=True, exist_ok=True)
    path = HOME / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def _ports() -> tuple[int, int]:
    """The ports of the last time, so that what was saved leads somewhere; else a fresh demo."""
    HOME.mkdir(parents=True, exist_ok=True)
    noted = HOME / "ports.json"
    wanted = tuple(json.loads(noted.read_text())) if noted.exists() else PORTS
    if not all(_is_free(port) for port in wanted):
        _start_afresh()
        wanted = (_free_port(), _free_port())
    noted.write_text(json.dumps(wanted))
    return wanted[0], wanted[1]


def _start_afresh() -> None:
    secret = _secret()
    shutil.rmtree(HOME)
    HOME.mkdir(parents=True)
    (HOME / "secret").write_text(secret)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end_with_parent() -> None:
    """On Linux, end also when the demo itself is killed without a word (prctl(2))."""
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


def _part(arguments: list[str]) -> None:
    """One of the demo's processes: `web PORT` or `worker`."""
    _end_with_parent()
    if arguments[0] == "web":
        cli.run_server("lti_tool.demo:create_demo_app", "127.0.0.1", int(arguments[1]), 2)
    else:
        cli.run_worker(create_demo_app())


if __name__ == "__main__":
    _part(sys.argv[1:])
