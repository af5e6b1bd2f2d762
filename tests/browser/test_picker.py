"""Choosing what to link, in the platform's frame, in a real Chromium; also without cookies."""

from types import SimpleNamespace

import pytest
from flask import Flask, render_template_string, request
from playwright.sync_api import expect

from lti_tool.db import db
from lti_tool.lti import keys
from lti_tool.practice.app import create_practice
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Site
from lti_tool.practice.world import usual_placements
from tests.browser.conftest import BLOCK_THIRD_PARTY, IN_BROWSER, PHONE, WIDE, look, violations
from tests.browser.test_across_sites import named, named_back, register
from tests.conftest import migrated, settings_for

pytestmark = IN_BROWSER
LMS = "localhost"
NO_COOKIES = {
    "profile": {
        **BLOCK_THIRD_PARTY["profile"],
        "content_settings": {"exceptions": {"cookies": {"127.0.0.1,*": {"setting": 2}}}},
    }
}
"""Browser settings in which the tool may keep no cookie at all."""
RETURNS = ("contentitem_return", "deep_linking_response")
"""How the return addresses of both dialects end."""
SELECT = """<!doctype html><html lang="en"><title>Select content</title>
<main><h1>Select content</h1>
<iframe name="tool" id="tool" title="Good Turn" width="100%" height="700"></iframe>
<form method="post" action="{{ login.url }}" target="tool">
{% for name, value in login.items() if value is string %}
<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<button>Select</button></form></main>"""
BACK = """<!doctype html><html lang="en"><title>Added</title><main><h1>Added</h1>
<ul>{% for link in made.links %}<li>{{ link.title }}</li>{% endfor %}</ul>
<p>{{ made.message }}</p></main>"""


@pytest.fixture
def selecting(tmp_path, dialect):
    """A tool, and an LMS of another site whose teacher may select content."""
    made = SimpleNamespace(dialect=dialect)

    def make_tool(url):
        made.tool = url
        environ = settings_for(tmp_path, f"sqlite:///{tmp_path}/tool.db", PUBLIC_URL=url)
        made.app = migrated(environ)
        return made.app

    def make_lms(url):
        made.lms = named(url, LMS)
        made.site = site = Site(dialect, base_url=f"{made.lms}/lms")
        made.course = site.add_course(title="Introduction to Programming", label="CS 101")
        made.ivy = site.add_person(name="Ivy Stone")
        site.enrol(made.course, made.ivy, "teacher")
        base = f"{made.tool}/lti/{register(made.app, site, named_back(site, url))}"
        made.lti_tool = site.add_tool(
            client_id="good-turn",
            login_url=f"{base}/login",
            launch_url=f"{base}/launch",
            jwks=published(made.app),
        )
        made.lti_tool.deep_link_url = made.lti_tool.launch_url
        made.lti_tool.placements = usual_placements(made.lti_tool.launch_url)
        return with_selection(create_practice([site]), made)

    with LiveServer(make_tool), LiveServer(make_lms):
        yield made
    with made.app.app_context():
        db.engine.dispose()


def published(app):
    """The tool's public keys, as the platform would fetch them."""
    with app.app_context():
        return keys.published()


def with_selection(lms, made):
    """The pages around a selection, which the practice LMS leaves to whoever embeds it."""
    pages = Flask("pages_around_a_selection")

    @pages.get("/select")
    def select():
        login = made.site.deep_link_request(made.ivy, made.course, made.lti_tool)
        return render_template_string(SELECT, login=login)

    @pages.post("/lms" + made.site.dialect.deep_link_path)
    def back(**_place):
        answer = made.site.deep_linked(made.ivy, request.url, request.form["JWT"])
        return render_template_string(BACK, made=answer)

    def either(environ, start_response):
        path = environ["PATH_INFO"]
        is_ours = path == "/select" or path.rpartition("/")[2].startswith(RETURNS)
        return (pages if is_ours else lms)(environ, start_response)

    return either


def without_scripts(frame):
    """Our page that leaves a proof has a link, the platform's own page a button."""
    go_on = frame.get_by_role("link", name="Go on").or_(frame.get_by_role("button"))
    go_on.wait_for()
    if frame.get_by_role("link", name="Go on").count():
        frame.get_by_role("link", name="Go on").click()
    frame.get_by_role("button").click()


@pytest.fixture
def select(selecting, person):
    """Begin to select content as Ivy; returns the page and its frame."""

    def go(size=WIDE, prefs=BLOCK_THIRD_PARTY, **more):
        page = person(size, prefs, **more)
        page.goto(f"{selecting.lms}/lms/")
        page.get_by_role("button", name="Ivy Stone").first.click()
        page.goto(f"{selecting.lms}/select")
        page.get_by_role("button", name="Select").click()
        frame = page.frame_locator("iframe#tool")
        if not more.get("java_script_enabled", True):
            without_scripts(frame)
        frame.get_by_role("heading", name="Add Good Turn to your course").wait_for()
        return page, frame

    return go


@pytest.mark.parametrize(
    ("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide light", "phone dark"]
)
def test_a_teacher_adds_two_boards_and_comes_back(select, size, scheme):
    page, frame = select(size, color_scheme=scheme)
    name = f"{size[0]}-{scheme}"
    look(page, f"picker-{name}")
    assert violations(page) == []

    frame.get_by_label("The whole course's board").uncheck()
    frame.get_by_role("button", name="Look at it first").click()
    frame.get_by_text("Nothing was added yet").wait_for()
    look(page, f"picker-problem-{name}")
    assert violations(page) == []

    frame.get_by_label("A board for a new topic").check()
    frame.get_by_label("Names of new topics").fill("Lab 1: loops & <lists>\nתרגיל 2")
    frame.get_by_label("With a grade column").check()
    frame.get_by_role("button", name="Look at it first").click()
    frame.get_by_role("heading", name="This will be added to your course").wait_for()
    look(page, f"picker-preview-{name}")
    assert violations(page) == []
    frame.get_by_role("button", name="Add to the course").click()

    frame.get_by_role("heading", name="Added").wait_for()
    added = ["Good Turn: Lab 1: loops & ‹lists›", "Good Turn: תרגיל 2"]
    expect(frame.get_by_role("listitem")).to_have_text(added)


def test_a_frame_that_keeps_no_cookie_chooses_there_too(select):
    page, frame = select(prefs=NO_COOKIES)

    frame.get_by_label("The whole course's board").wait_for()
    look(page, "picker-without-cookies")
    assert "Ivy" not in frame.locator("body").inner_text()
    frame.get_by_role("button", name="Look at it first").click()
    frame.get_by_role("button", name="Add to the course").click()

    frame.get_by_role("heading", name="Added").wait_for()
    expect(frame.get_by_role("listitem")).to_have_text(["Good Turn"])
    assert not [each for each in page.context.cookies() if each["name"].startswith("__Host-good")]


def test_without_scripts_a_button_goes_back(select):
    page, frame = select(java_script_enabled=False)

    frame.get_by_role("button", name="Cancel").click()
    frame.get_by_role("heading", name="Back to your course").wait_for()
    look(page, "picker-back")
    frame.get_by_role("button", name="Go on").click()

    frame.get_by_text("Nothing was added.").wait_for()
