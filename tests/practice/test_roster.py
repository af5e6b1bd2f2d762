"""Names and Roles: whole in Moodle, in pages in Canvas."""

import base64

import pytest

from lti_tool.practice import vocabulary as v


def get(lms, url=None, media_type=v.MEMBERSHIP_CONTAINER, **headers):
    return lms.call("GET", url or lms.members_url, media_type, **headers)


def fill(lms, count):
    for n in range(count):
        lms.enrolled(f"Student {n}")


def next_url(reply):
    links = reply.headers.get("Link", "").split(",")
    return next((link.split(">")[0][1:] for link in links if 'rel="next"' in link), None)


def test_moodle_sends_everybody_at_once(moodle):
    fill(moodle, 120)

    reply = get(moodle)
    assert len(reply.get_json()["members"]) == 124
    assert "Link" not in reply.headers


def test_moodles_next_page_forgets_the_role_filter(moodle):
    fill(moodle, 10)

    reply = get(moodle, moodle.members_url + "?limit=5&role=Learner")
    assert len(reply.get_json()["members"]) == 5
    assert next_url(reply) == moodle.members_url + "?limit=5&from=5"


def test_canvas_sends_at_most_fifty_whatever_is_asked(canvas):
    fill(canvas, 120)

    reply = get(canvas, canvas.members_url + "?limit=1000")
    assert len(reply.get_json()["members"]) == 50


def test_canvass_pages_hold_everybody_exactly_once(canvas):
    fill(canvas, 120)
    seen, url = [], canvas.members_url
    while url:
        reply = get(canvas, url)
        seen += [member["user_id"] for member in reply.get_json()["members"]]
        url = next_url(reply)

    assert len(seen) == len(set(seen)) == 124


def test_canvass_page_tokens_break_when_their_case_is_changed(canvas):
    fill(canvas, 60)
    url = next_url(get(canvas))

    assert get(canvas, url).status_code == 200
    assert get(canvas, url.lower()).status_code == 404


def test_canvass_page_tokens_cannot_be_made_up(canvas):
    made_up = base64.urlsafe_b64encode(bytes(12) + b"5").decode()

    assert get(canvas, f"{canvas.members_url}?page=bookmark:{made_up}").status_code == 404


def test_canvas_knows_roles_only_by_their_full_uri(canvas):
    by_name = get(canvas, canvas.members_url + "?role=Learner").get_json()
    by_uri = get(
        canvas, canvas.members_url + "?role=" + v.MEMBERSHIP.replace("#", "%23") + "Learner"
    )

    assert by_name["members"] == []
    assert len(by_uri.get_json()["members"]) == 2


@pytest.mark.parametrize("leave", ["unenrol", "suspend"])
def test_who_leaves_just_vanishes(lms, leave):
    getattr(lms.site, leave)(lms.course, lms.ana)

    members = get(lms).get_json()["members"]
    assert lms.ana.sub not in [member["user_id"] for member in members]
    assert {member["status"] for member in members} == {"Active"}


def test_moodle_wants_its_media_type_exactly(moodle):
    assert get(moodle, media_type="application/json").status_code == 400


def test_moodles_names_come_with_html_entities(moodle):
    moodle.enrolled("Mary & Co")

    assert "Mary &amp; Co" in get(moodle).get_data(as_text=True)


def test_a_moodle_token_reads_the_roster_of_any_course(moodle):
    other = moodle.site.add_course(title="Other", label="O")
    url = moodle.members_url.replace(
        f"CourseSection/{moodle.course.number}", f"CourseSection/{other.number}"
    )

    assert get(moodle, url).status_code == 200


def test_canvas_expands_custom_fields_for_each_member_with_rlid(bench):
    canvas = bench("canvas", custom={"sections": "$com.instructure.User.sectionNames"})
    canvas.site.enrol(canvas.course, canvas.ana, section="Lab 2")

    url = f"{canvas.members_url}?rlid={canvas.link.resource_link_id}"
    first = get(canvas, url).get_json()["members"][0]
    assert first["message"][0][v.CUSTOM] == {"sections": '["Lab 2"]'}


def test_canvas_refuses_a_link_that_is_not_the_tools(canvas):
    reply = get(canvas, canvas.members_url + "?rlid=nobody")

    assert reply.status_code == 400
    assert "does not have access to rlid" in reply.get_data(as_text=True)


def test_canvas_turns_away_who_has_no_user_agent(canvas):
    assert get(canvas, **{"User-Agent": ""}).status_code == 403


def test_no_token_or_no_scope_is_401(lms):
    lms.token = lms.site.issue_token(lms.tool, [v.SCORE])
    assert get(lms).status_code == 401

    lms.token = "nonsense"
    assert get(lms).status_code == 401


def test_a_token_ends_after_an_hour(lms):
    lms.later(minutes=61)

    assert get(lms).status_code == 401


def test_a_roster_of_100000_answers_page_by_page_at_once(canvas):
    fill(canvas, 3_000)
    url = canvas.members_url
    for _ in range(60):
        url = next_url(get(canvas, url))

    assert len(get(canvas, url).get_json()["members"]) == 4
