"""Deep linking: what a teacher's "Select content" sends, and what becomes of the answer."""

import uuid

import jwt
import pytest

from lti_tool.practice import vocabulary as v
from lti_tool.practice.exchange import PlatformPage
from lti_tool.practice.keys import KeyRing

LINK = {"type": "ltiResourceLink", "title": "Lab 3", "text": "Help each other"}
COLUMN = {"scoreMaximum": 5, "label": "Helping", "resourceId": "board-1", "tag": "help"}


@pytest.fixture
def moodle(bench):
    return bench("moodle", deep_link_url="https://tool.test/select")


@pytest.fixture
def canvas(bench):
    return bench("canvas", deep_link_url="https://tool.test/select")


@pytest.fixture(params=["moodle", "canvas"])
def lms(request, bench):
    return bench(request.param, deep_link_url="https://tool.test/select")


def asked(lms, person=None, placement=None, tool=None):
    """The claims of a deep linking request, gone the whole way."""
    person = person or lms.ivy
    login = lms.site.deep_link_request(person, lms.course, tool or lms.tool, placement)
    query = {
        "scope": "openid", "response_type": "id_token", "response_mode": "form_post",
        "prompt": "none", "client_id": lms.tool.client_id, "nonce": "n", "state": "s",
        "redirect_uri": "https://tool.test/launch", "login_hint": login["login_hint"],
        "lti_message_hint": login["lti_message_hint"],
    }  # fmt: skip
    _, fields = lms.site.authorize(query, person)
    return jwt.decode(fields["id_token"], options={"verify_signature": False})


def answer(lms, tool_keys, items, request=None, **changed):
    """Send `items` back as the tool does; returns what the platform made of them."""
    request = request or asked(lms, placement=changed.pop("placement", None))
    issued = int(lms.time.timestamp())
    claims = {
        "iss": lms.tool.client_id,
        "aud": [lms.site.issuer],
        "iat": issued,
        "exp": issued + 60,
        "nonce": uuid.uuid4().hex,
        v.DEPLOYMENT_ID: lms.tool.deployment_ids[0],
        v.MESSAGE_TYPE: v.DEEP_LINK_RESPONSE,
        v.VERSION: "1.3.0",
        v.CONTENT_ITEMS: items,
    }
    claims |= changed.pop("claims", {})
    claims = {name: value for name, value in claims.items() if value is not None}
    token = changed.pop("keys", tool_keys).sign(claims)
    url = request[v.DEEP_LINK_SETTINGS]["deep_link_return_url"]
    return lms.site.deep_linked(changed.pop("person", lms.ivy), url, token)


def test_moodle_asks_for_links_only_and_names_nothing_that_it_lacks(moodle):
    login = moodle.site.deep_link_request(moodle.ivy, moodle.course, moodle.tool)
    claims = asked(moodle)
    wanted = claims[v.DEEP_LINK_SETTINGS]

    assert login["target_link_uri"] == claims[v.TARGET_LINK_URI] == "https://tool.test/select"
    assert "cmid" not in login["lti_message_hint"]
    assert claims[v.MESSAGE_TYPE] == v.DEEP_LINK_REQUEST
    assert wanted["accept_types"] == ["ltiResourceLink"]
    assert wanted["accept_presentation_document_targets"] == ["frame", "iframe", "window"]
    assert (wanted["accept_multiple"], wanted["auto_create"]) == (True, False)
    assert {"data", "accept_lineitem"} & set(wanted) == set()
    assert "course=" in wanted["deep_link_return_url"]
    assert "sesskey=" in wanted["deep_link_return_url"]
    assert v.RESOURCE_LINK not in claims
    assert claims[v.CONTEXT]["id"] == moodle.course.context_id
    assert v.MEMBERSHIP + "Instructor" in claims[v.ROLES]


def test_moodle_offers_the_roster_only_once_the_course_has_an_activity(moodle):
    assert v.NRPS_CLAIM in asked(moodle)

    moodle.site.state.links.clear()
    claims = asked(moodle)
    assert v.NRPS_CLAIM not in claims
    assert "lineitem" not in claims[v.AGS_CLAIM]


@pytest.mark.parametrize(
    ("placement", "several", "types"),
    [
        ("link_selection", True, ["ltiResourceLink"]),
        ("assignment_selection", False, ["ltiResourceLink"]),
        ("editor_button", True, ["link", "file", "html", "ltiResourceLink", "image"]),
    ],
)
def test_canvas_asks_differently_at_each_placement(canvas, placement, several, types):
    claims = asked(canvas, placement=placement)
    wanted = claims[v.DEEP_LINK_SETTINGS]

    assert claims[v.CANVAS_PLACEMENT] == placement
    assert wanted["accept_multiple"] is several
    assert wanted["accept_types"] == types
    assert "/deep_linking_response?data=" in wanted["deep_link_return_url"]
    assert v.RESOURCE_LINK not in claims
    assert {v.NRPS_CLAIM, v.AGS_CLAIM} <= set(claims)


def test_a_student_selects_nothing(lms):
    with pytest.raises(PlatformPage):
        asked(lms, lms.ana)


def test_moodles_non_editing_teacher_and_a_teacher_switched_to_student_select_nothing(moodle):
    helper = moodle.enrolled("Nel Assist", "non_editing_teacher")
    moodle.site.switch_role(moodle.ivy, moodle.course)

    for person in (helper, moodle.ivy):
        with pytest.raises(PlatformPage):
            asked(moodle, person)


def test_a_tool_without_deep_linking_is_not_asked(bench):
    for dialect in ("moodle", "canvas"):
        with pytest.raises(PlatformPage):
            asked(bench(dialect))


def test_an_administrator_selects_content_too(lms):
    admin = lms.site.add_person(name="Ada Min", is_admin=True)

    assert asked(lms, admin)[v.MESSAGE_TYPE] == v.DEEP_LINK_REQUEST


def test_a_selected_link_is_made_and_launches_with_its_custom_fields(lms, tool_keys):
    made = answer(lms, tool_keys, [LINK | {"custom": {"board": "7"}}])

    assert (made.error, made.overlooked) == ("", [])
    link = made.links[0]
    assert (link.title, link.description) == ("Lab 3", "Help each other")
    claims = lms.site.claims(lms.ana, link, "n")
    assert claims[v.CUSTOM]["board"] == "7"
    assert claims[v.RESOURCE_LINK]["id"] == link.resource_link_id
    assert "lineitem" not in claims[v.AGS_CLAIM]


def test_an_own_address_becomes_the_target(lms, tool_keys):
    made = answer(lms, tool_keys, [LINK | {"url": "https://tool.test/launch?board=7"}])

    claims = lms.site.claims(lms.ana, made.links[0], "n")
    login = lms.site.login_request(lms.ana, made.links[0])
    assert claims[v.TARGET_LINK_URI] == login["target_link_uri"]
    assert login["target_link_uri"] == "https://tool.test/launch?board=7"


def test_moodle_makes_nothing_of_a_foreign_address(moodle, tool_keys):
    made = answer(moodle, tool_keys, [LINK | {"url": "https://evil.test/"}, LINK])

    assert "evil.test" in made.error
    assert len(made.links) == 1


def test_moodle_makes_a_column_that_is_not_called_as_the_label_says(moodle, tool_keys):
    link = answer(moodle, tool_keys, [LINK | {"lineItem": COLUMN}]).links[0]

    column = moodle.site.column(moodle.course, "Lab 3")
    assert (column.maximum, column.resource_id, column.tag) == (5, "board-1", "help")
    claims = moodle.site.claims(moodle.ana, link, "n")
    assert claims[v.AGS_CLAIM]["lineitem"] == moodle.site.lineitem_url(column)


@pytest.mark.parametrize(
    ("accepts", "item", "maximum"),
    [
        ("never", LINK | {"lineItem": COLUMN}, None),
        ("delegate", LINK, None),
        ("always", LINK, 100),
    ],
)
def test_moodles_column_depends_on_what_the_administrator_chose(
    bench, tool_keys, accepts, item, maximum
):
    lms = bench("moodle", deep_link_url="", accepts_grades=accepts)
    answer(lms, tool_keys, [item])

    columns = [one.maximum for one in lms.site.line_items_of(lms.course) if one.label == "Lab 3"]
    assert columns == ([maximum] if maximum else [])


def test_moodles_custom_lines_lose_what_stands_after_a_newline(moodle, tool_keys):
    custom = {"a": "1\n2", "b": True, "c": {"d": 1}, "e": "x=y"}
    link = answer(moodle, tool_keys, [LINK | {"custom": custom}]).links[0]

    assert link.custom == {"a": "1", "b": "1", "e": "x=y"}


def test_canvas_makes_a_column_for_assignments_only(canvas, tool_keys):
    item = LINK | {"lineItem": COLUMN, "submission": {"endDateTime": "2026-12-01T00:00:00Z"}}
    plain = answer(canvas, tool_keys, [item]).links[0]
    graded = answer(canvas, tool_keys, [item], placement="assignment_selection").links[0]

    assert "lineitem" not in canvas.site.claims(canvas.ana, plain, "n")[v.AGS_CLAIM]
    column = canvas.site.column(canvas.course, "Helping")
    assert (column.maximum, column.tag, column.ends_at) == (5, "help", "2026-12-01T00:00:00Z")
    claims = canvas.site.claims(canvas.ana, graded, "n")
    assert claims[v.AGS_CLAIM]["lineitem"] == canvas.site.lineitem_url(column)


def test_canvas_makes_no_assignment_without_a_number_of_points(canvas, tool_keys):
    item = LINK | {"lineItem": {"label": "Helping"}}
    made = answer(canvas, tool_keys, [item], placement="assignment_selection")

    assert made.links == []
    assert "scoreMaximum" in made.error


def test_several_items_become_several_links_but_one_assignment(lms, tool_keys):
    items = [LINK | {"title": f"Lab {n}"} for n in range(3)]

    assert [link.title for link in answer(lms, tool_keys, items).links] == [
        "Lab 0", "Lab 1", "Lab 2",
    ]  # fmt: skip
    if lms.site.dialect_name == "canvas":
        assert len(answer(lms, tool_keys, items, placement="assignment_selection").links) == 1


def test_cancelling_makes_nothing_and_messages_are_kept(lms, tool_keys):
    before = len(lms.site.state.links)
    made = answer(lms, tool_keys, [], claims={v.DEEP + "msg": "Nothing chosen"})

    assert (made.message, made.links) == ("Nothing chosen", [])
    assert len(lms.site.state.links) == before


def test_moodle_makes_nothing_when_the_tool_reports_an_error(moodle, tool_keys):
    made = answer(moodle, tool_keys, [LINK], claims={v.DEEP + "errormsg": "No such board"})

    assert (made.error, made.links) == ("No such board", [])


def test_a_forged_answer_is_refused(lms, tool_keys):
    with pytest.raises(PlatformPage):
        answer(lms, KeyRing([]), [LINK])
    with pytest.raises(PlatformPage):
        answer(lms, tool_keys, [LINK], claims={"iss": "somebody else"})
    with pytest.raises(PlatformPage):
        answer(lms, tool_keys, [LINK], claims={"exp": 1})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("aud", "https://elsewhere.test", "aud is not the platform"),
        ("nonce", None, "nonce is missing"),
        (v.DEPLOYMENT_ID, "999", "deployment_id is not the tool's"),
    ],
)
def test_moodle_overlooks_what_canvas_refuses(bench, tool_keys, name, value, said):
    moodle, canvas = (bench(one, deep_link_url="") for one in ("moodle", "canvas"))
    assert answer(moodle, tool_keys, [LINK], claims={name: value}).overlooked == [said]

    with pytest.raises(PlatformPage):
        answer(canvas, tool_keys, [LINK], claims={name: value})


def test_canvas_takes_an_answer_once(canvas, tool_keys):
    request, nonce = asked(canvas), {"nonce": "the same"}
    answer(canvas, tool_keys, [LINK], request, claims=nonce)

    with pytest.raises(PlatformPage, match="data"):
        answer(canvas, tool_keys, [LINK], request)
    with pytest.raises(PlatformPage, match="jti"):
        answer(canvas, tool_keys, [LINK], claims=nonce)


def test_moodle_takes_an_answer_only_from_the_session_that_asked(moodle, tool_keys):
    admin = moodle.site.add_person(name="Ada Min", is_admin=True)

    with pytest.raises(PlatformPage, match="session"):
        answer(moodle, tool_keys, [LINK], asked(moodle), person=admin)


def test_data_must_come_back_where_some_was_sent(lms, tool_keys):
    lms.site.deep_link_data = "abc"
    assert asked(lms)[v.DEEP_LINK_SETTINGS]["data"] == "abc"

    said = answer(lms, tool_keys, [LINK]).overlooked
    assert said == ["data is not what the request had"]
    assert answer(lms, tool_keys, [LINK], claims={v.DEEP + "data": "abc"}).overlooked == []
