"""Scores reach a gradebook in trouble although the worker is killed: once, and none is lost."""

from collections import Counter

import pytest

from lti_tool import jobs
from lti_tool.credit.models import Mode
from lti_tool.practice.faults import Fault
from tests.conftest import _opened, make_course
from tests.credit.conftest import entered
from tests.credit.worker import Worker, wait_until

SCORE_SERVICES = ("token", "results", "scores")
BOTH = pytest.mark.parametrize(
    ("database", "dialect"),
    [
        pytest.param("sqlite", "moodle", id="sqlite-moodle"),
        pytest.param("postgresql", "canvas", id="postgresql-canvas"),
    ],
)


@pytest.fixture
def app(database, request):
    """The database that the table names."""
    yield from _opened(request.getfixturevalue(f"_{database}_app"))


@pytest.fixture
def crowd(app, make_site, dialect, visit):
    """A course of many, whose instructor said yes."""

    def gather(size):
        course = make_course(make_site(dialect))
        course.people = [course.site.add_person(name=f"Student {n}") for n in range(size)]
        for person in course.people:
            course.site.enrol(course.lms, person)
        room = entered(app, course, visit)
        room.say_yes()
        return room

    return gather


def trouble(site):
    """5 % server errors, 5 % throttled, 3 % applied though the answer is lost."""
    site.faults.reseed(1)
    site.faults.add(Fault("*", "status", rate=0.05, status=503))
    site.faults.add(Fault("*", "throttle", rate=0.05))
    site.faults.add(Fault("scores", "applied_lost", rate=0.03))


def everybody_earns(room):
    """One thanks each, one after the other, as the web would record them."""
    for person in room.course.people:
        room.earn(person)
    jobs.wake("credit.send")


def killed_often(room, worker, kills, scores):
    """Kill the worker again and again in the midst of its work."""
    for n in range(1, kills + 1):
        goal = n * scores // (kills + 1)
        wait_until(lambda goal=goal: len(room.posts()) >= goal, 60)
        worker.kill()
        worker.start()


def assert_each_score_counted_once(room):
    applied = Counter(
        (post.user_id, post.body["scoreGiven"]) for post in room.posts() if post.status == 200
    )
    cells = room.site.gradebook(room.course.lms)["Good Turn"].values()
    assert set(applied.values()) == {1}
    assert {cell.attempts for cell in cells} == {0}
    assert [cell.comments for cell in cells if cell.comments] == []
    return len(applied)


def drained(room, seconds=60):
    """Wait for gradebook = due ledger; tells how long it took and what it cost."""
    took = wait_until(lambda: room.gradebook() == room.due(), seconds, every=0.2)
    asked = [one for one in room.site.requests if one.service in SCORE_SERVICES]
    counted = assert_each_score_counted_once(room)
    print(f"\n{counted} scores, {len(asked) / counted:.2f} requests each, drained in {took:.1f} s")
    assert len(asked) / counted <= 3
    assert room.site.traffic.most_in_flight <= 2
    return counted


@BOTH
def test_five_kills_and_a_failing_platform_lose_and_double_nothing(crowd, app):
    room = crowd(180)
    trouble(room.site)
    room.site.requests.clear()
    everybody_earns(room)
    with Worker(app) as worker:
        killed_often(room, worker, 3, 180)
        wait_until(lambda: len(room.posts()) >= 180, 60)
        everybody_earns(room)
        killed_often(room, worker, 2, 360)

        counted = drained(room)

    assert counted >= 300


@BOTH
def test_two_workers_at_once_double_nothing_and_ask_no_more_at_a_time(crowd, app):
    room = crowd(40)
    room.site.faults.add(Fault("results", "latency", seconds=0.02))
    with Worker(app), Worker(app):
        for _ in range(2):
            everybody_earns(room)
            jobs.wake("credit.send")
            jobs.wake("credit.send")

        drained(room)

    assert {post.status for post in room.posts()} == {200}


@pytest.mark.hard
@pytest.mark.timeout(2400)
@BOTH
def test_two_hundred_kills_and_ten_thousand_thanks(crowd, app):
    room = crowd(500)
    room.choose(Mode.GRADEBOOK, 100)
    trouble(room.site)
    with Worker(app) as worker:
        for _ in range(20):
            everybody_earns(room)
            already = len(room.posts())
            for n in range(1, 11):
                wait_until(lambda goal=already + 30 * n: len(room.posts()) >= goal, 60)
                worker.kill()
                worker.start()
        drained(room, 120)

    assert set(room.due().values()) == {2.0}  # 20 of the 100 that give all 10 points


@pytest.mark.hard
@pytest.mark.timeout(2400)
@BOTH
def test_every_kind_of_trouble_at_once(crowd, app):
    """R6 at 2,000 thanks; answers that take too long are 0.3 %, for each blocks 10 seconds."""
    room = crowd(200)
    faults = [
        Fault("*", "status", rate=0.10, status=503),
        Fault("*", "throttle", rate=0.05, status=429),
        Fault("*", "throttle", rate=0.025, status=403),
        Fault("*", "garbage", rate=0.02),
        Fault("*", "reset", rate=0.02),
        Fault("*", "cut", rate=0.01),
        Fault("scores", "applied_lost", rate=0.03),
        Fault("results", "drip", rate=0.003, seconds=1.0),
        Fault("scores", "latency", rate=0.003, seconds=12.0),
    ]
    for fault in faults:
        room.site.faults.add(fault)
    with Worker(app):
        for _ in range(10):
            everybody_earns(room)
            wait_until(lambda: room.gradebook() == room.due(), 300, every=1)

    assert room.gradebook() == room.due()
    assert room.site.traffic.most_in_flight <= 4  # ours is 2; a late answer still counts there
