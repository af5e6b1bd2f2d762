"""A real PostgreSQL for the tests: started once, by whichever test process needs it first."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psycopg

MISSING = "PostgreSQL's server is missing: install it (Debian: apt-get install postgresql)"


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl, wherever this system keeps it."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return versions[0].parent if versions else None


def start(folder: Path) -> str:
    """Start a server in `folder` on a free port; returns its address. It writes unsafely."""
    port = _free_port()
    home = folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    _give_to_server(folder)
    _run("initdb", "-D", home, "-U", "tester", "--auth=trust", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -k '' -h 127.0.0.1 -c fsync=off -c max_connections=200"
    _run("pg_ctl", "-D", home, "-o", options, "-l", folder / "log", "-w", "start")
    return f"postgresql://tester@127.0.0.1:{port}"


def stop(folder: Path) -> None:
    """Stop the server of `folder`, if it runs."""
    if (folder / "data" / "postmaster.pid").exists():
        _run("pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")


def fresh_database(server: str, name: str) -> str:
    """An empty database; returns its address."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server}/{name}"


def _run(program: str, *arguments: object) -> None:
    command = [str(binaries() / program), *map(str, arguments)]
    if os.geteuid() == 0:  # the server refuses to run as root
        command = ["setpriv", f"--reuid={_account()}", "--clear-groups", "--", *command]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60)
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stdout[-500:]} {done.stderr[-500:]}")


def _account() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _give_to_server(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, _account())


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(check, seconds: float = 10.0) -> None:
    """Wait for `check` to be true."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
