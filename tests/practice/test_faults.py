"""Faults: what the caller sees, and whether the change was made."""

import time

import pytest
import requests

from lti_tool.practice import vocabulary as v
from lti_tool.practice.app import create_practice
from lti_tool.practice.faults import Faults
from lti_tool.practice.server import LiveServer
from lti_tool.practice.site import Fault


@pytest.fixture
def served(lms):
    """The bench behind a real server; `post` sends Ana's score to it."""
    with LiveServer(lambda url: create_practice([lms.site])) as server:
        headers = {"Authorization": f"Bearer {lms.token}", "Content-Type": v.SCORE_TYPE}
        body = {
            "userId": lms.ana.sub,
            "scoreGiven": 5,
            "scoreMaximum": 10,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": lms.time.isoformat(),
        }
        url = server.url + lms.below("scores").removeprefix("http://lms.test")

        def post(**more):
            return requests.post(url, json=body, headers=headers, timeout=5, **more)

        lms.post = post
        yield lms


def is_scored(lms):
    return lms.ana.sub in lms.site.gradebook(lms.course)["Good Turn"]


def test_applied_lost_changes_the_grade_and_says_nothing(served):
    served.site.faults.add(Fault("scores", "applied_lost"))

    with pytest.raises(requests.ConnectionError):
        served.post()
    assert is_scored(served)


def test_reset_does_nothing_at_all(served):
    served.site.faults.add(Fault("scores", "reset"))

    with pytest.raises(requests.ConnectionError):
        served.post()
    assert not is_scored(served)


def test_a_status_fault_leaves_the_grade_alone(served):
    served.site.faults.add(Fault("*", "status", status=502, retry_after=7))

    reply = served.post()
    assert (reply.status_code, reply.headers["Retry-After"]) == (502, "7")
    assert not is_scored(served)


def test_a_cut_answer_ends_in_the_middle(canvas):
    canvas.site.faults.add(Fault("lineitems", "cut"))
    reply = canvas.call("GET", canvas.lineitems, v.LINEITEM_CONTAINER)

    with pytest.raises(ConnectionResetError):
        reply.get_data()


def test_canvas_throttles_in_its_old_and_its_new_way(canvas):
    canvas.site.faults.add(Fault("scores", "throttle", times=1, status=403))
    canvas.site.faults.add(Fault("scores", "throttle", times=1))

    old, new, fine = canvas.score(), canvas.score(), canvas.score()
    assert (old.status_code, new.status_code, fine.status_code) == (403, 429, 200)
    assert "Rate Limit Exceeded" in old.get_data(as_text=True)


def test_a_dripping_answer_takes_its_time(canvas):
    canvas.site.faults.add(Fault("scores", "drip", seconds=0.001))

    begun = time.monotonic()
    canvas.score().get_data()
    assert time.monotonic() - begun > 0.05


def test_latency_strikes_before_an_ordinary_answer(canvas):
    canvas.site.faults.add(Fault("scores", "latency", seconds=0.05))

    begun = time.monotonic()
    assert canvas.score().status_code == 200
    assert time.monotonic() - begun > 0.05


def test_garbage_is_a_200_that_is_no_json(canvas):
    canvas.site.faults.add(Fault("members", "garbage"))

    reply = canvas.call("GET", canvas.members_url)
    assert reply.status_code == 200
    assert reply.get_json(silent=True) is None


def test_a_fault_strikes_its_own_service_only_and_can_be_cleared(canvas):
    canvas.site.faults.add(Fault("members", "status"))
    assert canvas.score().status_code == 200

    canvas.site.faults.clear()
    assert canvas.call("GET", canvas.members_url).status_code == 200


def test_the_same_seed_brings_the_same_luck():
    def run(seed):
        faults = Faults(seed)
        faults.add(Fault("*", "status", rate=0.3))
        return [bool(faults.strike("scores")) for _ in range(50)]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_an_unknown_kind_of_fault_is_a_mistake():
    with pytest.raises(ValueError, match="no such fault"):
        Fault("*", "gremlins")


def test_calls_are_written_down_for_counting(canvas):
    canvas.score()

    seen = canvas.site.requests[-1]
    assert (seen.service, seen.method, seen.status, seen.fault) == ("scores", "POST", 200, None)
    assert canvas.site.traffic.most_in_flight == 1
