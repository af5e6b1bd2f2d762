"""A platform moves to a new client id or address, and every row of it stays."""

import pytest

from lti_tool.db import db
from lti_tool.lti.models import AccessToken, PlatformKeys
from lti_tool.roster.models import Membership
from lti_tool.upkeep.rules import Comparison, Move, verdict
from tests.conftest import make_course, registration_row
from tests.upkeep.conftest import everything

FORGOTTEN = ("access_token", "platform_keys")
REWRITTEN = ("registration", "deployment", "context", "resource_link")


@pytest.fixture
def swept(app, course, visit, run_chores):
    """A course that was launched and whose roster is known, on both databases and dialects."""
    visit(course, course.ivy)
    visit(course, course.ana).send("ask", title="Loops", body="How?")
    run_chores(app)
    return course


def new_tool(course, site=None):
    """The same tool under a new client id, with a link in the course."""
    site = site or course.site
    old = course.tool
    tool = site.add_tool(
        client_id="new-client",
        login_url=old.login_url,
        launch_url=old.launch_url,
        jwks=old.jwks,
        custom=old.custom,
    )
    return tool, site.add_link(course.lms, tool, title="Good Turn")


def deployment(link):
    return ("--deployment-id", link.deployment_id)


def test_a_dry_run_compares_and_changes_nothing(swept, run):
    _, link = new_tool(swept)
    before = everything()

    words = ("--client-id", "new-client", *deployment(link))
    result = run("platform", "relink", swept.registration_id, *words)

    assert result.exit_code == 0, result.output
    assert "3 people of ours found, 0 missing, 0 new" in result.stdout
    assert "looks like the same school" in result.stdout
    assert everything() == before


def test_with_confirm_every_row_stays_and_the_person_is_the_same(swept, run, visit):
    tool, link = new_tool(swept)
    kept = everything(*FORGOTTEN, *REWRITTEN)
    before = {name: len(rows) for name, rows in everything(*FORGOTTEN).items()}

    words = ("--client-id", "new-client", *deployment(link), "--confirm")
    result = run("platform", "relink", swept.registration_id, *words)
    after = {name: len(rows) for name, rows in everything(*FORGOTTEN).items()}

    assert result.exit_code == 0, result.output
    assert after == before
    assert everything(*FORGOTTEN, *REWRITTEN) == kept
    assert db.session.query(AccessToken).count() == db.session.query(PlatformKeys).count() == 0
    swept.site.delete_tool(swept.tool)
    assert "Loops" in visit(swept, swept.ana, link).page().text
    assert db.session.query(Membership).count() == 3
    assert tool.client_id == registration_row(swept.registration_id).client_id


def test_another_school_is_noticed(swept, run, make_site):
    other = make_course(make_site(swept.site.dialect_name, path="other"), client_id="there")
    url = swept.site.token_url
    theirs = other.site

    words = ("--client-id", "there", "--token-url", theirs.token_url)
    result = run("platform", "relink", swept.registration_id, *words)

    assert url != theirs.token_url
    assert result.exit_code == 0
    is_told = "could not be fetched" in result.stdout or "another school" in result.stdout
    assert is_told, result.stdout


def test_a_roster_that_cannot_be_fetched_says_why_and_may_still_be_moved(swept, run):
    words = ("platform", "relink", swept.registration_id, "--client-id", "nobody-knows")

    tried, done = run(*words), run(*words, "--confirm")

    assert "(no-token)" in tried.stdout
    assert "No roster could be compared." in tried.stdout
    assert done.exit_code == 0
    assert registration_row(swept.registration_id).client_id == "nobody-knows"


def test_nothing_new_is_wrong_usage(swept, run):
    assert run("platform", "relink", swept.registration_id).exit_code == 2


@pytest.mark.parametrize(
    ("found", "missing", "words"),
    [
        (6, 4, "the same school"),
        (5, 5, "may be another"),
        (0, 9, "nobody of ours"),
        (0, 0, "nothing to compare"),
    ],
)
def test_what_a_comparison_says(found, missing, words):
    assert words in verdict(Comparison(found, missing, 3))


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        (
            "https://a.example/x/bindings/2/memberships",
            "https://b.example/x/bindings/7/memberships",
        ),
        ("https://a.example/2/lineitems?type_id=2", "https://b.example/2/lineitems?type_id=7"),
        ("https://a.example/lineitems?type_id=21", "https://b.example/lineitems?type_id=21"),
        ("https://cdn.example/x", "https://cdn.example/x"),
        (None, None),
    ],
)
def test_addresses_of_services_move_along(url, moved):
    assert Move("https://a.example", "https://b.example", "2", "7").of(url) == moved
