"""Our own keys: which one signs, and which are published."""

from datetime import UTC, datetime, timedelta

import pytest

from lti_tool.db import db, start_reading
from lti_tool.lti import keys
from lti_tool.lti.models import ToolKey
from lti_tool.lti.rules import published_keys, signing_key

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def ago(**since):
    return NOW - timedelta(**since)


@pytest.mark.parametrize(
    ("made_at", "signs"),
    [
        pytest.param({"first": ago(seconds=1)}, "first", id="the only one, however new"),
        pytest.param({"old": ago(days=9), "new": ago(minutes=59)}, "old", id="not known yet"),
        pytest.param({"old": ago(days=9), "new": ago(minutes=60)}, "new", id="known by now"),
        pytest.param({"new": ago(days=1), "old": ago(days=9)}, "new", id="whatever the order"),
    ],
)
def test_a_new_key_signs_when_platforms_can_know_it(made_at, signs):
    assert signing_key(made_at, NOW) == signs


@pytest.mark.parametrize(
    ("made_at", "published"),
    [
        pytest.param({"only": ago(days=400)}, {"only"}, id="the one in use never goes"),
        pytest.param({"old": ago(days=9), "new": ago(hours=48)}, {"old", "new"}, id="both"),
        pytest.param({"old": ago(days=9), "new": ago(hours=49)}, {"new"}, id="after it"),
    ],
)
def test_a_replaced_key_stays_published_through_its_overlap(made_at, published):
    assert published_keys(made_at, NOW) == published


def test_rotating_publishes_both_and_goes_on_signing_with_the_old(sqlite_app):
    start_reading()
    before = keys.signing_key().kid
    db.session.rollback()

    fresh = keys.make_signing_key().kid

    assert {each["kid"] for each in keys.published()["keys"]} == {before, fresh}
    assert keys.signing_key().kid == before
    forget(fresh)


def forget(kid):
    """The other tests of this run keep their one key."""
    db.session.rollback()
    db.session.query(ToolKey).filter_by(kid=kid).delete()
    db.session.commit()
