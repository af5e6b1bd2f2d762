"""The commands: results on standard output, trouble in one line, and never a practice database."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lti_tool import cli, clock
from lti_tool.db import db, start_writing
from lti_tool.lti import actions as lti
from lti_tool.lti.models import PlatformKind
from tests.conftest import migrated, settings_for

MOODLE = {
    "name": "Our Moodle",
    "kind": "moodle",
    "issuer": "https://moodle.example.edu",
    "client-id": "AbC123",
    "auth-url": "https://moodle.example.edu/mod/lti/auth.php",
    "token-url": "https://moodle.example.edu/mod/lti/token.php",
    "jwks-url": "https://moodle.example.edu/mod/lti/certs.php",
}
PROGRAM = Path(sys.executable).parent


@pytest.fixture(scope="module")
def empty_tool(tmp_path_factory):
    """A migrated database to copy: making one takes a second."""
    folder = tmp_path_factory.mktemp("commands")
    app = migrated(settings_for(folder, f"sqlite:///{folder}/tool.db"))
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    return folder / "tool.db"


@pytest.fixture
def environ(tmp_path, empty_tool):
    """Settings of a tool with an empty, migrated database."""
    shutil.copy(empty_tool, tmp_path / "tool.db")
    return settings_for(tmp_path, f"sqlite:///{tmp_path}/tool.db")


@pytest.fixture
def run(environ):
    """Run a command: run("platform", "list") → its result."""

    def command(*words, **more):
        values = {name: None for name in os.environ if name.startswith("LTI_TOOL_")}
        return CliRunner().invoke(cli.group, words, env=values | environ | more)

    return command


def options(fields):
    return [word for name, value in fields.items() for word in (f"--{name}", value)]


def commands(group=cli.group, before=()):
    """The words of every command and group."""
    for name, command in group.commands.items():
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))


def register(environ, **more):
    """A platform that is not added by the command."""
    app = cli.create_app(environ)
    with app.app_context():
        start_writing()
        fields = {name.replace("-", "_"): value for name, value in MOODLE.items()}
        lti.register(**fields | {"kind": PlatformKind.MOODLE} | more)
        db.session.commit()
        db.engine.dispose()


def move_clock(environ):
    app = cli.create_app(environ)
    with app.app_context():
        start_writing()
        db.session.add(clock.ClockOffset(id=1, seconds=60))
        db.session.commit()
        db.engine.dispose()


@pytest.mark.parametrize("words", [(), *commands()], ids=" ".join)
def test_help_has_an_example_and_needs_no_settings(words):
    empty = {name: None for name in os.environ if name.startswith("LTI_TOOL_")}

    result = CliRunner().invoke(cli.group, [*words, "--help"], env=empty)

    assert result.exit_code == 0
    assert re.search(rf"Example:\s+lti-tool {' '.join(words)}", result.stdout)
    assert result.stderr == ""


def test_a_platform_is_added_listed_shown_and_disabled(run):
    added = json.loads(run("platform", "add", *options(MOODLE)).stdout)
    listed = json.loads(run("platform", "list", "--json").stdout)
    shown = json.loads(run("platform", "show", added["id"], "--json").stdout)
    disabled = run("platform", "disable", added["id"])

    assert listed == [added] == [shown]
    assert disabled.stdout == "Our Moodle is disabled.\n"
    assert json.loads(run("platform", "list", "--json").stdout)[0]["disabled"] is True


def test_adding_prints_the_addresses_that_the_platform_wants(run):
    added = json.loads(run("platform", "add", *options(MOODLE)).stdout)

    base = f"http://127.0.0.1:5000/lti/{added['id']}"
    assert added["login_url"] == f"{base}/login"
    assert added["launch_url"] == f"{base}/launch"
    assert added["config_url"] == f"{base}/config.json"
    assert added["jwks_url"] == "http://127.0.0.1:5000/lti/jwks.json"


def test_deployments_and_frame_origins_may_be_given_often(run):
    many = ["--deployment-id", "1", "--deployment-id", "2"]
    framed = ["--frame-origin", "https://lms.example.edu/"]

    added = json.loads(run("platform", "add", *options(MOODLE), *many, *framed).stdout)

    assert added["deployment_ids"] == ["1", "2"]


def test_two_platforms_may_have_the_same_name(run):
    run("platform", "add", *options(MOODLE))
    run("platform", "add", *options(MOODLE))

    listed = run("platform", "list").stdout.splitlines()

    assert len(listed) == 2
    assert all("Our Moodle" in line for line in listed)


@pytest.mark.parametrize(
    ("name", "value", "because"),
    [
        ("auth-url", "http://moodle.example.edu/auth", "https"),
        ("token-url", "moodle.example.edu", "https"),
        ("jwks-url", "https://[bad", "malformed"),
        ("kind", "blackboard", "moodle"),
    ],
)
def test_an_address_that_no_platform_can_have_is_wrong_usage(run, name, value, because):
    result = run(
        "platform", "add", *options(MOODLE | {name: value}), LTI_TOOL_ALLOW_PRIVATE_PLATFORMS="off"
    )

    assert result.exit_code == 2
    assert because in result.stderr
    assert result.stdout == ""


def test_a_frame_origin_with_a_path_is_wrong_usage(run):
    result = run("platform", "add", *options(MOODLE), "--frame-origin", "https://lms.example/x")

    assert result.exit_code == 2
    assert "is not an origin" in result.stderr


@pytest.mark.parametrize(
    "words", [("platform", "add"), ("platform", "show"), ("nothing",), ("serve", "--port", "0")]
)
def test_wrong_usage_exits_with_2(run, words):
    result = run(*words)

    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "more", "line"),
    [
        (("platform", "show", "nope"), {}, "There is no platform nope"),
        (("platform", "disable", "nope"), {}, "There is no platform nope"),
        (("platform", "list"), {"LTI_TOOL_LOG_LEVEL": "loud"}, "LTI_TOOL_LOG_LEVEL should be"),
        (("upgrade",), {"LTI_TOOL_SECRET_KEY": ""}, "LTI_TOOL_SECRET_KEY should be"),
        (("demo",), {}, "LTI_TOOL_DATABASE_URL should not be set"),
        (
            ("platform", "list"),
            {"LTI_TOOL_DATABASE_URL": "postgresql://me:pass-word@127.0.0.1:1/x"},
            "The database cannot be used",
        ),
    ],
)
def test_trouble_is_one_plain_line(run, words, more, line):
    result = run(*words, **more)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {line}")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert "pass-word" not in result.stderr


def test_a_database_that_is_not_migrated_is_said_so(run, tmp_path):
    fresh = {"LTI_TOOL_DATABASE_URL": f"sqlite:///{tmp_path}/fresh.db"}

    results = [run(*words, **fresh) for words in (("serve",), ("worker",), ("chores", "--once"))]
    listed = run("platform", "list", **fresh)

    assert {result.exit_code for result in results} == {1}
    assert {result.stderr for result in results} == {
        "Error: The database is not migrated; run: lti-tool upgrade\n"
    }
    assert listed.stderr.endswith("then run: lti-tool upgrade\n")


@pytest.mark.parametrize("words", [("serve",), ("worker",), ("chores", "--once")], ids=" ".join)
def test_real_servers_refuse_a_practice_platform(run, environ, words):
    register(environ, is_practice=True)

    result = run(*words)

    assert result.exit_code == 1
    assert "this one belongs to a demo" in result.stderr


@pytest.mark.parametrize("words", [("serve",), ("worker",), ("chores", "--once")], ids=" ".join)
def test_real_servers_refuse_a_moved_clock(run, environ, words):
    move_clock(environ)

    result = run(*words)

    assert result.exit_code == 1
    assert "this one belongs to a demo" in result.stderr


def test_upgrading_twice_is_safe(run):
    first, second = run("upgrade"), run("upgrade")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == second.stdout == "The database is up to date.\n"


def test_a_database_of_another_version_is_left_alone(run, environ):
    app = cli.create_app(environ)
    with app.app_context():
        start_writing()
        db.session.execute(db.text("UPDATE alembic_version SET version_num = 'from-tomorrow'"))
        db.session.commit()
        db.engine.dispose()

    result, served = run("upgrade"), run("serve")

    assert (result.exit_code, served.exit_code) == (1, 1)
    assert "Error: The database was migrated by another version" in result.stderr
    assert result.stdout == ""


def test_chores_log_on_standard_error_only(environ):
    done = subprocess.run(
        [PROGRAM / "lti-tool", "chores", "--once"],
        env=os.environ | environ | {"LTI_TOOL_LOG_LEVEL": "debug"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert {json.loads(line)["event"] for line in done.stderr.splitlines()} == {"chore"}


def test_the_same_commands_work_under_flask(environ):
    done = subprocess.run(
        [PROGRAM / "flask", "--app", "lti_tool", "platform", "show", "nope"],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "Error: There is no platform nope; see: lti-tool platform list\n"


def test_a_disabled_platform_is_enabled_again(run):
    added = json.loads(run("platform", "add", *options(MOODLE)).stdout)
    run("platform", "disable", added["id"])
    disabled = run("platform", "list")

    enabled = run("platform", "enable", added["id"])

    assert "(disabled)" in disabled.stdout
    assert enabled.stdout == "Our Moodle is enabled.\n"
    assert "(pending)" in run("platform", "list").stdout


def test_frame_origins_are_added_and_removed(run):
    added = json.loads(run("platform", "add", *options(MOODLE)).stdout)
    change = ("platform", "frame-origin", added["id"])

    first = run(*change, "--add", "https://portal.example.edu/").stdout.split()
    second = run(*change, "--remove", "https://portal.example.edu").stdout.split()

    assert first == ["https://moodle.example.edu", "https://portal.example.edu"]
    assert second == ["https://moodle.example.edu"]
