"""A course whose roster is fetched when a test says so."""

import contextvars
import re
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select

from lti_tool import clock, jobs
from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti.models import Context
from lti_tool.roster import actions
from lti_tool.roster.models import Membership, RosterSweep, Status, User
from tests.conftest import make_course


class People:
    """A course's people, as the platform has them and as the tool knows them."""

    def __init__(self, app, course, the_clock):
        self.app, self.course, self.site, self.clock = app, course, course.site, the_clock

    def sweep(self):
        """Hours later staff ask for a fresh roster, and the worker fetches it."""
        self.clock.move(hours=7)
        start_writing()
        actions.want_sweep(self.context(), is_staff=True)
        db.session.commit()
        return self.turn()

    def turn(self):
        """The worker comes round."""
        contextvars.Context().run(jobs.run, self.app, "roster.sweep")
        start_reading()
        return db.session.scalar(select(RosterSweep))

    def context(self):
        return db.session.scalars(select(Context)).one()

    def member(self, person):
        start_reading()
        found = select(Membership).join(User).where(User.sub == person.sub)
        return db.session.scalar(found)

    def active(self):
        start_reading()
        here = select(User.sub).join(Membership).where(Membership.status == Status.ACTIVE)
        return set(db.session.scalars(here))

    def listed(self):
        """Who is in the course, by the platform's own records."""
        return {here.sub for here in self.site.active_enrolments(self.course.lms)}

    def add(self, name, role="student"):
        person = self.site.add_person(name=name)
        self.site.enrol(self.course.lms, person, role)
        return person

    def add_many(self, number):
        return [self.add(f"Student {n}") for n in range(number)]

    def asked(self):
        return [one for one in self.site.requests if one.service == "members"]

    @contextmanager
    def counting_writes(self):
        """Which statements wrote to people and places."""
        wrote = []

        def note(_connection, _cursor, statement, *_):
            if re.match(r'\s*(INSERT INTO|UPDATE|DELETE FROM) "?(membership|user)"?\W', statement):
                wrote.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        yield wrote
        event.remove(db.engine, "before_cursor_execute", note)


class MovableClock:
    """The tool's and the platform's clock."""

    def __init__(self):
        self.offset = timedelta()

    def move(self, **by):
        self.offset += timedelta(**by)


@pytest.fixture
def the_clock(monkeypatch):
    movable = MovableClock()

    class Moved(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + movable.offset

    monkeypatch.setattr(clock, "datetime", Moved)
    return movable


@pytest.fixture
def people(app, course, visit, the_clock):
    """Both databases, both dialects: Ivy launched, and the roster was fetched once."""
    return known(app, course, visit, the_clock)


@pytest.fixture
def one_people(sqlite_app, dialect, make_site, visit, the_clock):
    """Both dialects on SQLite."""
    return known(sqlite_app, make_course(make_site(dialect)), visit, the_clock)


def known(app, course, visit, the_clock):
    course.site.now = lambda: clock.now()
    visit(course, course.ivy)
    here = People(app, course, the_clock)
    here.turn()
    return here
