"""The decisions about people, as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from lti_tool.lti.roles import Role
from lti_tool.roster import rules
from lti_tool.roster.rules import Known, Listed, Place

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BEN = ("Ben Okafor", "Ben", "Okafor")


def known(**changes):
    here = {
        "user_id": 7,
        "names": BEN,
        "role": Role.STUDENT,
        "is_staff": False,
        "is_listed": True,
        "is_active": True,
    }
    return Known(**here | changes)


def listed(**changes):
    return Listed(**{"sub": "ben", "names": BEN, "role": Role.STUDENT} | changes)


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        pytest.param(None, listed(), "joined", id="new"),
        pytest.param(known(), listed(), "", id="the same"),
        pytest.param(known(), listed(names=("", "", "")), "", id="names withheld"),
        pytest.param(known(), listed(names=("B", "B", "O")), "changed", id="a new name"),
        pytest.param(known(), listed(role=Role.INSTRUCTOR), "changed", id="now teaches"),
        pytest.param(known(is_active=False), listed(), "changed", id="came back"),
        pytest.param(known(is_listed=False), listed(), "changed", id="listed at last"),
        pytest.param(
            known(role=Role.INSTRUCTOR, is_staff=True), listed(), "", id="Moodle's assistant"
        ),
        pytest.param(known(), None, "", id="on another page"),
    ],
)
def test_what_a_part_of_a_roster_changes(before, now, kind):
    was = {7: before} if before else {}
    told = {7: now} if now else {}

    difference = rules.diff(was, told)

    found = {"joined": difference.joined, "changed": difference.changed}
    assert {name for name, members in found.items() if members} == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("is_listed", "seen_at", "has_left"),
    [
        pytest.param(True, None, True, id="gone"),
        pytest.param(True, NOON, False, id="launched meanwhile"),
        pytest.param(True, NOON - timedelta(minutes=1), True, id="launched before"),
        pytest.param(False, NOON - timedelta(hours=11), False, id="never listed"),
        pytest.param(False, NOON - timedelta(hours=13), True, id="long ago"),
        pytest.param(False, None, True, id="never here"),
    ],
)
def test_who_has_left_when_a_complete_roster_lacks_them(is_listed, seen_at, has_left):
    assert rules.has_left(Place(7, is_listed, seen_at), NOON) is has_left


@pytest.mark.parametrize(
    ("people", "called"),
    [
        pytest.param([("Ana Ruiz", "Ana", "Ruiz")], ["Ana"], id="first names"),
        pytest.param(
            [("Ben Okafor", "Ben", "Okafor"), ("Ben Adeyemi", "Ben", "Adeyemi")],
            ["Ben O.", "Ben A."],
            id="shared first names get an initial",
        ),
        pytest.param(
            [("Ben Okafor", "Ben", "Okafor"), ("Ben", "Ben", "")],
            ["Ben O.", "Ben"],
            id="no family name",
        ),
        pytest.param([("Ana Ruiz", "", "")], ["Ana"], id="only a full name"),
        pytest.param(
            [("Zoë van der Merwe", "Zoë", "van der Merwe"), ("Zoë Lind", "Zoë", "Lind")],
            ["Zoë M.", "Zoë L."],
            id="the last part of the family name",
        ),
    ],
)
def test_what_people_are_called(people, called):
    names = rules.display_names((n, *person) for n, person in enumerate(people))

    assert [names[n] for n in range(len(people))] == called


def test_people_without_names_have_numbers_that_stay_and_change_nobody_elses():
    names = rules.display_names([(4, "", "", ""), (9, " ", "", ""), (12, "Ana R", "Ana", "R")])

    assert names == {4: 1, 9: 2, 12: "Ana"}


@pytest.mark.parametrize(("hours", "is_stale"), [(0, False), (5.9, False), (6, True), (100, True)])
def test_when_a_roster_is_stale(hours, is_stale):
    assert rules.is_stale(NOON, NOON + timedelta(hours=hours)) is is_stale


def test_a_roster_that_never_came_is_stale():
    assert rules.is_stale(None, NOON)


@pytest.mark.parametrize(("minutes", "may"), [(0, False), (4.9, False), (5, True)])
def test_when_a_platform_may_be_asked_again(minutes, may):
    assert rules.may_ask_again(NOON, NOON + timedelta(minutes=minutes)) is may
