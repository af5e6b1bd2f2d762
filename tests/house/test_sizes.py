"""Small, and in our words: sizes, docstrings, names."""

import ast
import re

import pytest

from tests.house.source import functions, module, modules, ours

LONGEST_FUNCTION = 50
MOST_FUNCTIONS = 20
"""Code lines that 95 of 100 functions stay within."""
LONGEST_MODULE = 400
MOST_BRANCHES = 8
MOST_ARGUMENTS = 5

MANY_ARGUMENTS = {
    "lti.actions:register": "a registration has that many facts, all by name",
    "lti.grades:send_score": "a score has that many facts, all by name",
    "lti.http:ask": "what a request is made of, with its two bounds",
    "lti.tokens:ask": "the same, with whose token and which scopes",
    "lti.tokens:_ask": "the same",
}
BRANCHES = (
    ast.If,
    ast.For,
    ast.While,
    ast.ExceptHandler,
    ast.IfExp,
    ast.match_case,
    ast.comprehension,
)
FORBIDDEN_WORDS = {
    "data", "handler", "helpers", "info", "item", "items", "manager", "misc", "obj", "process",
    "processor", "service_layer", "stuff", "thing", "util", "utils",
}  # fmt: skip
BORROWED_NAMES = {
    "process_bind_param": "SQLAlchemy's name",
    "process_result_value": "SQLAlchemy's name",
}
LIBRARY_WORDS = {"lineitem", "lineitems", "line_item", "line_items"}
IMPLEMENTS_A_LIBRARY = {
    "db:UTCDateTime",
    "lti.toolconf:Fields",
    "lti.toolconf:OneRegistration",
    "lti.toolconf:Login",
}
"""Classes whose methods are the library's; its documentation says what they are for."""


def code_lines(function):
    """The lines of a function without its docstring, blank lines and comments."""
    statements = function.body[1:] if ast.get_docstring(function) else function.body
    return len(ast.unparse(ast.Module(statements, [])).splitlines()) + 1


def branches(function):
    """How often a function may go one way or another; functions inside count for themselves."""
    inner = {
        id(node)
        for each in ast.walk(function)
        if isinstance(each, ast.FunctionDef) and each is not function
        for node in ast.walk(each)
    }
    return sum(isinstance(node, BRANCHES) and id(node) not in inner for node in ast.walk(function))


def arguments(function):
    """How many arguments a function takes, `self` and the starred ones aside."""
    every = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    return len([argument for argument in every if argument.arg not in ("self", "cls")])


def too_large(module):
    """Functions and modules beyond the sizes of the house."""
    lines = len(module.text.splitlines())
    if lines > LONGEST_MODULE:
        yield f"{module.name} has {lines} lines"
    for name, function in functions(module):
        full = f"{module.name}:{name}"
        if code_lines(function) > LONGEST_FUNCTION:
            yield f"{full} has {code_lines(function)} lines"
        if branches(function) > MOST_BRANCHES:
            yield f"{full} has {branches(function)} branches"
        if arguments(function) > MOST_ARGUMENTS and full not in MANY_ARGUMENTS:
            yield f"{full} has {arguments(function)} arguments"


def undocumented(module):
    """Public modules, classes and functions without a sentence."""
    if not ast.get_docstring(module.tree):
        yield module.name
    yield from _undocumented(module, module.tree, "")


def _undocumented(module, parent, prefix):
    for node in ast.iter_child_nodes(parent):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and not _is_stub(node):
            yield f"{module.name}:{prefix}{node.name}"
        is_ours = f"{module.name}:{node.name}" not in IMPLEMENTS_A_LIBRARY
        if isinstance(node, ast.ClassDef) and is_ours:
            yield from _undocumented(module, node, f"{node.name}.")


def _is_stub(node):
    return isinstance(node, ast.FunctionDef) and ast.unparse(node.body[-1]) == "..."


def forbidden_words(module):
    """Names that say nothing: of modules, classes, functions, arguments and variables."""
    for name in {module.room} | set(_defined_names(module)):
        if FORBIDDEN_WORDS & set(_words(name)) and name not in BORROWED_NAMES:
            yield f"{module.name}: {name}"


def _defined_names(module):
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg) and node.arg != "data":  # `requests` calls a body that
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _words(name):
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    for word in LIBRARY_WORDS:
        plain = plain.replace(word, "")
    return plain.split("_")


def found(checker, which):
    return [problem for each in which for problem in checker(each)]


def test_functions_and_modules_stay_small():
    assert found(too_large, modules()) == []


def test_nearly_all_functions_are_short():
    lengths = sorted(code_lines(node) for each in ours() for _, node in functions(each))

    assert lengths[int(len(lengths) * 0.95)] <= MOST_FUNCTIONS


def test_every_named_exception_is_still_needed():
    long = {
        f"{each.name}:{name}"
        for each in ours()
        for name, node in functions(each)
        if arguments(node) > MOST_ARGUMENTS
    }

    assert long == set(MANY_ARGUMENTS)


def test_whatever_is_public_says_what_it_is_for():
    assert found(undocumented, modules()) == []


def test_names_say_something():
    assert found(forbidden_words, ours()) == []


LONG = "def f():\n    '''Doc.'''\n" + "    x()\n" * 51
BRANCHED = "def f():\n    '''Doc.'''\n" + "    if x:\n        y()\n" * 9
MANY = "def f(a, b, c, *, d, e, f):\n    '''Doc.'''"


@pytest.mark.parametrize(
    ("checker", "text"),
    [
        pytest.param(too_large, LONG, id="function of 51 lines"),
        pytest.param(too_large, "x = 1\n" * 401, id="module of 401 lines"),
        pytest.param(too_large, BRANCHED, id="9 branches"),
        pytest.param(too_large, MANY, id="6 arguments"),
        pytest.param(undocumented, "x = 1", id="module without a line"),
        pytest.param(undocumented, "'''M.'''\ndef f(): pass", id="function without a sentence"),
        pytest.param(
            undocumented, "'''M.'''\nclass C:\n '''C.'''\n def f(self): pass", id="method"
        ),
        pytest.param(forbidden_words, "class CreditManager: pass", id="manager"),
        pytest.param(forbidden_words, "def process_answer(): pass", id="process"),
        pytest.param(forbidden_words, "info = 1", id="info"),
        pytest.param(forbidden_words, "def f(obj): pass", id="obj"),
    ],
)
def test_this_break_is_caught(checker, text):
    assert list(checker(module("board.made_up", text)))


def test_a_room_called_utils_is_caught():
    assert list(forbidden_words(module("board.utils", "")))
