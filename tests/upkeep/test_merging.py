"""The platform makes one account of two, and the tool follows; and undoes it."""

import re

import pytest
from sqlalchemy import func, select

from lti_tool.board.models import Question
from lti_tool.db import db, start_writing
from lti_tool.roster.models import Membership, SectionMember, Status, User
from tests.upkeep.conftest import everything


@pytest.fixture
def two(app, course, visit):
    """Ana and Cy asked, and both are in one section. Both dialects and databases."""
    course.cy = course.site.add_person(name="Cy Long")
    course.site.enrol(course.lms, course.cy, "student")
    for who in (course.ana, course.cy):
        visit(course, who).send("ask", title=f"Question of {who.given}", body="How?")
    start_writing()
    for member in db.session.scalars(select(Membership)).all():
        db.session.add(SectionMember(member_id=member.id, section="Northern"))
    db.session.commit()
    return course


def named(course, who):
    return f"{course.registration_id}:{who.sub}"


def member_of(who):
    return db.session.scalar(select(Membership).join(User).where(User.sub == who.sub))


def test_a_dry_run_changes_nothing(two, run):
    before = everything()

    result = run("person", "merge", named(two, two.ana), named(two, two.cy))

    assert result.exit_code == 0, result.output
    assert re.match(r"[0-9]+ rows change, 1 stay", result.stdout)
    assert everything() == before


def test_whoever_comes_as_the_old_one_is_the_new_one(two, run, visit):
    result = run("person", "merge", named(two, two.ana), named(two, two.cy), "--confirm")
    page = visit(two, two.ana).page().text
    cy, ana = member_of(two.cy), member_of(two.ana)

    assert result.exit_code == 0, result.output
    assert "Question of Ana" in page
    assert db.session.scalar(select(func.count()).where(Question.asker_id == cy.id)) == 2
    assert (cy.status, ana.status) == (Status.ACTIVE, Status.LEFT)


def test_a_sweep_knows_the_old_one_as_the_new_one(two, run, visit, run_chores, app):
    run("person", "merge", named(two, two.ana), named(two, two.cy), "--confirm")
    two.site.unenrol(two.lms, two.cy)
    visit(two, two.ivy)

    run_chores(app)
    db.session.expire_all()

    assert member_of(two.cy).status is Status.ACTIVE
    assert member_of(two.ana).status is Status.LEFT


def test_a_split_restores_every_row(two, run):
    before = everything("person_merge")

    merged = run("person", "merge", named(two, two.ana), named(two, two.cy), "--confirm")
    changed = everything("person_merge")
    made = re.search(r"person split ([^ ]+)", merged.stdout)[1]
    tried, still = run("person", "split", made), everything("person_merge")
    done = run("person", "split", made, "--confirm")

    assert changed == still != before
    assert (tried.exit_code, done.exit_code) == (0, 0), done.output
    assert everything("person_merge") == before
    assert run("person", "split", made, "--confirm").exit_code == 1


def test_one_person_and_nobody_are_told_plainly(two, run):
    same = run("person", "merge", named(two, two.ana), named(two, two.ana))
    nobody = run("person", "merge", named(two, two.ana), f"{two.registration_id}:nobody")

    assert (same.exit_code, nobody.exit_code) == (2, 1)
