"""A course at each kind of practice LMS, and a tool that is registered there."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from lti_tool.practice import vocabulary as v
from lti_tool.practice.app import create_practice
from lti_tool.practice.keys import KeyRing
from lti_tool.practice.site import Site

TOOL_KEYS = KeyRing([])


class Bench:
    """One site with one course: Ana and Ben learn, Ivy teaches, Tom assists."""

    def __init__(self, dialect, **tool_fields):
        self.time = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        self.site = Site(dialect, base_url=f"http://lms.test/{dialect}", now=lambda: self.time)
        self.tool = self.site.add_tool(
            login_url="https://tool.test/login",
            launch_url="https://tool.test/launch",
            jwks=TOOL_KEYS.published(),
            **tool_fields,
        )
        self.course = self.site.add_course(title="Programming & You", label="CS1")
        self.ana, self.ben = self.enrolled("Ana Ruiz"), self.enrolled("Ben Okafor")
        self.ivy, self.tom = self.enrolled("Ivy Low", "teacher"), self.enrolled("Tom Day", "ta")
        self.link = self.site.add_link(self.course, self.tool, title="Good Turn", graded=True)
        self.web = create_practice([self.site]).test_client()
        self.token = self.site.issue_token(self.tool)

    def enrolled(self, name, role="student"):
        person = self.site.add_person(name=name)
        self.site.enrol(self.course, person, role)
        return person

    def later(self, **time):
        self.time += timedelta(**time)
        return self.time

    def claims(self, person=None):
        return self.site.claims(person or self.ana, self.link, "n")

    def begin(self, person=None):
        """The tool's authentication request after a login initiation."""
        login = self.site.login_request(person or self.ana, self.link)
        return {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.tool.client_id,
            "redirect_uri": "https://tool.test/launch",
            "state": "s",
            "nonce": "n",
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
        }

    def call(self, method, url, media_type=None, body=None, **headers):
        """Call a service with the tool's access token."""
        parts = urlsplit(url)
        kind = "Accept" if method == "GET" else "Content-Type"
        sent = {"Authorization": f"Bearer {self.token}", "User-Agent": "GoodTurn/1.0"}
        sent |= {kind: media_type} if media_type else {}
        return self.web.open(
            parts.path,
            method=method,
            query_string=parts.query,
            headers=sent | headers,
            data=json.dumps(body) if body is not None else None,
        )

    @property
    def lineitem(self):
        return self.claims()[v.AGS_CLAIM]["lineitem"]

    @property
    def lineitems(self):
        return self.claims()[v.AGS_CLAIM]["lineitems"]

    @property
    def members_url(self):
        return self.claims()[v.NRPS_CLAIM]["context_memberships_url"]

    def below(self, name, lineitem=None):
        address, mark, query = (lineitem or self.lineitem).partition("?")
        return f"{address}/{name}{mark}{query}"

    def score(self, person=None, given=5, *, lineitem=None, **more):
        """Post a score out of 10; `more` adds or (None) leaves out fields."""
        body = {
            "userId": (person or self.ana).sub,
            "scoreGiven": given,
            "scoreMaximum": 10,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": self.time.isoformat(),
        } | more
        body = {name: value for name, value in body.items() if value is not None}
        return self.call("POST", self.below("scores", lineitem), v.SCORE_TYPE, body)

    def cell(self, person=None, title="Good Turn"):
        return self.site.gradebook(self.course)[title][(person or self.ana).sub]

    def results(self, query=""):
        url = self.below("results")
        url += ("&" if "?" in url else "?") + query if query else ""
        return self.call("GET", url, v.RESULT_CONTAINER)


@pytest.fixture
def moodle():
    return Bench("moodle")


@pytest.fixture
def canvas():
    return Bench("canvas")


@pytest.fixture(params=["moodle", "canvas"])
def lms(request):
    return Bench(request.param)


@pytest.fixture
def tool_keys():
    return TOOL_KEYS


@pytest.fixture
def bench():
    return Bench
