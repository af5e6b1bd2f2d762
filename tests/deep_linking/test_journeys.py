"""From "Select content" to a score in the column of what was selected, in both dialects."""

import re

import pytest

from lti_tool.credit.models import ColumnStatus, GradeColumn
from lti_tool.db import db
from lti_tool.lti.models import ResourceLink
from lti_tool.practice import vocabulary as v
from tests.deep_linking.conftest import ASSIGNMENTS


def help_about(course, visit, link):
    """Ana asks through a link, Ben answers, Ana thanks."""
    ana, ben = visit(course, course.ana, link), visit(course, course.ben, link)
    page = ana.page("ask").text
    topic = re.search(r'<option value="([^"]+)" selected>', page)
    asked = ana.send("ask", title="Why?", body="It stops.", topic_key=topic[1] if topic else "")
    question = asked.headers["Location"].removeprefix(ana.home)
    ben.send(f"{question}/answers", _from=question, body="Look at line 3.")
    answer = re.search(r"answers/([^/\"]+)/thanks", ana.page(question).text)[1]
    ana.send(f"answers/{answer}/thanks", _from=question, note="")
    return ana, ben


def columns():
    db.session.rollback()
    return db.session.query(GradeColumn).order_by(GradeColumn.id).all()


def test_two_topics_with_columns_end_in_two_columns(app, course, chosen, visit, run_chores):
    made = chosen(course, board="new", names="Lab 1\nLab 2", column="yes", maximum="5")

    assert (made.error, made.overlooked) == ("", [])
    assert [link.title for link in made.links] == ["Good Turn: Lab 1", "Good Turn: Lab 2"]
    run_chores(app)
    assert {column.status for column in columns()} == {ColumnStatus.WANTED}

    ana, _ben = help_about(course, visit, made.links[0])
    run_chores(app)

    book = course.site.gradebook(course.lms)
    titles = [title for title in book if title.startswith("Good Turn: ")]
    assert book["Good Turn: Lab 1"][course.ben.sub].score == 1.0
    assert course.ben.sub not in book.get("Good Turn: Lab 2", {})
    assert len(titles) == len(set(titles)) == (2 if course.site.dialect_name == "moodle" else 1)
    assert "Lab 1" in ana.page().text


def test_the_platforms_own_column_is_taken_and_no_second_one_made(
    app, course, picker, visit, run_chores
):
    teacher = picker(course)
    teacher.begin(placement=ASSIGNMENTS[course.site.dialect_name])
    teacher.press(board="new", names="Essay", column="yes", maximum="4")
    teacher.press()
    link = teacher.answered().links[0]
    before = len(course.site.gradebook(course.lms))

    help_about(course, visit, link)
    run_chores(app)

    book = course.site.gradebook(course.lms)
    assert len(book) == before
    assert book["Good Turn: Essay"][course.ben.sub].score == 1.0
    column = columns()[0]
    assert (column.status, column.maximum) == (ColumnStatus.READY, 4)
    assert column.lineitem_url == course.site.claims(course.ana, link, "n")[v.AGS_CLAIM]["lineitem"]


def test_help_about_nothing_in_particular_goes_to_the_courses_column(
    app, course, chosen, visit, run_chores
):
    visit(course, course.ivy).send("credit/settings", mode="gradebook", full_marks_at="10")
    made = chosen(course, board="new", names="Lab 1", column="yes", maximum="5")

    help_about(course, visit, made.links[0])
    help_about(course, visit, course.link)
    run_chores(app)

    book = course.site.gradebook(course.lms)
    assert book["Good Turn: Lab 1"][course.ben.sub].score == 1.0
    assert book["Good Turn"][course.ben.sub].score == 1.0


def test_a_column_that_comes_later_takes_its_topics_points_over(
    app, course, chosen, visit, run_chores
):
    visit(course, course.ivy).send("credit/settings", mode="gradebook", full_marks_at="10")
    made = chosen(course, board="new", names="Lab 1")
    help_about(course, visit, made.links[0])
    run_chores(app)
    assert course.site.gradebook(course.lms)["Good Turn"][course.ben.sub].score == 1.0

    key = made.links[0].custom["good_turn_topic"]
    again = chosen(course, board=f"topic:{key}", column="yes", maximum="5")
    visit(course, course.ana, again.links[0])
    make_columns_due()
    run_chores(app)

    book = course.site.gradebook(course.lms)
    assert book["Good Turn"][course.ben.sub].score == 0.0
    assert book["Good Turn: Lab 1"][course.ben.sub].score == 1.0


def make_columns_due():
    """The ten minutes that a platform has are over."""
    db.session.rollback()
    for column in columns():
        column.next_try_at = column.next_try_at.replace(year=2020)
    db.session.commit()


def test_the_whole_board_may_be_linked_too(course, chosen, visit):
    made = chosen(course, board="whole")

    assert [link.title for link in made.links] == ["Good Turn"]
    assert "good_turn_topic" not in made.links[0].custom
    assert visit(course, course.ana, made.links[0]).page().status_code == 200


def test_a_link_opens_its_topic_and_the_whole_board_is_one_click_away(course, chosen, visit):
    made = chosen(course, board="new", names="Lab 1\nLab 2")
    ana = visit(course, course.ana, made.links[0])
    key, other = (link.custom["good_turn_topic"] for link in made.links)
    ana.send("ask", title="About one", body="b", topic_key=key)
    ana.send("ask", title="About two", body="b", topic_key=other)
    ana.send("ask", title="About none", body="b", topic_key="")

    first, whole, two = (ana.page(query).text for query in ("", "?topic=", f"?topic={other}"))

    assert [one in first for one in ("About one", "About two", "About none")] == [
        True,
        False,
        False,
    ]
    assert [one in whole for one in ("About one", "About two", "About none")] == [True] * 3
    assert [one in two for one in ("About one", "About two", "About none")] == [False, True, False]
    assert '?topic="' in first


def test_a_link_that_names_a_topic_of_elsewhere_opens_the_whole_board(course, chosen, visit):
    made = chosen(course, board="new", names="Lab 1")
    link = made.links[0]
    for named in ("AAAAAAAAAAAAAAAAAAAAAA", "x' OR 1=1", "\u202eabc", "a" * 600, "$Canvas.x", ""):
        link.custom["good_turn_topic"] = named

        ana = visit(course, course.ana, link)

        assert ana.page().status_code == 200
        assert ana.page("ask").status_code == 200


def test_another_courses_topic_is_not_here(course, chosen, visit):
    made = chosen(course, board="new", names="Secret lab")
    key = made.links[0].custom["good_turn_topic"]
    site = course.site
    other = site.add_course(title="Pottery")
    zoe = site.add_person(name="Zoe Lind")
    site.enrol(other, zoe, "student")
    there = visit(
        course,
        zoe,
        site.add_link(other, course.tool, title="Board", custom={"good_turn_topic": key}),
    )

    assert "Secret lab" not in there.page().text
    assert there.page(f"?topic={key}").status_code == 404
    assert there.send("ask", title="t", body="b", topic_key=key).status_code == 422


@pytest.mark.parametrize("has_cookies", [True, False])
def test_cancelling_adds_nothing_and_says_so(course, picker, has_cookies):
    teacher = picker(course, has_cookies=has_cookies)
    teacher.begin()
    teacher.press("cancel", board="new", names="Lab 1")

    made = teacher.answered()

    assert (made.links, made.error, made.message) == ([], "", "Nothing was added.")
    assert made.overlooked == []
    assert columns() == []


def test_without_cookies_the_choice_stays_in_its_frame(app, course, picker, visit, run_chores):
    teacher = picker(course, has_cookies=False)
    page = teacher.begin()
    assert page.status_code == 200
    assert not re.search(r"Ivy|Stone", page.text)
    teacher.browser.client = app.test_client()

    teacher.press(board="new", names="Lab 1", column="yes", maximum="5")
    teacher.browser.client = app.test_client()
    teacher.press()
    made = teacher.answered()

    assert made.overlooked == []
    help_about(course, visit, made.links[0])
    run_chores(app)
    assert course.site.gradebook(course.lms)["Good Turn: Lab 1"][course.ben.sub].score == 1.0


@pytest.mark.parametrize("has_cookies", [True, False])
def test_a_choice_is_sent_once(course, picker, has_cookies):
    teacher = picker(course, has_cookies=has_cookies)
    teacher.begin()
    teacher.press(board="whole")
    page = teacher.page
    assert teacher.press().status_code == 200

    teacher.page = page

    again = teacher.press()
    assert again.status_code == 422
    assert "link-answered" in again.text
    assert "JWT" not in again.text


def test_what_was_chosen_can_be_changed_before_it_is_sent(course, picker):
    teacher = picker(course)
    teacher.begin()
    teacher.press(board="new", names="Lab 1", maximum="7", column="yes")
    assert "With a grade column of 7 points" in teacher.page.text

    teacher.press("change")

    assert teacher.page.status_code == 200
    assert "Lab 1" in teacher.page.text
    assert 'value="7"' in teacher.page.text
    assert columns() == []


def test_topics_that_are_there_are_ticked_and_not_made_twice(course, chosen, picker):
    made = chosen(course, board="new", names="Lab 1")
    key = made.links[0].custom["good_turn_topic"]

    again = chosen(course, board=["new", f"topic:{key}"], names="LAB 1\nlab 2")

    assert [link.title for link in again.links] == ["Good Turn: Lab 1", "Good Turn: lab 2"]
    assert again.links[0].custom["good_turn_topic"] == key


def test_one_link_at_a_time_where_the_platform_says_so(canvas_course, picker):
    teacher = picker(canvas_course)
    page = teacher.begin(placement="assignment_selection")

    assert 'type="radio"' in page.text
    refused = teacher.press(board="new", names="Lab 1\nLab 2")
    assert refused.status_code == 422
    assert "one link at a time" in refused.text


def test_an_assistant_links_boards_without_columns(canvas_course, picker):
    tom = canvas_course.site.add_person(name="Tom Day")
    canvas_course.site.enrol(canvas_course.lms, tom, "ta")
    teacher = picker(canvas_course)
    page = teacher.begin(tom)
    assert "grade column" not in page.text

    teacher.press(board="new", names="Lab 1", column="yes", maximum="5")
    teacher.press()

    assert len(teacher.answered(tom).links) == 1
    assert columns() == []


def test_no_column_where_the_platform_takes_none(one_course, picker):
    def refuse(claims):
        claims[v.DEEP_LINK_SETTINGS]["accept_lineitem"] = False

    teacher = picker(one_course)
    page = teacher.begin(change=refuse)
    assert "grade column" not in page.text

    teacher.press(board="new", names="Lab 1", column="yes")
    teacher.press()

    assert "lineItem" not in teacher.token()[v.CONTENT_ITEMS][0]


@pytest.mark.parametrize("role", ["student", "observer", "test_student"])
def test_who_does_not_teach_is_told_so_in_words(canvas_course, picker, role):
    """Platforms keep them away; if one did not, there would be nothing to choose."""

    def demoted(claims):
        claims[v.ROLES] = {
            "student": [v.MEMBERSHIP + "Learner"],
            "observer": [v.MEMBERSHIP + "Mentor"],
            "test_student": ["http://purl.imsglobal.org/vocab/lti/system/person#TestUser"],
        }[role]

    for has_cookies in (True, False):
        teacher = picker(canvas_course, has_cookies=has_cookies)
        page = teacher.begin(change=demoted)
        if not has_cookies:
            page = teacher._followed()

        assert page.status_code == 200
        assert "Teachers choose what is added" in page.text


def test_outside_of_a_course_there_is_nothing_to_choose(one_course, picker):
    page = picker(one_course).begin(change=lambda claims: claims.pop(v.CONTEXT) and None)

    assert "Open Good Turn from a course" in page.text


def test_what_a_platform_sends_along_comes_back(course, picker):
    course.site.deep_link_data = 'a=1&b="2" <3>'
    teacher = picker(course)
    teacher.begin()
    teacher.press(board="whole")
    teacher.press()

    assert teacher.answered().overlooked == []


def test_the_answer_says_who_it_is_from_and_for_and_nothing_about_our_machine(course, picker):
    teacher = picker(course)
    teacher.begin()
    teacher.press(board="whole")
    teacher.press()

    said = teacher.token()

    assert said["iss"] == course.tool.client_id
    assert said["aud"] == [course.site.issuer]
    assert said["exp"] - said["iat"] <= 600
    assert said["nonce"] == said["jti"]
    assert len(said["jti"]) == 32
    assert v.DEEP + "data" not in said
    assert db.session.query(ResourceLink).count() == 0


def test_an_ordinary_visit_has_nothing_to_choose(one_course, visit):
    assert visit(one_course, one_course.ivy).page("link").status_code == 404


def test_the_settings_tell_of_each_column(one_course, chosen, visit):
    chosen(one_course, board="new", names="Lab <1>", column="yes", maximum="5")

    page = visit(one_course, one_course.ivy).page("credit/settings").text

    assert "Good Turn: Lab ‹1›" in page
    assert "after somebody opens the link" in page
