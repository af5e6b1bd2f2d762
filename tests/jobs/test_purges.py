"""What is over is forgotten: logins, launches that wait for a button, visits."""

import contextvars
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from lti_tool import jobs
from lti_tool.clock import now
from lti_tool.db import db, start_reading, start_writing
from lti_tool.launch.models import PendingLaunch, Visit
from lti_tool.lti.models import LoginState, Registration
from tests.conftest import make_course


@pytest.fixture
def entry(app, make_site, visit):
    """A course with one visit, and the row of its registration."""
    course = make_course(make_site("moodle"))
    visit(course, course.ivy)
    start_writing()
    return db.session.scalars(select(Registration)).one()


def purge(app):
    db.session.rollback()
    contextvars.Context().run(jobs.run, app, "launch.purge")
    start_reading()


def number(model):
    return db.session.scalar(select(func.count()).select_from(model))


def pending(entry, age):
    return PendingLaunch(
        registration_id=entry.id,
        token_hash=f"hash {age}",
        sealed_launch="sealed",
        began_at=now() - age,
    )


def login(entry, age):
    return LoginState(
        registration_id=entry.id,
        state_hash=f"state {age}",
        nonce="n",
        browser_hash="b",
        created_at=now() - age,
    )


@pytest.mark.parametrize(
    ("made", "model", "stays"),
    [
        pytest.param(pending, PendingLaunch, timedelta(minutes=9), id="a button"),
        pytest.param(login, LoginState, timedelta(hours=23), id="a login"),
    ],
)
def test_what_can_no_longer_be_used_is_forgotten(app, entry, made, model, stays):
    before = number(model)
    db.session.add_all([made(entry, stays), made(entry, timedelta(hours=25))])
    db.session.commit()

    purge(app)

    assert number(model) in (1, before + 1)
    kept = db.session.scalars(select(model)).all()
    begun = [getattr(row, "began_at", None) or row.created_at for row in kept]
    assert all(now() - moment < timedelta(hours=24) for moment in begun)
    assert any(now() - moment >= stays for moment in begun)


def test_visits_of_past_days_are_forgotten_and_todays_stay(app, entry):
    visit = db.session.scalars(select(Visit)).one()
    old = Visit(
        browser_hash="b",
        member_id=visit.member_id,
        link_id=visit.link_id,
        role=visit.role,
        began_at=now() - timedelta(hours=25),
        seen_at=now() - timedelta(hours=25),
    )
    db.session.add(old)
    db.session.commit()

    purge(app)

    assert [row.id for row in db.session.scalars(select(Visit))] == [visit.id]
