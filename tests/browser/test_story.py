"""The story in a real browser, from the demo, across sites, third-party cookies blocked."""

import re

import pytest

from tests.browser.conftest import IN_BROWSER, PHONE, WIDE, look, violations

pytestmark = IN_BROWSER


@pytest.fixture(params=["moodle", "canvas"])
def flavour(request):
    return request.param


SIZES = {"moodle": (WIDE, PHONE, "light"), "canvas": (PHONE, WIDE, "dark")}
"""Every screen is seen wide and on a phone, light and dark, over the two flavours."""


def test_one_good_turn_reaches_the_gradebook(flavour, enter):
    title = "Lab 3: when does my recursion stop?"
    for_ivy, for_students, scheme = SIZES[flavour]
    ivy = enter(flavour, "Ivy Lindqvist", for_ivy, color_scheme=scheme)
    choose_the_gradebook(ivy)
    ana = enter(flavour, "Ana Ruiz", for_students, color_scheme=scheme)
    ben = enter(flavour, "Ben Okafor", for_students, color_scheme=scheme)

    ask(ana, title)
    answer(ben, title)
    thank(ana, title)

    assert score_of(ivy, "Ben Okafor") == "1"
    ben.board.get_by_role("link", name="My credit").click()
    ben.board.get_by_role("heading", name="My credit").wait_for()
    check(ben, "my-credit")


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "dark"), (PHONE, "light")])
def test_the_screens_off_the_path_are_as_good(demo, enter, size, scheme):
    chen = enter("moodle", "Chen Wei", size, color_scheme=scheme)
    visit = chen.page.frames[-1].url
    launch = next(url for url in chen.requested if "/lti/" in url and url.endswith("/launch"))

    chen.board.get_by_role("button", name="Leave").click()
    chen.board.get_by_role("heading", name="You have left").wait_for()
    check(chen, "left")
    for name, address in (
        ("visit-over", visit),
        ("who-may", launch.replace("/launch", "/notice/who-may")),
        ("no-course", launch.replace("/launch", "/notice/no-course")),
        ("not-a-launch", launch),
    ):
        chen.page.goto(address)
        check(chen, name)


def test_no_console_complains_in_any_of_it(flavour, demo, person):
    page, said = person(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{demo.url}{flavour}/")
    page.get_by_role("button", name="Chen Wei").first.click()

    page.get_by_role("link", name="Good Turn").first.click()
    page.frame_locator("iframe#tool").locator("main h1").wait_for()

    assert said == []


def choose_the_gradebook(ivy):
    ivy.board.get_by_role("link", name="Credit settings").click()
    ivy.board.get_by_text("Also send it to the gradebook").click()
    check(ivy, "settings")
    ivy.board.get_by_role("button", name="Save").click()
    for _ in range(160):
        ivy.board.get_by_role("link", name="Credit settings").click()
        if ivy.board.get_by_text("Connected").count():
            break
        ivy.page.wait_for_timeout(250)
    check(ivy, "connected")


def ask(ana, title):
    check(ana, "board")
    ana.board.get_by_role("link", name="Ask your classmates").click()
    ana.board.get_by_role("button", name="Ask").click()
    ana.board.get_by_text("Nothing was sent yet").wait_for()
    check(ana, "ask-problems")
    ana.board.get_by_label("In a few words").fill(title)
    ana.board.get_by_label("A little more").fill("It counts down and never ends.")
    ana.board.get_by_role("button", name="Ask").click()
    ana.board.get_by_role("heading", name=title).wait_for()
    check(ana, "asked")


def answer(ben, title):
    ben.board.get_by_role("link", name="Board").click()
    ben.board.get_by_role("link", name=title).first.click()
    ben.board.get_by_role("heading", name="Can you help?").wait_for()
    check(ben, "question")
    ben.board.get_by_label("Your answer").fill("What happens at zero? Write that line first.")
    ben.board.get_by_role("button", name="Answer").click()
    ben.board.get_by_role("heading", name="1 answer").wait_for()


def thank(ana, title):
    ana.board.get_by_role("link", name="Back to the board").click()
    ana.board.get_by_role("link", name=title).first.click()
    ana.board.get_by_role("heading", name="1 answer").wait_for()
    ana.board.get_by_label(re.compile("Did this get you unstuck")).fill("The base case!")
    check(ana, "thank")
    ana.board.get_by_role("button", name="This got me unstuck").click()
    ana.board.get_by_text("This got Ana unstuck").wait_for()
    check(ana, "thanked")


def score_of(ivy, name):
    """What the gradebook shows within a turn of the worker, though its wake-up may be lost."""
    for _ in range(160):
        ivy.page.get_by_role("link", name="Grades").first.click()
        row = ivy.page.get_by_role("row").filter(has_text=name)
        cells = [box.input_value() for box in row.get_by_role("textbox").all()]
        if cells and cells[-1]:
            look(ivy.page, "gradebook")
            return cells[-1].removesuffix(".0")
        ivy.page.wait_for_timeout(250)
    return None


def check(who, name):
    """Every screen on the way is looked at, and has no violation."""
    look(who.page, f"{name}-{who.page.viewport_size['width']}")
    assert violations(who.page) == []
