"""An administrator with an invitation, and platforms that want to be registered."""

import re
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from lti_tool.db import db, start_writing
from lti_tool.lti.models import Invite, PlatformKeys, Registration
from lti_tool.registration import actions
from tests.conftest import ORIGIN, Browser
from tests.door import canary, later  # noqa: F401


class Office:
    """Somebody who administers a platform and was sent an invitation."""

    def __init__(self, app, name="Our school"):
        self.app, self.browser = app, Browser(app)
        start_writing()
        self.address = actions.invite(name)
        db.session.commit()
        self.path = urlsplit(self.address).path
        self.public_id = self.invite.registration_public_id

    @property
    def invite(self):
        db.session.rollback()
        return db.session.query(Invite).order_by(Invite.id.desc()).first()

    def open(self, query=""):
        """The page for people."""
        return self.browser.get(f"{self.path}{query}")

    def paste(self, site):
        """Paste the invitation's address into the platform; the page in its window."""
        return self.begin(site.registration_request(self.address))

    def begin(self, address):
        """Open what the platform opened."""
        parts = urlsplit(address)
        return self.browser.get(f"{parts.path}?{parts.query}")

    def press(self, page, **changed):
        """Press "Register" on the page."""
        return self.browser.post(self.path, hidden(page) | changed)

    def register_at(self, site):
        """The whole way by one paste."""
        return self.press(self.paste(site).text)

    def by_hand(self, **fields):
        """Send the form of the page for people."""
        return self.browser.post(f"{self.path}/by-hand", fields)


def hidden(page):
    """The hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: value.replace("&amp;", "&") for name, value in found}


def asked_of(site):
    """The fields that a fresh request of this platform brings."""
    query = parse_qs(urlsplit(site.registration_request(f"{ORIGIN}/register/x")).query)
    return {name: values[0] for name, values in query.items()}


def registrations():
    """How many registrations there are, and what hangs on them."""
    db.session.rollback()
    counts = [db.session.query(model).count() for model in (Registration, PlatformKeys)]
    db.session.rollback()
    return counts


def course_of(site, tool, row_id):
    """A course of the platform with a link to the tool, as make_course makes it."""
    course = site.add_course(title="Introduction to Programming", label="CS 101")
    people = {}
    for name, role in (("Ivy Stone", "teacher"), ("Ana Ruiz", "student")):
        people[name.split()[0].lower()] = person = site.add_person(name=name)
        site.enrol(course, person, role)
    return SimpleNamespace(site=site, tool=tool, registration_id=row_id, lms=course, **people)


@pytest.fixture
def office(app):
    """An invitation, on each database in turn."""
    return Office(app)


@pytest.fixture
def one_office(sqlite_app):
    """An invitation, for tests whose point is not the database."""
    return Office(sqlite_app)
