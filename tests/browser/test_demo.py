"""`make demo` keeps its promises: one address, a quick second start, a clean end."""

import signal
import urllib.request
from pathlib import Path

import pytest

from tests.browser.conftest import IN_BROWSER, start_demo, stop_demo
from tests.postgres import wait_until

pytestmark = IN_BROWSER


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_demo_prints_one_address_and_ends_cleanly(tmp_path, number):
    demo = start_demo(tmp_path / "home")

    with urllib.request.urlopen(demo.url, timeout=5) as answer:
        assert answer.status == 200
    ended = stop_demo(demo, number)

    assert ended.printed == ""
    assert ended.errors == ""
    assert ended.seconds < 10
    assert processes_of(tmp_path) == []


def test_a_demo_that_is_killed_leaves_nothing_running(tmp_path):
    demo = start_demo(tmp_path / "home")
    assert processes_of(tmp_path) != []

    stop_demo(demo, signal.SIGKILL)

    wait_until(lambda: processes_of(tmp_path) == [])


def test_a_second_start_is_the_same_demo(tmp_path):
    first = start_demo(tmp_path / "home")
    stop_demo(first)

    second = start_demo(tmp_path / "home")
    stop_demo(second)

    assert second.url == first.url


def processes_of(folder):
    """Processes that still have a file of the demo open."""
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            files = [link.readlink() for link in (process / "fd").iterdir()]
        except OSError:
            continue
        left += [process.name for file in files if str(file).startswith(str(folder))]
    return left


def test_the_clock_of_the_course_can_be_moved(tmp_path, person):
    demo, page = start_demo(tmp_path / "home"), person()
    page.goto(f"{demo.url}moodle/")
    page.get_by_role("button", name="Uma Castellanos").first.click()
    page.get_by_role("link", name="Good Turn").first.click()
    board = page.frame_locator("iframe#tool")
    board.get_by_text("Uma asked 10 hours ago").wait_for()

    page.get_by_role("button", name="+1 week").click()

    board.get_by_text("Uma asked 1 week ago").wait_for()
    stop_demo(demo)
