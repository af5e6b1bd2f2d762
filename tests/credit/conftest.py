"""A course that sends credit to its gradebook, and a clock that can be moved."""

import contextvars
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from lti_tool import clock, jobs
from lti_tool.credit import actions, queries
from lti_tool.credit.models import CreditPolicy, GradeColumn, GradeService, Mode, ScorePush
from lti_tool.credit.rules import score_for
from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti.models import Context
from lti_tool.roster.models import Membership, User
from tests.conftest import make_course


class Classroom:
    """The course of the cast, whose instructor said yes, as the tool and the platform know it."""

    def __init__(self, app, course):
        self.app, self.course, self.site = app, course, course.site
        self.acts = 0

    def chore(self, name):
        db.session.rollback()
        contextvars.Context().run(jobs.run, self.app, name)
        db.session.rollback()

    def say_yes(self, full_marks_at=10):
        self.choose(Mode.GRADEBOOK, full_marks_at)
        self.chore("credit.columns")

    def choose(self, mode, full_marks_at=10):
        start_writing()
        actions.choose(self.member(self.course.ivy), mode, full_marks_at)
        db.session.commit()

    def member(self, person):
        found = select(Membership).join(User).where(User.sub == person.sub)
        return db.session.scalars(found).one()

    def earn(self, person, times=1, asker=None):
        """The person is thanked; nothing is sent yet."""
        start_writing()
        helper = self.member(person)
        asker = self.member(asker or self.somebody_else(person))
        for _ in range(times):
            self.acts += 1
            actions.reward_unstuck(helper, asker, source=f"answer:{self.acts}")
        db.session.commit()

    def somebody_else(self, person):
        return self.course.ana if person is not self.course.ana else self.course.ben

    def send(self):
        self.chore("credit.send")

    def help(self, person, times=1):
        """The person is thanked, and the worker comes round."""
        self.earn(person, times)
        self.send()

    def push(self, person):
        start_reading()
        mine = select(ScorePush).where(ScorePush.member_id == self.member(person).id)
        return db.session.scalar(mine)

    def column(self):
        start_reading()
        return db.session.scalars(select(GradeColumn)).one()

    def service(self):
        start_reading()
        return db.session.scalar(select(GradeService))

    def cell(self, person):
        return self.site.gradebook(self.course.lms)["Good Turn"].get(person.sub)

    def shown(self, person):
        cell = self.cell(person)
        return cell.score if cell else None

    def teacher_sets(self, person, score):
        self.site.teacher_sets(self.course.lms, "Good Turn", person, score)

    def posts(self, person=None):
        """The scores that were sent for a person, with their answers."""
        every = self.site.score_posts
        return [post for post in every if person is None or post.user_id == person.sub]

    def asked(self, service, method=None):
        wanted = [one for one in self.site.requests if one.service == service]
        return [one for one in wanted if method in (None, one.method)]

    def due(self):
        """What the ledger says each person's score should be, by sub; blocks no writer."""
        start_reading()
        context = db.session.scalars(select(Context)).one()
        maximum = db.session.scalars(select(GradeColumn)).one().maximum
        full = db.session.scalars(select(CreditPolicy)).one().full_marks_at
        earned = queries.earners(context.id)
        due = {row[0].user.sub: score_for(row[1], full, maximum) for row in earned}
        db.session.rollback()
        return due

    def gradebook(self):
        cells = self.site.gradebook(self.course.lms)["Good Turn"]
        return {sub: cell.score for sub, cell in cells.items()}


class Killed(BaseException):
    """The worker is gone, in the middle of whatever it did."""


class MovableClock:
    """The tool's and the platform's clock; moves when told to, and can kill who looks at it."""

    def __init__(self):
        self.offset = timedelta()
        self.looks_left = None

    def move(self, **by):
        self.offset += timedelta(**by)

    def now(self, zone=UTC):
        return datetime.now(zone) + self.offset

    def looked_at(self, zone):
        if self.looks_left is not None:
            self.looks_left -= 1
            if self.looks_left <= 0:
                raise Killed
        return self.now(zone)


@pytest.fixture
def the_clock(monkeypatch):
    movable = MovableClock()

    class Moved(datetime):
        owner = movable

        @classmethod
        def now(cls, tz=None):
            return movable.looked_at(tz)

    monkeypatch.setattr(clock, "datetime", Moved)
    return movable


@pytest.fixture
def classroom(app, course, visit, the_clock):
    """Both databases, both dialects; nobody has helped yet."""
    return opened(app, course, visit)


@pytest.fixture
def one_classroom(sqlite_app, dialect, make_site, visit, the_clock):
    """Both dialects on SQLite, for tests whose point is the platform."""
    return opened(sqlite_app, make_course(make_site(dialect)), visit)


def opened(app, course, visit):
    room = entered(app, course, visit)
    room.say_yes()
    return room


def entered(app, course, visit):
    """A course whose people are known and whose instructor did not choose yet."""
    if hasattr(clock.datetime, "owner"):
        course.site.now = clock.datetime.owner.now
    visit(course, course.ivy)
    room = Classroom(app, course)
    room.chore("roster.sweep")
    return room
