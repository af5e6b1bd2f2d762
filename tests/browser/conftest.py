"""A real Chromium with third-party cookies blocked, and a demo of its own to visit."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import sync_playwright

from lti_tool.settings import ROOT
from tests.conftest import missing

NO_BROWSER = "Chromium is missing: install it (Debian: apt-get install chromium)"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
BLOCK_THIRD_PARTY = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
WIDE, PHONE = (1280, 900), (360, 740)
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


IN_BROWSER = [pytest.mark.browser, pytest.mark.timeout(180)]
"""Marks of every module here."""


@pytest.fixture(scope="session")
def playwright_driver():
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def person(playwright_driver, tmp_path):
    """Make browsers of people: person(WIDE) → a page in a fresh profile of its own."""
    executable = shutil.which("chromium")
    if executable is None:
        missing(NO_BROWSER)
    opened = []

    def make(size=WIDE, prefs=BLOCK_THIRD_PARTY, flags=(), **more):
        profile = tmp_path / f"profile-{len(opened)}"
        (profile / "Default").mkdir(parents=True)
        (profile / "Default" / "Preferences").write_text(json.dumps(prefs))
        context = playwright_driver.chromium.launch_persistent_context(
            str(profile),
            executable_path=executable,
            args=[*FLAGS, *flags],
            viewport={"width": size[0], "height": size[1]},
            **more,
        )
        context.set_default_timeout(15_000)
        opened.append(context)
        return context.pages[0] if context.pages else context.new_page()

    yield make
    for context in opened:
        context.close()


def start_demo(home):
    """`lti-tool demo` as a process; returns it and the address that it prints."""
    environ = {name: value for name, value in os.environ.items() if "LTI_TOOL" not in name}
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "lti-tool"), "demo"],
        cwd=ROOT,
        env=environ | {"GOOD_TURN_DEMO_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    began = time.monotonic()
    address = process.stdout.readline().strip()
    assert address, process.stderr.read()
    return SimpleNamespace(process=process, url=address, seconds=time.monotonic() - began)


def stop_demo(demo, number=signal.SIGTERM):
    """End a demo; returns what else it printed and how long it took."""
    began = time.monotonic()
    if number == signal.SIGINT:  # Ctrl-C reaches everything in the foreground
        os.killpg(demo.process.pid, number)
    else:
        demo.process.send_signal(number)
    printed, errors = demo.process.communicate(timeout=30)
    return SimpleNamespace(printed=printed, errors=errors, seconds=time.monotonic() - began)


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A running demo of this test run."""
    home = tmp_path_factory.mktemp("demo") / "home"
    running = start_demo(home)
    running.home = home
    yield running
    stop_demo(running)


@pytest.fixture
def enter(demo, person):
    """Enter the practice LMS as somebody and open Good Turn: enter("moodle", "Ana Ruiz")."""

    def go(flavour, name, size=WIDE, **more):
        page, requested = person(size, **more), []
        page.on("request", lambda request: requested.append(request.url))
        page.goto(f"{demo.url}{flavour}/")
        page.get_by_role("button", name=name).first.click()
        page.get_by_role("link", name="Good Turn").first.click()
        board = page.frame_locator("iframe#tool")
        board.locator("main h1").wait_for()
        return SimpleNamespace(page=page, board=board, requested=requested)

    return go


def violations(page):
    """What axe finds wrong in a page and its frames, in short lines."""
    found = []
    for frame in page.frames:
        if frame.url.endswith("/storage"):  # Canvas's storage frame: nobody ever sees it
            continue
        frame.evaluate(AXE)
        result = frame.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
        )
        found += [
            f"{frame.url}: {broken['id']}: {node['html'][:120]}"
            for broken in result["violations"]
            for node in broken["nodes"]
        ]
    return found


def look(page, name):
    """Keep a screenshot where a person can look at it, if they asked for it."""
    folder = os.environ.get("GOOD_TURN_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png")
