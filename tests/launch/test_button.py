"""A browser that keeps no cookie in the frame: one button, one code, one visit (decision 2)."""

import re

import pytest

from lti_tool.db import db
from lti_tool.launch.models import PendingLaunch, Visit
from tests.conftest import ORIGIN, make_course
from tests.door import Door, at_once, code_of, count_rows


@pytest.fixture
def frame(app, make_site, dialect):
    """A frame that lost its cookie: `press`, `open_tab` and `enter` are the person's steps."""
    return Frame(app, make_course(make_site(dialect)))


@pytest.fixture
def one_frame(sqlite_app, make_site):
    """The same in Moodle, on SQLite."""
    return Frame(sqlite_app, make_course(make_site("moodle")))


class Frame(Door):
    """A launch whose cookie was blocked, and the tab that its button opens."""

    def __init__(self, app, course):
        super().__init__(app, course)
        self.tab = app.test_client()
        self.base = self.path.removesuffix("/launch")

    def blocked(self, claims=None):
        """The launch without its cookie; the page that names the person, with its button.

        Where the platform's storage could have proved who began, it does not: see test_storage.
        """
        self.login()
        fields = self.fields(claims or self.claims())
        page = self.post(fields, client=self.app.test_client(use_cookies=False))
        return self.press(page) if 'name="proof"' in page.text else page

    def press(self, page, client=None, **headers):
        """The button: a post in the new tab."""
        hidden = dict(re.findall(r'name="(launch|proof|named)" value="([^"]*)"', page.text))
        return self._post("/open", hidden, client, headers)

    def enter(self, page, client=None, **headers):
        """The tab sends its code on."""
        code = re.search(r'name="code" value="([^"]+)"', page.text)[1]
        return self._post("/enter", {"code": code}, client, headers)

    def _post(self, step, data, client, headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        send = (client or self.tab).post
        return self._ask(send, self.base + step, data=data, headers=headers)

    def in_tab(self, path):
        return self._ask(self.tab.get, path)


def test_the_frame_shows_a_page_that_names_the_person_and_the_course(frame):
    page = frame.blocked()

    assert page.status_code == 200
    assert "Open Good Turn as Ana Ruiz" in page.text
    assert "Introduction to Programming" in page.text
    assert "Set-Cookie" not in page.headers


def test_the_page_writes_the_used_login_and_the_waiting_launch_and_nothing_else(frame):
    frame.login(frame.course.ivy).knock(frame.claims(frame.course.ivy))
    frame.login()
    before = count_rows()

    frame.post(frame.fields(frame.claims()), client=frame.app.test_client(use_cookies=False))

    assert count_rows() == before | {"pending_launch": before["pending_launch"] + 1}


def test_of_a_first_deployment_the_page_writes_that_too(frame):
    frame.login()
    before = count_rows()

    frame.post(frame.fields(frame.claims()), client=frame.app.test_client(use_cookies=False))

    assert count_rows() == before | {
        "pending_launch": 1,
        "deployment": 1,
        "platform_keys": 1,
    }


def test_what_waits_is_sealed(frame):
    frame.blocked()

    kept = db.session.query(PendingLaunch).one().sealed_launch

    assert "Ana" not in kept
    assert frame.course.lms.title not in kept


def test_the_button_leads_to_the_board(frame):
    opened = frame.press(frame.blocked())

    entered = frame.enter(opened)

    page = frame.in_tab(entered.headers["Location"])
    assert (opened.status_code, entered.status_code, page.status_code) == (200, 303, 200)
    assert "code" not in entered.headers["Location"]


def test_a_launch_without_cookie_cannot_be_sent_again(one_frame):
    one_frame.blocked()
    fields = one_frame.fields(one_frame.claims())

    again = one_frame.post(fields, client=one_frame.app.test_client(use_cookies=False))

    assert code_of(again) == "launch-used"


def test_the_button_works_once(one_frame):
    page = one_frame.blocked()
    one_frame.press(page)

    again = one_frame.press(page)

    assert code_of(again) == "open-expired"


def test_the_code_works_once(one_frame):
    opened = one_frame.press(one_frame.blocked())
    one_frame.enter(opened)

    again = one_frame.enter(opened)

    assert code_of(again) == "open-expired"
    assert db.session.query(Visit).count() == 1


def test_of_many_that_press_at_once_one_gets_a_code(frame):
    page = frame.blocked()
    db.session.rollback()

    clients = [frame.app.test_client() for _ in range(10)]
    pressed = at_once(10, lambda turn: frame.press(page, clients[turn]).status_code)

    assert sorted(pressed) == [200] + [400] * 9


@pytest.mark.parametrize(("seconds", "status"), [(590, 200), (601, 400)])
def test_the_button_waits_ten_minutes(one_frame, later, seconds, status):
    page = one_frame.blocked()

    later(seconds=seconds)

    assert one_frame.press(page).status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(28, 303), (31, 400)])
def test_the_code_waits_thirty_seconds(one_frame, later, seconds, status):
    opened = one_frame.press(one_frame.blocked())

    later(seconds=seconds)

    assert one_frame.enter(opened).status_code == status


FOREIGN = [
    pytest.param({"Origin": "https://evil.example"}, id="another origin"),
    pytest.param({"Origin": "null"}, id="no origin that can be named"),
    pytest.param({"Origin": ORIGIN.replace("5000", "5001")}, id="another port"),
    pytest.param({"Origin": ORIGIN.replace("http", "https")}, id="another scheme"),
    pytest.param({"Origin": f"{ORIGIN}.evil.example"}, id="our name in front"),
    pytest.param({"Sec_Fetch_Site": "cross-site"}, id="another site"),
    pytest.param({"Sec_Fetch_Site": "same-site"}, id="a sister site"),
    pytest.param({"Sec_Fetch_Site": "cross-site", "Origin": ORIGIN}, id="a lie about the origin"),
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("step", ["press", "enter"])
def test_another_site_cannot_press_or_enter(one_frame, headers, step):
    page = one_frame.blocked()
    page = one_frame.press(page) if step == "enter" else page

    foreign = getattr(one_frame, step)(page, **headers)
    own = getattr(one_frame, step)(page, Origin=ORIGIN, Sec_Fetch_Site="same-origin")

    assert code_of(foreign) == "form-expired"
    assert own.status_code in (200, 303)


def test_a_tab_without_cookie_is_told_so_and_its_code_is_not_lost(one_frame):
    opened = one_frame.press(one_frame.blocked())

    refused = one_frame.enter(opened, one_frame.app.test_client(use_cookies=False))

    assert code_of(refused) == "cookies-refused"
    assert one_frame.enter(opened).status_code == 303


@pytest.mark.parametrize("value", ["", "x", "x" * 5000, "\0"])
@pytest.mark.parametrize(("step", "field"), [("/open", "launch"), ("/enter", "code")])
def test_an_invented_secret_opens_nothing(frame, step, field, value):
    frame.login()
    before = count_rows()

    answer = frame._post(step, {field: value}, frame.client, {})

    assert code_of(answer) == "open-expired"
    assert count_rows() == before


def test_a_secret_of_one_platform_is_nothing_at_another(sqlite_app, make_site):
    here, there = (Frame(sqlite_app, make_course(make_site(name))) for name in ("moodle", "canvas"))
    page = here.blocked()
    there.login()

    elsewhere = Frame.press(there, page)
    there.base, kept = here.base, there.base
    opened = there.press(page)
    there.base = kept

    assert code_of(elsewhere) == "open-expired"
    assert code_of(there.enter(opened)) == "open-expired"
    assert here.enter(opened, there.tab).status_code == 303


def test_a_guest_behind_the_button_comes_to_a_friendly_page(one_frame):
    one_frame.login()
    guest = {name: value for name, value in one_frame.claims().items() if name != "sub"}
    fields = one_frame.fields(guest)
    page = one_frame.post(fields, client=one_frame.app.test_client(use_cookies=False))

    entered = one_frame.enter(one_frame.press(page))

    assert entered.headers["Location"].endswith("/notice/who-may")


def test_a_name_with_markup_is_shown_as_text(one_frame):
    one_frame.login()
    claims = one_frame.claims() | {"name": "<script>alert(1)</script>"}

    page = one_frame.post(
        one_frame.fields(claims), client=one_frame.app.test_client(use_cookies=False)
    )

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text
