"""A platform is removed with all that is its, and nothing else."""

import pytest
import sqlalchemy as sa

from lti_tool.db import db
from lti_tool.lti.models import Registration
from lti_tool.upkeep import actions, queries
from tests.upkeep.conftest import NOBODYS, everything, fill


def test_every_table_is_a_platforms_or_known_to_be_nobodys():
    tables = {table.name for table in queries.platform_tables()}

    assert set(queries.Base.metadata.tables) - tables == NOBODYS


@pytest.mark.parametrize("rows", [1, 30, pytest.param(3_000, marks=pytest.mark.hard)])
def test_nothing_of_it_is_left_and_nothing_else_is_touched(app, run, monkeypatch, rows):
    monkeypatch.setattr(actions, "AT_ONCE", max(7, rows // 10))
    fill(100_000, rows)
    before = everything(*NOBODYS)
    fill(200_000, rows)
    gone = db.session.get(Registration, 200_000).public_id

    result = run("platform", "remove", gone, "--confirm")

    assert result.exit_code == 0, result.output
    assert everything(*NOBODYS) == before


def test_without_confirm_it_only_counts(sqlite_app, run):
    fill(10, 3)
    before = everything()

    result = run("platform", "remove", "public_id 10")

    assert before == everything()
    assert "3 courses, 3 people, 3 questions, 3 credits" in result.stdout
    assert "--confirm" in result.stdout


def test_removing_that_was_cut_off_goes_on(sqlite_app, run, monkeypatch):
    fill(10, 5)
    monkeypatch.setattr(actions, "AT_ONCE", 2)
    cut = iter(range(12))
    work = actions.remove_some
    monkeypatch.setattr(actions, "remove_some", lambda *words: (next(cut), work(*words))[1])

    first = run("platform", "remove", "public_id 10", "--confirm")
    listed = run("platform", "list")
    monkeypatch.setattr(actions, "remove_some", work)
    second = run("platform", "remove", "public_id 10", "--confirm")

    assert first.exit_code == 1
    assert "(disabled)" in listed.stdout
    assert second.exit_code == 0
    assert db.session.scalar(sa.select(Registration)) is None


def test_a_course_in_use_goes_too(course, visit, run):
    visit(course, course.ana).send("ask", title="Loops", body="How?")

    result = run("platform", "remove", course.registration_id, "--confirm")

    assert result.exit_code == 0
    assert {name for name, rows in everything(*NOBODYS).items() if rows} == set()


def test_one_that_is_not_there_is_one_plain_line(sqlite_app, run):
    result = run("platform", "remove", "nope", "--confirm")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: There is no platform nope")


def test_pages_of_a_removed_platform_are_not_there(one_course, visit, run):
    guest = visit(one_course, one_course.ana)

    run("platform", "remove", one_course.registration_id, "--confirm")

    assert guest.page().status_code in (401, 404)
