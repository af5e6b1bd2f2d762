"""Faults: what the caller sees, and whether the change was made."""

import time
from datetime import timedelta
from email.utils import parsedate_to_datetime

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


@pytest.mark.parametrize("value", [[], "yes", 7, None, {"keys": []}, {"members": "none"}])
def test_an_answer_may_be_of_the_wrong_type(lms, value):
    lms.site.faults.add(Fault("members", "value", value=value))

    reply = lms.call("GET", lms.members_url, v.MEMBERSHIP_CONTAINER)
    assert (reply.status_code, reply.get_json()) == (200, value)


def test_pages_may_lead_back_to_themselves(lms):
    lms.site.faults.add(Fault("members", "loop"))

    url = lms.members_url + "?limit=2"
    reply = lms.call("GET", url, v.MEMBERSHIP_CONTAINER)
    assert reply.headers["Link"] == f'<{url}>; rel="next"'
    assert len(reply.get_json()["members"]) == 2


def test_a_roster_may_be_of_another_course(lms):
    lms.site.faults.add(Fault("members", "foreign", times=1))

    wrong, right = (
        lms.call("GET", lms.members_url, v.MEMBERSHIP_CONTAINER).get_json() for _ in range(2)
    )
    assert wrong["context"]["id"] != lms.course.context_id
    assert right["context"]["id"] == lms.course.context_id
    assert wrong["members"] == right["members"]


def test_the_key_set_may_hold_other_keys_of_the_same_names(lms):
    honest = lms.call("GET", lms.site.jwks_url).get_json()["keys"]
    lms.site.faults.add(Fault("jwks", "other_keys"))

    other = lms.call("GET", lms.site.jwks_url).get_json()["keys"]
    assert [key["kid"] for key in other] == [key["kid"] for key in honest]
    assert [key["n"] for key in other] != [key["n"] for key in honest]


def test_a_token_may_be_refused_once(lms):
    lms.site.faults.add(Fault("members", "status", status=401, times=1))

    seen = [lms.call("GET", lms.members_url, v.MEMBERSHIP_CONTAINER) for _ in range(2)]
    assert [reply.status_code for reply in seen] == [401, 200]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_wrong_clock_is_in_tokens_and_in_the_date_of_every_answer(served, minutes):
    served.site.clock_error = timedelta(minutes=minutes)
    wrong = served.time + timedelta(minutes=minutes)

    claims = served.claims()
    assert claims["iat"] == wrong.timestamp()
    answer = served.post()
    assert parsedate_to_datetime(answer.headers["Date"]) == wrong
    assert answer.raw.headers.getlist("Date") == [answer.headers["Date"]]
