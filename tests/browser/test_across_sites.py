"""The launch over https with two names, and what happens where cookies are refused."""

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from lti_tool import cli, create_app
from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti import actions, keys
from lti_tool.lti.models import PlatformKind
from lti_tool.practice.app import create_practice
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Site
from tests.browser import authority
from tests.browser.conftest import BLOCK_THIRD_PARTY, IN_BROWSER, WIDE, look, violations
from tests.conftest import settings_for

LMS, TOOL = "lms.test", "tool.test"
pytestmark = IN_BROWSER


@pytest.fixture
def two_sites(tmp_path, monkeypatch, dialect):
    """The tool at https://tool.test and an LMS at https://lms.test, both on this machine."""
    trusted = authority.make(tmp_path, LMS, TOOL, "127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted.ca))
    made = SimpleNamespace(trusted=trusted)
    tool = LiveServer(lambda url: make_tool(made, tmp_path, url), ssl_context=trusted.context)
    lms = LiveServer(lambda url: make_lms(made, dialect, url), ssl_context=trusted.context)
    with tool, lms:
        made.lms = named(lms.url, LMS)
        yield made
    with made.app.app_context():
        db.engine.dispose()


def named(url, name):
    return url.replace("127.0.0.1", name)


def make_tool(made, folder, url):
    made.tool = named(url, TOOL)
    environ = settings_for(folder, f"sqlite:///{folder}/tool.db", PUBLIC_URL=made.tool)
    made.app = create_app(environ)
    with made.app.app_context():
        cli.migrate()
    return made.app


def make_lms(made, dialect, url):
    site = Site(dialect, base_url=f"{named(url, LMS)}/lms")
    course = site.add_course(title="Introduction to Programming", label="CS 101")
    made.ana = site.add_person(name="Ana Ruiz")
    site.enrol(course, made.ana, "student")
    public_id = register(made.app, site, named_back(site, url))
    base = f"{made.tool}/lti/{public_id}"
    tool = site.add_tool(
        client_id="good-turn",
        login_url=f"{base}/login",
        launch_url=f"{base}/launch",
        jwks={"keys": []},
    )
    site.add_link(course, tool, title="Good Turn")
    return create_practice([site])


def named_back(site, url):
    """Servers reach each other by address: only the browser knows the two names."""
    return lambda address: address.replace(site.base_url, f"{url}/lms")


def register(app, site, by_address):
    with app.app_context():
        start_reading()
        keys.signing_key()
        start_writing()
        row = actions.register(
            name=site.name,
            kind=PlatformKind(site.dialect_name),
            issuer=site.issuer,
            client_id="good-turn",
            auth_url=site.auth_url,
            token_url=by_address(site.token_url),
            jwks_url=by_address(site.jwks_url),
        )
        db.session.commit()
        return row.public_id


@pytest.fixture
def open_activity(two_sites, person):
    """Open the activity as Ana; returns the page."""

    def go(prefs, before=lambda page: None):
        flags = [
            f"--host-resolver-rules=MAP {LMS} 127.0.0.1, MAP {TOOL} 127.0.0.1",
            f"--ignore-certificate-errors-spki-list={two_sites.trusted.pin}",
        ]
        page = person(WIDE, prefs, flags)
        before(page)
        page.goto(f"{two_sites.lms}/lms/")
        page.get_by_role("button", name="Ana Ruiz").first.click()
        page.get_by_role("link", name="Good Turn").first.click()
        return page

    return go


def refusing(site, inside=None):
    """Browser settings in which `site` may keep no cookie at all (inside another site)."""
    pattern = f"[*.]{site},{f'[*.]{inside}' if inside else '*'}"
    exceptions = {"cookies": {pattern: {"setting": 2}}}
    return {
        "profile": {**BLOCK_THIRD_PARTY["profile"], "content_settings": {"exceptions": exceptions}}
    }


def test_a_launch_across_sites_over_https_keeps_its_visit(open_activity):
    page = open_activity(BLOCK_THIRD_PARTY)

    board = page.frame_locator("iframe#tool")
    board.get_by_role("heading", name="What are we stuck on?").wait_for()
    board.get_by_role("link", name="My credit").click()

    board.get_by_role("heading", name="My credit").wait_for()
    cookies = [each for each in page.context.cookies() if each["name"].startswith("__Host-")]
    assert [(each["secure"], each["sameSite"], each["domain"]) for each in cookies] == [
        (True, "None", TOOL)
    ]
    assert all(each.get("partitionKey") for each in cookies)


@pytest.mark.parametrize("dialect", ["moodle"])
def test_where_the_frame_keeps_no_cookie_a_button_opens_a_tab(open_activity):
    page = open_activity(refusing(TOOL, inside=LMS))
    frame = page.frame_locator("iframe#tool")
    frame.get_by_role("heading", name="Open Good Turn as Ana Ruiz").wait_for()
    look(page, "cookies-refused-in-frame")
    assert violations(page) == []

    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Open in a new tab").click()

    tab = opened.value
    tab.get_by_role("heading", name="What are we stuck on?").wait_for()
    look(tab, "cookies-refused-tab")
    assert re.fullmatch(rf"https://{TOOL}:\d+/v/[\w-]+/", tab.url)


def test_where_no_cookie_is_kept_at_all_the_page_says_so(open_activity):
    page = open_activity(refusing(TOOL))
    frame = page.frame_locator("iframe#tool")

    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Open in a new tab").click()

    tab = opened.value
    tab.get_by_text("keeps no cookie for Good Turn").wait_for()
    tab.get_by_text("cookies-refused").wait_for()
    look(tab, "cookies-refused-altogether")
    assert violations(tab) == []


@pytest.mark.parametrize("dialect", ["canvas"])
def test_where_the_platforms_storage_proves_who_began_nobody_is_named(open_activity):
    page = open_activity(refusing(TOOL, inside=LMS))
    frame = page.frame_locator("iframe#tool")
    frame.get_by_role("heading", name="Open Good Turn", exact=True).wait_for()
    frame.locator("[data-storage=asked]").wait_for()
    look(page, "proved-by-storage")
    assert "Ana" not in frame.locator("main").inner_text()
    assert violations(page) == []

    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Open in a new tab").click()

    opened.value.get_by_role("heading", name="What are we stuck on?").wait_for()


@pytest.mark.parametrize("dialect", ["canvas"])
def test_a_storage_that_knows_nothing_names_the_person_after_all(open_activity):
    def silent(route):
        route.fulfill(body="", content_type="text/javascript")

    page = open_activity(
        refusing(TOOL, inside=LMS),
        before=lambda page: page.route("**/practice-static/storage.js*", silent),
    )
    frame = page.frame_locator("iframe#tool")
    frame.locator("[data-storage=asked]").wait_for()

    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Open in a new tab").click()

    tab = opened.value
    tab.get_by_role("heading", name="Open Good Turn as Ana Ruiz").wait_for()
    look(tab, "named-after-all")
    assert violations(tab) == []
    tab.get_by_role("button", name="Open in a new tab").click()


@pytest.mark.parametrize("dialect", ["canvas"])
def test_canvas_makes_the_frame_as_tall_as_the_page(open_activity):
    page = open_activity(BLOCK_THIRD_PARTY)
    page.frame_locator("iframe#tool").get_by_role(
        "heading", name="What are we stuck on?"
    ).wait_for()

    inside = page.frame_locator("iframe#tool").locator("body")
    needed = inside.evaluate("body => Math.ceil(body.getBoundingClientRect().height)")
    expect(page.locator("iframe#tool")).to_have_css("height", f"{needed}px")
    assert needed > 300
