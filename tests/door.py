"""A front door to knock at: one course per dialect, one open login, launches good and bad.

A refused launch uses up nothing, so one login serves thousands of knocks. The practice LMS signs
whatever it is asked to sign with its real key: that is the harder case.
"""

import contextvars
import json
import threading
import time
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import has_app_context
from sqlalchemy import func, select

from lti_tool import clock
from lti_tool.db import Base, db
from lti_tool.practice.app import create_practice
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Site
from tests.conftest import ORIGIN, goes_to, make_course, migrated, settings_for

COOKIE = "__Host-good-turn"
STATE_LASTS = 240


class Door:
    """The launch address of one course, and a browser in which a login is open."""

    def __init__(self, app, course):
        self.app, self.course, self.site = app, course, course.site
        self.path = f"/lti/{course.registration_id}/launch"
        self.began = 0.0

    @classmethod
    def of(cls, app):
        """A browser of no course."""
        door = object.__new__(cls)
        door.app, door.client = app, app.test_client()
        return door

    def fresh(self):
        """The same door, with a login that will stay open for a while."""
        if time.monotonic() - self.began > STATE_LASTS:
            self.login()
        return self

    def login(self, person=None, client=None):
        """Begin a login; `state`, `nonce` and `client` (whose cookie it is) are its own."""
        self.client = client or self.app.test_client()
        fields = dict(self.site.login_request(person or self.course.ana, self.course.link))
        answer = self._ask(self.client.post, self.path.replace("/launch", "/login"), data=fields)
        query = parse_qs(urlsplit(goes_to(answer)).query)
        self.state, self.nonce = query["state"][0], query["nonce"][0]
        self.began = time.monotonic()
        return self

    def claims(self, person=None, **changed):
        """What the platform would say now."""
        return self.site.claims(person or self.course.ana, self.course.link, self.nonce) | changed

    def sign(self, claims, **how):
        """The claims as the platform signs them."""
        return self.site.sign(claims, **how)

    def knock(self, claims=None, *, token=None, **fields):
        """Post a launch: claims to be signed, a token as it is, or form fields as they are."""
        return self.post(self.fields(claims, token=token) | fields)

    def fields(self, claims=None, *, token=None):
        """The form of a launch."""
        token = self.sign(claims) if claims is not None else token
        return {"id_token": token, "state": self.state}

    def post(self, fields, client=None, **more):
        """Post form fields to the launch address; a field that is None is left out."""
        if isinstance(fields, dict):
            fields = {name: value for name, value in fields.items() if value is not None}
        return self._ask((client or self.client).post, self.path, data=fields, **more)

    def cookie(self):
        """The cookie that this browser has from its login."""
        return self.client.get_cookie(COOKIE, domain="127.0.0.1").value

    def post_with(self, cookie, fields, **more):
        """Post a launch from a client of its own that brings this cookie."""
        headers = {"Cookie": f"{COOKIE}={cookie}"} | more.pop("headers", {})
        client = self.app.test_client(use_cookies=False)
        return self.post(fields, client=client, headers=headers, **more)

    def get(self, path, **more):
        """Open a page in the browser of this login."""
        return self._ask(self.client.get, path, **more)

    def ask(self, method, path, **more):
        """Any request from the browser of this login."""
        return self._ask(self.client.open, path, method=method, **more)

    def rows(self):
        """How many rows every table has."""
        with self.app.app_context():
            return count_rows()

    def _ask(self, send, path, **more):
        if has_app_context():
            db.session.rollback()  # SQLite: the test's own session may hold the lock
        return contextvars.Context().run(send, path, base_url=ORIGIN, **more)


def count_rows():
    """How many rows every table has."""
    db.session.rollback()
    tables = Base.metadata.sorted_tables
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in tables]
    numbers = db.session.execute(select(*counts)).one()
    db.session.rollback()
    return dict(zip((table.name for table in tables), numbers, strict=True))


def code_of(answer):
    """The short code on an error page."""
    found = answer.text.partition("<code>")[2].partition("</code>")[0]
    return found or None


def is_refused(answer):
    """Whether a launch ended on a page that says no, and nowhere else."""
    return (
        400 <= answer.status_code < 500
        and "Location" not in answer.headers
        and "Set-Cookie" not in answer.headers
        and code_of(answer) is not None
    )


@pytest.fixture(scope="session")
def _doors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("door")
    app = migrated(settings_for(folder, f"sqlite:///{folder}/tool.db"))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    sites = []
    with LiveServer(lambda url: _two_sites(sites, url)):
        with app.app_context():
            doors = {site.dialect_name: Door(app, make_course(site)) for site in sites}
            db.session.remove()
        for door in doors.values():
            door.login().knock(door.claims())  # pins the deployment, and fetches the keys
            door.login()
        yield doors
    with app.app_context():
        db.engine.dispose()


def _two_sites(sites, url):
    sites += [Site(dialect, base_url=f"{url}/{dialect}") for dialect in ("moodle", "canvas")]
    return create_practice(sites)


@pytest.fixture
def door(_doors, dialect):
    """A door in each dialect in turn."""
    return _doors[dialect].fresh()


@pytest.fixture
def one_door(_doors):
    """A door in Moodle, for tests whose point is not the dialect."""
    return _doors["moodle"].fresh()


@pytest.fixture
def doors(_doors):
    """Both doors, by dialect."""
    return {name: door.fresh() for name, door in _doors.items()}


@pytest.fixture
def canary():
    """A web server that nobody should ever call: it counts who does."""
    calls = []

    def serve(environ, start_response):
        calls.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
        return [b"{}"]

    with LiveServer(lambda _url: serve) as server:
        yield SimpleNamespace(url=server.url, calls=calls)


@pytest.fixture
def later(monkeypatch):
    """Move real time on: later(hours=1)."""
    real, moved = clock.datetime, timedelta(0)

    class Moved(real):
        @classmethod
        def now(cls, zone=None):
            return real.now(zone) + moved

    def move(**by):
        nonlocal moved
        moved += timedelta(**by)

    monkeypatch.setattr(clock, "datetime", Moved)
    return move


def at_once(number, work):
    """Run `work(0)` … `work(number - 1)` in threads that start together; their results in order."""
    results, gate = [None] * number, threading.Barrier(number)

    def run(turn):
        gate.wait()
        results[turn] = work(turn)

    threads = [threading.Thread(target=run, args=(turn,)) for turn in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def as_json(value):
    """Claims as bytes, for what json.dumps alone does not write."""
    return json.dumps(value).encode()
