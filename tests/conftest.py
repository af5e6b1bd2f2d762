"""The cast, the tool under test, the practice LMS, and a browser to visit with.

Ivy teaches, Tom assists, Ana and Ben are students of the same course; Zoe is in another course.
Most tests run on SQLite and on PostgreSQL: ask for `app` (both) or `sqlite_app` (one).
"""

import contextvars
import fcntl
import html
import os
import re
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from lti_tool import cli, clock, create_app, jobs
from lti_tool.db import Base, db, start_reading, start_writing
from lti_tool.lti import actions as lti
from lti_tool.lti import keys
from lti_tool.lti.models import PlatformKind, Registration, ToolKey
from lti_tool.practice.app import create_practice
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Site
from tests import postgres

ORIGIN = "http://127.0.0.1:5000"
SECRET = "a secret for tests, longer than 32 bytes"
IN_CI = os.environ.get("CI") == "true"


def missing(what):
    """Skip with a line that says what to install; in CI nothing may be skipped."""
    (pytest.fail if IN_CI else pytest.skip)(what)


# --- the databases -------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared_folder():
    """A folder that all processes of this test run share, made by the first."""
    folder = Path(os.environ["GOOD_TURN_TEST_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pytest_configure(config):
    """One folder for the whole run, told to the worker processes by the environment."""
    if not hasattr(config, "workerinput"):
        os.environ["GOOD_TURN_TEST_FOLDER"] = tempfile.mkdtemp(prefix="good-turn-tests-")
        Path(os.environ["GOOD_TURN_TEST_FOLDER"]).chmod(0o755)


def pytest_unconfigure(config):
    """Stop what the run started, and leave nothing behind."""
    if not hasattr(config, "workerinput"):
        folder = Path(os.environ["GOOD_TURN_TEST_FOLDER"])
        postgres.stop(folder / "postgresql")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql(shared_folder):
    """The address of a PostgreSQL server, started by whoever needs it first."""
    if postgres.binaries() is None:
        missing(postgres.MISSING)
    noted = shared_folder / "postgresql-address"
    with (shared_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not noted.exists():
            noted.write_text(postgres.start(shared_folder / "postgresql"))
    return noted.read_text()


@pytest.fixture(scope="session")
def worker_name(worker_id):
    return worker_id


def settings_for(folder, database_url, **more):
    """Settings of a tool under test, as environment variables."""
    return {
        "LTI_TOOL_ENV": "testing",
        "LTI_TOOL_SECRET_KEY": SECRET,
        "LTI_TOOL_PUBLIC_URL": ORIGIN,
        "LTI_TOOL_DATABASE_URL": database_url,
        "LTI_TOOL_QUEUE_URL": f"sqlite:///{folder}/queue.db",
    } | {f"LTI_TOOL_{key}": str(value) for key, value in more.items()}


def migrated(environ):
    """A tool with a migrated database."""
    app = create_app(environ)
    app.testing = True
    with app.app_context():
        cli.migrate()
    return app


@pytest.fixture(scope="session")
def _sqlite_app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sqlite")
    yield from _kept(migrated(settings_for(folder, f"sqlite:///{folder}/tool.db")))


@pytest.fixture(scope="session")
def _postgresql_app(tmp_path_factory, postgresql, worker_name):
    folder = tmp_path_factory.mktemp("postgresql")
    url = postgres.fresh_database(postgresql, f"tool_{worker_name}")
    yield from _kept(migrated(settings_for(folder, url)))


def _kept(app):
    """A tool that shows its error pages, as it does to people; its connections end with it."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def app(request):
    """The tool, on each database in turn; empty before and after."""
    yield from _opened(request.getfixturevalue(f"_{request.param}_app"))


@pytest.fixture
def sqlite_app(_sqlite_app):
    """The tool on SQLite only: for tests whose point is not the database."""
    yield from _opened(_sqlite_app)


def _opened(app):
    with app.app_context():
        start_reading()
        keys.signing_key()
        start_writing()
        yield app
        db.session.remove()
    _empty(app)


def _empty(app):
    """Empty every table but the signing keys, which take long to make."""
    with app.app_context():
        start_writing()
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != ToolKey.__tablename__:
                db.session.execute(table.delete())
        db.session.commit()
    keys._parsed.clear()
    clock.follow(lambda: clock._NO_OFFSET)


# --- the practice LMS ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def _lms_server():
    """One server whose sites are replaced for each test."""
    sites = []
    server = LiveServer(lambda url: _Switchboard(sites, url))
    with server:
        yield SimpleNamespace(url=server.url, sites=sites, app=server.app)


class _Switchboard:
    """A WSGI application that serves whatever sites the current test has."""

    def __init__(self, sites, url):
        self.sites, self.url, self.app = sites, url, None

    def rebuild(self):
        self.app = create_practice(self.sites)

    def __call__(self, environ, start_response):
        return self.app(environ, start_response)


@pytest.fixture
def make_site(_lms_server):
    """Make practice sites: make_site("moodle"), make_site("canvas", path="second")."""

    def make(dialect, path=None, **options):
        site = Site(dialect, base_url=f"{_lms_server.url}/{path or dialect}", **options)
        _lms_server.sites.append(site)
        _lms_server.app.rebuild()
        return site

    yield make
    _lms_server.sites.clear()


def register(site, *, client_id="good-turn", deployment_ids=(), **more):
    """Register the tool and the site with each other; returns the registration's row."""
    start_writing()
    registration = lti.register(
        name=site.name,
        kind=PlatformKind(site.dialect_name),
        issuer=site.issuer,
        client_id=client_id,
        auth_url=site.auth_url,
        token_url=site.token_url,
        jwks_url=site.jwks_url,
        deployment_ids=deployment_ids,
        **more,
    )
    db.session.commit()
    base = f"{ORIGIN}/lti/{registration.public_id}"
    with_keys = keys.published()
    registration.tool = site.add_tool(
        client_id=client_id,
        login_url=f"{base}/login",
        launch_url=f"{base}/launch",
        jwks=with_keys,
        custom={"tz": "$Person.address.timezone"},
    )
    return registration


@pytest.fixture(params=["moodle", "canvas"])
def dialect(request):
    """Whose manners the LMS of this test has; each in turn."""
    return request.param


@pytest.fixture
def course(app, make_site, dialect):
    """A course in an LMS with the cast in it, registered with the tool."""
    return make_course(make_site(dialect))


@pytest.fixture
def one_course(sqlite_app, make_site):
    """The same in Moodle and on SQLite only, for tests whose point is neither."""
    return make_course(make_site("moodle"))


def make_course(site, title="Introduction to Programming", **registration):
    """The cast in a course of `site`."""
    row = register(site, **registration)
    made = site.add_course(title=title, label="CS 101", timezone="Europe/Berlin")
    link = site.add_link(made, row.tool, title="Good Turn")
    cast = {}
    for name, role in (
        ("Ivy Stone", "teacher"),
        ("Ana Ruiz", "student"),
        ("Ben Okafor", "student"),
    ):
        person = site.add_person(name=name)
        site.enrol(made, person, role)
        cast[name.split()[0].lower()] = person
    return SimpleNamespace(
        site=site, tool=row.tool, registration_id=row.public_id, lms=made, link=link, **cast
    )


# --- a browser -----------------------------------------------------------------------------


def goes_to(login):
    """Where a login sends the browser: at once, or by a page that leaves a proof first."""
    if login.status_code == 302:
        return login.headers["Location"]
    assert login.status_code == 200, login.text
    return html.unescape(re.search(r'data-next href="([^"]+)"', login.text)[1])


class Browser:
    """One person's browser: launches, follows, sends forms with their hidden fields.

    Each request runs outside of the test's own context and session, as in real life, so that a
    forgotten commit is noticed.
    """

    def __init__(self, app):
        self.app = app
        self.client = app.test_client()
        self.home = None

    def get(self, path, **more):
        return self._ask(self.client.get, path, **more)

    def post(self, path, data=None, **more):
        return self._ask(self.client.post, path, data=data, **more)

    def login(self, person, link, site):
        """The first half of a launch; returns what the platform answers: (address, fields)."""
        fields = dict(site.login_request(person, link))
        url = fields.pop("url", None) or site.tool_of(link).login_url
        fields = {name: value for name, value in fields.items() if isinstance(value, str)}
        answer = self.post(urlsplit(url).path, fields)
        query = parse_qs(urlsplit(goes_to(answer)).query)
        return site.authorize({name: values[0] for name, values in query.items()}, person)

    def launch(self, course, person, link=None):
        """A whole launch; afterwards `home` is the address of the visit."""
        address, fields = self.login(person, link or course.link, course.site)
        answer = self.post(urlsplit(address).path, fields)
        self.home = answer.headers.get("Location") if answer.status_code == 303 else None
        return answer

    def page(self, path=""):
        """A page of the visit."""
        return self.get(self.home + path)

    def send(self, path, _from=None, **fields):
        """Send a form of the visit, with the token that the page `_from` holds."""
        page = self.page(path if _from is None else _from).text
        token = re.search(r'name="csrf" value="([^"]+)"', page)
        key = re.search(r'name="form_key" value="([^"]+)"', page)
        hidden = {"csrf": token[1] if token else ""}
        hidden |= {"form_key": key[1]} if key else {}
        return self.post(self.home + path, hidden | fields)

    def _ask(self, method, path, **more):
        db.session.rollback()
        db.session.expire_all()
        return contextvars.Context().run(method, path, base_url=ORIGIN, **more)


@pytest.fixture
def browser(request):
    """Make browsers for the tool of this test: browser()."""
    name = "app" if "app" in request.fixturenames else "sqlite_app"
    app = request.getfixturevalue(name)
    return lambda: Browser(app)


@pytest.fixture
def visit(browser):
    """A person's visit: visit(course, course.ana) → Browser at the board."""

    def begin(course, person, link=None):
        guest = browser()
        answer = guest.launch(course, person, link)
        assert answer.status_code == 303, answer.text
        return guest

    return begin


@pytest.fixture
def run_chores():
    """Run every chore of the tool once, as its worker does."""

    def run(app):
        db.session.rollback()
        db.session.expire_all()
        contextvars.Context().run(jobs.run_all, app)

    return run


def registration_row(public_id):
    """The row of a registration."""
    return db.session.query(Registration).filter_by(public_id=public_id).one()
