"""Imports point down: between floors, between rooms, and away from the outside world."""

import pytest

from tests.house.source import (
    imports,
    module,
    modules,
    ours,
    outside_imports,
    own_imports,
)

FLOORS = (
    {"errors", "settings"},
    {"db"},
    {"clock"},
    {"jobs", "logs", "metrics", "terminal"},
    {"lti"},
    {"roster"},
    {"launch"},
    {"credit"},
    {"registration", "course"},
    {"board"},
    {"deep_linking"},
    {"web", "health"},
    {"upkeep"},
    {"cli"},
    {"app"},
    {"seed"},
    {"demo"},
)
"""Lowest first. Whoever adds a package gives it a floor here."""
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}

UPWARD = {
    ("", "app"): "`create_app` is where servers and Flask's own commands look for it",
    ("cli", ""): "the factory, for `lti-tool` itself",
    ("cli", "demo"): "the command `demo` starts it; loaded only then",
}
"""The few arrows that point up, and why; each is a late import or the package's own plate."""

ROOMS = {
    "models": {"models"},
    "rules": {"rules"},
    "queries": {"models", "rules", "queries"},
    "forms": {"models", "rules"},
    "actions": {"models", "rules", "queries", "actions"},
    "session": {"models", "rules", "queries"},
    "chores": {"models", "rules", "queries", "actions"},
    "views": {"models", "rules", "queries", "actions", "forms", "session"},
    "commands": {"models", "rules", "queries", "actions", "forms", "commands"},
}
"""Which rooms each room may lean on, in its own package and in those below."""

PURE_VALUES = {"errors", "lti.roles", "lti.claims", "lti.findings", "lti.rules", "lti.signs"}
"""Names and rules without any effect; rules may read them, and are held to the same purity."""
IMPURE = {
    "flask",
    "sqlalchemy",
    "flask_sqlalchemy",
    "structlog",
    "requests",
    "os",
    "sys",
    "time",
    "socket",
    "pathlib",
    "subprocess",
    "secrets",
    "tempfile",
    "threading",
}
VIEWS_MAY_USE = {
    "db": "the one commit",
    "errors": "",
    "jobs": "wake a chore after the commit",
    "launch.session": "the visit",
    "launch.rules": "the powers",
    "lti.launches": "launch.views begins and verifies",
    "lti.keys": "launch.views publishes them",
    "lti.refusals": "launch.views",
    "lti.message": "launch.views",
    "lti.models": "launch.views",
}
FLASK_ALLOWED = {
    "app", "cli", "db", "demo", "health", "jobs", "settings", "web", "launch.session",
}  # fmt: skip
SPEAKS_TO_PLATFORMS = {"requests", "urllib3", "pylti1p3", "http", "urllib.request", "httpx"}
LATE_IMPORTS = {
    ("", "lti_tool.app.create_app"): "the package's plate stays free of imports",
    ("cli", "granian.constants.Interfaces"): "a server that most commands never start",
    ("cli", "granian.log.LOGGING_CONFIG"): "the same",
    ("cli", "granian.server.Server"): "the same",
    ("cli", "lti_tool.demo"): "the demo brings the practice LMS along",
}


def upward(module):
    """Imports of a floor that is not below; a package may use itself."""
    for wanted in own_imports(module):
        package = wanted.partition(".")[0]
        if package in (module.package, "practice") or (module.name, package) in UPWARD:
            continue
        if package == "" and wanted == "":
            continue  # lti_tool itself: its version
        if FLOOR[package] >= FLOOR.get(module.package, -1):
            yield f"{module.name} imports {wanted}, which is not below it"


def wrong_rooms(module):
    """Imports of a room that this room may not lean on."""
    allowed = ROOMS.get(module.room)
    if allowed is None or module.package not in FLOOR or "." not in module.name:
        return
    for wanted in own_imports(module):
        room = wanted.rpartition(".")[2]
        if room in ROOMS and room not in allowed and wanted not in _extra(module):
            yield f"{module.name} imports {wanted}"


def _extra(module):
    return {"launch.session", "launch.rules"} if module.room == "views" else set()


def impure(module):
    """What a rule may not have: anything but the standard library's values and pure tables."""
    for wanted in own_imports(module):
        if wanted not in PURE_VALUES:
            yield f"{module.name} imports {wanted}"
    for name in outside_imports(module) & IMPURE:
        yield f"{module.name} imports {name}"


def foreign_rooms_of_view(module):
    """What a view uses besides the rooms of its own package."""
    for wanted in own_imports(module):
        is_own = wanted.startswith(f"{module.package}.")
        is_named = (module.name, wanted) == ("registration.views", "lti.models")  # its invitation
        is_launch_only = wanted.startswith("lti.") and module.name != "launch.views"
        is_launch_only = is_launch_only and not is_named
        if not is_own and (wanted not in VIEWS_MAY_USE or is_launch_only):
            yield f"{module.name} imports {wanted}"


def flask_users(module):
    """Modules behind the doors that know Flask."""
    knows = {name for name in outside_imports(module) if name.startswith("flask")}
    knows -= {"flask_sqlalchemy"} if module.name == "db" else set()
    may = module.name in FLASK_ALLOWED or module.room in ("views", "commands")
    if knows and not may:
        yield f"{module.name} imports {', '.join(sorted(knows))}"


def speakers(module):
    """Modules outside lti/ that could speak to a platform by themselves.

    The practice LMS has a client of its own; the demo waits for its own addresses.
    """
    found = {dotted for dotted, _node in imports(module)}
    spoken = {
        each for each in SPEAKS_TO_PLATFORMS for name in found if f"{name}.".startswith(f"{each}.")
    }
    if module.package not in ("lti", "practice", "demo") and spoken:
        yield f"{module.name} imports {', '.join(sorted(spoken))}"


def unnamed_late_imports(module):
    """Imports inside functions that are not on the list."""
    for dotted, _node in imports(module, late=True):
        if (module.name, dotted) not in LATE_IMPORTS:
            yield f"{module.name} imports {dotted} late"


def practice_breaches(module):
    """Anything between the practice LMS and the rest of the tool."""
    for wanted in own_imports(module):
        is_practice = wanted.partition(".")[0] == "practice"
        if module.is_practice and not is_practice:
            yield f"{module.name} imports {wanted}"
        if is_practice and not module.is_practice and module.package not in ("demo", "seed"):
            yield f"{module.name} imports {wanted}"


def circles(graph):
    """Modules that lead back to themselves through the imports at their tops."""
    for start in graph:
        seen, waiting = set(), list(graph[start])
        while waiting:
            name = waiting.pop()
            if name == start:
                yield start
                break
            if name not in seen:
                seen.add(name)
                waiting += graph.get(name, ())


def found(checker, which):
    return [problem for each in which for problem in checker(each)]


def test_every_package_has_a_floor():
    packages = {each.package for each in ours()} - {""}

    assert packages - set(FLOOR) == set()


def test_imports_point_down():
    assert found(upward, ours()) == []


def test_rooms_lean_only_on_the_rooms_below():
    assert found(wrong_rooms, ours()) == []


def test_rules_and_tables_are_pure():
    pure = [each for each in ours() if each.room == "rules" or each.name in PURE_VALUES]

    assert len(pure) >= 6
    assert found(impure, pure) == []


def test_views_use_only_their_own_rooms():
    views = [each for each in ours() if each.room == "views"]

    assert found(foreign_rooms_of_view, views) == []


def test_flask_stays_at_the_doors():
    assert found(flask_users, ours()) == []


def test_only_lti_speaks_to_platforms():
    assert found(speakers, ours()) == []


def test_imports_stand_at_the_top_but_for_named_ones():
    assert found(unnamed_late_imports, modules()) == []


def test_every_named_late_import_is_still_there():
    there = {(each.name, dotted) for each in ours() for dotted, _ in imports(each, late=True)}

    assert set(LATE_IMPORTS) - there == set()


def test_every_named_exception_is_still_needed():
    arrows = {
        (each.name, wanted.partition(".")[0]) for each in ours() for wanted in own_imports(each)
    }
    of_views = {wanted for each in ours() if each.room == "views" for wanted in own_imports(each)}

    assert set(UPWARD) - arrows == set()
    assert set(VIEWS_MAY_USE) - of_views == set()


def test_the_practice_lms_and_the_tool_share_nothing():
    assert found(practice_breaches, modules()) == []


def test_no_module_leads_back_to_itself():
    graph = {each.name: set(own_imports(each, late=False)) - {""} for each in modules()}

    assert list(circles(graph)) == []


@pytest.mark.parametrize(
    ("checker", "name", "text"),
    [
        pytest.param(upward, "credit.actions", "from lti_tool.board import queries", id="upward"),
        pytest.param(upward, "lti.http", "import lti_tool.web", id="upward by plain import"),
        pytest.param(
            upward, "roster.queries", "def f():\n from lti_tool.launch import rules", id="late"
        ),
        pytest.param(upward, "cli", "from lti_tool import seed", id="seed from below"),
        pytest.param(
            wrong_rooms, "board.queries", "from lti_tool.board import actions", id="query acts"
        ),
        pytest.param(
            wrong_rooms, "board.queries", "from lti_tool.credit.actions import choose", id="other"
        ),
        pytest.param(wrong_rooms, "credit.forms", "from lti_tool.credit import queries", id="form"),
        pytest.param(
            wrong_rooms, "launch.commands", "from lti_tool.launch import views", id="page"
        ),
        pytest.param(
            wrong_rooms, "lti.actions", "from lti_tool.lti import commands", id="action prints"
        ),
        pytest.param(impure, "board.rules", "from flask import g", id="rule with flask"),
        pytest.param(impure, "board.rules", "from lti_tool.clock import now", id="rule with clock"),
        pytest.param(impure, "credit.rules", "from sqlalchemy import select", id="rule with SQL"),
        pytest.param(
            foreign_rooms_of_view, "board.views", "from lti_tool.credit import actions", id="view"
        ),
        pytest.param(
            foreign_rooms_of_view, "board.views", "from lti_tool.lti import keys", id="view to lti"
        ),
        pytest.param(flask_users, "board.queries", "from flask import g", id="flask behind"),
        pytest.param(flask_users, "credit.forms", "import flask_babel", id="flask_babel behind"),
        pytest.param(speakers, "credit.chores", "import requests", id="requests"),
        pytest.param(speakers, "launch.views", "from pylti1p3.grade import Grade", id="pylti1p3"),
        pytest.param(speakers, "web", "import urllib.request", id="the standard library's client"),
        pytest.param(unnamed_late_imports, "db", "def f():\n    import json", id="late import"),
        pytest.param(
            practice_breaches, "practice.app", "from lti_tool.errors import Words", id="leans on us"
        ),
        pytest.param(
            practice_breaches, "lti.keys", "from lti_tool.practice import keys", id="we lean on it"
        ),
    ],
)
def test_this_break_is_caught(checker, name, text):
    assert list(checker(module(name, text)))


def test_a_circle_is_caught():
    assert list(circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == ["a", "b", "c"]
