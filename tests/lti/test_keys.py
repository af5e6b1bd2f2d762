"""The platform's keys: fetched sparingly, changed at once, and used while the platform is down."""

import time
from datetime import timedelta

import pytest

from lti_tool import clock
from lti_tool.db import db
from lti_tool.lti import keys
from lti_tool.lti.models import PlatformKeys
from lti_tool.practice.site import Fault
from tests.conftest import make_course, registration_row
from tests.door import Door, at_once, code_of


@pytest.fixture
def room(app, make_site):
    """A course on each database whose platform's keys nobody has asked for yet."""
    return Door(app, make_course(make_site("moodle")))


def fetches(door):
    return sum(request.service == "jwks" for request in door.site.requests)


def launch(door):
    """A whole launch, from a browser of its own."""
    door.login()
    return door.knock(token=at_our_time(door))


def at_our_time(door, **how):
    """A token issued at the tool's time, which a test may have moved."""
    issued = int(clock.now().timestamp())
    return door.sign(door.claims() | {"iat": issued, "exp": issued + 60}, **how)


def test_keys_are_fetched_once_for_many_launches(room):
    answers = [launch(room).status_code for _ in range(5)]

    assert answers == [303] * 5
    assert fetches(room) == 1


def test_thirty_two_launches_at_once_after_a_cold_start_fetch_once(room):
    db.session.rollback()
    room.site.faults.add(Fault("jwks", "latency", seconds=0.3))
    doors = [Door(room.app, room.course).login() for _ in range(32)]

    answers = at_once(32, lambda turn: doors[turn].knock(doors[turn].claims()).status_code)

    assert answers == [303] * 32
    assert fetches(room) == 1


def test_a_new_key_is_noticed_at_its_first_launch_with_one_fetch(room):
    launch(room)

    room.site.rotate_keys()
    answers = [launch(room).status_code for _ in range(3)]

    assert answers == [303] * 3
    assert fetches(room) == 2


def test_a_launch_signed_just_before_the_change_still_counts(room):
    launch(room)
    room.login()
    signed_before = at_our_time(room)

    room.site.rotate_keys()
    launch(Door(room.app, room.course))

    assert room.knock(token=signed_before).status_code == 303


def test_a_key_that_was_taken_back_signs_nothing_once_the_new_set_is_known(room):
    launch(room)
    old = room.site.keys.current.kid
    room.site.rotate_keys(keep_old=False)
    launch(room)

    room.login()
    answer = room.knock(token=at_our_time(room, kid=old))

    assert code_of(answer) == "key-unknown"


def test_a_flood_of_unknown_keys_asks_three_times_and_then_every_five_minutes(room, later):
    launch(room)
    room.login()

    def flood():
        return {code_of(room.knock(token=at_our_time(room, kid=f"x{n}"))) for n in range(20)}

    codes, at_first = flood(), fetches(room)
    later(minutes=4, seconds=50)
    room.login()
    codes |= flood()
    soon_after = fetches(room)
    later(minutes=5)
    room.login()
    codes |= flood()

    assert codes == {"key-unknown"}
    assert (at_first, soon_after, fetches(room)) == (3, 3, 4)


def test_a_flood_does_not_keep_honest_people_out(room):
    launch(room)
    room.login()
    for number in range(20):
        room.knock(token=at_our_time(room, kid=f"x{number}"))

    assert launch(room).status_code == 303


def test_keys_a_day_old_are_asked_for_again(room, later):
    launch(room)

    later(hours=25)
    answer = launch(room)

    assert answer.status_code == 303
    assert fetches(room) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"kind": "status", "status": 500}, id="an error"),
        pytest.param({"kind": "status", "status": 404}, id="nothing there"),
        pytest.param({"kind": "garbage"}, id="no JSON"),
        pytest.param({"kind": "cut"}, id="half an answer"),
        pytest.param({"kind": "reset"}, id="hung up"),
        pytest.param({"kind": "redirect"}, id="sent elsewhere"),
    ],
)
def test_without_keys_the_answer_is_to_come_back_later(room, trouble):
    room.site.faults.add(Fault("jwks", **trouble))

    answer = launch(room)

    assert (answer.status_code, code_of(answer)) == (503, "platform-unreachable")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_launch_that_found_no_keys_can_be_sent_again_when_the_platform_is_back(room):
    room.site.faults.add(Fault("jwks", "status", status=500))
    room.login()
    token = at_our_time(room)
    room.knock(token=token)

    room.site.faults.clear()

    assert room.knock(token=token).status_code == 303


def test_old_keys_serve_while_the_platform_is_down(room, later):
    launch(room)
    room.site.faults.add(Fault("jwks", "status", status=500))

    later(hours=72)
    answers = [launch(room).status_code for _ in range(6)]

    assert answers == [303] * 6
    assert fetches(room) == 1 + 3


def test_an_unknown_key_while_the_platform_is_down_is_not_called_a_forgery(room):
    launch(room)
    room.site.faults.add(Fault("jwks", "status", status=500))
    room.site.rotate_keys()

    answer = launch(room)

    assert (answer.status_code, code_of(answer)) == (503, "platform-unreachable")


def test_those_who_wait_for_a_fetch_in_vain_do_not_try_one_after_the_other(room, monkeypatch):
    monkeypatch.setattr(keys, "FETCH_SECONDS", 0.5)
    doors = [Door(room.app, room.course).login() for _ in range(8)]
    room.site.faults.add(Fault("jwks", "drip", seconds=0.2))
    began = time.monotonic()

    answers = at_once(8, lambda turn: doors[turn].knock(doors[turn].claims()).status_code)

    assert answers == [503] * 8
    assert fetches(room) == 1
    assert time.monotonic() - began < 2


def test_a_lease_that_a_killed_worker_left_behind_runs_out(room):
    room.login()
    moment = clock.now()
    left_behind = PlatformKeys(
        registration_id=registration_row(room.course.registration_id).id,
        fetches_left=2,
        counted_at=moment,
        fetching_until=moment + timedelta(seconds=1),
    )
    db.session.add(left_behind)
    db.session.commit()

    answer = room.knock(room.claims())

    assert answer.status_code == 303


def test_one_platforms_flood_does_not_use_up_anothers_fetches(app, make_site):
    noisy, quiet = (Door(app, make_course(make_site(name))) for name in ("moodle", "canvas"))
    launch(noisy)
    for number in range(10):
        noisy.login().knock(token=at_our_time(noisy, kid=f"x{number}"))

    assert launch(quiet).status_code == 303
