"""An administrator's walk with one invitation, in a real Chromium."""

import re
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from lti_tool import cli, create_app
from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti import keys
from lti_tool.practice.app import create_practice
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Site
from lti_tool.registration import actions
from tests.browser.conftest import IN_BROWSER, PHONE, WIDE, look, violations
from tests.conftest import settings_for

pytestmark = IN_BROWSER
LOOKS = [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")]
FRAME = """<!doctype html><html lang="en"><title>waiting</title><main><h1>A platform</h1>
<iframe title="Tool" src="{}" width="800" height="700"></iframe></main><script>
addEventListener("message", (event) => {{ document.title = event.data.subject; }});</script>"""


@pytest.fixture
def there(tmp_path):
    """The tool with an invitation, and a platform whose page frames what was pasted."""
    made = SimpleNamespace(pasted="about:blank")

    def make_tool(url):
        made.app = create_app(settings_for(tmp_path, f"sqlite:///{tmp_path}/t.db", PUBLIC_URL=url))
        with made.app.app_context():
            cli.migrate()
            start_reading()
            keys.signing_key()
        return made.app

    def make_lms(url):
        made.sites = {name: Site(name, base_url=f"{url}/{name}") for name in ("moodle", "canvas")}
        return create_practice(list(made.sites.values()))

    def frame(environ, start_response):
        page = FRAME.format(made.pasted.replace("&", "&amp;")).encode()
        start_response(
            "200 OK", [("Content-Type", "text/html"), ("Content-Length", f"{len(page)}")]
        )
        return [page]

    with LiveServer(make_tool), LiveServer(make_lms), LiveServer(lambda _url: frame) as window:
        made.window = window.url.replace("127.0.0.1", "localhost")
        yield made
    with made.app.app_context():
        db.engine.dispose()


def invite(there):
    with there.app.app_context():
        start_writing()
        address = actions.invite("Our School")
        db.session.commit()
        return address


def looked_at(page, name):
    """A page as people have it: nothing sticks out, and axe finds nothing."""
    height = page.evaluate("document.documentElement.scrollHeight")
    size = page.viewport_size
    page.set_viewport_size({"width": size["width"], "height": min(height, 4000)})
    look(page, name)
    page.set_viewport_size(size)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert (wide, violations(page)) == (False, [])


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_the_pages_are_fit_for_everybody(there, person, size, scheme):
    page, address = person(size, color_scheme=scheme), invite(there)
    name = f"registration-{size[0]}-{scheme}"

    for kind in ("", "moodle", "canvas", "other"):
        page.goto(f"{address}?platform={kind}")
        looked_at(page, f"{name}-steps-{kind or 'choice'}")
    page.get_by_role("button", name="Finish the registration").click()
    page.get_by_role("alert").wait_for()
    looked_at(page, f"{name}-slip")
    page.goto(f"{address}?openid_configuration={there.window}/nothing")
    looked_at(page, f"{name}-failed")
    page.goto(there.sites["moodle"].registration_request(address))
    looked_at(page, f"{name}-confirm")
    page.get_by_role("button", name="Register").click()
    page.get_by_role("heading", name="Good Turn is registered").wait_for()
    looked_at(page, f"{name}-closing")
    page.goto(address)
    looked_at(page, f"{name}-spent")


@pytest.mark.parametrize("dialect", ["moodle", "canvas"])
def test_one_paste_and_one_press_in_the_platforms_window(there, person, dialect):
    page, site = person(), there.sites[dialect]
    there.pasted = site.registration_request(invite(there))

    page.goto(there.window)
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Register").click()

    page.wait_for_function("document.title === 'org.imsglobal.lti.close'")
    frame.get_by_role("heading", name="Good Turn is registered").wait_for()
    [tool] = site.state.tools.values()
    assert tool.name == "Good Turn"


def test_a_trouble_is_told_in_the_platforms_window(there, person):
    page = person()
    there.pasted = f"{invite(there)}?openid_configuration={there.window}/nothing"

    page.goto(there.window)

    frame = page.frame_locator("iframe")
    frame.get_by_text("The invitation is still open.").wait_for()
    frame.get_by_text("configuration-unreadable").wait_for()


def test_the_page_for_people_stays_out_of_frames(there, person):
    page = person()
    there.pasted = f"{invite(there)}?platform=moodle"

    page.goto(there.window)

    page.wait_for_timeout(500)
    assert page.frame_locator("iframe").get_by_text("Finish the registration").count() == 0


def test_by_hand_with_the_copy_buttons_and_without_scripts(there, person):
    address, site = invite(there), there.sites["moodle"]
    page = person()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.goto(address)
    page.get_by_role("link", name="Moodle").click()
    page.get_by_role("button", name="Copy: Tool URL").click()
    page.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/lti/[\w-]{22}/launch", copied)
    plain = person(java_script_enabled=False)
    plain.goto(f"{address}?platform=moodle")
    assert plain.get_by_label("Tool URL", exact=True).input_value() == copied
    assert plain.get_by_role("button", name="Copy").count() == 0
    plain.get_by_label("Platform ID").fill(site.issuer)
    plain.get_by_label("Client ID").fill("typed-in")
    plain.get_by_role("button", name="Finish the registration").click()
    plain.get_by_role("heading", name="Our School is registered").wait_for()


def test_the_live_check_looks_again_by_itself(there, person):
    page, site = person(), there.sites["moodle"]
    address = invite(there)
    page.goto(site.registration_request(address))
    page.get_by_role("button", name="Register").click()
    page.get_by_role("heading", name="Good Turn is registered").wait_for()
    page.goto(address)
    page.get_by_text("Nobody has clicked the link in a course.").wait_for()

    [tool] = site.state.tools.values()
    site.activate(tool)
    course = site.add_course(title="Programming", label="CS 1")
    ana = site.add_person(name="Ana Ruiz")
    site.enrol(course, ana, "student")
    fields = dict(site.login_request(ana, site.add_link(course, tool)))
    form = {name: value for name, value in fields.items() if name != "url"}
    page.request.post(tool.login_url, form=form, max_redirects=0)

    page.get_by_text("Somebody began a launch.").wait_for()
    assert urlsplit(page.url).path == urlsplit(address).path
