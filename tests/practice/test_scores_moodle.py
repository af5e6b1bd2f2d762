"""Scores as Moodle takes them: row by row of the table of known behaviour."""

import pytest

from lti_tool.practice import vocabulary as v


def test_a_score_is_rescaled_and_answered_with_an_empty_200(moodle):
    reply = moodle.score(given=5, comment="Well helped")

    assert (reply.status_code, reply.data) == (200, b"")
    assert (moodle.cell().score, moodle.cell().comments) == (50.0, ["Well helped"])


def test_only_people_with_a_gradebook_role_can_be_scored(moodle):
    stranger = moodle.site.add_person(name="Zoe")
    moodle.site.unenrol(moodle.course, moodle.ben)

    replies = [moodle.score(person) for person in (stranger, moodle.ben, moodle.ivy, moodle.tom)]
    assert {reply.status_code for reply in replies} == {400}
    assert "Incorrect score received" in replies[0].get_data(as_text=True)


def test_a_suspended_student_can_still_be_scored(moodle):
    moodle.site.suspend(moodle.course, moodle.ana)

    assert moodle.score().status_code == 200


def test_an_older_or_equal_time_is_409_and_changes_nothing(moodle):
    moodle.score(given=5)
    equal = moodle.score(given=6)
    moodle.later(seconds=-10)
    older = moodle.score(given=7)

    assert (equal.status_code, older.status_code) == (409, 409)
    assert moodle.cell().score == 50.0


def test_two_scores_in_one_second_collide(moodle):
    moodle.score(given=5)
    moodle.later(milliseconds=900)

    assert moodle.score(given=6).status_code == 409


def test_a_time_in_the_future_is_taken_and_blocks_what_comes_after(moodle):
    moodle.score(timestamp="2030-01-01T00:00:00Z")
    moodle.later(minutes=30)

    assert moodle.score().status_code == 409


def test_a_teachers_edit_counts_as_the_stored_time(moodle):
    url = moodle.call(
        "POST", moodle.lineitems, v.LINEITEM_TYPE, {"label": "Help", "scoreMaximum": 10}
    ).get_json()["id"]
    moodle.later(seconds=5)
    moodle.site.teacher_sets(moodle.course, "Help", moodle.ana, 3)

    assert moodle.score(lineitem=url).status_code == 409
    moodle.later(seconds=5)
    assert moodle.score(lineitem=url, given=8).status_code == 200
    assert moodle.cell(title="Help").score == 8


def test_a_grade_overridden_on_the_activity_stays_though_the_answer_is_200(moodle):
    moodle.site.teacher_sets(moodle.course, "Good Turn", moodle.ana, 77)
    moodle.later(minutes=1)

    assert moodle.score().status_code == 200
    assert (moodle.cell().score, moodle.cell().overridden_by_teacher) == (77, True)
    assert moodle.results().get_json()[0]["resultScore"] == 77


@pytest.mark.parametrize("change", [{"gradingProgress": "Pending"}, {"given": None}])
def test_a_score_that_is_not_fully_graded_wipes_the_grade(moodle, change):
    moodle.score(given=5)
    moodle.later(seconds=1)

    assert moodle.score(**change).status_code == 200
    assert moodle.cell().score is None


def test_feedback_is_replaced_and_cleared_by_silence(moodle):
    moodle.score(comment="one")
    moodle.later(seconds=1)
    moodle.score(comment="two")
    assert moodle.cell().comments == ["two"]

    moodle.later(seconds=1)
    moodle.score()
    assert moodle.cell().comments == []


@pytest.mark.parametrize(("given", "kept"), [(12, 100.0), (-1, 0.0)])
def test_scores_are_clipped_to_the_columns_bounds(moodle, given, kept):
    moodle.score(given=given)

    assert moodle.cell().score == kept


def test_a_maximum_of_zero_skips_the_rescaling(moodle):
    moodle.score(given=5, scoreMaximum=0)

    assert moodle.cell().score == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"timestamp": "yesterday"},
        {"timestamp": "2026-11-23T12:00:00"},
        {"activityProgress": None},
        {"gradingProgress": None},
        {"scoreGiven": "much"},
    ],
)
def test_a_malformed_score_is_400(moodle, wrong):
    assert moodle.score(**wrong).status_code == 400


def test_the_media_type_must_be_exact(moodle):
    url = moodle.below("scores")

    assert moodle.call("POST", url, "application/json", {}).status_code == 400
    assert moodle.call("POST", url, v.SCORE_TYPE + "; charset=utf-8", {}).status_code == 400
    assert "No handler" not in moodle.call("POST", url, v.SCORE_TYPE, {}).get_data(as_text=True)


def test_scores_belong_before_the_question_mark(moodle):
    assert "/scores?type_id=" in moodle.below("scores")
    assert moodle.score(lineitem=moodle.lineitem.partition("?")[0]).status_code == 403


def test_a_locked_grade_is_an_error_500(moodle):
    moodle.score()
    moodle.cell().is_locked = True
    moodle.later(seconds=1)

    assert moodle.score().status_code == 500


def test_an_ended_course_still_takes_scores(moodle):
    moodle.site.conclude(moodle.course)

    assert moodle.score().status_code == 200


def test_results_crash_with_a_limit(moodle):
    moodle.score()

    reply = moodle.results("limit=10")
    assert (reply.status_code, reply.mimetype) == (404, "text/html")


def test_results_can_be_asked_for_one_person(moodle):
    moodle.score(moodle.ana, 5)
    moodle.score(moodle.ben, 6)

    found = moodle.results(f"user_id={moodle.ben.sub}").get_json()
    assert [(result["userId"], result["resultScore"]) for result in found] == [(moodle.ben.sub, 60)]
    assert len(moodle.results().get_json()) == 2


def test_every_post_is_written_down_with_what_became_of_it(moodle):
    moodle.score()
    moodle.score()

    posts = moodle.site.score_posts
    assert [(post.user_id, post.status) for post in posts] == [
        (moodle.ana.sub, 200), (moodle.ana.sub, 409),
    ]  # fmt: skip
    assert [post.is_applied for post in posts] == [True, False]
