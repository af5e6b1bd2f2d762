"""Pages, models and errors: what each of them must declare."""

import ast
import re

import pytest
from sqlalchemy import inspect

import lti_tool.app  # noqa: F401 - so that every model is known
from lti_tool.db import Base
from lti_tool.launch.rules import Power
from tests.house.source import ROOT, calls, module, ours

OUTSIDE = {
    "health.alive",
    "health.ready",
    "health.figures",
    "launch.login",
    "launch.launch",
    "launch.launch_by_hand",
    "launch.open_tab",
    "launch.enter",
    "launch.notice",
    "launch.jwks",
    "registration.configuration",
    "registration.register",
    "registration.register_itself",
    "registration.register_by_hand",
    "frame.choose_in_frame",
    "frame.preview_in_frame",
    "frame.send_in_frame",
    "static",
}
"""Addresses outside of any visit. Every other one is inside, and names a power."""
TEMPLATES = ROOT / "templates"


def powerless(views):
    """Endpoints inside a visit that name no power; `views` maps endpoints to functions."""
    for endpoint, view in views.items():
        if endpoint not in OUTSIDE and not isinstance(getattr(view, "power", None), Power):
            yield endpoint


def inline(text):
    """Scripts and styles that the security headers would refuse: handlers, styles, code."""
    yield from re.findall(r"\son[a-z]+\s*=|\sstyle\s*=|<style|<script(?![^>]*\ssrc=)", text)


def error_words(module):
    """(code, cause) of every `Words(…)` in a module."""
    for name, node in calls(module):
        if name.rpartition(".")[2] == "Words" and node.args:
            cause = node.args[1].args[0] if isinstance(node.args[1], ast.Call) else node.args[1]
            yield ast.literal_eval(node.args[0]), ast.literal_eval(cause)


def doubles(codes):
    return sorted({code for code in codes if codes.count(code) > 1})


def undeclared(models):
    """Models that do not say which of their columns are personal, or name one they lack."""
    for model in models:
        personal = vars(model).get("personal")
        columns = {column.key for column in inspect(model).columns}
        if personal is None or not personal <= columns:
            yield model.__name__


def models():
    return [mapper.class_ for mapper in Base.registry.mappers]


def rendered(modules):
    """Every template that code renders."""
    for each in modules:
        for name, node in calls(each):
            if name == "render_template":
                yield ast.literal_eval(node.args[0])


def own_templates():
    files = [path for path in TEMPLATES.rglob("*.html") if "practice" not in path.parts]
    return {str(path.relative_to(TEMPLATES)): path.read_text() for path in files}


def test_every_page_inside_a_visit_names_a_power(sqlite_app):
    assert list(powerless(sqlite_app.view_functions)) == []


def test_every_page_outside_is_outside(sqlite_app):
    outside = [rule for rule in sqlite_app.url_map.iter_rules() if rule.endpoint in OUTSIDE]

    assert not [str(rule) for rule in outside if str(rule).startswith("/v/")]


def test_an_endpoint_has_the_name_of_its_template(sqlite_app):
    pages = {
        rule.endpoint
        for rule in sqlite_app.url_map.iter_rules()
        if "GET" in rule.methods and rule.endpoint not in OUTSIDE
    }

    assert {f"{page.replace('.', '/')}.html" for page in pages} - set(own_templates()) == set()


def test_every_template_is_used():
    texts = own_templates()
    named = set(rendered(ours()))
    for text in texts.values():
        named |= set(re.findall(r'{% (?:extends|from|include|import) "([^"]+)"', text))

    assert named - set(texts) == set()
    assert set(texts) - named == set()


def test_templates_hold_no_inline_code():
    assert [name for name, text in own_templates().items() if list(inline(text))] == []


def test_templates_escape_everything():
    unsafe = re.compile(r"\|\s*safe\b|autoescape false")

    assert [name for name, text in own_templates().items() if unsafe.search(text)] == []


def test_every_model_says_what_is_personal():
    assert len(models()) >= 18
    assert list(undeclared(models())) == []


def test_every_personal_column_is_explained():
    page = (ROOT / "docs" / "privacy.md").read_text()
    wanted = {f"{each.__tablename__}.{name}" for each in models() for name in each.personal}

    assert set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)`", page, re.MULTILINE)) == wanted


def test_every_error_code_is_its_own():
    assert doubles([code for each in ours() for code, _ in error_words(each)]) == []


def test_every_error_code_is_explained_with_its_words():
    page = (ROOT / "docs" / "errors.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|(.*)$", page, re.MULTILINE))
    known = {code: cause for each in ours() for code, cause in error_words(each)}

    assert set(rows) == set(known)
    assert [code for code, cause in known.items() if cause not in rows[code]] == []


def test_a_page_without_a_power_is_caught():
    assert list(powerless({"board.secret": lambda: ""})) == ["board.secret"]


def test_a_code_used_twice_is_caught():
    text = "A = Words('too-large', N_('One.'), X)\nB = Words('too-large', 'Two.', X)"

    found = list(error_words(module("web", text)))

    assert found == [("too-large", "One."), ("too-large", "Two.")]
    assert doubles([code for code, _ in found]) == ["too-large"]


def test_a_model_that_is_silent_about_personal_columns_is_caught(monkeypatch):
    monkeypatch.delattr(models()[0], "personal")

    assert list(undeclared(models())) == [models()[0].__name__]


@pytest.mark.parametrize(
    "text", ['<a onclick="x()">', '<p style="color: red">', "<script>x()</script>", "<style>"]
)
def test_inline_code_is_caught(text):
    assert list(inline(text))
