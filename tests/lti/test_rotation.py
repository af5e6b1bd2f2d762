"""Many launches at once, cold and while the platform changes its keys: one fetch, nobody refused.

The platform is asked over real HTTP; the launches come in threads, and in two processes that share
nothing but the database.
"""

import pytest

from lti_tool.db import db, start_writing
from lti_tool.lti import keys
from lti_tool.lti.models import PlatformKeys
from lti_tool.practice.site import Fault
from tests.conftest import make_course
from tests.door import Door, at_once
from tests.lti.launcher import Launcher

AT_ONCE = 32
MANY = pytest.param(100, marks=[pytest.mark.hard, pytest.mark.timeout(1800)])
RUNS = pytest.mark.parametrize("runs", [2, MANY])


@pytest.fixture
def room(app, make_site, dialect):
    """A course on each database, in each dialect, whose platform takes a moment for its keys."""
    door = Door(app, make_course(make_site(dialect)))
    door.site.faults.add(Fault("jwks", "latency", seconds=0.1))
    return door


def forget_keys():
    """As after a start: nobody has asked the platform yet."""
    start_writing()
    db.session.query(PlatformKeys).delete()
    db.session.commit()
    keys._parsed.clear()


def fetches(room):
    return sum(request.service == "jwks" for request in room.site.requests)


def signed(room):
    """A browser in which a login is open, and its launch."""
    door = Door(room.app, room.course).login()
    return door, door.fields(door.claims())


def posted(launches):
    """All of them at the same moment, in threads; their answers."""
    db.session.rollback()
    return at_once(
        len(launches), lambda turn: launches[turn][0].post(launches[turn][1]).status_code
    )


@RUNS
def test_cold_starts_fetch_once_for_everybody(room, runs):
    for run in range(1, runs + 1):
        forget_keys()

        answers = posted([signed(room) for _ in range(AT_ONCE)])

        assert answers == [303] * AT_ONCE
        assert fetches(room) == run


@RUNS
def test_keys_that_change_in_mid_traffic_refuse_nobody_and_cost_one_fetch(room, runs):
    for run in range(1, runs + 1):
        forget_keys()
        posted([signed(room)])
        before = [signed(room) for _ in range(8)]
        room.site.rotate_keys()
        after = [signed(room) for _ in range(8)]

        answers = posted([one for pair in zip(before, after, strict=True) for one in pair])

        assert answers == [303] * 16
        assert fetches(room) == 2 * run
        room.site.keys.keys[:-1] = []


@RUNS
def test_two_processes_that_start_cold_fetch_once_between_them(room, runs):
    with Launcher(room.app) as one, Launcher(room.app) as other:
        for run in range(1, runs + 1):
            forget_keys()
            launches = [
                [door.path, door.cookie(), fields]
                for door, fields in (signed(room) for _ in range(AT_ONCE))
            ]
            db.session.rollback()
            one.send(launches[::2])
            other.send(launches[1::2])

            answers = one.receive() + other.receive()

            assert answers == [303] * AT_ONCE
            assert fetches(room) == run
