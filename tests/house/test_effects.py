"""Effects happen where they may: commits at the doors, SQL behind them, and nothing at import."""

import ast
import subprocess
import sys

import pytest

from tests.house.source import ROOT, calls, dotted_name, module, modules, ours

COMMITS = {"cli", "demo", "seed", "jobs"}
"""Besides every `views`, `chores` and `commands`. `jobs` notes that a worker was seen."""
SHORT_TRANSACTIONS = {
    "db": "is its home",
    "lti.keys": "a fetched key set serves all workers, whatever becomes of the page",
    "lti.tokens": "so does an access token",
    "lti.launches": "why a launch was refused is kept, though nothing else of it is",
    "launch.session": "a page that only reads still counts against idleness",
}
VIEW_MAY_DO = {"db.session.commit", "db.session.rollback"}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter", "time_ns"}
CLOCK_HOMES = {
    "clock": "is the clock",
    "jobs": "measures how long a chore took",
    "web": "measures how long a page took",
    "lti.http": "bounds how long a whole answer may take",
    "lti.probes": "measures how long a platform took to say its time",
    "lti.keys": "waits for another worker's fetch",
    "lti.tokens": "an assertion says when it was made, in whole seconds",
    "demo": "waits for its children",
}

WATCHED_IMPORT = """
import sys

FORBIDDEN = (
    "socket.connect", "socket.bind", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename",
    "sqlite3.connect", "os.system", "os.chmod", "os.fork", "os.exec",
)

def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if event in FORBIDDEN or writes:
        raise RuntimeError(f"{event} at import: {arguments}")

sys.dont_write_bytecode = True
import importlib, threading
before = threading.active_count()
sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(name)
if threading.active_count() != before:
    raise RuntimeError("a thread at import")
"""


def sql_in_view(module):
    """What a view does to the database besides the one commit."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and dotted_name(node).startswith("db."):
            name = dotted_name(node)
            if name not in VIEW_MAY_DO | {"db.session"}:
                yield f"{module.name}: {name}"
        if isinstance(node, ast.ImportFrom | ast.Import) and "sqlalchemy" in ast.unparse(node):
            yield f"{module.name}: {ast.unparse(node)}"


def commits(module):
    """Commits outside of the places that may."""
    may = module.name in COMMITS or module.room in ("views", "chores", "commands")
    for name, node in calls(module):
        if name.endswith(".commit") and not may:
            yield f"{module.name}:{node.lineno} commits"


def short_transactions(module):
    """Small writes of their own, outside of the named places."""
    for name, node in calls(module):
        is_one = name.rpartition(".")[2] == "short_transaction"
        if is_one and module.name not in SHORT_TRANSACTIONS:
            yield f"{module.name}:{node.lineno} writes beside the page"


def clocks(module):
    """Reads of the time that do not go through `lti_tool.clock`; rules may not read it at all."""
    for name, node in calls(module):
        owner, _, last = name.rpartition(".")
        is_raw = last in CLOCKS and owner.rpartition(".")[2] in ("datetime", "date", "time")
        is_in_rule = module.room == "rules" and last in CLOCKS | {"course_now"}
        if (is_raw and module.name not in CLOCK_HOMES) or is_in_rule:
            yield f"{module.name}:{node.lineno} reads the time with {name}"


def imported(*names):
    """Import modules in a fresh interpreter that may not write, connect, start or open."""
    command = [sys.executable, "-c", WATCHED_IMPORT, *names]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def found(checker, which):
    return [problem for each in which for problem in checker(each)]


def test_views_hold_no_sql():
    assert found(sql_in_view, [each for each in ours() if each.room == "views"]) == []


def test_only_the_doors_commit():
    assert found(commits, ours()) == []


def test_short_transactions_stay_in_their_named_places():
    used = {each.name for each in ours() if "short_transaction" in each.text}

    assert found(short_transactions, ours()) == []
    assert used == set(SHORT_TRANSACTIONS)


def test_time_is_read_from_the_two_clocks():
    assert found(clocks, ours()) == []


def test_nothing_happens_at_import():
    names = [f"lti_tool.{each.name}".rstrip(".") for each in modules()]

    done = imported(*names)

    assert done.returncode == 0, done.stderr[-2000:]


def test_an_effect_at_import_is_caught(tmp_path, monkeypatch):
    (tmp_path / "eager.py").write_text(f"open({str(tmp_path / 'made')!r}, 'w')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    done = imported("eager")

    assert "at import" in done.stderr
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("checker", "name", "text"),
    [
        pytest.param(sql_in_view, "board.views", "db.session.scalar(x)", id="query in a view"),
        pytest.param(sql_in_view, "board.views", "from sqlalchemy import select", id="SQL import"),
        pytest.param(commits, "board.actions", "db.session.commit()", id="action commits"),
        pytest.param(commits, "credit.queries", "connection.commit()", id="query commits"),
        pytest.param(short_transactions, "board.actions", "short_transaction()", id="short"),
        pytest.param(clocks, "board.actions", "datetime.now(UTC)", id="raw clock"),
        pytest.param(clocks, "credit.actions", "time.time()", id="raw seconds"),
        pytest.param(clocks, "credit.rules", "now()", id="a rule asks the clock"),
    ],
)
def test_this_break_is_caught(checker, name, text):
    assert list(checker(module(name, text)))
