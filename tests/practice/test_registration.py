"""Dynamic registration: what each platform wants, refuses, and makes of it."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from lti_tool.practice import vocabulary as v
from lti_tool.practice.app import create_practice
from lti_tool.practice.exchange import PlatformPage
from lti_tool.practice.site import Site

REGISTER = "https://tool.test:8443/register?invite=abc"


class Office:
    """An administrator's site and a tool that wants to be in it."""

    def __init__(self, dialect):
        self.site = Site(dialect, base_url=f"http://lms.test/{dialect}")
        self.course = self.site.add_course(title="Programming", label="CS1")
        self.ivy = self.site.add_person(name="Ivy Low")
        self.site.enrol(self.course, self.ivy, "teacher")
        self.web = create_practice([self.site]).test_client()

    def begin(self):
        """The two parameters of a fresh registration request."""
        query = parse_qs(urlsplit(self.site.registration_request(REGISTER)).query)
        assert query["invite"] == ["abc"]
        return query["openid_configuration"][0], query["registration_token"][0]

    def configuration(self, url, token=None):
        return self.web.get(url, headers={"Authorization": f"Bearer {token}"} if token else {})

    def register(self, token=None, **changed):
        address = urlsplit(self.site.openid_configuration()["registration_endpoint"]).path
        headers = {"Authorization": f"Bearer {token or self.begin()[1]}"}
        return self.web.post(address, json=payload(**changed), headers=headers)

    def registered(self, **changed):
        reply = self.register(**changed)
        assert reply.status_code == 200, reply.text
        return self.site.state.tools[reply.get_json()["client_id"]], reply.get_json()


def payload(**changed):
    """A registration that both like; `tool_` changes what is in the tool configuration."""
    tool = {
        "domain": "tool.test:8443",
        "target_link_uri": "https://tool.test:8443/launch",
        "claims": ["iss", "sub", "name", "email"],
        "custom_parameters": {"tz": "$Person.address.timezone"},
        "messages": [
            {"type": v.RESOURCE_LINK_REQUEST, "placements": ["course_navigation", "no_such_place"]},
            {
                "type": v.DEEP_LINK_REQUEST,
                "target_link_uri": "https://tool.test:8443/select",
                "placements": ["ContentArea", v.CANVAS + "assignment_selection"],
            },
        ],
    }
    whole = {
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "response_types": ["id_token"],
        "client_name": "Good Turn",
        "initiate_login_uri": "https://tool.test:8443/login",
        "redirect_uris": ["https://tool.test:8443/launch"],
        "jwks_uri": "https://tool.test:8443/jwks",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": f"{v.LINEITEM} {v.SCORE} {v.MEMBERS}",
    }
    tool |= {name[5:]: value for name, value in changed.items() if name.startswith("tool_")}
    whole |= {name: value for name, value in changed.items() if not name.startswith("tool_")}
    whole[v.TOOL_CONFIGURATION] = {name: value for name, value in tool.items() if value is not None}
    return {name: value for name, value in whole.items() if value is not None}


@pytest.fixture
def moodle():
    return Office("moodle")


@pytest.fixture
def canvas():
    return Office("canvas")


def test_moodle_shows_its_configuration_to_everybody(moodle):
    url, _ = moodle.begin()
    found = moodle.configuration(url).get_json()

    assert found == moodle.site.openid_configuration()
    assert found["issuer"] == moodle.site.issuer
    messages = found[v.PLATFORM_CONFIGURATION]["messages_supported"]
    assert messages[1] == {"type": v.DEEP_LINK_REQUEST, "placements": ["ContentArea"]}


def test_canvas_shows_its_configuration_for_the_token_only(canvas):
    url, token = canvas.begin()

    assert canvas.configuration(url).status_code == 401
    assert canvas.configuration(url, "made.up.token").status_code == 401
    assert canvas.configuration(url, token).get_json() == canvas.site.openid_configuration()


def test_moodles_tool_is_pending_and_hidden_until_somebody_activates_and_shows_it(moodle):
    tool, _ = moodle.registered()
    link = moodle.site.add_link(moodle.course, tool)

    with pytest.raises(PlatformPage, match="pending"):
        moodle.site.login_request(moodle.ivy, link)
    moodle.site.activate(tool)
    assert moodle.site.login_request(moodle.ivy, link).url == "https://tool.test:8443/login"
    assert moodle.site.activity_chooser(moodle.course) == []
    moodle.site.show_in_chooser(tool, moodle.course)
    assert moodle.site.activity_chooser(moodle.course) == [tool]


def test_moodle_answers_with_client_and_deployment_and_too_many_scopes(moodle):
    tool, reply = moodle.registered(scope=v.SCORE)

    assert reply[v.TOOL_CONFIGURATION]["deployment_id"] == tool.number == tool.deployment_ids[0]
    assert v.LINEITEM in reply["scope"]
    assert v.LINEITEM not in tool.scopes


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        ("", set()),
        (v.RESULT_READONLY, {v.SCORE, v.RESULT_READONLY, v.LINEITEM_READONLY}),
        (v.LINEITEM, set(v.AGS_SCOPES)),
        (v.MEMBERS, {v.MEMBERS}),
    ],
)
def test_moodle_turns_scopes_into_its_own_switches(moodle, scope, granted):
    tool, _ = moodle.registered(scope=scope)

    assert set(tool.scopes) == granted
    assert tool.accepts_grades == ("delegate" if granted - {v.MEMBERS} else "never")


@pytest.mark.parametrize(
    ("claims", "privacy"),
    [
        (["name", "email"], "public"),
        (["given_name"], "name_only"),
        (["email"], "email_only"),
        (["sub"], "anonymous"),
    ],
)
def test_claims_become_what_is_shared(moodle, canvas, claims, privacy):
    for office in (moodle, canvas):
        assert office.registered(tool_claims=claims)[0].privacy == privacy


def test_only_moodles_deep_linking_message_counts(moodle):
    assert moodle.registered()[0].deep_link_url == "https://tool.test:8443/select"
    assert moodle.registered(tool_messages=[])[0].deep_link_url is None


@pytest.mark.parametrize("name", ["redirect_uris", "jwks_uri", "client_name", "response_types"])
def test_moodle_names_the_first_thing_that_is_missing_in_plain_words(moodle, name):
    reply = moodle.register(**{name: None})

    assert (reply.status_code, reply.text) == (400, f"missing required attribute {name}")
    assert reply.mimetype == "text/plain"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"tool_domain": None}, "missing_domain"),
        ({"tool_domain": "tool.test"}, "domain_targetlinkuri_mismatch"),
        ({"response_types": ["code"]}, "invalid_response_types"),
        ({"redirect_uris": "https://tool.test/"}, "invalid_redirect_uris"),
        ({"token_endpoint_auth_method": "none"}, "invalid_token_endpoint_auth_method"),
        ({"application_type": "native"}, "invalid_application_type"),
    ],
)
def test_moodles_other_refusals(moodle, changed, error):
    reply = moodle.register(**changed)

    assert (reply.status_code, reply.text) == (400, error)
    assert moodle.site.state.tools == {}


def test_moodle_overlooks_www_in_the_domain(moodle):
    tool, _ = moodle.registered(tool_domain="www.tool.test:8443")

    assert tool.domain == "tool.test:8443"


def test_a_registration_serves_once(moodle, canvas):
    for office in (moodle, canvas):
        _, token = office.begin()
        assert office.register(token).status_code == 200

        assert office.register(token).status_code == 401
        assert len(office.site.state.tools) == 1


def test_without_a_token_nothing_is_registered(moodle, canvas):
    address = urlsplit(moodle.site.openid_configuration()["registration_endpoint"]).path
    reply = moodle.web.post(address, json=payload())

    assert (reply.status_code, reply.text) == (401, "missing_registration_token")
    assert canvas.register("made-up").status_code == 401


def test_a_registration_must_be_made_within_the_hour(moodle, canvas):
    for office in (moodle, canvas):
        _, token = office.begin()
        office.site.clock_error += timedelta(minutes=61)

        assert office.register(token).status_code in (401, 404)
        assert office.site.state.tools == {}


def test_moodle_can_renew_a_registration_in_place(moodle):
    tool, _ = moodle.registered()
    moodle.site.activate(tool)
    url = moodle.site.registration_request(REGISTER, update=tool)
    token = parse_qs(urlsplit(url).query)["registration_token"][0]
    moodle.register(token, client_name="Better Turn")

    renewed = moodle.site.state.tools[tool.client_id]
    assert (renewed.name, renewed.number, renewed.state) == ("Better Turn", tool.number, "active")


def test_canvas_answers_without_a_deployment_and_with_its_own_links(canvas):
    tool, reply = canvas.registered()

    assert "deployment_id" not in str(reply)
    assert tool.deployment_ids == []
    assert reply["scope"].endswith(" openid")
    assert "/view" in reply[v.TOOL_CONFIGURATION][v.CANVAS + "registration_config_url"]


def test_canvas_drops_unknown_placements_and_renames_the_specifications_own(canvas):
    tool, _ = canvas.registered()

    assert [(one.name, one.message_type) for one in tool.placements] == [
        ("course_navigation", v.RESOURCE_LINK_REQUEST),
        ("link_selection", v.DEEP_LINK_REQUEST),
        ("assignment_selection", v.DEEP_LINK_REQUEST),
    ]


def test_canvas_keeps_one_message_for_each_placement(canvas):
    messages = [
        {"type": v.RESOURCE_LINK_REQUEST},
        {"type": v.DEEP_LINK_REQUEST, "placements": ["link_selection"]},
    ]
    tool, _ = canvas.registered(tool_messages=messages)

    assert [one.message_type for one in tool.placements] == [v.RESOURCE_LINK_REQUEST]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"scope": "invalid_scope"}, "invalid_scope"),
        ({"application_type": None}, "application_type"),
        ({"grant_types": ["implicit"]}, "grant_types"),
        ({"redirect_uris": []}, "redirect_uris"),
        ({"jwks_uri": "ftp://x"}, "jwks_uri"),
        ({"tool_target_link_uri": None}, "target_link_uri"),
        ({"tool_claims": None}, "claims"),
        ({"tool_messages": [{"type": "Nonsense"}]}, "/messages/0/type"),
        ({"tool_custom_parameters": {"a": 1}}, "/custom_parameters/a"),
        ({f"tool_{v.CANVAS}privacy_level": "some"}, "privacy_level"),
    ],
)
def test_canvas_says_all_that_is_wrong_with_422(canvas, changed, named):
    reply = canvas.register(**changed)

    assert reply.status_code == 422
    assert any(named in error for error in reply.get_json()["errors"])


def test_a_canvas_key_is_off_until_it_is_turned_on_and_installed(canvas):
    tool, _ = canvas.registered()
    with pytest.raises(PlatformPage, match="not on"):
        canvas.site.install(tool, canvas.course)

    canvas.site.set_key_state(tool, "on")
    deployment = canvas.site.install(tool, canvas.course)

    link = canvas.site.links_of(canvas.course)[0]
    assert (link.placement, link.deployment_id) == ("course_navigation", deployment)
    claims = canvas.site.claims(canvas.ivy, link, "n")
    assert claims[v.DEPLOYMENT_ID] == deployment


def test_every_install_is_a_deployment_of_its_own(canvas):
    tool, _ = canvas.registered()
    canvas.site.set_key_state(tool, "on")
    other = canvas.site.add_course(title="Other")

    ids = {canvas.site.install(tool, canvas.course), canvas.site.install(tool)}
    assert ids == set(tool.deployment_ids)
    assert [link.placement for link in canvas.site.links_of(other)] == ["course_navigation"]
    assert len(canvas.site.links_of(canvas.course)) == 1


def test_a_hidden_course_navigation_is_not_put_into_the_course(canvas):
    hidden = {
        "type": v.RESOURCE_LINK_REQUEST,
        "placements": ["course_navigation"],
        v.CANVAS + "course_navigation/default_enabled": False,
    }
    tool, _ = canvas.registered(tool_messages=[hidden])
    canvas.site.set_key_state(tool, "on")
    canvas.site.install(tool, canvas.course)

    assert canvas.site.links_of(canvas.course) == []


def test_with_the_key_off_a_launch_comes_back_as_an_error(canvas):
    tool, _ = canvas.registered()
    canvas.site.set_key_state(tool, "on")
    canvas.site.install(tool, canvas.course)
    login = canvas.site.login_request(canvas.ivy, canvas.site.links_of(canvas.course)[0])
    canvas.site.set_key_state(tool, "off")
    query = {
        "scope": "openid", "response_type": "id_token", "response_mode": "form_post",
        "prompt": "none", "client_id": tool.client_id, "redirect_uri": tool.redirect_uris[0],
        "login_hint": login["login_hint"], "lti_message_hint": login["lti_message_hint"],
        "nonce": "n", "state": "s",
    }  # fmt: skip

    _, fields = canvas.site.authorize(query, canvas.ivy)
    assert fields["error"] == "unauthorized_client"


def test_a_registered_tool_survives_a_restart(tmp_path):
    site = Site("canvas", base_url="http://lms.test/canvas", save_to=tmp_path / "site.json")
    office = Office("canvas")
    office.site, office.web = site, create_practice([site]).test_client()
    tool, _ = office.registered()

    again = Site("canvas", base_url="http://lms.test/canvas", save_to=tmp_path / "site.json")
    assert again.state.tools[tool.client_id] == tool
