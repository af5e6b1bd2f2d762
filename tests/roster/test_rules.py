"""The decisions about people, as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from lti_tool.lti.roles import Role
from lti_tool.roster import rules
from lti_tool.roster.rules import Known, Listed

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BEN = ("Ben Okafor", "Ben", "Okafor")


def known(**changes):
    here = {
        "sub": "ben",
        "names": BEN,
        "role": Role.STUDENT,
        "is_staff": False,
        "is_listed": True,
        "is_active": True,
        "seen_at": None,
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
        pytest.param(known(), None, "left", id="gone"),
        pytest.param(known(is_active=False), None, "", id="gone before"),
        pytest.param(known(seen_at=NOON), None, "", id="launched meanwhile"),
        pytest.param(
            known(seen_at=NOON - timedelta(minutes=1)), None, "left", id="launched before"
        ),
        pytest.param(
            known(is_listed=False, seen_at=NOON - timedelta(hours=11)), None, "", id="never listed"
        ),
        pytest.param(
            known(is_listed=False, seen_at=NOON - timedelta(hours=13)), None, "left", id="long ago"
        ),
    ],
)
def test_what_a_roster_changes(before, now, kind):
    was = {"ben": before} if before else {}
    told = {"ben": now} if now else {}

    difference = rules.diff(was, told, NOON)

    found = {
        "joined": [member.sub for member in difference.joined],
        "changed": [member.sub for member in difference.changed],
        "left": difference.left,
    }
    assert {name for name, subs in found.items() if subs} == ({kind} if kind else set())


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
