"""A teacher who chooses what to link, in each kind of LMS."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from lti_tool.practice.world import usual_placements
from tests.conftest import goes_to, make_course
from tests.door import _doors, door, doors, one_door  # noqa: F401


def selectable(course):
    """The same course, whose LMS also offers the tool where content is selected."""
    course.tool.deep_link_url = course.tool.launch_url
    course.tool.placements = usual_placements(course.tool.launch_url)
    return course


@pytest.fixture
def course(app, make_site, dialect):
    return selectable(make_course(make_site(dialect)))


@pytest.fixture
def one_course(sqlite_app, make_site):
    return selectable(make_course(make_site("moodle")))


@pytest.fixture
def canvas_course(sqlite_app, make_site):
    return selectable(make_course(make_site("canvas")))


class Picker:
    """What one teacher's browser does from "Select content" to the way back."""

    def __init__(self, course, browser, *, has_cookies=True):
        self.course, self.browser, self.has_cookies = course, browser, has_cookies
        self.page = None

    def begin(self, person=None, placement=None, change=None):
        """The launch; `change(claims)` may say something else than the platform would."""
        course, person = self.course, person or self.course.ivy
        login = course.site.deep_link_request(person, course.lms, course.tool, placement)
        fields = {name: value for name, value in login.items() if isinstance(value, str)}
        answer = self.browser.post(urlsplit(course.tool.login_url).path, fields)
        query = parse_qs(urlsplit(goes_to(answer)).query)
        query = {name: values[0] for name, values in query.items()}
        address, fields = course.site.authorize(query, person)
        if change:
            claims = jwt.decode(fields["id_token"], options={"verify_signature": False})
            fields |= {"id_token": course.site.sign(change(claims) or claims)}
        if not self.has_cookies:
            self.browser.client = self.browser.app.test_client()
        self.page = self.browser.post(urlsplit(address).path, fields)
        return self._followed()

    def _followed(self):
        if self.page.status_code == 303:
            place = self.page.headers["Location"]
            self.browser.home = place.removesuffix("link") if place.startswith("/v/") else None
            self.page = self.browser.get(place)
        elif not self.has_cookies and "/link" in self.page.text:
            self.press()
        return self.page

    @property
    def form(self):
        """(address, fields) of the form on the page, as it stands."""
        text = self.page.text
        action = html.unescape(re.search(r'<form[^>]* action="([^"]*)"', text)[1])
        fields = {}
        for tag in re.findall(r"<input[^>]*>", text):
            name = re.search(r' name="([^"]*)"', tag)
            value = re.search(r' value="([^"]*)"', tag)
            if name and ('type="hidden"' in tag or " checked" in tag):
                fields.setdefault(name[1], []).append(html.unescape(value[1]))
        for name, value in re.findall(
            r'<textarea[^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', text, re.S
        ):
            fields[name] = [html.unescape(value)]
        return action, fields

    def press(self, button=None, **typed):
        """Send the form with what was typed; `button` is one that goes elsewhere."""
        action, fields = self.form
        if button:
            elsewhere = re.search(
                rf'<button[^>]*name="{button}"[^>]*formaction="([^"]*)"', self.page.text
            )
            action, fields[button] = elsewhere[1] if elsewhere else action, ["yes"]
        self.page = self.browser.post(action, fields | typed)
        return self.page

    def answered(self, person=None):
        """Go back to the platform, and what it made of the answer."""
        action, fields = self.form
        person = person or self.course.ivy
        return self.course.site.deep_linked(person, action, fields["JWT"][0])

    def token(self):
        """The claims of the answer, as anybody who has our key reads them."""
        return jwt.decode(self.form[1]["JWT"][0], options={"verify_signature": False})


@pytest.fixture
def picker(browser):
    """Make pickers: picker(course, has_cookies=False)."""
    return lambda course, **how: Picker(course, browser(), **how)


@pytest.fixture
def chosen(picker):
    """Choose boards and go back: chosen(course, names="Lab 1\\nLab 2", column="yes")."""

    def choose(course, placement=None, **typed):
        teacher = picker(course)
        teacher.begin(placement=placement)
        teacher.press(**typed)
        teacher.press()
        return teacher.answered()

    return choose


ASSIGNMENTS = {"moodle": None, "canvas": "assignment_selection"}
"""Where a platform makes a grade column with a link."""
