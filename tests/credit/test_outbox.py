"""The outbox: what is wanted, who may send it, and what an outage leaves behind."""

import contextvars
import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_tool import jobs
from lti_tool.clock import now
from lti_tool.credit import actions, chores
from lti_tool.credit.models import ColumnStatus, Mode, PushStatus
from lti_tool.db import db, start_reading, start_writing
from lti_tool.lti import tokens
from lti_tool.lti.message import Person
from lti_tool.lti.models import AccessToken, Registration
from lti_tool.lti.roles import Role
from lti_tool.practice.faults import Fault
from lti_tool.roster import actions as roster
from lti_tool.roster.models import Membership
from tests.conftest import make_course
from tests.credit.conftest import Classroom, Killed, entered


def at_once(*works):
    """Do all of it at the same moment, each in a thread with a session of its own."""
    ready, errors = threading.Barrier(len(works)), []

    def one(work):
        ready.wait(10)
        try:
            work()
        except Exception as error:
            errors.append(error)

    threads = [
        threading.Thread(target=contextvars.Context().run, args=(one, work)) for work in works
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []


def test_two_thanks_at_the_same_moment_both_count(classroom):
    helper = classroom.member(classroom.course.ben).id
    asker = classroom.member(classroom.course.ana).id
    db.session.rollback()

    def thanks(number):
        with classroom.app.app_context():
            start_writing()
            members = [db.session.get_one(Membership, one) for one in (helper, asker)]
            actions.reward_unstuck(*members, source=f"answer:{number}")
            db.session.commit()

    at_once(*(lambda n=n: thanks(n) for n in range(6)))

    assert classroom.push(classroom.course.ben).wanted == 6


def test_a_thanks_while_the_score_is_on_its_way_is_not_forgotten(classroom):
    ben, ana = classroom.course.ben, classroom.course.ana
    classroom.site.faults.add(Fault("scores", "latency", seconds=0.3))
    classroom.earn(ben)
    db.session.rollback()

    def thanks():
        with classroom.app.app_context():
            start_writing()
            members = [classroom.member(one) for one in (ben, ana)]
            actions.reward_unstuck(*members, source="answer:late")
            db.session.commit()

    at_once(lambda: jobs.run(classroom.app, "credit.send"), thanks)
    classroom.send()

    assert classroom.shown(ben) == 2


def test_a_thanks_while_the_gradebook_is_looked_at_is_not_forgotten(
    classroom, the_clock, monkeypatch
):
    room, ben = classroom, classroom.course.ben
    room.site.faults.add(Fault("scores", "applied_lost", times=1))
    room.help(ben)
    the_clock.move(minutes=1)
    monkeypatch.setattr(room.site.faults, "strike", meanwhile(room, "results"))

    room.send()
    room.send()

    assert room.shown(ben) == 2


def test_a_thanks_while_the_first_score_is_on_its_way_goes_next(classroom, monkeypatch):
    room, ben = classroom, classroom.course.ben
    room.earn(ben)
    monkeypatch.setattr(room.site.faults, "strike", meanwhile(room, "scores"))

    room.send()

    assert room.shown(ben) == 2
    assert [post.body["scoreGiven"] for post in room.posts()] == [1, 2]


def meanwhile(room, service):
    """Ben is thanked before the first call of this service is answered."""
    calls = []

    def thank():
        with room.app.app_context():
            room.earn(room.course.ben)

    def strike(called):
        calls.append(called)
        if called == service and calls.count(service) == 1:
            contextvars.Context().run(thank)

    return strike


def test_the_same_act_earns_once_and_staff_earn_nothing(classroom):
    room = classroom
    room.earn(room.course.ben)
    room.acts -= 1
    room.earn(room.course.ben)
    room.earn(room.course.ivy)

    room.send()

    assert room.gradebook() == {room.course.ben.sub: 1}


def test_nobody_gets_more_than_the_maximum_nor_a_zero(one_classroom):
    room = one_classroom
    room.help(room.course.ben, times=25)

    cells = room.gradebook()

    assert cells == {room.course.ben.sub: 10}


def test_another_choice_of_full_marks_counts_for_everybody(one_classroom):
    room = one_classroom
    room.help(room.course.ben, times=2)

    room.say_yes(full_marks_at=5)
    room.send()

    assert room.shown(room.course.ben) == 4  # two of five, in a column of ten


# --- leases ----------------------------------------------------------------------------------


def leased(room, person, holder="elsewhere.1"):
    push = room.push(person)
    registration = push.column.context.registration_id
    start_writing()
    lease = actions.lease_push(push.id, registration, holder, now())
    db.session.commit()
    return lease


def test_a_row_has_one_holder_until_the_lease_runs_out(classroom, the_clock):
    classroom.earn(classroom.course.ben)

    first, second = (leased(classroom, classroom.course.ben) for _ in range(2))
    the_clock.move(seconds=16)
    third = leased(classroom, classroom.course.ben)

    assert first
    assert second is None
    assert third not in (None, first)


def test_who_lost_the_lease_writes_nothing_any_more(classroom, the_clock):
    room, ben = classroom, classroom.course.ben
    room.earn(ben)
    old = leased(room, ben)
    the_clock.move(seconds=16)
    room.send()

    late = chores._sending(room.push(ben).id, old)
    posted = chores._post(late)
    chores._arrived(late, 99.0)

    assert posted is None
    assert (room.push(ben).sent, len(room.posts())) == (1, 1)


def test_at_most_two_scores_of_a_platform_are_leased_over_all_workers(classroom):
    people = [classroom.course.ana, classroom.course.ben, extra(classroom)]
    for person in people:
        classroom.earn(person, asker=people[people.index(person) - 1])

    leases = [leased(classroom, person) for person in people]

    assert [lease is not None for lease in leases] == [True, True, False]


def extra(room):
    person = room.site.add_person(name="Chen Wei")
    room.site.enrol(room.course.lms, person)
    start_writing()
    context = room.member(room.course.ivy).context
    told = Person(sub=person.sub, name=person.name, given="Chen", family="Wei")
    roster.admit(context.registration, context, told, Role.STUDENT)
    db.session.commit()
    return person


def test_many_workers_that_lease_at_once_get_two_together(classroom):
    people = [extra(classroom) for _ in range(4)]
    for person in people:
        classroom.earn(person)
    pushes = [classroom.push(person).id for person in people]
    registration = classroom.column().context.registration_id
    db.session.rollback()
    got = []

    def lease(push_id):
        with classroom.app.app_context():
            start_writing()
            got.append(actions.lease_push(push_id, registration, "elsewhere.1", now()))
            db.session.commit()

    at_once(*(lambda one=one: lease(one) for one in pushes))

    assert len([one for one in got if one]) == 2


def test_what_a_killed_worker_of_this_machine_held_is_taken_over_at_once(classroom):
    machine = jobs.this_worker().partition(".")[0]
    classroom.earn(classroom.course.ben)
    leased(classroom, classroom.course.ben, holder=f"{machine}.{2**22 + 1}")

    classroom.send()

    assert classroom.shown(classroom.course.ben) == 1


@pytest.mark.parametrize("look", range(2, 14))
def test_a_worker_killed_at_any_moment_leaves_nothing_behind(one_classroom, the_clock, look):
    room, ben = one_classroom, one_classroom.course.ben
    room.help(ben)
    room.earn(ben)
    the_clock.looks_left = look
    try:
        room.send()
    except Killed:
        the_clock.move(seconds=16)
    the_clock.looks_left = None

    room.send()

    scores = Counter(post.body["scoreGiven"] for post in room.posts())
    assert (room.shown(ben), room.push(ben).status) == (2, PushStatus.SENT)
    assert scores == {1: 1, 2: 1}


def test_two_workers_that_are_told_yes_at_once_make_one_column(app, course, visit, the_clock):
    room = entered(app, course, visit)
    course.site.faults.add(Fault("lineitems", "latency", seconds=0.1))
    room.choose(Mode.GRADEBOOK)
    db.session.rollback()

    at_once(*[lambda: jobs.run(app, "credit.columns")] * 3)

    assert len(course.site.line_items_of(course.lms)) == 1
    assert room.column().status is ColumnStatus.READY


def test_a_token_kept_by_many_at_once_is_kept_once(classroom):
    registration_id = classroom.column().context.registration_id
    db.session.rollback()

    def keep():
        with classroom.app.app_context():
            for _ in range(10):
                start_reading()
                registration = db.session.get_one(Registration, registration_id)
                tokens._keep(registration, ("a scope",), "token", 60)

    at_once(*[keep] * 6)

    kept = select(AccessToken.id).where(AccessToken.scopes == "a scope")
    assert len(db.session.scalars(kept).all()) == 1


def test_a_token_fetched_by_two_at_once_troubles_nobody(classroom):
    room = classroom
    for person in (room.course.ana, room.course.ben):
        room.earn(person)
    room.site.access_tokens.revoke_all()
    room.site.faults.add(Fault("token", "latency", seconds=0.1))

    room.send()

    assert room.gradebook() == room.due()


# --- outages ---------------------------------------------------------------------------------


def the_outage(room, the_clock, hours, every):
    """Help goes on while the platform is away."""
    room.site.faults.add(Fault("*", "reset"))
    before = len(room.site.requests)
    for n in range(hours // every):
        the_clock.move(hours=every)
        room.help(room.course.ben if n % 2 else room.course.ana)
    room.site.faults.clear()
    return len(room.site.requests) - before


@pytest.mark.parametrize("hours", [16, 72, 14 * 24])
def test_an_outage_ends_in_one_score_each_and_was_asked_about_rarely(
    one_classroom, the_clock, hours
):
    room = one_classroom
    room.help(room.course.ana)
    room.help(room.course.ben)
    room.site.score_posts.clear()

    asked = the_outage(room, the_clock, hours, every=8)
    the_clock.move(hours=1)
    room.send()

    assert room.gradebook() == room.due()
    assert Counter(post.user_id for post in room.posts()).most_common(1)[0][1] == 1
    assert asked <= 2 * (hours // 8)


def test_the_first_success_brings_everything_that_waits(one_classroom, the_clock):
    room = one_classroom
    everybody = [room.course.ana, room.course.ben, *(extra(room) for _ in range(6))]
    room.site.faults.add(Fault("*", "status", status=503))
    for person in everybody:
        room.help(person)
    the_clock.move(seconds=3)
    room.send()
    room.site.faults.clear()
    pause = room.service().paused_until
    the_clock.move(seconds=(pause - now()).total_seconds() + 1)

    room.send()

    assert room.gradebook() == room.due()
    assert len(room.gradebook()) == 8
    assert room.service().failures == 0


def test_a_platform_in_trouble_is_left_alone_and_others_are_not(sqlite_app, make_site, visit):
    courses = [make_course(make_site(dialect)) for dialect in ("moodle", "canvas")]
    for course in courses:
        visit(course, course.ivy)
        visit(course, course.ben)
        visit(course, course.ana)
    rooms = [Classroom(sqlite_app, course) for course in courses]
    for room in rooms:
        room.say_yes()
    rooms[0].site.faults.add(Fault("*", "status"))

    rooms[1].acts = 100  # acts are numbered over all courses
    for room in rooms:
        room.earn(room.course.ben)
    rooms[1].send()

    assert [room.shown(room.course.ben) for room in rooms] == [None, 1]


def test_a_pause_is_not_lifted_by_an_answer_that_was_asked_for_before(one_classroom):
    room, ben = one_classroom, one_classroom.course.ben
    room.earn(ben)
    start_writing()
    push = room.push(ben)
    start_writing()
    push = db.session.merge(push)
    actions.service_failed(push, "status 429", 600)
    actions.service_answered(push.column.context.registration_id)
    db.session.commit()

    assert room.service().paused_until > now() + timedelta(minutes=9)


@pytest.mark.hard
@pytest.mark.timeout(2400)
def test_five_thousand_sends_with_a_clock_that_jumps(one_classroom, the_clock):
    room, people = one_classroom, [one_classroom.course.ana, one_classroom.course.ben]
    for n in range(2500):
        the_clock.move(seconds=(0, 0, 1, -3600, 1800)[n % 5])
        room.choose(Mode.GRADEBOOK, 5000 + n % 7)
        for person in people:
            room.earn(person)
        room.send()
    the_clock.move(days=60)
    room.send()

    assert room.gradebook() == room.due()
    assert {push.status for push in map(room.push, people)} == {PushStatus.SENT}
