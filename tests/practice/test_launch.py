"""Launches: what each platform sends, checks, and refuses."""

import json

import jwt
import pytest

from lti_tool.practice import vocabulary as v
from lti_tool.practice.exchange import PlatformPage


def opened(site, id_token):
    """The claims, if the site's published keys really verify the token."""
    kid = jwt.get_unverified_header(id_token)["kid"]
    keys = {key["kid"]: jwt.PyJWK(key) for key in site.keys.published()["keys"]}
    unchecked = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
    return jwt.decode(id_token, keys[kid], algorithms=["RS256"], options=unchecked)


def test_a_launch_comes_back_signed_with_nonce_and_state(lms):
    uri, fields = lms.site.authorize(lms.begin(), lms.ana)

    claims = opened(lms.site, fields["id_token"])
    assert uri == "https://tool.test/launch"
    assert (fields["state"], claims["nonce"], claims["sub"]) == ("s", "n", lms.ana.sub)


def test_moodle_begins_with_its_own_fields(moodle):
    login = moodle.site.login_request(moodle.ana, moodle.link)

    assert set(login) == {
        "iss", "target_link_uri", "login_hint", "lti_message_hint",
        "client_id", "lti_deployment_id",
    }  # fmt: skip
    assert set(json.loads(login["lti_message_hint"])) == {"cmid", "launchid"}


def test_canvas_begins_with_its_own_fields(canvas):
    login = canvas.site.login_request(canvas.ana, canvas.link)

    assert "lti_deployment_id" not in login
    assert login["deployment_id"] == canvas.tool.deployment_ids[0]
    assert login["lti_storage_target"] == "post_message_forwarding"
    assert canvas.ana.sub not in login.values()


def test_moodles_token_lives_for_a_minute_and_names_no_azp(moodle):
    claims = moodle.claims()

    assert claims["exp"] - claims["iat"] == 60
    assert claims["aud"] == moodle.tool.client_id
    assert "azp" not in claims
    assert claims[v.CONTEXT]["type"] == ["CourseSection"]


def test_canvass_token_lives_for_an_hour_and_repeats_the_client_in_azp(canvas):
    claims = canvas.claims()

    assert claims["exp"] - claims["iat"] == 3600
    assert claims["azp"] == claims["aud"] == canvas.tool.client_id
    assert claims[v.CONTEXT]["type"][0].startswith("http://purl.imsglobal.org/")


def test_a_moodle_hint_serves_once_and_then_ends_on_a_page(moodle):
    query = moodle.begin()
    moodle.site.authorize(query, moodle.ana)

    with pytest.raises(PlatformPage) as page:
        moodle.site.authorize(query, moodle.ana)
    assert page.value.status == 404


def test_a_canvas_hint_serves_once_and_then_the_tool_hears_so(canvas):
    query = canvas.begin()
    canvas.site.authorize(query, canvas.ana)

    _, fields = canvas.site.authorize(query, canvas.ana)
    assert fields["error"] == "launch_no_longer_valid"
    assert fields["state"] == "s"
    assert "id_token" not in fields


def test_a_canvas_hint_is_good_for_five_minutes(canvas):
    query = canvas.begin()
    canvas.later(minutes=6)

    _, fields = canvas.site.authorize(query, canvas.ana)
    assert fields["error"] == "invalid_request_object"


@pytest.mark.parametrize("name", ["scope", "response_type", "nonce", "redirect_uri"])
def test_moodle_keeps_a_malformed_request_to_itself(moodle, name):
    with pytest.raises(PlatformPage):
        moodle.site.authorize(
            moodle.begin() | {name: "wrong" if name != "nonce" else ""}, moodle.ana
        )


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("client_id", "unauthorized_client"),
        ("login_hint", "access_denied"),
        ("prompt", "invalid_request"),
        ("response_mode", "invalid_request"),
    ],
)
def test_moodle_posts_these_errors_to_the_tool(moodle, name, error):
    _, fields = moodle.site.authorize(moodle.begin() | {name: "other"}, moodle.ana)

    assert (fields["error"], fields["state"]) == (error, "s")


@pytest.mark.parametrize("name", ["scope", "response_type", "response_mode", "prompt", "nonce"])
def test_canvas_posts_malformed_requests_back(canvas, name):
    _, fields = canvas.site.authorize(canvas.begin() | {name: ""}, canvas.ana)

    assert (fields["error"], fields["state"]) == ("invalid_request_object", "s")


def test_moodle_wants_the_redirect_uri_to_the_letter(moodle):
    with pytest.raises(PlatformPage):
        moodle.site.authorize(
            moodle.begin() | {"redirect_uri": "https://tool.test/launch?x=1"}, moodle.ana
        )


def test_canvas_overlooks_a_query_at_the_redirect_uri(canvas):
    uri, fields = canvas.site.authorize(
        canvas.begin() | {"redirect_uri": "https://tool.test/launch?x=1"}, canvas.ana
    )

    assert uri.endswith("?x=1")
    assert "id_token" in fields


def test_somebody_else_in_the_browser_gets_no_token(moodle, canvas):
    with pytest.raises(PlatformPage):
        moodle.site.authorize(moodle.begin(moodle.ana), moodle.ben)

    _, fields = canvas.site.authorize(canvas.begin(canvas.ana), canvas.ben)
    assert fields["error"] == "login_required"


def test_moodle_looks_at_the_role_when_it_signs_and_canvas_when_the_launch_began(lms):
    query = lms.begin(lms.ana)
    lms.course.enrolments[lms.ana.sub].roles = ["teacher"]

    _, fields = lms.site.authorize(query, lms.ana)
    role = {"moodle": "Instructor", "canvas": "Learner"}[lms.site.dialect_name]
    assert v.MEMBERSHIP + role in opened(lms.site, fields["id_token"])[v.ROLES]


def test_without_a_session_moodle_shows_a_page_and_canvas_says_login_required(moodle, canvas):
    with pytest.raises(PlatformPage):
        moodle.site.authorize(moodle.begin(), None)

    _, fields = canvas.site.authorize(canvas.begin(), None)
    assert fields["error"] == "login_required"


def test_who_is_not_enrolled_never_comes_back(lms):
    stranger = lms.site.add_person(name="Zoe Elsewhere")

    with pytest.raises(PlatformPage):
        lms.site.authorize(lms.begin(stranger), stranger)


def test_rotated_keys_verify_as_long_as_the_old_ones_stay_published(lms):
    before = lms.site.launch(lms.ana, lms.link)
    lms.site.rotate_keys(keep_old=True)
    after = lms.site.launch(lms.ana, lms.link)

    assert opened(lms.site, before)["sub"] == opened(lms.site, after)["sub"]
    lms.site.rotate_keys(keep_old=False)
    assert len(lms.site.keys.published()["keys"]) == 1


def test_unknown_variables_arrive_literally_and_moodles_zone_may_be_99(bench):
    wanted = {"tz": "$Person.address.timezone", "odd": "$Canvas.foo", "Fixed Key": "v"}
    claims = bench("moodle", custom=wanted).claims()

    assert claims[v.CUSTOM] == {
        "tz": "99", "odd": "$Canvas.foo", "Fixed Key": "v", "fixed_key": "v",
    }  # fmt: skip


def test_privacy_withholds_names_and_mail_in_launch_and_roster(bench):
    for dialect in ("moodle", "canvas"):
        lms = bench(dialect, privacy="anonymous")
        roster = lms.call("GET", lms.members_url, v.MEMBERSHIP_CONTAINER).get_data(as_text=True)

        assert "Ana" not in json.dumps(lms.claims()) + roster
        assert "@" not in roster


def test_services_that_are_switched_off_are_not_in_the_launch(bench):
    claims = bench("canvas", scopes=[]).claims()

    assert v.AGS_CLAIM not in claims
    assert v.NRPS_CLAIM not in claims


def test_course_navigation_in_canvas_bears_the_courses_own_id(canvas):
    link = canvas.site.add_link(canvas.course, canvas.tool, placement="course_navigation")
    claims = canvas.site.claims(canvas.ana, link, "n")

    assert claims[v.RESOURCE_LINK]["id"] == claims[v.CONTEXT]["id"]
    assert "lineitem" not in claims[v.AGS_CLAIM]


def test_a_second_column_on_the_activity_hides_the_single_line_item(moodle):
    body = {"label": "More", "scoreMaximum": 5, "resourceLinkId": moodle.link.resource_link_id}
    moodle.call("POST", moodle.lineitems, v.LINEITEM_TYPE, body)

    assert "lineitem" not in moodle.claims()[v.AGS_CLAIM]


def test_an_anonymous_visitor_of_a_public_canvas_course_has_no_sub(canvas):
    visitor = canvas.site.add_person(name="Visitor", is_visitor=True)

    assert "sub" not in canvas.claims(visitor)


def test_tokens_can_be_made_wrong_in_any_way(lms):
    unsigned = lms.site.sign({"a": 1}, alg="none", kid=None)
    confused = lms.site.sign(b'{"a": 1, "a": 2}', alg="HS256", kid="unknown", headers={"jku": "x"})

    assert unsigned.endswith(".")
    assert "kid" not in jwt.get_unverified_header(unsigned)
    assert jwt.get_unverified_header(confused) == {
        "typ": "JWT", "alg": "HS256", "kid": "unknown", "jku": "x",
    }  # fmt: skip
