"""Each row of the table of platform manners (docs/platforms.md) that the sender meets."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from lti_tool.credit.models import ColumnStatus, Mode, PushStatus
from lti_tool.practice.faults import Fault
from tests.conftest import make_course
from tests.credit.conftest import entered


def stamps(room, person):
    return [datetime.fromisoformat(str(post.body["timestamp"])) for post in room.posts(person)]


# --- timestamps ----------------------------------------------------------------------------


def test_every_send_has_a_later_whole_second(classroom):
    for _ in range(4):
        classroom.help(classroom.course.ben)

    sent = stamps(classroom, classroom.course.ben)

    assert classroom.shown(classroom.course.ben) == 4
    assert len(sent) == 4
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(sent))
    assert {post.status for post in classroom.posts()} == {200}


def test_a_clock_that_goes_back_an_hour_stops_nothing(one_classroom, the_clock):
    one_classroom.help(one_classroom.course.ben)
    the_clock.move(hours=-1)

    one_classroom.help(one_classroom.course.ben)

    sent = stamps(one_classroom, one_classroom.course.ben)
    assert one_classroom.shown(one_classroom.course.ben) == 2
    assert sent == sorted(set(sent))


def test_a_platform_whose_clock_is_ahead_is_caught_up_with(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    room.help(ben)
    line_item = room.site.column(room.course.lms, "Good Turn")
    line_item.cells[ben.sub].timestamp += timedelta(hours=1)

    room.help(ben)
    refused = room.push(ben).status, room.shown(ben)
    the_clock.move(hours=2)
    room.send()

    assert refused == (PushStatus.WAITING, 1)
    assert (room.push(ben).status, room.shown(ben)) == (PushStatus.SENT, 2)


# --- whose grade it is ---------------------------------------------------------------------


def test_what_a_teacher_entered_before_our_first_score_stays(classroom):
    classroom.teacher_sets(classroom.course.ben, 7.5)

    classroom.help(classroom.course.ben)

    assert classroom.shown(classroom.course.ben) == 7.5
    assert classroom.push(classroom.course.ben).status is PushStatus.CHANGED_BY_TEACHER


@pytest.mark.parametrize(
    "score", [pytest.param(7.5, id="changed"), pytest.param(None, id="emptied")]
)
def test_what_a_teacher_decided_between_two_scores_stays(classroom, score):
    classroom.help(classroom.course.ben)
    classroom.teacher_sets(classroom.course.ben, score)

    classroom.help(classroom.course.ben)
    classroom.help(classroom.course.ben)

    assert classroom.shown(classroom.course.ben) == score
    assert classroom.push(classroom.course.ben).status is PushStatus.CHANGED_BY_TEACHER
    assert len(classroom.posts()) == 1


def test_what_a_teacher_entered_while_our_answer_was_lost_stays(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    room.site.faults.add(Fault("scores", "applied_lost", times=1))
    room.help(ben)
    the_clock.move(minutes=1)
    room.teacher_sets(ben, 7.5)

    room.send()

    assert room.shown(ben) == 7.5
    assert room.push(ben).status is PushStatus.CHANGED_BY_TEACHER


def test_a_score_that_arrived_though_its_answer_was_lost_is_not_sent_again(classroom, the_clock):
    classroom.site.faults.add(Fault("scores", "applied_lost", times=1))
    classroom.help(classroom.course.ben)
    the_clock.move(minutes=1)

    classroom.send()

    assert classroom.shown(classroom.course.ben) == 1
    assert classroom.push(classroom.course.ben).status is PushStatus.SENT
    assert len(classroom.posts()) == 1


def test_a_score_earned_while_an_answer_was_lost_is_ours_to_replace(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    for _ in range(3):
        room.site.faults.add(Fault("scores", "applied_lost", times=1))
        room.help(ben)
        the_clock.move(hours=1)

    room.send()

    assert room.shown(ben) == 3
    assert room.push(ben).status is PushStatus.SENT


def test_a_score_that_arrives_late_is_known_as_ours(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    room.help(ben)
    cell = room.cell(ben)
    room.site.faults.add(Fault("scores", "reset", times=2))
    for _ in range(2):
        room.help(ben)
        the_clock.move(minutes=1)
    cell.score = 2.0  # the first of the two that got no answer

    room.send()

    assert room.shown(ben) == 3
    assert room.push(ben).status is PushStatus.SENT


def test_a_teacher_who_changes_the_maximum_changes_no_grade(one_classroom):
    room, ben = one_classroom, one_classroom.course.ben
    room.help(ben)
    line_item = room.site.column(room.course.lms, "Good Turn")
    line_item.maximum = 20.0
    if room.site.dialect_name == "moodle":  # Moodle rescales what is there
        line_item.cells[ben.sub].score = 2.0

    room.help(ben)

    assert room.shown(ben) == 4.0
    assert room.push(ben).status is PushStatus.SENT


def test_a_teachers_feedback_survives_our_next_score_and_is_not_repeated(one_classroom):
    room, ben = one_classroom, one_classroom.course.ben
    room.help(ben)
    room.cell(ben).comments.append("Well explained!")

    room.help(ben)

    assert room.shown(ben) == 2
    assert room.cell(ben).comments == ["Well explained!"]


def test_scores_make_no_attempts_and_never_wipe(one_classroom):
    room, ben = one_classroom, one_classroom.course.ben
    for _ in range(3):
        room.help(ben)

    bodies = [post.body for post in room.posts()]

    assert room.cell(ben).attempts == 0
    assert all(body["gradingProgress"] == "FullyGraded" for body in bodies)
    assert [body["scoreGiven"] for body in bodies] == [1, 2, 3]


# --- who can have a score ------------------------------------------------------------------


def left(room, person):
    room.site.unenrol(room.course.lms, person)


def unknown(room, person):
    room.course.lms.enrolments.pop(person.sub)
    del room.site.state.people[person.sub]


def became_staff(room, person):
    left(room, person)
    room.site.enrol(room.course.lms, person, "teacher")


@pytest.mark.parametrize("change", [left, unknown, became_staff])
@pytest.mark.parametrize("has_score", [False, True], ids=["new", "known"])
def test_whom_the_platform_cannot_grade_is_exempt(one_classroom, change, has_score):
    room, ben = one_classroom, one_classroom.course.ben
    if has_score:
        room.help(ben)
    room.earn(ben)
    room.earn(room.course.ana)
    change(room, ben)

    room.send()

    assert room.push(ben).status is PushStatus.EXEMPT
    assert room.shown(room.course.ana) == 1


def test_a_suspended_student_is_exempt_in_canvas_and_graded_in_moodle(one_classroom):
    room, ben = one_classroom, one_classroom.course.ben
    room.site.suspend(room.course.lms, ben)

    room.help(ben)

    is_moodle = room.site.dialect_name == "moodle"
    assert room.push(ben).status is (PushStatus.SENT if is_moodle else PushStatus.EXEMPT)


def test_who_was_exempt_and_comes_back_gets_the_score_within_a_day(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    room.help(ben)
    left(room, ben)
    room.help(ben)
    was = room.push(ben).status
    room.site.enrol(room.course.lms, ben, "student")
    the_clock.move(hours=25)

    room.send()

    assert was is PushStatus.EXEMPT
    assert (room.push(ben).status, room.shown(ben)) == (PushStatus.SENT, 2)


def test_nothing_is_sent_for_those_who_left_until_they_return(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    room.earn(ben)
    left(room, ben)
    sweep_again(room, the_clock)
    room.send()
    before = len(room.posts())
    room.site.enrol(room.course.lms, ben, "student")
    sweep_again(room, the_clock)

    room.send()

    assert (before, room.shown(ben)) == (0, 1)


def sweep_again(room, the_clock):
    from lti_tool.db import db, start_writing
    from lti_tool.roster import actions

    the_clock.move(hours=7)
    start_writing()
    actions.want_sweep(room.member(room.course.ivy).context, is_staff=True)
    db.session.commit()
    room.chore("roster.sweep")


# --- the column and the service ------------------------------------------------------------


def test_no_column_is_made_before_the_yes_nor_after_the_no(one_classroom):
    room = one_classroom
    made = len(room.asked("lineitems", "POST"))
    room.choose(Mode.OFF)
    room.earn(room.course.ben)
    room.chore("credit.columns")

    room.send()

    assert made == 1
    assert room.posts() == []


def test_scores_that_wait_are_not_sent_once_credit_is_switched_off(one_classroom):
    room = one_classroom
    room.earn(room.course.ben)
    room.choose(Mode.OFF)
    room.send()
    while_off = len(room.posts())

    room.choose(Mode.GRADEBOOK)
    room.send()

    assert (while_off, room.shown(room.course.ben)) == (0, 1)


def test_a_column_whose_creation_got_no_answer_is_found_and_not_made_twice(
    sqlite_app, dialect, make_site, visit, the_clock
):
    course = make_course(make_site(dialect))
    room = entered(sqlite_app, course, visit)
    lost = course.site.faults.add(Fault("lineitems", "applied_lost", times=0))
    course.site.faults.strike = strike_posts(course.site.faults, lost)
    room.say_yes()
    first = room.column().status
    the_clock.move(hours=1)

    room.chore("credit.columns")

    assert (first, room.column().status) == (ColumnStatus.WANTED, ColumnStatus.READY)
    assert len(room.site.line_items_of(course.lms)) == 1


def strike_posts(faults, lost):
    """Let the second call to the columns, which makes one, lose its answer."""
    calls = []

    def strike(service):
        calls.append(service)
        return lost if calls.count("lineitems") == 2 and service == "lineitems" else None

    return strike


def test_a_copied_course_finds_its_column_again(one_classroom):
    room = one_classroom
    room.column()
    before = room.column().lineitem_url
    room.choose(Mode.OFF)

    room.say_yes()

    assert room.column().lineitem_url == before
    assert len(room.site.line_items_of(room.course.lms)) == 1


def test_a_deleted_column_is_gone_and_told_and_not_made_again(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    room.help(ben)
    room.site.state.line_items.clear()
    room.help(ben)
    the_clock.move(days=3)

    room.send()

    column = room.column()
    assert (column.status, column.trouble) == (ColumnStatus.GONE, "column-deleted")
    assert room.site.line_items_of(room.course.lms) == []


def test_a_new_yes_makes_a_new_column_with_everything_in_it(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    room.help(ben)
    room.site.state.line_items.clear()
    room.help(ben)

    room.say_yes()
    the_clock.move(hours=1)
    room.send()

    assert room.column().status is ColumnStatus.READY
    assert room.gradebook() == room.due() == {ben.sub: 2}


def test_one_stray_404_does_not_end_a_column(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    room.site.faults.add(Fault("scores", "status", times=1, status=404))
    room.help(ben)
    the_clock.move(hours=1)

    room.send()

    assert (room.column().status, room.shown(ben)) == (ColumnStatus.READY, 1)


def test_a_tool_that_was_removed_is_told_and_works_again_when_it_is_back(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    room.site.remove_tool(room.course.lms, room.course.tool)
    room.help(ben)
    told = room.column()
    was = (told.status, bool(told.trouble))
    room.course.lms.removed_tools.clear()
    the_clock.move(days=1, hours=1)
    room.chore("credit.columns")

    room.send()

    assert was == (ColumnStatus.REFUSED, True)
    assert room.shown(ben) == 1


def test_services_that_are_switched_off_are_told(one_classroom):
    room = one_classroom
    room.course.tool.scopes.clear()
    room.site.access_tokens.revoke_all()

    room.help(room.course.ben)

    column = room.column()
    assert column.status is ColumnStatus.REFUSED
    assert column.trouble == "switched-off"


def test_a_concluded_course_is_told_in_canvas_and_graded_in_moodle(one_classroom):
    room = one_classroom
    room.site.conclude(room.course.lms)

    room.help(room.course.ben)

    is_moodle = room.site.dialect_name == "moodle"
    assert room.column().status is (ColumnStatus.READY if is_moodle else ColumnStatus.GONE)
    assert room.shown(room.course.ben) == (1 if is_moodle else None)


def test_a_locked_grade_waits_alone(one_classroom, the_clock):
    room, ben, ana = one_classroom, one_classroom.course.ben, one_classroom.course.ana
    room.help(ben)
    room.cell(ben).is_locked = room.site.dialect_name == "moodle"
    for _ in range(8):
        room.help(ben)
        the_clock.move(hours=1)
    room.help(ana)
    shown = room.shown(ana)
    room.cell(ben).is_locked = False
    the_clock.move(hours=1)

    room.send()

    assert shown == 1
    assert room.shown(ben) == 9


# --- answers -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 403])
def test_a_throttle_is_obeyed_for_as_long_as_it_says(one_classroom, the_clock, status):
    room, ben = one_classroom, one_classroom.course.ben
    is_canvas = room.site.dialect_name == "canvas"
    kind = "throttle" if is_canvas else "status"
    status = status if is_canvas else 429
    room.site.faults.add(Fault("scores", kind, times=1, status=status, retry_after=120))
    room.help(ben)
    asked = len(room.site.requests)
    the_clock.move(seconds=115)
    room.help(ben)
    during = len(room.site.requests)
    the_clock.move(seconds=10)

    room.send()

    assert during == asked
    assert room.shown(ben) == 2


def test_a_retry_after_that_is_a_date_is_obeyed(one_classroom, the_clock):
    from email.utils import format_datetime

    from lti_tool.clock import now

    room, ben = one_classroom, one_classroom.course.ben
    until = format_datetime(now() + timedelta(minutes=5), usegmt=True)
    room.site.faults.add(Fault("*", "status", times=1, status=503, retry_after=until))

    room.help(ben)

    pause = room.service().paused_until - now()
    assert timedelta(minutes=4) < pause <= timedelta(minutes=5, seconds=2)


def test_a_token_that_expired_gets_one_fresh_one(one_classroom):
    room, ben = one_classroom, one_classroom.course.ben
    room.help(ben)
    room.site.access_tokens.revoke_all()
    before = len(room.asked("token"))

    room.help(ben)

    assert room.shown(ben) == 2
    assert len(room.asked("token")) == before + 1


def test_a_platform_that_gives_no_token_exempts_nobody(one_classroom, the_clock):
    room, ben = one_classroom, one_classroom.course.ben
    room.site.access_tokens.revoke_all()
    room.site.faults.add(Fault("token", "status", times=1, status=400))
    room.help(ben)
    was = room.push(ben).status
    the_clock.move(minutes=1)

    room.send()

    assert (was, room.shown(ben)) == (PushStatus.WAITING, 1)


@pytest.mark.parametrize("service", ["token", "results", "scores"])
@pytest.mark.parametrize("kind", ["garbage", "cut", "reset", "redirect", "status"])
def test_a_broken_answer_ends_in_waiting_and_then_in_the_score(
    one_classroom, the_clock, service, kind
):
    room, ben = one_classroom, one_classroom.course.ben
    room.site.access_tokens.revoke_all()
    room.site.faults.add(Fault(service, kind, times=1))
    room.help(ben)
    the_clock.move(minutes=1)

    room.send()

    assert room.gradebook() == room.due() == {ben.sub: 1}
    assert room.push(ben).status is PushStatus.SENT
    assert "127.0.0.1" not in room.push(ben).trouble


def test_an_answer_that_drips_is_cut_off_in_time(one_classroom, the_clock, monkeypatch):
    from time import monotonic

    from lti_tool.lti import tokens

    room, ben = one_classroom, one_classroom.course.ben
    room.help(ben)
    monkeypatch.setattr(tokens, "SECONDS", 1.0)
    room.site.faults.add(Fault("results", "drip", times=1, seconds=0.2))
    began = monotonic()
    room.help(ben)
    took = monotonic() - began
    the_clock.move(minutes=1)

    room.send()

    assert took < 4
    assert room.shown(ben) == 2


@pytest.mark.parametrize(
    "score", ["NaN", "Infinity", "1" + "0" * 400, '"5"', "true"], ids=lambda text: text[:8]
)
def test_a_result_that_is_no_number_is_no_teachers_decision(one_classroom, score):
    from lti_tool.errors import PlatformUnreachable
    from lti_tool.lti import grades, http, tokens

    answer = http.Answer(200, {}, b'[{"userId": "5", "resultScore": %s}]' % score.encode())

    with pytest.raises(PlatformUnreachable):
        grades._result(tokens.json_of(answer)[0])
