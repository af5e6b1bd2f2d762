"""What a sweep of the platform's roster changes, and what it must never change."""

import json
import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti import http, members
from lti_tool.lti.roles import Role
from lti_tool.practice import traffic
from lti_tool.practice.exchange import json_reply
from lti_tool.practice.faults import Fault
from lti_tool.roster import actions
from lti_tool.roster.models import Membership, Status, User


def test_everybody_is_known_before_they_launch(people):
    assert people.active() == people.listed()


@pytest.mark.parametrize("size", [47, 48, 297])
def test_every_page_is_read(one_people, size):
    one_people.add_many(size)
    before = len(one_people.asked())

    sweep = one_people.sweep()

    pages = {"moodle": 1, "canvas": (size + 3 + 49) // 50}[one_people.site.dialect_name]
    assert one_people.active() == one_people.listed()
    assert len(one_people.asked()) - before == pages
    assert sweep.trouble == ""


def test_two_thousand_people_come_quickly(people):
    people.add_many(2000)
    began = time.monotonic()

    people.sweep()

    took = time.monotonic() - began
    print(f"\n2,003 people in {took:.2f} s")
    assert len(people.active()) == 2003
    assert took < 10


def test_an_unchanged_roster_writes_nothing(people):
    people.add_many(60)
    people.sweep()

    with people.counting_writes() as wrote:
        sweep = people.sweep()

    assert wrote == []
    assert sweep.trouble == ""


def test_who_is_gone_from_the_roster_leaves_and_keeps_their_row(people):
    people.site.unenrol(people.course.lms, people.course.ben)

    people.sweep()

    ben = people.member(people.course.ben)
    assert (ben.status, ben.left_at is not None) == (Status.LEFT, True)


def test_who_is_suspended_leaves(one_people):
    one_people.site.suspend(one_people.course.lms, one_people.course.ben)

    one_people.sweep()

    assert one_people.member(one_people.course.ben).status is Status.LEFT


def test_who_returns_is_the_same_member_again(people):
    before = people.member(people.course.ben).id
    people.site.unenrol(people.course.lms, people.course.ben)
    people.sweep()
    people.site.enrol(people.course.lms, people.course.ben)

    people.sweep()

    ben = people.member(people.course.ben)
    assert (ben.id, ben.status, ben.left_at) == (before, Status.ACTIVE, None)


def test_who_launches_while_the_roster_is_read_does_not_leave(people, visit, monkeypatch):
    ben = people.course.ben
    people.site.unenrol(people.course.lms, ben)

    def launch_meanwhile():
        people.site.enrol(people.course.lms, ben)
        with people.app.app_context():
            visit(people.course, ben)
        people.site.unenrol(people.course.lms, ben)

    monkeypatch.setattr(people.site.faults, "strike", once(launch_meanwhile, after="members"))
    sweep = people.sweep()

    assert (sweep.trouble, ben.sub in people.listed()) == ("", False)
    assert people.member(ben).status is Status.ACTIVE


def once(event, *, after):
    """Something that happens before the first call of a service is answered."""
    seen = []

    def strike(service):
        seen.append(service)
        if service == after and seen.count(after) == 1:
            event()

    return strike


@pytest.mark.parametrize("hours", [1, 14])
def test_an_administrator_whom_no_roster_has_stays_as_long_as_a_visit_may(one_people, visit, hours):
    admin = one_people.site.add_person(name="Ada Min", is_admin=True)
    one_people.site.enrol(one_people.course.lms, admin, "teacher")
    visit(one_people.course, admin)
    one_people.site.unenrol(one_people.course.lms, admin)
    one_people.clock.move(hours=hours - 7)

    one_people.sweep()

    is_here = one_people.member(admin).status is Status.ACTIVE
    assert is_here is (hours < 12)


def test_a_member_who_launched_is_gone_with_the_next_roster_that_lacks_them(one_people, visit):
    visit(one_people.course, one_people.course.ben)
    one_people.site.unenrol(one_people.course.lms, one_people.course.ben)
    one_people.clock.move(minutes=6)

    one_people.sweep()

    assert one_people.member(one_people.course.ben).status is Status.LEFT


@pytest.mark.parametrize("dialect", ["moodle"])
def test_moodles_non_editing_teacher_is_staff_once_they_launched(one_people, visit):
    tom = one_people.add("Tom Low", "non_editing_teacher")
    one_people.sweep()
    before = one_people.member(tom).is_learner
    visit(one_people.course, tom)

    one_people.sweep()

    tom = one_people.member(tom)
    assert (before, tom.is_staff, tom.is_learner, tom.role) == (True, True, False, Role.INSTRUCTOR)


@pytest.mark.parametrize("dialect", ["canvas"])
def test_canvas_assistants_are_staff_and_observers_and_test_students_never_enter(one_people):
    tom, olga = one_people.add("Tom Low", "ta"), one_people.add("Olga Day", "observer")
    pretend = one_people.add("Test Student", "test_student")

    one_people.sweep()

    assert one_people.member(tom).is_staff
    assert one_people.member(olga) is None
    assert one_people.member(pretend) is None


def test_names_that_are_withheld_take_none_away_and_need_none(one_people):
    one_people.course.tool.privacy = "anonymous"
    new = one_people.add("Noor Haddad")

    one_people.sweep()

    assert one_people.member(one_people.course.ben).user.name == "Ben Okafor"
    assert one_people.member(new).user.name == ""


def test_names_are_plain_text_whatever_the_platform_escapes(people):
    new = people.add("Zoë O'Neil & <Sons>")

    people.sweep()

    assert people.member(new).user.name == "Zoë O'Neil & <Sons>"


def test_a_changed_name_is_taken_over(people):
    people.course.ben.name = "Benedict Okafor"

    people.sweep()

    assert people.member(people.course.ben).user.name == "Benedict Okafor"


# --- rosters that are no whole roster -------------------------------------------------------


def page(people, **changes):
    container = {
        "context": {"id": people.course.lms.context_id},
        "members": [{"user_id": "77", "roles": ["Learner"], "status": "Active"}],
    }
    return container | changes


BAD_PAGES = [
    pytest.param({"members": {}}, {}, "answer-odd", id="no list"),
    pytest.param({"members": []}, {}, "roster-empty", id="empty"),
    pytest.param({"members": ["Ben"]}, {}, "answer-odd", id="a text"),
    pytest.param({"members": [{"user_id": "1"}]}, {}, "answer-odd", id="without roles"),
    pytest.param({"members": [{"roles": []}]}, {}, "answer-odd", id="without an id"),
    pytest.param({"context": {"id": "another"}}, {}, "other-course", id="foreign course"),
    pytest.param(
        {},
        {"Link": '<https://evil.example/next>; rel="next"'},
        "other-site",
        id="foreign site",
    ),
    pytest.param({}, {"Link": '<?page=1>; rel="next"'}, "pages-repeat", id="a loop"),
]


@pytest.mark.parametrize(("changes", "headers", "reason"), BAD_PAGES)
def test_a_roster_that_is_none_makes_nobody_leave_and_is_told(
    one_people, monkeypatch, changes, headers, reason
):
    before = one_people.active()
    reply = json_reply(page(one_people, **changes))
    reply.headers.update(headers)
    monkeypatch.setattr("lti_tool.practice.traffic.served", answering(reply))

    sweep = one_people.sweep()

    assert one_people.active() >= before
    assert sweep.trouble == reason
    assert sweep.wanted_at is not None


def answering(reply):
    """The platform's own answers, but for the roster."""
    real = traffic.served

    def served(site, route, call, names):
        return reply if route.service == "members" else real(site, route, call, names)

    return served


@pytest.mark.parametrize(
    "kind", ["status", "cut", "garbage", "reset", "redirect", "throttle", "applied_lost"]
)
def test_a_last_page_that_fails_makes_nobody_leave_and_is_told(one_people, monkeypatch, kind):
    monkeypatch.setattr(members, "PAUSES", (0.0,))
    one_people.add_many(120)
    one_people.site.unenrol(one_people.course.lms, one_people.course.ben)
    before = one_people.active()
    last = {"moodle": 1, "canvas": 3}[one_people.site.dialect_name]
    one_people.site.faults.strike = beginning_with(last, Fault("members", kind))

    sweep = one_people.sweep()

    assert one_people.active() >= before
    assert sweep.trouble != ""
    assert "127.0.0.1" not in sweep.trouble


def beginning_with(number, fault, times=1_000):
    """The fault befalls the n-th call of its service, and so many of those that follow."""
    calls = []

    def strike(service):
        calls.append(service)
        is_hit = service == fault.service and 0 <= calls.count(service) - number < times
        return fault if is_hit else None

    return strike


@pytest.mark.parametrize("dialect", ["canvas"])
@pytest.mark.parametrize("kind", ["status", "cut", "reset", "throttle"])
def test_a_stumble_in_the_middle_of_a_long_roster_is_no_reason_to_begin_again(
    one_people, monkeypatch, kind
):
    monkeypatch.setattr(members, "PAUSES", (0.0, 0.0))
    one_people.add_many(170)
    before = len(one_people.asked())
    one_people.site.faults.strike = beginning_with(2, Fault("members", kind), times=2)

    sweep = one_people.sweep()

    assert (sweep.trouble, len(one_people.asked()) - before) == ("", 4 + 2)
    assert one_people.active() == one_people.listed()


@pytest.mark.parametrize("dialect", ["canvas"])
def test_a_page_in_the_place_of_another_makes_nobody_leave(one_people, monkeypatch):
    one_people.add_many(120)
    one_people.sweep()
    before = one_people.active()
    pages, real = [], traffic.served

    def twice(site, route, call, names):
        reply = real(site, route, call, names)
        if route.service == "members":
            pages.append(reply.body)
            return replace(reply, body=pages[0] if len(pages) == 2 else reply.body)
        return reply

    monkeypatch.setattr("lti_tool.practice.traffic.served", twice)
    sweep = one_people.sweep()

    assert sweep.trouble == "pages-repeat"
    assert one_people.active() == before


def test_people_who_are_listed_on_two_pages_are_one(one_people, monkeypatch):
    one_people.add_many(60)
    first = one_people.member(one_people.course.ben).user.sub
    real = traffic.served

    def overlapping(site, route, call, names):
        reply = real(site, route, call, names)
        if route.service == "members":
            said = json.loads(reply.body)
            said["members"].append({"user_id": first, "roles": ["Learner"]})
            return replace(reply, body=json.dumps(said).encode())
        return reply

    monkeypatch.setattr("lti_tool.practice.traffic.served", overlapping)
    sweep = one_people.sweep()

    assert sweep.trouble == ""
    assert one_people.active() == one_people.listed()


@pytest.mark.parametrize("dialect", ["moodle"])
def test_moodle_is_asked_for_a_part_at_a_time_and_courses_of_usual_size_come_whole(
    one_people, monkeypatch
):
    one_people.add_many(60)
    monkeypatch.setattr(members, "PART", 25)
    before = len(one_people.asked())

    sweep = one_people.sweep()

    assert (sweep.trouble, len(one_people.asked()) - before) == ("", 3)
    assert one_people.active() == one_people.listed()


def test_a_platform_that_asks_for_patience_is_left_alone_for_as_long(one_people):
    one_people.site.faults.add(Fault("members", "throttle", times=1, retry_after=1800))
    one_people.sweep()
    before = len(one_people.asked())
    one_people.clock.move(minutes=29)
    one_people.turn()
    sooner = len(one_people.asked())
    one_people.clock.move(minutes=2)

    sweep = one_people.turn()

    assert sooner == before
    assert (sweep.trouble, len(one_people.asked()) > before) == ("", True)


def test_a_worker_whose_lease_ran_out_makes_nobody_leave(one_people, monkeypatch):
    one_people.site.unenrol(one_people.course.lms, one_people.course.ben)
    strike = once(lambda: one_people.clock.move(minutes=3), after="members")
    monkeypatch.setattr(one_people.site.faults, "strike", strike)
    taken = []

    def take_over_the_lease(*_):
        taken.append(True)

    monkeypatch.setattr(actions, "renew_lease", take_over_the_lease)
    one_people.sweep()

    assert taken
    assert one_people.member(one_people.course.ben).status is Status.ACTIVE


def test_a_failed_sweep_is_tried_again_after_five_minutes_and_no_sooner(one_people):
    one_people.site.faults.add(Fault("members", "status", times=1))
    one_people.sweep()
    before = len(one_people.asked())
    one_people.clock.move(minutes=4)
    one_people.turn()
    sooner = len(one_people.asked())
    one_people.clock.move(minutes=2)

    sweep = one_people.turn()

    assert sooner == before
    assert len(one_people.asked()) > before
    assert (sweep.trouble, sweep.wanted_at) == ("", None)


def test_students_make_no_sweep_while_the_roster_is_fresh(one_people, visit):
    before = len(one_people.asked())
    one_people.clock.move(hours=5)
    visit(one_people.course, one_people.course.ben)
    one_people.turn()
    fresh = len(one_people.asked())
    one_people.clock.move(hours=2)
    visit(one_people.course, one_people.course.ben)

    one_people.turn()

    assert fresh == before
    assert len(one_people.asked()) > before


def test_two_workers_never_read_one_roster_at_the_same_time(people):
    from lti_tool.clock import now

    start_writing()
    context_id = people.context().id
    first = actions.lease_sweep(context_id, now())
    db.session.commit()

    second = actions.lease_sweep(context_id, now())
    kept = actions.renew_lease(context_id, first, now())
    people.clock.move(minutes=3)
    later = actions.lease_sweep(context_id, now())
    lost = actions.renew_lease(context_id, kept, now())

    assert first < kept < later
    assert (second, lost) == (None, None)


def test_a_person_in_two_courses_is_one_user(people, visit, make_site):
    lms = people.site.add_course(title="Another course")
    link = people.site.add_link(lms, people.course.tool, title="Good Turn")
    people.site.enrol(lms, people.course.ivy, "teacher")
    people.site.enrol(lms, people.course.ben, "student")
    visit(people.course, people.course.ivy, link)
    people.clock.move(minutes=6)

    people.turn()

    start_reading()
    users = db.session.scalars(select(User.sub)).all()
    places = db.session.scalars(select(User.sub).join(Membership)).all()
    assert sorted(users) == sorted(people.active())
    assert places.count(people.course.ben.sub) == 2


def test_page_addresses_are_followed_letter_by_letter():
    answer = http.Answer(
        200, {"Link": '<https://lms.test/m?page=bookmark:AbC&b=Z>; rel="next"'}, b""
    )

    following = members.next_page(answer, "https://lms.test/m")

    assert following == "https://lms.test/m?page=bookmark:AbC&b=Z"


@pytest.mark.parametrize(
    ("header", "following"),
    [
        ('</m?p=2>; rel="next"', "https://lms.test/m?p=2"),
        ("<https://lms.test/m?a=1&amp;b=2>; rel=“next”", "https://lms.test/m?a=1&b=2"),
        ("<https://lms.test/m?p=2>; rel=next", "https://lms.test/m?p=2"),
        (
            '<https://lms.test/m?p=1>; rel="first", <https://lms.test/m?p=3>; rel="next"',
            "https://lms.test/m?p=3",
        ),
        ('<https://lms.test/m?p=1>; rel="prev"', None),
        ("", None),
    ],
)
def test_links_are_read_as_platforms_write_them(header, following):
    answer = http.Answer(200, {"Link": header}, json.dumps({}).encode())

    assert members.next_page(answer, "https://lms.test/m") == following
