"""The staff's page about a course, in a real Chromium."""

import pytest

from tests.browser.conftest import IN_BROWSER, PHONE, WIDE, look, violations

pytestmark = IN_BROWSER


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_course_page_is_fit_for_everybody(enter, size):
    there = enter("moodle", "Ivy Lindqvist", size)
    there.board.get_by_role("link", name="Course", exact=True).click()
    there.board.get_by_role("heading", name="Your course in Good Turn").wait_for()
    frame = next(each for each in there.page.frames if "/v/" in each.url)
    look(there.page, f"course-{size[0]}")

    wide = frame.evaluate("document.documentElement.scrollWidth > innerWidth")

    assert (wide, violations(there.page)) == (False, [])


def test_what_a_new_run_means_can_be_read_before_it_begins(enter):
    there = enter("moodle", "Ivy Lindqvist", PHONE)
    there.board.get_by_role("link", name="Course", exact=True).click()

    there.board.get_by_role("link", name="Begin a new run").click()

    there.board.get_by_role("heading", name="Begin a new run?").wait_for()
    look(there.page, "new-run")
    assert violations(there.page) == []
