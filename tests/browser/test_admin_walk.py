"""An administrator's walk: from `lti-tool invite` to a launched course, with one paste."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from lti_tool.settings import ROOT
from tests.browser.conftest import IN_BROWSER, PHONE, WIDE, look, violations

pytestmark = IN_BROWSER

NAME = "Good Turn"


@pytest.fixture
def invitation(demo, enter):
    """What `lti-tool invite` prints on the demo's own server."""
    launched = enter("moodle", "Ana Ruiz")
    tool = urlsplit(launched.page.frames[-1].url)
    environ = {name: value for name, value in os.environ.items() if "LTI_TOOL" not in name}
    program = (
        "import os; from lti_tool import demo; "
        f"os.environ.update(demo.settings({tool.port})); "
        "from lti_tool.cli import group; group(['invite', 'Our school'])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environ | {"GOOD_TURN_DEMO_HOME": str(demo.home)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return printed.stdout.strip()


WORDS = {
    "moodle": {
        "tools": "Manage tools",
        "field": "Tool URL…",
        "go": "Add LTI Advantage",
        "in course": "LTI External tools",
    },
    "canvas": {
        "tools": "Developer keys",
        "field": "Dynamic Registration URL",
        "go": "Continue",
        "in course": "Apps",
    },
}
"""What each platform calls it."""


class Walk:
    """An administrator at a screen, who counts what they had to paste or type."""

    def __init__(self, page, lms, flavour):
        self.page, self.lms, self.flavour, self.pastes, self.steps = page, lms, flavour, 0, 0
        self.words = WORDS[flavour]

    def seen(self, name):
        """Keep a screenshot, and find no violation."""
        self.page.wait_for_load_state("networkidle")
        self.steps += 1
        where = self.flavour if self.page.viewport_size["width"] > 1000 else f"{self.flavour}-phone"
        look(self.page, f"install-{where}-{self.steps}-{name}")
        assert violations(self.page) == []

    def enter_as(self, who):
        self.page.goto(f"{self.lms}{self.flavour}/")
        self.page.get_by_role("button", name=who).first.click()

    def press(self, name, role="button", place=None):
        (place or self.page).get_by_role(role, name=name, exact=True).last.click()

    def paste(self, label, text):
        self.page.get_by_label(label).fill(text)
        self.pastes += 1

    def card(self):
        """What the platform shows of the newest tool of that name."""
        heading = self.page.get_by_role("heading", name=NAME, exact=True)
        return self.page.locator("section.card").filter(has=heading).last

    def tools(self):
        return self.page.get_by_role("heading", name=NAME, exact=True).count()


@pytest.fixture(params=[(WIDE, "light"), (PHONE, "dark")], ids=["wide light", "phone dark"])
def walk(request, flavour, demo, person):
    size, scheme = request.param
    return Walk(person(size, color_scheme=scheme), demo.url, flavour)


@pytest.fixture(params=["moodle", "canvas"])
def flavour(request):
    return request.param


def test_one_paste_leads_from_the_invitation_to_a_launched_course(walk, invitation):
    read_the_invitation(walk, invitation)
    register(walk, invitation)
    switch_on(walk)
    open_in_course(walk)

    assert walk.pastes == 1


def read_the_invitation(walk, invitation):
    walk.page.goto(invitation)
    walk.seen("invitation")
    walk.press(walk.flavour.title(), "link")
    walk.seen("steps")


def register(walk, invitation):
    walk.enter_as("Administrator")
    walk.press(walk.words["tools"], "link")
    walk.seen("tools")
    before = walk.tools()
    walk.paste(walk.words["field"], invitation)
    walk.press(walk.words["go"])
    frame = walk.page.frame_locator("iframe#registration")
    frame.get_by_role("heading", name="Register Good Turn with").wait_for()
    walk.seen("consent")
    walk.press("Register", place=frame)
    walk.page.wait_for_url("**/admin/tools")

    assert walk.tools() == before + 1
    walk.seen("registered")


def switch_on(walk):
    """What the platform itself asks of an administrator after any registration."""
    if walk.flavour == "moodle":
        assert walk.card().get_by_text("Pending").is_visible()
        walk.press("Activate", place=walk.card())
    else:
        walk.press("Turn ON", place=walk.card())
        walk.press("Install by client ID", place=walk.card())
    walk.seen("switched-on")


def open_in_course(walk):
    """A teacher's own step: offer the tool in a course, open it."""
    walk.enter_as("Ivy Lindqvist")
    walk.press(walk.words["in course"], "link")
    walk.seen("course-tools")
    if walk.flavour == "moodle":
        walk.press("Show in activity chooser", place=walk.card())
        walk.press("Add an activity", place=walk.card())
    else:
        walk.press("Enable in the course navigation", place=walk.card())
        walk.press(NAME, "link", walk.page.locator(".course-nav"))
    board = walk.page.frame_locator("iframe#tool")
    board.get_by_role("link", name="Ask").first.wait_for()
    walk.seen("launched")
