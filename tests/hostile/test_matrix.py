"""Every service of a platform, broken in every way, in both dialects.

Each time the trouble ends in a state with words, within the time that a request may take; nobody
leaves, no wrong score is kept for right; and when the platform heals, so does everything here.
"""

import time

import pytest
from sqlalchemy import select

from lti_tool.credit.models import Mode
from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti import keys, members, tokens, troubles
from lti_tool.lti.models import AccessToken, Context, PlatformKeys
from lti_tool.practice.faults import Fault
from lti_tool.roster import actions as roster
from lti_tool.roster.models import Membership, RosterSweep, Status
from tests.conftest import Browser, _opened, make_course
from tests.credit.conftest import entered
from tests.door import code_of

SECONDS = 15

FAULTS = {
    "cut": ({"kind": "cut"}, {"answer-cut", "no-answer"}),
    "hung up": ({"kind": "reset"}, {"no-answer"}),
    "hung up after it was done": ({"kind": "applied_lost"}, {"no-answer"}),
    "a sign-in page": ({"kind": "garbage"}, {"answer-unreadable"}),
    "another thing": ({"kind": "wrong"}, {"answer-odd", "no-usable-key"}),
    "nothing": ({"kind": "empty"}, {"answer-unreadable"}),
    "huge": ({"kind": "huge"}, {"answer-too-large", "answer-unreadable"}),
    "a byte a second": ({"kind": "drip", "seconds": 1.0}, {"too-slow"}),
    "silence": ({"kind": "latency", "seconds": 2.5}, {"too-slow"}),
    "sent elsewhere": ({"kind": "redirect"}, {"redirected"}),
    "broken": ({"kind": "status", "status": 500}, {"platform-broken"}),
    "busy": ({"kind": "status", "status": 503}, {"platform-broken"}),
    "busy for a while": (
        {"kind": "status", "status": 503, "retry_after": 120},
        {"platform-broken"},
    ),
    "who are you": ({"kind": "status", "status": 401}, {"token-refused", "no-token"}),
    "forbidden": ({"kind": "status", "status": 403}, {"switched-off", "no-token"}),
    "not there": ({"kind": "status", "status": 404}, {"not-there", "no-token"}),
    "slow down": ({"kind": "throttle", "status": 429}, {"throttled"}),
    "slow down, for so long": (
        {"kind": "throttle", "status": 429, "retry_after": 120},
        {"throttled"},
    ),
    "slow down, as Canvas said it": (
        {"kind": "throttle", "status": 403},
        {"throttled", "switched-off", "no-token"},  # from Moodle it is no more than a no
    ),
}
FEW = ("cut", "a sign-in page", "another thing", "a byte a second", "who are you", "slow down")
EVERY = [
    pytest.param(name, marks=[] if name in FEW else [pytest.mark.hard], id=name) for name in FAULTS
]
each_fault = pytest.mark.parametrize("fault", EVERY)
each_database = pytest.mark.parametrize(
    "database",
    ["sqlite", pytest.param("postgresql", marks=[pytest.mark.hard, pytest.mark.postgresql])],
)


@pytest.fixture
def app(database, request):
    yield from _opened(request.getfixturevalue(f"_{database}_app"))


@pytest.fixture
def room(app, make_site, dialect, request, monkeypatch):
    """A course whose roster and columns work; what takes ten seconds takes one and a half here."""
    monkeypatch.setattr(tokens, "SECONDS", 1.5)
    monkeypatch.setattr(keys, "FETCH_SECONDS", 1.5)
    monkeypatch.setattr(members, "PAUSES", ())
    the_clock, visit = (request.getfixturevalue(name) for name in ("the_clock", "visit"))
    room = entered(app, make_course(make_site(dialect)), visit)
    room.clock = the_clock
    return room


def strike(room, service, fault):
    """From now on the service does that; nothing is known any more that would spare us a call."""
    how, codes = FAULTS[fault]
    room.site.faults.add(Fault(service, **how))
    start_writing()
    db.session.query(AccessToken).delete()
    db.session.commit()
    return codes


def heal(room):
    """All is well again, and so much time has passed that everything is due."""
    room.site.faults.clear()
    room.clock.move(days=1, hours=1)


def sweep(room):
    room.clock.move(hours=7)
    start_writing()
    context = db.session.scalars(select(Context)).one()
    roster.want_sweep(context, is_staff=True)
    db.session.commit()
    room.chore("roster.sweep")
    start_reading()
    return db.session.scalars(select(RosterSweep).execution_options(populate_existing=True)).one()


def active(room):
    start_reading()
    here = select(Membership.user_id).where(Membership.status == Status.ACTIVE)
    return set(db.session.scalars(here))


def told(*rows):
    """What the rows say is wrong; every code must be one with words."""
    found = {row.trouble for row in rows if row is not None and row.trouble}
    assert found <= set(troubles.EVERY) - {"unclear"}
    return found


def timed(work, *arguments):
    """Does it, within what a request may take."""
    began = time.monotonic()
    result = work(*arguments)
    assert time.monotonic() - began < SECONDS
    return result


@each_database
@each_fault
@pytest.mark.parametrize("service", ["token", "members"])
def test_a_roster_in_trouble_keeps_everybody_and_comes_when_it_heals(room, service, fault):
    before = active(room)
    codes = strike(room, service, fault)
    room.site.unenrol(room.course.lms, room.course.ben)

    swept = timed(sweep, room)

    assert told(swept) & codes
    assert active(room) == before
    heal(room)
    assert (sweep(room).trouble, len(active(room))) == ("", len(before) - 1)


@each_database
@each_fault
@pytest.mark.parametrize("service", ["token", "results", "scores"])
def test_a_score_in_trouble_is_told_and_arrives_when_it_heals(room, service, fault):
    room.say_yes()
    ben = room.course.ben
    codes = strike(room, service, fault)
    room.earn(ben)

    timed(room.send)

    if (room.site.dialect_name, service, fault) not in MOODLE_SAYS_NOTHING:
        assert told(room.push(ben), room.service(), room.column()) & codes
        assert room.push(ben).sent is None
    heal(room)
    room.chore("credit.columns")
    if fault == "nothing":
        room.earn(ben)  # Moodle's success is an empty answer: the next score brings this one along
    room.send()
    assert room.shown(ben) == room.push(ben).sent == room.push(ben).wanted
    assert told(room.push(ben), room.service(), room.column()) == set()
    assert len(room.site.line_items_of(room.course.lms)) == 1


MOODLE_SAYS_NOTHING = {
    ("moodle", "scores", fault) for fault in ("cut", "a byte a second", "nothing")
}
"""Nothing, half of it, and nothing slowly are what Moodle answers when all is well."""


@each_database
@each_fault
@pytest.mark.parametrize("service", ["token", "lineitems"])
def test_a_column_in_trouble_is_told_and_made_once_when_it_heals(room, service, fault):
    room.choose(Mode.GRADEBOOK)
    codes = strike(room, service, fault)

    timed(room.chore, "credit.columns")

    assert told(room.column()) & codes
    heal(room)
    if room.column().status == "gone":
        room.choose(Mode.GRADEBOOK)
    room.chore("credit.columns")
    assert (room.column().status, told(room.column())) == ("ready", set())
    assert len(room.site.line_items_of(room.course.lms)) == 1


@each_database
@each_fault
def test_keys_in_trouble_ask_for_patience_and_let_people_in_when_they_heal(room, fault):
    start_writing()
    db.session.query(PlatformKeys).delete()
    db.session.commit()
    keys._parsed.clear()
    strike(room, "jwks", fault)
    guest = Browser(room.app)

    answer = timed(guest.launch, room.course, room.course.ana)

    assert (answer.status_code, code_of(answer)) == (503, "platform-unreachable")
    assert int(answer.headers["Retry-After"]) > 0
    heal(room)
    assert Browser(room.app).launch(room.course, room.course.ana).status_code == 303


@each_database
def test_a_token_that_ran_out_early_costs_one_more_call(room):
    room.say_yes()
    room.site.access_tokens.revoke_all()

    room.help(room.course.ben)

    assert room.shown(room.course.ben) == 1
    assert told(room.push(room.course.ben), room.service(), room.column()) == set()


@each_database
@pytest.mark.parametrize("service", ["members", "scores", "results"])
def test_one_refused_token_is_changed_for_another(room, service):
    room.say_yes()
    room.site.faults.add(Fault(service, "status", status=401, times=1))

    swept = sweep(room)
    room.help(room.course.ben)

    assert (told(swept), room.shown(room.course.ben)) == (set(), 1)


@each_database
def test_a_token_for_other_services_is_told_as_what_it_is(room):
    room.choose(Mode.GRADEBOOK)
    start_writing()
    db.session.query(AccessToken).delete()
    db.session.commit()
    room.site.faults.add(Fault("token", "foreign_scopes"))

    room.chore("credit.columns")
    swept = sweep(room)

    assert told(swept) == told(room.column()) == {"switched-off"}


@pytest.mark.hard
@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("service", ["token", "members"])
def test_a_byte_a_second_never_holds_a_worker_for_fifteen(room, monkeypatch, service):
    monkeypatch.setattr(tokens, "SECONDS", 10.0)
    strike(room, service, "a byte a second")

    swept = timed(sweep, room)

    assert told(swept) == {"too-slow"}
