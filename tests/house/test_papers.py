"""What the documents claim is true: settings, commands, targets, links, versions, dependencies."""

import configparser
import re
import tomllib

import pytest

import lti_tool
from lti_tool import cli
from tests.house.source import ROOT, project_files

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
SETUP = (ROOT / "setup.cfg").read_text()
PINNED = re.compile(r"[A-Za-z0-9_.-]+(\[[a-z]+\])?==[0-9][^ ;]*( *;.*)?")
PLACES = "|".join(("/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/", "/wo" + "rk/", r"C:\\" + "Users"))
TEXTS = (".py", ".md", ".html", ".css", ".js", ".toml", ".cfg", ".txt", ".mako", ".po", ".yml", "")
DOCUMENTS = project_files(".md")


def rows(text):
    """The first cells of a table that hold something in backticks."""
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)


def commands(group, before=""):
    """Every command that can be run."""
    for name, command in group.commands.items():
        inside = getattr(command, "commands", None)
        yield from commands(command, f"{before}{name} ") if inside else [before + name]


def find(name):
    """The command of these words."""
    command = cli.group
    for word in name.split():
        command = command.commands[word]
    return command


def unpinned(setup):
    """Dependencies without an exact version."""
    for line in _dependencies(setup):
        if not PINNED.fullmatch(line.strip().removeprefix("redis = ")):
            yield line.strip()


def without_reason(setup):
    """Groups of runtime dependencies that no comment above explains."""
    lines = _section(setup, "install_requires")
    has_reason = False
    for line in lines:
        if line.strip().startswith("#"):
            has_reason = True
        elif not has_reason:
            yield line.strip()


def _section(setup, name):
    """The indented lines below `name =`."""
    below = setup.partition(f"\n{name} =")[2].splitlines()[1:]
    found = []
    for line in below:
        if line and not line[0].isspace():
            break
        found.append(line)
    return [line for line in found if line.strip()]


def _dependencies(setup):
    lines = _section(setup, "install_requires") + _section(setup, "dev")
    return [line for line in lines if not line.strip().startswith("#")]


def broken_links(path, text):
    """Relative links to files that are not there."""
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        is_ours = "://" not in target and not target.startswith("mailto:")
        if is_ours and not (path.parent / target).exists():
            yield target


def missing_files(text):
    """Files that a document names by their path and that are not there."""
    named = r"`((?:lti_tool|tests|templates|static|config|docs|migrations)/[\w./-]+\.\w+)`"
    return [name for name in re.findall(named, text) if not (ROOT / name).exists()]


def unknown_targets(text, makefile):
    """`make …` that the Makefile does not know."""
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    return set(re.findall(r"\bmake ([a-z]+)\b`", text)) - known


def machine_paths(text):
    """Paths of somebody's own machine."""
    return re.findall(PLACES, text)


def test_every_setting_is_explained_in_the_readme():
    keys = tomllib.loads((ROOT / "config" / "default.toml").read_text())

    explained = [name for name in rows(README) if name.isupper()]

    assert sorted(explained) == sorted(keys)


def test_the_settings_table_tells_the_defaults():
    keys = tomllib.loads((ROOT / "config" / "default.toml").read_text())
    lines = {line.split("`")[1]: line for line in README.splitlines() if line.startswith("| `")}

    told = {key: str(value) for key, value in keys.items() if value not in ("", False, 0)}

    assert [key for key, value in told.items() if value not in lines[key]] == []


def test_every_command_is_in_the_readme():
    explained = [name for name in rows(README) if name.startswith("lti-tool ")]

    assert sorted(explained) == sorted(f"lti-tool {name}" for name in commands(cli.group))


def test_every_option_in_the_readme_exists():
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    known = {
        word
        for name in commands(cli.group)
        for parameter in find(name).params
        for word in parameter.opts
    }

    assert shown - known - {"--help", "--app"} == set()


def test_the_addresses_for_whoever_runs_it_exist(sqlite_app):
    known = {str(rule) for rule in sqlite_app.url_map.iter_rules()}

    assert {"/healthz", "/readyz", "/metrics"} <= known & set(re.findall(r"`(/\w+)`", README))


def test_the_readme_shows_the_two_commands():
    assert "make demo" in README
    assert "make test" in README


def test_every_make_target_in_the_documents_exists():
    wrong = {path.name: unknown_targets(path.read_text(), MAKEFILE) for path in DOCUMENTS}

    assert {name: targets for name, targets in wrong.items() if targets} == {}


def test_links_in_the_documents_lead_somewhere():
    wrong = [link for path in DOCUMENTS for link in broken_links(path, path.read_text())]

    assert wrong == []


def test_files_that_the_documents_name_exist():
    assert [name for path in DOCUMENTS for name in missing_files(path.read_text())] == []


def test_documents_that_the_code_names_exist():
    named = set()
    for path in project_files(".py", ".toml", ".cfg", ".html"):
        if "tests/house" not in str(path):
            named |= set(re.findall(r"\b[\w/]+\.md\b", path.read_text()))

    places = (ROOT, ROOT / "docs")
    assert [name for name in named if not any((at / name).exists() for at in places)] == []


def test_every_decision_that_is_mentioned_has_its_record():
    mentioned = set()
    for path in project_files(".py", ".md", ".html"):
        found = re.findall(r"[Dd]ecision (\d+)\b", path.read_text())
        mentioned |= {int(number) for number in found}
    records = {int(path.name[:3]) for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}

    assert mentioned - records == set()


def test_dependencies_are_pinned_and_have_a_reason():
    assert list(unpinned(SETUP)) == []
    assert list(without_reason(SETUP)) == []


def test_the_version_is_the_same_everywhere():
    parser = configparser.ConfigParser()
    parser.read_string(SETUP)

    assert parser["metadata"]["version"] == lti_tool.__version__
    assert f"## {lti_tool.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_no_file_knows_a_machine():
    texts = [path for path in project_files() if path.suffix in TEXTS]

    assert [str(path) for path in texts if machine_paths(path.read_text())] == []


@pytest.mark.parametrize(
    ("checker", "text"),
    [
        pytest.param(unpinned, "\ninstall_requires =\n    Flask>=3\n", id="not pinned"),
        pytest.param(without_reason, "\ninstall_requires =\n    Flask==3.1.3\n", id="no reason"),
        pytest.param(missing_files, "see `lti_tool/board/magic.py`", id="file that is not there"),
        pytest.param(machine_paths, "/ho" + "me/somebody/good-turn", id="machine path"),
        pytest.param(lambda text: unknown_targets(text, "demo:"), "`make tea`", id="target"),
        pytest.param(lambda text: list(broken_links(ROOT / "x", text)), "[x](no.md)", id="link"),
    ],
)
def test_this_break_is_caught(checker, text):
    assert list(checker(text))
