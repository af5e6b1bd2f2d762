"""Forms as people send them: empty, huge, twice, strange; and the board with little or much."""

import re
from io import BytesIO
from itertools import chain

import pytest
from sqlalchemy import func, select

from lti_tool.board.models import Answer, Question, Thanks
from lti_tool.credit.models import CreditPolicy
from lti_tool.db import db
from lti_tool.roster.models import Membership
from tests.conftest import make_course

STRANGE = [
    pytest.param("Why? 为什么 ¿por qué? لماذا", id="four scripts"),
    pytest.param("👩🏽‍💻🧵 and a\u0301 \u202eright to left\u202c", id="emoji, accents, directions"),
    pytest.param("' OR 1=1; -- \\ % _ \" $1", id="SQL"),
    pytest.param("{{ 7*7 }} {% raw %} ${7*7} %(name)s %d", id="templates"),
    pytest.param("&lt;b&gt; &amp; <b>", id="entities"),
]


def count(model):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


def titles(page):
    return re.findall(r'/questions/[^"]+">([^<]*)</a>', page.text)


def hidden(page):
    """The hidden fields of the last form of a page."""
    return dict(re.findall(r'name="(csrf|form_key)" value="([^"]+)"', page.text))


@pytest.fixture
def person(app, make_site, visit):
    """Somebody of a course, on both databases: person("student")."""
    course = make_course(make_site("canvas"))

    def enter(role):
        made = course.site.add_person(name="Cem Lind")
        course.site.enrol(course.lms, made, role)
        return visit(course, made)

    return enter


@pytest.mark.parametrize("text", STRANGE)
def test_what_people_type_comes_back_letter_by_letter(person, text):
    ana = person("student")

    ana.send("ask", title=text, body=text)

    row = db.session.scalars(select(Question)).one()
    assert (row.title, row.body) == (text, text)
    assert "49" not in titles(ana.page())[0]


def test_the_character_that_databases_refuse_is_dropped(person):
    ana = person("student")

    answer = ana.send("ask", title="a\0b", body="\0c\0")

    row = db.session.scalars(select(Question)).one()
    assert answer.status_code == 303
    assert (row.title, row.body) == ("ab", "c")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "Say in a few words what you are stuck on."),
        ({"title": "  \r\n ", "body": "x"}, "Say in a few words what you are stuck on."),
        ({"title": "x", "body": "\0"}, "Tell your classmates a little more"),
        ({"title": "x" * 201, "body": "x"}, "The title is too long"),
        ({"title": "x", "body": "y" * 20_001}, "The text is too long"),
    ],
)
def test_a_question_that_cannot_be_used_comes_back_with_words(person, fields, problem):
    ana = person("student")

    answer = ana.send("ask", **fields)

    assert answer.status_code == 422
    assert problem in answer.text.replace("&#39;", "'")
    assert fields.get("body", "").strip("\0") in answer.text
    assert count(Question) == 0


def test_the_largest_question_is_taken(person):
    ana = person("student")

    answer = ana.send("ask", title="é" * 200, body="語" * 20_000)

    assert answer.status_code == 303


def test_a_file_or_a_double_field_is_not_a_text(person):
    ana = person("student")
    token = hidden(ana.page("ask"))["csrf"]
    file = {"csrf": token, "title": (BytesIO(b"x"), "x.txt"), "body": "x"}

    upload = ana.post(ana.home + "ask", file, content_type="multipart/form-data")
    double = ana.post(ana.home + "ask", {"csrf": token, "title": ["first", "second"], "body": "x"})

    assert (upload.status_code, double.status_code) == (422, 303)
    assert titles(ana.page()) == ["first"]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "nonsense"])
def test_a_body_that_is_no_form_is_refused(person, content_type):
    ana = person("student")

    answer = ana.post(ana.home + "ask", b'{"title": "x"}', content_type=content_type)

    assert answer.status_code == 422
    assert count(Question) == 0


def test_a_form_sent_twice_makes_one_question(person):
    ana = person("student")
    form = hidden(ana.page("ask")) | {"title": "Once", "body": "Once"}

    answers = [ana.post(ana.home + "ask", form) for _ in range(3)]

    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert titles(ana.page()) == ["Once"]


def test_a_form_changed_and_sent_again_makes_two(person):
    ana = person("student")
    form = hidden(ana.page("ask")) | {"title": "First", "body": "x"}

    ana.post(ana.home + "ask", form)
    ana.post(ana.home + "ask", form | {"title": "Second"})

    assert titles(ana.page()) == ["Second", "First"]


def test_two_people_with_the_same_form_key_do_not_meet(person):
    ana, ben = person("student"), person("student")

    ana.send("ask", title="Same", body="x", form_key="guessed")
    ben.send("ask", title="Same", body="x", form_key="guessed")

    assert count(Question) == 2


def test_an_answer_sent_twice_is_one_and_thanks_sent_twice_too(person):
    ana, ben = person("student"), person("student")
    asked = ana.send("ask", title="T", body="B").headers["Location"]
    form = hidden(ben.get(asked.replace(ana.home, ben.home))) | {"body": "Try this"}
    place = asked.removeprefix(ana.home)
    for _ in range(2):
        ben.post(f"{ben.home}{place}/answers", form)
    answer = re.search(r"answers/([^/\"]+)/thanks", ana.page(place).text)[1]

    for note in ("First", "Second"):
        ana.send(f"answers/{answer}/thanks", _from="", note=note)

    assert (count(Answer), count(Thanks)) == (1, 1)
    assert "First" in ana.page(place).text


def test_thanks_that_are_too_long_come_back(person):
    ana, ben = person("student"), person("student")
    place = ana.send("ask", title="T", body="B").headers["Location"].removeprefix(ana.home)
    ben.send(f"{place}/answers", _from=place, body="Try this")
    answer = re.search(r"answers/([^/\"]+)/thanks", ana.page(place).text)[1]

    page = ana.send(f"answers/{answer}/thanks", _from=place, note="n" * 501)

    assert page.status_code == 422
    assert "n" * 501 in page.text
    assert count(Thanks) == 0


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"mode": "gradebook"},
        {"mode": "everything", "full_marks_at": "10"},
        {"mode": "gradebook", "full_marks_at": "0"},
        {"mode": "gradebook", "full_marks_at": "101"},
        {"mode": "gradebook", "full_marks_at": "-1"},
        {"mode": "gradebook", "full_marks_at": "1e1"},
        {"mode": "gradebook", "full_marks_at": "１０"},
        {"mode": "gradebook", "full_marks_at": "1" * 5000},
    ],
)
def test_a_choice_that_is_none_changes_nothing(person, choice):
    ivy = person("teacher")

    answer = ivy.send("credit/settings", **choice)

    assert answer.status_code == 422
    assert "credit-choice" in answer.text
    assert count(CreditPolicy) == 0


def test_a_long_board_has_pages(person):
    ana = person("student")
    member = db.session.scalars(select(Membership)).one()
    db.session.add_all(_question(member, number) for number in range(60))
    db.session.commit()

    seen, path = [], ""
    while path is not None:
        page = ana.page(path)
        seen.append(titles(page))
        older = re.search(r'href="[^"]*(\?before=[^"]+)"', page.text)
        path = older[1] if older else None

    assert [len(part) for part in seen] == [25, 25, 10]
    assert [*chain(*seen)] == [f"Question {number}" for number in reversed(range(60))]


def _question(member, number):
    return Question(
        context_id=member.context_id,
        asker_id=member.id,
        form_key=str(number),
        title=f"Question {number}",
        body="x",
        asked_at=member.joined_at,
    )


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("student", "Nobody has asked anything yet."),
        ("test_student", "Nobody has asked anything yet."),
        ("ta", "Nobody has asked anything yet."),
        ("teacher", "The board is open."),
    ],
)
def test_an_empty_board_has_words_for_each_role(person, role, words):
    page = person(role).page()

    assert page.status_code == 200
    assert words in page.text
    assert ("Credit settings" in page.text) is (role == "teacher")
