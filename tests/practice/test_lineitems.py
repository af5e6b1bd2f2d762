"""Line items: gradebook columns, and who may do what to them."""

import pytest

from lti_tool.practice import vocabulary as v

WANTED = {"label": "Helping", "scoreMaximum": 10, "tag": "help", "resourceId": "good-turn"}


def create(lms, **changed):
    return lms.call("POST", lms.lineitems, v.LINEITEM_TYPE, WANTED | changed)


def listed(lms, query=""):
    url = lms.lineitems + (("&" if "?" in lms.lineitems else "?") + query if query else "")
    return lms.call("GET", url, v.LINEITEM_CONTAINER)


def change(lms, url, **body):
    return lms.call("PUT", url, v.LINEITEM_TYPE, body)


def of_another_tool(lms):
    tool = lms.site.add_tool(login_url="https://x.test/l", launch_url="https://x.test/x")
    lms.site.add_link(lms.course, tool, title="Foreign", graded=True)
    return lms.site.lineitem_url(lms.site.column(lms.course, "Foreign"))


def test_creating_twice_makes_two(lms):
    urls = {create(lms).get_json()["id"] for _ in range(2)}

    assert len(urls) == 2
    assert len(listed(lms, "tag=help&resource_id=good-turn").get_json()) == 2
    assert set(lms.site.gradebook(lms.course)) == {"Good Turn", "Helping", "Helping (2)"}


def test_filters_leave_out_the_rest(lms):
    create(lms)

    assert len(listed(lms).get_json()) == 2
    assert len(listed(lms, "tag=other").get_json()) == 0
    assert len(listed(lms, f"resource_link_id={lms.link.resource_link_id}").get_json()) == 1


def test_moodles_addresses_carry_the_type_id(moodle):
    assert create(moodle).get_json()["id"].endswith(f"?type_id={moodle.tool.number}")


def test_moodles_links_are_malformed_as_soon_as_a_limit_is_sent(moodle):
    create(moodle)

    link = listed(moodle, "limit=1").headers["Link"].encode("latin-1").decode()
    assert "rel=\u201cnext\u201d" in link
    assert "&amp;from=1" in link
    assert "Link" not in listed(moodle).headers


def test_canvass_links_are_well_formed(canvas):
    create(canvas)

    assert 'rel="next"' in listed(canvas, "limit=1").headers["Link"]


@pytest.mark.parametrize("missing", ["label", "scoreMaximum"])
def test_label_and_maximum_are_needed(lms, missing):
    status = {"moodle": 400, "canvas": 422}[lms.site.dialect_name]

    assert create(lms, **{missing: None}).status_code == status


def test_moodle_wants_the_media_types_exactly(moodle):
    url = moodle.lineitems

    assert moodle.call("POST", url, "application/json", WANTED).status_code == 400
    assert moodle.call("GET", url, "*/*").status_code == 400
    assert moodle.call("GET", url).status_code == 200


def test_a_foreign_activity_is_refused(lms):
    status = {"moodle": 403, "canvas": 404}[lms.site.dialect_name]

    assert create(lms, resourceLinkId="999999").status_code == status


def test_another_tools_column_is_out_of_reach(lms):
    url = of_another_tool(lms)
    status = {"moodle": 404, "canvas": 412}[lms.site.dialect_name]

    assert lms.call("GET", url, v.LINEITEM_TYPE).status_code == status
    assert lms.call("DELETE", url).status_code == status
    assert len(listed(lms).get_json()) == 1


def test_a_teachers_own_column_is_not_listed(lms):
    lms.site.add_column(lms.course, "Essay")

    assert [item["label"] for item in listed(lms).get_json()] == ["Good Turn"]


def test_changing_the_maximum_rescales_grades_in_moodle_only(lms):
    lms.score(given=5)
    change(lms, lms.lineitem, label="Good Turn", scoreMaximum=10)

    assert lms.cell().score == {"moodle": 5.0, "canvas": 50.0}[lms.site.dialect_name]


def test_moodle_refuses_a_change_without_a_label(moodle):
    assert change(moodle, moodle.lineitem, scoreMaximum=10).status_code == 400


def test_canvas_changes_only_what_is_sent(canvas):
    url = create(canvas).get_json()["id"]

    assert change(canvas, url, label="New").get_json()["tag"] == "help"


def test_moodle_empties_what_is_not_sent(moodle):
    url = create(moodle).get_json()["id"]
    change(moodle, url, label="New", scoreMaximum=10)

    assert moodle.call("GET", url, v.LINEITEM_TYPE).get_json()["tag"] == ""


def test_deleting_the_activitys_own_column_works_in_moodle_and_not_in_canvas(lms):
    reply = lms.call("DELETE", lms.lineitem)

    assert reply.status_code == {"moodle": 204, "canvas": 401}[lms.site.dialect_name]


def test_a_deleted_column_is_404_for_everything(lms):
    url = create(lms).get_json()["id"]

    assert lms.call("DELETE", url).status_code == 204
    assert lms.call("GET", url, v.LINEITEM_TYPE).status_code == 404
    assert lms.score(lineitem=url).status_code == 404


def test_reading_needs_a_reading_scope_and_writing_the_full_one(lms):
    lms.token = lms.site.issue_token(lms.tool, [v.LINEITEM_READONLY])

    assert listed(lms).status_code == 200
    assert create(lms).status_code == 401


def test_a_tool_that_was_removed_from_the_course_is_turned_away(lms):
    lms.site.remove_tool(lms.course, lms.tool)

    assert listed(lms).status_code == {"moodle": 403, "canvas": 401}[lms.site.dialect_name]
