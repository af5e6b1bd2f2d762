"""From the invitation to a launch: by one paste and by hand, in both dialects."""

import pytest

from lti_tool.db import db
from lti_tool.lti.models import Deployment, Registration
from lti_tool.practice import vocabulary as v
from lti_tool.practice.exchange import PlatformPage
from tests.conftest import ORIGIN
from tests.door import code_of
from tests.registration.conftest import course_of, registrations


def opened(site, office):
    """The tool that the platform made, switched on and in a course."""
    [tool] = site.state.tools.values()
    course = course_of(site, tool, office.public_id)
    if site.dialect_name == "moodle":
        site.activate(tool)
        course.link = site.add_link(course.lms, tool, title="Good Turn")
    else:
        site.set_key_state(tool, "on")
        deployment = site.install(tool, course.lms)
        course.link = site.add_link(course.lms, tool, title="Good Turn", deployment_id=deployment)
    return course


def test_one_paste_ends_in_a_launch(office, make_site, dialect, visit):
    site = make_site(dialect)

    page = office.paste(site)
    finished = office.press(page.text)
    ana = visit(course := opened(site, office), course.ana)

    assert (page.status_code, finished.status_code) == (200, 200)
    assert f"Register Good Turn with {site.issuer.split('/')[2]}" in page.text
    assert "org.imsglobal.lti.close" in finished.text
    assert ana.page().status_code == 200
    assert registrations() == [1, 1]


def test_what_the_platform_was_told(one_office, make_site, dialect):
    site = make_site(dialect)

    one_office.register_at(site)

    [tool] = site.state.tools.values()
    base = f"{ORIGIN}/lti/{one_office.public_id}"
    assert (tool.name, tool.domain) == ("Good Turn", "127.0.0.1:5000")
    assert (tool.login_url, tool.launch_url) == (f"{base}/login", f"{base}/launch")
    assert (tool.redirect_uris, tool.deep_link_url) == ([tool.launch_url], tool.launch_url)
    assert tool.jwks_url == f"{ORIGIN}/lti/jwks.json"
    assert set(tool.scopes) == set(v.ALL_SCOPES)
    assert {"tz", "context_history"} < set(tool.custom)


def test_moodle_shares_names_and_no_addresses(one_office, make_site):
    site = make_site("moodle")

    one_office.register_at(site)

    [tool] = site.state.tools.values()
    assert (tool.privacy, tool.accepts_grades) == ("name_only", "delegate")
    assert set(tool.custom) == {"tz", "context_history", "groups", "course_end"}


def test_canvas_has_the_board_in_the_navigation_and_in_two_choices(one_office, make_site):
    site = make_site("canvas")

    one_office.register_at(site)

    [tool] = site.state.tools.values()
    assert [(one.name, one.message_type, one.is_enabled) for one in tool.placements] == [
        ("course_navigation", v.RESOURCE_LINK_REQUEST, False),
        ("link_selection", v.DEEP_LINK_REQUEST, True),
        ("assignment_selection", v.DEEP_LINK_REQUEST, True),
    ]
    assert tool.privacy == "public"
    assert set(tool.custom) == {
        "tz", "context_history", "sections", "course_state", "api_domain",
    }  # fmt: skip


def test_moodle_tells_its_deployment_and_canvas_at_the_first_launch(
    office, make_site, dialect, visit
):
    site = make_site(dialect)

    office.register_at(site)
    known = db.session.query(Deployment).count()
    visit(course := opened(site, office), course.ivy)

    db.session.rollback()
    assert known == (1 if dialect == "moodle" else 0)
    assert db.session.query(Deployment).count() == 1


def test_moodles_pending_tool_is_told_of(one_office, make_site):
    site = make_site("moodle")

    finished = one_office.register_at(site)
    [tool] = site.state.tools.values()
    course = course_of(site, tool, one_office.public_id)

    assert "While it says “Pending”" in finished.text
    with pytest.raises(PlatformPage, match="pending"):
        site.login_request(course.ivy, site.add_link(course.lms, tool))


MOODLE = {"kind": "moodle", "client_id": "typed-in"}


def entered(site, office, **more):
    """The tool as an administrator enters it by hand; what the page shows is what is entered."""
    page = office.open(f"?platform={site.dialect_name}").text
    base = f"{ORIGIN}/lti/{office.public_id}"
    assert f'value="{base}/launch"' in page
    return site.add_tool(
        client_id="typed-in",
        login_url=f"{base}/login",
        launch_url=f"{base}/launch",
        jwks_url=f"{ORIGIN}/lti/jwks.json",
        **more,
    )


def test_moodle_by_hand_ends_in_a_launch(office, make_site, visit):
    site = make_site("moodle")
    tool = entered(site, office)

    finished = office.by_hand(
        **MOODLE, site=f"{site.issuer}/", deployment_id=tool.deployment_ids[0]
    )
    course = course_of(site, tool, office.public_id)
    course.link = site.add_link(course.lms, tool, title="Good Turn")
    ana = visit(course, course.ana)

    row = db.session.query(Registration).one()
    assert finished.status_code == 303
    assert (row.public_id, row.issuer, row.token_url) == (
        office.public_id, site.issuer, site.token_url,
    )  # fmt: skip
    assert ana.page().status_code == 200


def test_canvas_by_hand_ends_in_a_launch(office, make_site, visit):
    site = make_site("canvas")
    tool = entered(site, office)

    finished = office.by_hand(
        kind="canvas", where="own", site=site.base_url, issuer=site.issuer, client_id="typed-in"
    )
    course = course_of(site, tool, office.public_id)
    course.link = site.add_link(course.lms, tool, title="Good Turn")
    ana = visit(course, course.ana)

    assert finished.status_code == 303
    assert ana.page().status_code == 200


def test_another_platform_by_hand_ends_in_a_launch(one_office, make_site, visit):
    site = make_site("canvas")
    tool = entered(site, one_office)

    finished = one_office.by_hand(
        kind="other",
        issuer=site.issuer,
        auth_url=site.auth_url,
        token_url=site.token_url,
        jwks_url=site.jwks_url,
        client_id="typed-in",
    )
    course = course_of(site, tool, one_office.public_id)
    course.link = site.add_link(course.lms, tool, title="Good Turn")

    assert finished.status_code == 303
    assert visit(course, course.ana).page().status_code == 200


def test_the_addresses_are_there_before_the_platform_is(one_office, make_site):
    configuration = one_office.browser.get(f"/lti/{one_office.public_id}/config.json")
    login = one_office.browser.post(f"/lti/{one_office.public_id}/login")
    launch = one_office.browser.post(f"/lti/{one_office.public_id}/launch")

    assert configuration.get_json()["oidc_initiation_url"].endswith(f"{one_office.public_id}/login")
    assert (login.status_code, code_of(login)) == (404, "registration-unfinished")
    assert (launch.status_code, code_of(launch)) == (404, "registration-unfinished")


def test_the_spent_address_tells_how_it_stands(one_office, make_site, dialect, visit):
    site = make_site(dialect)
    one_office.register_at(site)

    before = one_office.open()
    course = opened(site, one_office)
    visit(course, course.ana)
    after = one_office.open()

    assert (before.status_code, after.status_code) == (410, 410)
    assert "No launch has arrived." in before.text
    assert "Launches from 1 course." in after.text
    assert "1 deployment." in after.text
    assert "Ana" not in after.text


def test_a_launch_that_began_and_did_not_arrive_is_told(one_office, make_site, browser):
    site = make_site("moodle")
    one_office.register_at(site)
    course = opened(site, one_office)

    browser().login(course.ana, course.link, site)

    assert "A launch began and did not arrive." in one_office.open().text
