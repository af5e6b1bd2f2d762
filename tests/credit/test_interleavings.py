"""Any order of thanks, teachers' edits, troubles, kills and clocks keeps what passback promises.

Seeded random orders against the real sender and the practice gradebook. The promises: a score of
nobody's is overwritten, timestamps rise, and in the end the gradebook is the ledger wherever no
teacher decided otherwise.
"""

import random
from datetime import datetime
from itertools import pairwise

import pytest

from lti_tool.credit.models import PushStatus
from lti_tool.practice.faults import Fault
from tests.credit.conftest import Killed, entered

STEPS = 14
TROUBLES = [
    Fault("results", "status", status=503),
    Fault("scores", "status", status=503),
    Fault("scores", "status", status=500),
    Fault("scores", "applied_lost"),
    Fault("scores", "cut"),
    Fault("scores", "reset"),
    Fault("scores", "garbage"),
    Fault("results", "garbage"),
    Fault("results", "throttle", retry_after=30),
    Fault("token", "status", status=400),
    Fault("scores", "status", status=404),
]


class Order:
    """One random order of events around a few people of a course."""

    def __init__(self, room, the_clock, people, seed):
        self.room, self.clock, self.people = room, the_clock, people
        self.chance = random.Random(seed)
        self.decided, self.withdrawn = {}, set()

    def run(self):
        steps = [self.earn] * 2 + [self.send] * 3 + [self.trouble] * 2
        steps += [self.teach, self.die, self.wait, self.go_back]
        for _ in range(STEPS):
            self.chance.choice(steps)()
            self.check()
        self.settle()
        self.check()

    def earn(self):
        self.room.earn(self.chance.choice(self.people), asker=self.room.course.ana)

    def send(self):
        self.room.send()

    def teach(self):
        person = self.chance.choice(self.people)
        score = self.chance.choice([0.5, 3.5, 9.5, None])
        if score is None and self.room.shown(person) is None:
            return  # to empty an empty cell decides nothing
        self.room.teacher_sets(person, score)
        if score is None and not any(post.is_applied for post in self.room.posts(person)):
            self.decided.pop(person.sub, None)
            self.withdrawn.add(person.sub)  # whether we saw it before decides
        else:
            self.decided[person.sub] = score

    def trouble(self):
        wanted = self.chance.choice(TROUBLES)
        self.room.site.faults.add(Fault(**vars(wanted) | {"times": 1}))

    def die(self):
        """The worker is killed at one of the moments when it looks at the clock."""
        self.clock.looks_left = self.chance.randint(2, 12)
        try:
            self.room.send()
        except Killed:
            self.clock.move(seconds=16)
        finally:
            self.clock.looks_left = None

    def wait(self):
        self.clock.move(seconds=self.chance.choice([1, 20, 600]))

    def go_back(self):
        if self.chance.random() < 0.3:
            self.clock.move(hours=-1)

    def settle(self):
        self.room.site.faults.clear()
        for _ in range(3):
            self.clock.move(hours=26)
            self.room.chore("credit.columns")
            self.room.send()

    def check(self):
        for person in self.people:
            posts = [datetime.fromisoformat(p.body["timestamp"]) for p in self.room.posts(person)]
            assert all(earlier < later for earlier, later in pairwise(posts))
            if person.sub in self.decided:
                assert self.room.shown(person) == self.decided[person.sub]


def assert_settled(order):
    due, free = order.room.due(), order.decided.keys() | order.withdrawn
    for person in order.people:
        push, cell = order.room.push(person), order.room.cell(person)
        if person.sub in due and person.sub not in free:
            assert (push.status, cell.score) == (PushStatus.SENT, due[person.sub])
        if cell is not None:
            assert (cell.attempts, cell.comments) == (0, [])


@pytest.fixture
def run_orders(app, course, visit, the_clock):
    """Run so many orders, each with two people of its own."""

    def run(seeds):
        people = {seed: two_students(course, seed) for seed in seeds}
        room = entered(app, course, visit)
        room.say_yes(full_marks_at=100)
        for seed in seeds:
            order = Order(room, the_clock, people[seed], seed)
            order.run()
            assert_settled(order)

    return run


def two_students(course, seed):
    people = [course.site.add_person(name=f"Student {seed}-{n}") for n in range(2)]
    for person in people:
        course.site.enrol(course.lms, person)
    return people


def test_a_dozen_orders_keep_every_promise(run_orders):
    run_orders(range(12))


@pytest.mark.hard
@pytest.mark.timeout(2400)
def test_a_thousand_orders_keep_every_promise(run_orders):
    run_orders(range(1000, 2000))
