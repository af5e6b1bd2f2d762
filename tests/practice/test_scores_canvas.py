"""Scores as Canvas takes them: row by row of the table of known behaviour."""

import pytest

from lti_tool.practice import vocabulary as v

QUIETLY = {v.CANVAS_SUBMISSION: {"new_submission": False}}


def flagged(**flags):
    return {v.CANVAS_SUBMISSION: flags}


def test_a_score_answers_with_its_result(canvas):
    url = canvas.score(given=5).get_json()["resultUrl"]

    shown = canvas.call("GET", url).get_json()
    assert (shown["resultScore"], shown["userId"]) == (50.0, canvas.ana.sub)


def test_only_active_students_can_be_scored(canvas):
    stranger = canvas.site.add_person(name="Zoe")
    canvas.site.suspend(canvas.course, canvas.ben)

    replies = [canvas.score(person) for person in (stranger, canvas.ben, canvas.ivy, canvas.tom)]
    assert {reply.status_code for reply in replies} == {422}
    assert "is not a student" in replies[0].get_data(as_text=True)


def test_students_are_known_by_former_and_numeric_ids_too(canvas):
    canvas.ana.past_subs.append("before-the-merge")

    assert canvas.score(userId="before-the-merge").status_code == 200
    assert canvas.score(userId=str(canvas.ana.number)).status_code == 200


def test_the_test_student_can_be_scored(canvas):
    assert canvas.score(canvas.enrolled("Test Student", "test_student")).status_code == 200


def test_an_older_time_is_400_and_an_equal_one_is_taken(canvas):
    canvas.score(given=5)
    assert canvas.score(given=6).status_code == 200

    canvas.later(milliseconds=-1)
    assert canvas.score(given=7).status_code == 400
    assert canvas.cell().score == 60.0


def test_a_teachers_edit_is_overwritten_silently(canvas):
    canvas.score(given=5)
    canvas.later(minutes=1)
    canvas.site.teacher_sets(canvas.course, "Good Turn", canvas.ana, 77)
    assert canvas.results().get_json()[0]["resultScore"] == 77

    canvas.later(seconds=-30)
    assert canvas.score(given=8).status_code == 200
    assert (canvas.cell().score, canvas.cell().overridden_by_teacher) == (80, False)


@pytest.mark.parametrize("change", [{"gradingProgress": "Pending"}, {"scoreGiven": None}])
def test_a_score_that_does_not_count_wipes_the_grade(canvas, change):
    canvas.score(given=5)
    canvas.score(**change)

    assert canvas.cell().score is None


def test_pending_manual_counts_as_graded(canvas):
    canvas.score(given=5, gradingProgress="PendingManual")

    assert canvas.cell().score == 50


def test_preserve_score_ignores_the_score_altogether(canvas):
    canvas.score(given=5)
    canvas.score(given=9, **flagged(preserve_score=True))

    assert canvas.cell().score == 50


def test_prioritising_the_teacher_freezes_the_tools_own_score_too(canvas):
    canvas.score(given=5)
    canvas.score(given=9, **flagged(prioritize_non_tool_grade=True))

    assert canvas.cell().score == 50


def test_every_comment_is_added_to_those_before(canvas):
    canvas.score(comment="one")
    canvas.score(comment="one")

    assert canvas.cell().comments == ["one", "one"]


def test_every_score_is_a_new_attempt_unless_it_says_otherwise(canvas):
    canvas.score()
    canvas.score(**QUIETLY)
    canvas.score(**flagged(submission_type="none"))
    assert canvas.cell().attempts == 1

    canvas.score()
    assert canvas.cell().attempts == 2


def test_no_more_attempts_than_the_assignment_allows(canvas):
    canvas.site.column(canvas.course, "Good Turn").attempts_allowed = 1
    canvas.score()

    assert canvas.score().status_code == 422
    assert canvas.score(**QUIETLY).status_code == 200


def test_more_than_the_maximum_is_extra_credit(canvas):
    canvas.score(given=12)

    assert canvas.cell().score == 120


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"given": -1}, 422),
        ({"scoreMaximum": 0}, 422),
        ({"scoreMaximum": None}, 422),
        ({"timestamp": "yesterday"}, 400),
        ({"activityProgress": None}, 400),
        ({"activityProgress": "Dreaming"}, 422),
        ({"userId": None}, 422),
        (flagged(submitted_at="2026-11-23T12:02:00Z"), 400),
    ],
)
def test_what_canvas_refuses(canvas, wrong, status):
    assert canvas.score(**wrong).status_code == status


def test_on_a_column_of_zero_points_the_score_is_raw_points(canvas):
    canvas.site.column(canvas.course, "Good Turn").maximum = 0
    canvas.score(given=3, scoreMaximum=0)
    assert canvas.cell().score == 3

    canvas.score(given=3, scoreMaximum=10)
    assert canvas.cell().score == 0


def test_pass_or_fail_knows_only_complete(canvas):
    canvas.site.column(canvas.course, "Good Turn").is_pass_fail = True
    canvas.score(given=0.1)

    assert canvas.cell().score == 100


def test_a_removed_tool_hears_that_it_is_not_linked(canvas):
    url = canvas.lineitem
    canvas.site.remove_tool(canvas.course, canvas.tool)

    reply = canvas.score(lineitem=url)
    assert reply.status_code == 401
    assert "not linked to a Tool" in reply.get_data(as_text=True)


def test_a_concluded_course_is_404(canvas):
    url = canvas.lineitem
    canvas.site.conclude(canvas.course)

    assert canvas.score(lineitem=url).status_code == 404


def test_a_grade_without_a_result_is_not_in_the_results(canvas):
    canvas.site.teacher_sets(canvas.course, "Good Turn", canvas.ana, 77)

    assert canvas.results(f"user_id={canvas.ana.sub}").get_json() == []


def test_results_come_in_pages(canvas):
    for person in (canvas.ana, canvas.ben):
        canvas.score(person)

    reply = canvas.results("limit=1")
    assert len(reply.get_json()) == 1
    assert 'rel="next"' in reply.headers["Link"]
