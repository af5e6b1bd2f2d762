"""A launch opens Good Turn once: however often, and however much at once, its token comes back."""

import pytest

from lti_tool.db import db
from lti_tool.launch.models import Visit
from tests.conftest import make_course
from tests.door import Door, at_once, code_of, count_rows, is_refused

THREADS = 50


@pytest.fixture
def room(app, make_site, dialect):
    """A door on each database and in each dialect."""
    return Door(app, make_course(make_site(dialect)))


@pytest.fixture
def busy(app, make_site):
    """A door on each database, for what does not depend on the dialect."""
    return Door(app, make_course(make_site("canvas")))


def test_a_token_that_comes_back_is_refused_every_time(room):
    room.login()
    fields = room.fields(room.claims())
    first = room.post(fields)
    after_first = count_rows()

    again = [room.post(fields) for _ in range(20)]

    assert first.status_code == 303
    assert {code_of(answer) for answer in again} == {"launch-used"}
    assert all(map(is_refused, again))
    assert count_rows() == after_first


@pytest.mark.parametrize("with_cookie", [True, False], ids=["same browser", "no cookie"])
def test_a_second_token_for_the_same_login_is_refused(room, with_cookie):
    room.login()
    room.knock(room.claims())

    client = room.client if with_cookie else room.app.test_client()
    answer = room.post(room.fields(room.claims(room.course.ivy)), client=client)

    assert code_of(answer) == "launch-used"


def test_a_token_of_one_login_does_not_open_another(room):
    room.login()
    token = room.sign(room.claims())
    room.login(client=room.client)

    answer = room.knock(token=token)

    assert code_of(answer) == "nonce-bad"


def test_a_login_that_waited_too_long_is_over(room, later):
    room.login()
    fields = room.fields(room.claims())
    later(minutes=11)

    answer = room.post(fields)

    assert code_of(answer) == "state-unknown"


def storm(door, tokens):
    """Post each token from many threads at once; how often each got in, and what else was said."""
    successes, others = [], set()
    for _ in range(tokens):
        door.login()
        fields, cookie = door.fields(door.claims()), door.cookie()
        db.session.rollback()
        answers = at_once(THREADS, lambda _turn, f=fields, c=cookie: door.post_with(c, f))
        successes.append(sum(answer.status_code == 303 for answer in answers))
        others |= {code_of(answer) for answer in answers if answer.status_code != 303}
    return successes, others


def test_of_fifty_at_once_exactly_one_gets_in(busy):
    successes, others = storm(busy, tokens=3)

    assert successes == [1] * 3
    assert others == {"launch-used"}
    assert db.session.query(Visit).count() == 3


@pytest.mark.hard
def test_of_fifty_at_once_exactly_one_gets_in_a_hundred_times(busy):
    successes, others = storm(busy, tokens=100)

    assert successes == [1] * 100
    assert others == {"launch-used"}


@pytest.mark.hard
def test_a_thousand_times_one_after_the_other(busy):
    busy.login()
    fields = busy.fields(busy.claims())

    answers = [busy.post(fields).status_code for _ in range(1000)]

    assert answers == [303] + [400] * 999


def test_a_class_that_starts_at_once_all_get_in(busy):
    busy.login().knock(busy.claims())  # the deployment is known; the course below is new
    site, tool = busy.site, busy.site.tool_of(busy.course.link)
    new = site.add_course(title="First lesson")
    people = [site.add_person(name=f"Student {n}") for n in range(12)]
    for person in people:
        site.enrol(new, person)
    busy.course.link = site.add_link(new, tool)
    doors = [Door(busy.app, busy.course).login(person) for person in people]
    forms = [door.fields(door.claims(person)) for door, person in zip(doors, people, strict=True)]
    db.session.rollback()

    answers = at_once(12, lambda turn: doors[turn].post(forms[turn]).status_code)

    assert answers == [303] * 12
    assert count_rows()["context"] == 2


def test_one_person_in_many_tabs_at_once_gets_in_everywhere(busy):
    busy.login(busy.course.ivy).knock(busy.claims(busy.course.ivy))
    doors = [Door(busy.app, busy.course).login() for _ in range(12)]
    forms = [door.fields(door.claims()) for door in doors]
    db.session.rollback()

    answers = at_once(12, lambda turn: doors[turn].post(forms[turn]).status_code)

    assert answers == [303] * 12
    assert count_rows()["user"] == 2
