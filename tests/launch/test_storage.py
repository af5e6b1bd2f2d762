"""The platform's storage proves who began, where a browser keeps no cookie (decision 2)."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from lti_tool.db import db
from lti_tool.launch.models import Visit
from lti_tool.lti import rules
from lti_tool.lti.models import LoginState
from tests.conftest import make_course
from tests.door import Door, code_of


@pytest.fixture
def frame(app, make_site):
    """A frame in Canvas, on each database."""
    return Frame(app, make_course(make_site("canvas")))


class Frame(Door):
    """A browser that keeps no cookie in a frame: each step brings what the page before held."""

    def __init__(self, app, course):
        super().__init__(app, course)
        self.base = self.path.removesuffix("/launch")
        self.tab = app.test_client()

    def begin(self, client=None, **changed):
        fields = dict(self.site.login_request(self.course.ana, self.course.link)) | changed
        fields = {name: value for name, value in fields.items() if value is not None}
        client = client or self.app.test_client(use_cookies=False)
        return self._ask(client.post, f"{self.base}/login", data=fields)

    def launched(self, page):
        """The platform's answer to the login that `page` began, without a cookie."""
        query = parse_qs(urlsplit(held(page, "href")).query)
        self.state, self.nonce = query["state"][0], query["nonce"][0]
        client = self.app.test_client(use_cookies=False)
        return self.post(self.fields(self.claims()), client=client)

    def press(self, page, **changed):
        hidden = dict(re.findall(r'name="(launch|proof|named)" value="([^"]*)"', page.text))
        return self._ask(self.tab.post, f"{self.base}/open", data=hidden | changed)

    def enter(self, page):
        code = re.search(r'name="code" value="([^"]+)"', page.text)
        return self._ask(self.tab.post, f"{self.base}/enter", data={"code": code[1]})


def held(page, name):
    """What the page's script finds."""
    pattern = r'data-next href="([^"]*)"' if name == "href" else rf'data-{name}="([^"]*)"'
    return html.unescape(re.search(pattern, page.text)[1])


def test_without_cookie_the_login_leaves_a_secret_with_the_platform_and_goes_on(frame):
    page = frame.begin()

    assert (page.status_code, held(page, "storage")) == (200, "put")
    assert held(page, "frame") == "post_message_forwarding"
    assert held(page, "origin") == rules.origin_of(frame.site.auth_url)
    assert held(page, "href").startswith(frame.site.auth_url + "?")
    assert len(held(page, "value")) >= 32
    assert held(page, "value") not in str(db.session.query(LoginState).one().__dict__)


def test_with_a_cookie_the_login_is_a_bare_redirect(frame):
    client = frame.app.test_client()
    frame.begin(client)

    assert frame.begin(client).status_code == 302


@pytest.mark.parametrize("target", [None, "", "a b", "<script>", "x" * 200, "a\nb"])
def test_without_a_frame_that_can_be_one_the_login_is_a_bare_redirect(frame, target):
    assert frame.begin(lti_storage_target=target).status_code == 302


def test_who_proves_it_need_not_be_named(frame):
    stored = frame.begin()
    page = frame.launched(stored)

    opened = frame.press(page, proof=held(stored, "value"))
    entered = frame.enter(opened)

    assert held(page, "key") == held(stored, "key")
    assert "Ana" not in page.text + opened.text
    assert "Set-Cookie" not in page.headers
    assert (opened.status_code, entered.status_code) == (200, 303)
    assert "/v/" in entered.headers["Location"]


@pytest.mark.parametrize("proof", ["", "wrong", "of another login"])
def test_who_does_not_is_named_first(frame, proof):
    another = held(frame.begin(), "value")
    page = frame.launched(frame.begin())

    named = frame.press(page, proof=another if proof == "of another login" else proof)

    assert "Open Good Turn as Ana Ruiz" in named.text
    assert 'name="code"' not in named.text
    assert db.session.query(Visit).count() == 0
    assert frame.enter(frame.press(named)).status_code == 303


def test_the_proof_opens_once(frame):
    stored = frame.begin()
    page = frame.launched(stored)
    frame.press(page, proof=held(stored, "value"))

    again = frame.press(page, proof=held(stored, "value"))

    assert code_of(again) == "open-expired"


def test_another_site_cannot_press(frame):
    stored = frame.begin()
    page = frame.launched(stored)
    hidden = dict(re.findall(r'name="(launch)" value="([^"]*)"', page.text))

    answer = frame._ask(
        frame.tab.post,
        f"{frame.base}/open",
        data=hidden | {"proof": held(stored, "value")},
        headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 422


def test_a_frame_whose_name_was_changed_afterwards_is_not_written_into_the_page(frame):
    page = frame.begin()
    query = parse_qs(urlsplit(held(page, "href")).query)
    frame.state, frame.nonce = query["state"][0], query["nonce"][0]
    fields = frame.fields(frame.claims()) | {"lti_storage_target": '"><script>alert(1)</script>'}

    answer = frame.post(fields, client=frame.app.test_client(use_cookies=False))

    assert answer.status_code == 200
    assert "alert(1)" not in answer.text


@pytest.mark.parametrize(
    ("auth_url", "origin"),
    [
        ("https://sso.canvaslms.com/api/lti/authorize_redirect", "https://sso.canvaslms.com"),
        (
            "https://canvas.instructure.com/api/lti/authorize_redirect",
            "https://sso.canvaslms.com",
        ),
        ("https://canvas.test.instructure.com/x", "https://sso.test.canvaslms.com"),
        ("https://canvas.school.edu:8443/x", "https://canvas.school.edu:8443"),
    ],
)
def test_whose_frame_keeps_things(auth_url, origin):
    assert rules.storage_origin(auth_url) == origin
