"""The launch in a frame of another site, in a real Chromium that blocks third-party cookies."""

import secrets
import shutil
from urllib.parse import urlencode

import jwt
import pytest
from flask import Flask, redirect, request

from lti_tool.practice import sample
from lti_tool.practice.app import create_practice
from lti_tool.practice.server import LiveServer
from tests.browser.conftest import FLAGS, IN_BROWSER, NO_BROWSER
from tests.conftest import missing

pytestmark = IN_BROWSER

COOKIE = {"secure": True, "httponly": True, "samesite": "None", "partitioned": True}


def throwaway_tool(sites):
    """The least that a tool can be: a login that redirects, a launch that greets."""
    tool = Flask("throwaway_tool")

    @tool.post("/<dialect>/login")
    def login(dialect):
        state = secrets.token_hex(8)
        hints = {
            name: request.form[name] for name in ("client_id", "login_hint", "lti_message_hint")
        }
        query = {
            "scope": "openid", "response_type": "id_token", "response_mode": "form_post",
            "prompt": "none", "state": state, "nonce": "n",
            "redirect_uri": f"{request.url_root}{dialect}/launch",
        }  # fmt: skip
        reply = redirect(f"{sites[dialect].auth_url}?{urlencode(query | hints)}")
        reply.set_cookie("__Host-state", state, **COOKIE)
        return reply

    @tool.post("/<dialect>/launch")
    def launch(dialect):
        proven = request.cookies.get("__Host-state") == request.form["state"]
        unchecked = {"verify_signature": False}
        name = jwt.decode(request.form["id_token"], options=unchecked)["name"]
        return f"<h1>Hello {name}, {'proven' if proven else 'unproven'}</h1>"

    return tool


@pytest.fixture(scope="module")
def lms():
    sites = {}

    def make(url):
        sites["moodle"] = sample.moodle_site(url + "/moodle")
        sites["canvas"] = sample.canvas_site(url + "/canvas")
        return create_practice(list(sites.values()))

    with (
        LiveServer(lambda url: throwaway_tool(sites)) as tool,
        LiveServer(make, host="localhost") as server,
    ):
        for name, site in sites.items():
            address = f"{tool.url}/{name}/"
            sample.install(
                site, name,
                login_url=address + "login", launch_url=address + "launch", jwks_url=address,
            )  # fmt: skip
        yield server


@pytest.fixture(scope="module")
def browser(playwright_driver):
    executable = shutil.which("chromium")
    if executable is None:
        missing(NO_BROWSER)
    flags = [*FLAGS, "--test-third-party-cookie-phaseout"]
    chromium = playwright_driver.chromium.launch(executable_path=executable, args=flags)
    yield chromium
    chromium.close()


@pytest.fixture
def page(browser):
    with browser.new_context(viewport={"width": 360, "height": 740}) as context:
        page = context.new_page()
        page.troubles = []
        page.on("console", lambda message: page.troubles.append(message.text))
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        yield page


def opened(page, lms, dialect, name="Ana Ruiz"):
    page.goto(f"{lms.url}/{dialect}/")
    page.get_by_role("button", name=f"Enter as {name}").click()
    page.get_by_role("main").get_by_role("link", name="Good Turn").click()
    heading = page.frame_locator("#tool").locator("h1")
    heading.wait_for()
    return heading.inner_text()


@pytest.mark.parametrize("dialect", ["moodle", "canvas"])
def test_a_launch_in_the_frame_works_with_third_party_cookies_blocked(page, lms, dialect):
    assert opened(page, lms, dialect) == "Hello Ana Ruiz, proven"


@pytest.mark.parametrize("dialect", ["moodle", "canvas"])
def test_a_launch_in_a_new_window_works_too(page, lms, dialect):
    opened(page, lms, dialect)
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open in a new window").click()

    heading = popup.value.locator("h1")
    heading.wait_for()
    assert heading.inner_text() == "Hello Ana Ruiz, proven"


def test_switching_the_person_launches_as_the_other(page, lms):
    opened(page, lms, "moodle")
    page.get_by_label("You are").select_option(label="Ivy Lindqvist – Teacher")
    page.get_by_role("button", name="Switch").click()

    heading = page.frame_locator("#tool").locator("h1", has_text="Ivy")
    heading.wait_for()
    assert heading.inner_text() == "Hello Ivy Lindqvist, proven"


@pytest.mark.parametrize("dialect", ["moodle", "canvas"])
def test_no_page_is_wider_than_a_phone_or_breaks_its_own_policy(page, lms, dialect):
    opened(page, lms, dialect, "Ivy Lindqvist")
    widths = []
    for name in ("Grades", "Participants" if dialect == "moodle" else "People"):
        page.get_by_role("link", name=name).click()
        widths.append(page.evaluate("document.documentElement.scrollWidth"))

    assert widths == [360, 360]
    assert page.troubles == []


STORE = """([key, value]) => new Promise(resolve => {
  window.addEventListener("message", event => resolve([event.origin, event.data]), {once: true});
  const message = {subject: value ? "lti.put_data" : "lti.get_data", message_id: "1", key, value};
  parent.frames["post_message_forwarding"].postMessage(message, "LMS");
})"""


def test_canvas_keeps_what_a_tool_stores_for_that_tool(page, lms):
    opened(page, lms, "canvas")
    frame = next(frame for frame in page.frames if frame.url.startswith("http://127.0.0.1"))
    store = STORE.replace("LMS", lms.url)
    frame.evaluate(store, ["state_1", "secret"])

    origin, message = frame.evaluate(store, ["state_1", None])
    assert origin == lms.url
    assert (message["subject"], message["value"]) == ("lti.get_data.response", "secret")
