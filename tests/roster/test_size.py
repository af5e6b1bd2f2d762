"""Rosters of any size: workers that are killed in the midst of one, and what a large one takes."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from lti_tool.clock import now
from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti import actions as lti
from lti_tool.lti import keys
from lti_tool.lti.models import Context, PlatformKind
from lti_tool.roster import actions
from lti_tool.roster.models import Membership, RosterSweep, Status, User
from tests.roster import canned, sweeper

MEGABYTES = 200


class Large:
    """A course whose platform is nothing but rosters."""

    def __init__(self, app, platform):
        self.app, self.platform = app, platform
        start_writing()
        url = platform.url
        registration = lti.register(
            name="Canned",
            kind=PlatformKind.CANVAS,
            issuer=url,
            client_id="good-turn",
            auth_url=f"{url}/auth",
            token_url=f"{url}/token",
            jwks_url=f"{url}/jwks",
        )
        context = Context(
            registration_id=registration.id,
            context_id=canned.COURSE,
            title="",
            label="",
            created_at=now(),
        )
        db.session.add(context)
        db.session.commit()
        start_reading()
        keys.signing_key()
        self.id = context.id

    def lists(self, first, number):
        """From now on the platform lists these, and a fresh roster is wanted."""
        start_writing()
        context = db.session.get_one(Context, self.id)
        context.memberships_url = self.platform.roster(first, number)
        actions.want_sweep(context, is_staff=True)
        past = now() - timedelta(minutes=6)
        mine = update(RosterSweep).where(RosterSweep.context_id == self.id)
        db.session.execute(mine.values(wanted_at=past, tried_at=past))
        db.session.commit()
        return canned.subs(first, number)

    def run(self, *how):
        """A worker comes round; what it printed, or nothing if it was killed."""
        return sweeper.run(self.app, self.id, *how)

    def active(self):
        start_reading()
        here = select(User.sub).join(Membership).where(Membership.status == Status.ACTIVE)
        return set(db.session.scalars(here))

    def state(self):
        start_reading()
        return db.session.scalars(select(RosterSweep)).one()

    def lease_runs_out(self):
        """Two minutes later."""
        start_writing()
        past = now() - timedelta(seconds=1)
        db.session.execute(update(RosterSweep).values(leased_until=past))
        db.session.commit()


@pytest.fixture
def large(app):
    with canned.Platform() as platform:
        yield Large(app, platform)


def killed_everywhere(large, people, kills):
    """Kill a worker at points that lie evenly over its work; each time others left and came.

    Tells how many were really killed.
    """
    large.lists(0, people)
    assert large.active() == set()
    large.run()
    large.lists(people // 100, people)
    statements = large.run()["statements"]
    killed = 0
    for n in range(1, kills + 1):
        before, shift = large.active(), (n + 1) * (people // 100)
        listed = large.lists(shift, people)
        done = large.run(max(1, statements * n // (kills + 1)))
        assert before & listed <= large.active(), f"somebody was dropped by kill {n}"
        if done is None:
            killed += 1
            assert large.state().completed_at < large.state().tried_at
            large.lease_runs_out()
    return killed, listed


def assert_it_ends_right(large, listed):
    large.lists(int(min(listed)[:8], 16), len(listed))
    large.run()
    assert large.active() == listed
    assert (large.state().trouble, large.state().leased_until) == ("", None)


def test_a_worker_killed_at_five_points_drops_nobody(large):
    killed, listed = killed_everywhere(large, 2_000, 5)

    assert killed == 5
    assert_it_ends_right(large, listed)


def test_who_is_killed_before_the_last_page_makes_nobody_leave_at_all(large):
    large.lists(0, 1_000)
    large.run()
    before = large.active()
    large.lists(500, 1_000)

    done = large.run(20)

    assert done is None
    assert large.active() >= before


@pytest.mark.hard
@pytest.mark.timeout(2400)
def test_a_worker_killed_at_fifty_points_of_ten_thousand_people_drops_nobody(large):
    killed, listed = killed_everywhere(large, 10_000, 50)

    assert killed >= 48  # one that had less to do than the one that was counted may end by itself
    assert_it_ends_right(large, listed)


def test_a_large_roster_needs_little_memory(large):
    listed = large.lists(0, 10_000)

    done = large.run()

    print(f"\n10,000 people: {done['seconds']:.1f} s, {done['megabytes']:.0f} MB")
    assert done["megabytes"] < MEGABYTES
    assert large.active() == listed


@pytest.mark.hard
@pytest.mark.timeout(600)
def test_a_hundred_thousand_people_need_little_memory(large):
    listed = large.lists(0, 100_000)

    done = large.run()

    print(f"\n100,000 people: {done['seconds']:.1f} s, {done['megabytes']:.0f} MB")
    assert done["megabytes"] < MEGABYTES
    assert large.active() == listed
