"""Launches that a generator spoils, thousands of them: signed with the platform's real key.

Every one is bad by construction: one fatal change from the tables of `bad.py` or an invented value
of a wrong type comes last, on top of any number of harmless or harmful others. The seed is fixed,
so that a failure can be looked at again.
"""

import hashlib
import random
import time

import pytest
from sqlalchemy import select

from lti_tool.db import Base, db
from lti_tool.lti.models import PlatformKeys
from tests.door import as_json, is_refused
from tests.launch.bad import BY_CLAIM, HEADERS, HUGE, REQUIRED, spoilt

SEED = 20261123
CHUNK = 500
MUST_BE_TEXT = ("iss", "nonce", "sub", *(name for name in REQUIRED if name.endswith("_id")))
MUST_BE_OBJECT = [name for name in BY_CLAIM if name.endswith(("link", "context", "service"))]


class Spoiler:
    """Makes bad launches, one after the other, from a seed."""

    def __init__(self, seed):
        self.chance = random.Random(seed)

    def launch(self, door):
        """The form fields of one bad launch."""
        kind = self.chance.choices(
            (self.claims, self.invented, self.header, self.bytes, self.form), (8, 6, 3, 3, 2)
        )[0]
        return kind(door)

    def noisy(self, door):
        """Claims with up to three other changes: they may or may not matter."""
        claims = door.claims()
        for _ in range(self.chance.randrange(4)):
            name = self.chance.choice(list(BY_CLAIM))
            claims = spoilt(claims, name, self.value(name))
        return claims

    def value(self, name):
        return self.chance.choice(list(BY_CLAIM[name].values()))

    def claims(self, door):
        name = self.chance.choice(list(BY_CLAIM))
        return door.fields(spoilt(self.noisy(door), name, self.value(name)))

    def invented(self, door):
        """A value nobody listed, where text or an object must stand."""
        if self.chance.random() < 0.5:
            name, value = self.chance.choice(MUST_BE_TEXT), self.json(not_a=str)
        else:
            name, value = self.chance.choice(MUST_BE_OBJECT), self.json(not_a=dict)
        return door.fields(spoilt(self.noisy(door), name, value))

    def json(self, not_a, depth=0):
        """Any JSON value but text (or an object), and never null: null may mean absent."""
        makers = {
            str: self.text,
            int: lambda: self.chance.randrange(-(10**18), 10**18),
            float: lambda: self.chance.uniform(-1e18, 1e18),
            bool: lambda: self.chance.random() < 0.5,
            list: lambda: [self.json(None, depth + 1) for _ in range(self.few(depth))],
            dict: lambda: {self.text(): self.json(None, depth + 1) for _ in range(self.few(depth))},
        }
        return makers[self.chance.choice([kind for kind in makers if kind is not not_a])]()

    def few(self, depth):
        return self.chance.randrange(4) if depth < 4 else 0

    def text(self):
        length = self.chance.choice((0, 1, 3, 12, 40))
        return "".join(
            chr(self.chance.choice((0, 39, 65, 955, 8238, 55357))) for _ in range(length)
        )

    def sendable(self):
        return self.text().encode(errors="replace").decode()

    def header(self, door):
        header = self.chance.choice(list(HEADERS.values()))
        return door.fields(token=door.sign(self.noisy(door), headers=header))

    def bytes(self, door):
        """A good token, damaged: bytes flipped, cut, doubled or put in before its signature."""
        token = bytearray(door.sign(door.claims()).encode())
        way = self.chance.randrange(4)
        at = self.chance.randrange(len(token) - 1)
        if way == 0:
            token[at] = self.chance.choice([c for c in b"ABab01-_.%+/= " if c != token[at]])
        elif way == 1:
            del token[at : at + self.chance.randrange(1, 40)]
        elif way == 2:
            token[at:at] = token[at : at + self.chance.randrange(1, 40)] or b"A"
        else:
            token[at:at] = bytes(self.chance.choice(b"Az0-_.=") for _ in range(1, 9))
        return door.fields(token=token.decode())

    def form(self, door):
        """Good claims in a form that is not."""
        good = door.fields(door.claims())
        state = good["state"]
        return self.chance.choice(
            [
                good | {"state": state[: self.chance.randrange(len(state))]},
                good | {"state": state + self.sendable() + "x"},
                good | {"state": self.sendable() + "\ufffd"},
                good | {"error": self.chance.choice(("login_required", "x", HUGE))},
                {name: value for name, value in good.items() if name != "id_token"},
                {name: value for name, value in good.items() if name != "state"},
                good | {"id_token": [good["id_token"], good["id_token"]]},
                good | {"id_token": good["id_token"][::-1]},
            ]
        )


def everything(door):
    """A digest of every row of every table, but for how often keys were asked for, and the code
    of the first refusal that a login keeps."""
    with door.app.app_context():
        digest = hashlib.sha256()
        for table in Base.metadata.sorted_tables:
            if table is not PlatformKeys.__table__:
                kept = [column for column in table.columns if column.name != "refused"]
                digest.update(repr(db.session.execute(select(*kept)).all()).encode())
        db.session.rollback()
        return digest.hexdigest()


def spoil(door, number, seed):
    """Post so many bad launches; those that were not refused, with their turn."""
    spoiler = Spoiler(seed)
    wrong = []
    for turn in range(number):
        if turn % CHUNK == 0:
            assert time.monotonic() - door.began < 500, "the login would be over: nothing is tested"
        answer = door.post(spoiler.launch(door))
        if not is_refused(answer):
            wrong.append((turn, answer.status_code))
    return wrong


def check(door, number, seed):
    door.login()
    counted, before = door.rows(), everything(door)

    wrong = spoil(door, number, seed)

    assert wrong == []
    assert (door.rows(), everything(door)) == (counted, before)
    assert door.knock(door.claims()).status_code == 303, "the login should not have been used up"
    door.login()


@pytest.mark.parametrize("part", range(4))
def test_no_generated_launch_is_accepted_and_none_leaves_a_trace(door, part):
    check(door, 500, SEED + part)


@pytest.mark.hard
@pytest.mark.parametrize("part", range(10))
def test_no_generated_launch_is_accepted_the_long_battery(door, part):
    check(door, 1_000, SEED + 100 + part)


def test_the_generator_never_makes_a_good_launch_by_chance(one_door):
    spoiler = Spoiler(SEED)
    good = one_door.fields(one_door.claims())

    made = [spoiler.launch(one_door) for _ in range(200)]

    assert good not in made
    assert len({as_json(launch) for launch in made}) > 190
