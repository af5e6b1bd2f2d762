"""Reads the project's source for the structure tests; every checker is a pure function over it."""

import ast
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "lti_tool"
LEFT_OUT = {"var", "node_modules", "__pycache__"}


@dataclass(frozen=True)
class Module:
    """One module: its name below `lti_tool`, such as "board.views", and its text."""

    name: str
    text: str

    @cached_property
    def tree(self):
        return ast.parse(self.text)

    @property
    def package(self):
        return self.name.partition(".")[0]

    @property
    def room(self):
        return self.name.rpartition(".")[2]

    @property
    def is_practice(self):
        return self.package == "practice"


@lru_cache(maxsize=1)
def modules():
    """Every module of the tool, practice included; a package itself has its own name."""
    base = ROOT / PACKAGE
    return [Module(_name(path.relative_to(base)), path.read_text()) for path in _python(base)]


def _python(folder):
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _name(path):
    parts = [part for part in path.with_suffix("").parts if part != "__init__"]
    return ".".join(parts)


def ours():
    """The tool without the practice LMS."""
    return [module for module in modules() if not module.is_practice]


def module(name, text):
    """A made-up module, for showing that a break is caught."""
    return Module(name, text)


def imports(module, *, late=None):
    """(dotted name, node) of each import; `late` picks those that a call makes, or the others.

    What only the type checker imports is neither.
    """
    inside = {id(node) for node in _late_imports(module)}
    typing = {id(node) for node in _typing_imports(module)} if late is not None else set()
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Import | ast.ImportFrom)
            and late in (None, id(node) in inside)
            and id(node) not in typing
        ):
            yield from ((name, node) for name in _imported(node))


def _late_imports(module):
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (
                node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)
            )


def _typing_imports(module):
    for node in ast.walk(module.tree):
        if isinstance(node, ast.If) and dotted_name(node.test).endswith("TYPE_CHECKING"):
            yield from ast.walk(node)


def _imported(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


@lru_cache(maxsize=1)
def _names():
    return {known.name for known in modules()}


def own_imports(module, *, late=None):
    """The project's modules that `module` imports, by their names below `lti_tool`."""
    for dotted, _node in imports(module, late=late):
        top, _, rest = dotted.partition(".")
        if top == PACKAGE:
            parent = rest.rpartition(".")[0]
            is_module = rest in _names() or parent not in _names()
            yield rest if is_module else parent


def outside_imports(module):
    """The first names of everything imported that is not ours."""
    return {dotted.partition(".")[0] for dotted, _node in imports(module)} - {PACKAGE}


def calls(module):
    """(dotted name, node) of each call that is written as a plain dotted name."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield dotted_name(node.func), node


def dotted_name(node):
    if isinstance(node, ast.Attribute):
        return f"{dotted_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def functions(module):
    """(qualified name, node) of every function, also inside classes and functions."""
    yield from _functions(module.tree, "")


def _functions(parent, prefix):
    for node in ast.iter_child_nodes(parent):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function:
            yield f"{prefix}{node.name}", node
        if is_function or isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        else:
            yield from _functions(node, prefix)


def project_files(*endings):
    """The files that the project is made of: no environments, no caches, nothing under var/."""
    found = []
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        is_hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
        is_left_out = LEFT_OUT & set(parts) or any(part.endswith(".egg-info") for part in parts)
        is_worktree_mark = path == ROOT / ".git"  # a file, where the checkout is a git worktree
        if path.is_file() and not (is_hidden or is_left_out or is_worktree_mark):
            found.append(path)
    return [path for path in found if not endings or path.suffix in endings]
