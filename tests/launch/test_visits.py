"""A visit belongs to one launch in one browser, and ends when it should (decisions 1 and 2)."""

import re
from urllib.parse import urlsplit

import pytest

from lti_tool.clock import now
from lti_tool.db import db
from lti_tool.launch.models import Visit
from lti_tool.roster.models import Membership, Status
from tests.conftest import make_course
from tests.door import COOKIE, Door, code_of, count_rows


def test_two_courses_in_two_tabs_are_two_visits(course, browser):
    other = course.site.add_course(title="Linear Algebra")
    course.site.enrol(other, course.ana)
    tabs = browser()
    tabs.launch(course, course.ana)
    here = tabs.home
    tabs.launch(course, course.ana, course.site.add_link(other, course.tool))

    first, second = tabs.get(here), tabs.page()

    assert here != tabs.home
    assert "Introduction to Programming" in first.text
    assert "Linear Algebra" in second.text


def test_the_same_course_twice_is_two_visits_that_both_open(course, visit):
    ana = visit(course, course.ana)
    first = ana.home

    ana.launch(course, course.ana)

    assert first != ana.home
    assert [ana.get(home).status_code for home in (first, ana.home)] == [200, 200]


def test_a_copied_link_opens_nothing_in_another_browser(course, visit, browser):
    ana, ben = visit(course, course.ana), visit(course, course.ben)

    answers = [who.get(ana.home) for who in (ben, browser())]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert {code_of(answer) for answer in answers} == {"visit-over"}
    assert not any("Introduction" in answer.text for answer in answers)


@pytest.mark.parametrize("path", ["/v/unknown/", "/v/é/ask", f"/v/{'x' * 3000}/"])
def test_a_visit_that_never_was_opens_nothing(course, visit, path):
    answer = visit(course, course.ana).get(path)

    assert code_of(answer) == "visit-over"


def test_the_next_person_in_the_browser_ends_the_visits_of_the_former(course, visit):
    shared = visit(course, course.ana)
    anas = shared.home

    shared.launch(course, course.ben)

    assert (shared.get(anas).status_code, shared.page().status_code) == (401, 200)


def test_another_launch_of_the_same_person_leaves_the_first_open(course, visit):
    ivy = visit(course, course.ivy)
    as_teacher = ivy.home

    ivy.launch(course, course.ivy)

    assert ivy.get(as_teacher).status_code == 200


def test_power_comes_from_the_launch_and_is_not_remembered(one_course, visit):
    ivy = visit(one_course, one_course.ivy)
    as_teacher = ivy.home
    one_course.site.switch_role(one_course.ivy, one_course.lms)
    ivy.launch(one_course, one_course.ivy)

    answers = [ivy.get(f"{home}credit/settings") for home in (as_teacher, ivy.home)]

    assert [answer.status_code for answer in answers] == [200, 403]


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        pytest.param([{"minutes": 119}], 200, id="two idle hours, nearly"),
        pytest.param([{"minutes": 121}], 401, id="two idle hours"),
        pytest.param([{"minutes": 100}] * 7, 200, id="nearly twelve busy hours"),
        pytest.param([{"minutes": 100}] * 8, 401, id="twelve busy hours"),
    ],
)
def test_a_visit_ends_after_two_idle_or_twelve_busy_hours(course, visit, later, steps, status):
    ana = visit(course, course.ana)

    for step in steps:
        later(**step)
        answer = ana.page()

    assert answer.status_code == status


def test_reading_counts_against_idleness_at_most_once_a_minute(one_course, visit, later):
    ana = visit(one_course, one_course.ana)
    seen = [db.session.query(Visit.seen_at).scalar()]

    for seconds in (30, 40):
        later(seconds=seconds)
        ana.page()
        db.session.rollback()
        seen.append(db.session.query(Visit.seen_at).scalar())

    assert seen[0] == seen[1] < seen[2]


def test_who_is_dropped_from_the_roster_loses_the_visit(course, visit):
    ana, ben = visit(course, course.ana), visit(course, course.ben)
    gone = Membership.user.has(sub=course.ana.sub)
    db.session.rollback()
    member = db.session.query(Membership).filter(gone).one()
    member.status, member.left_at = Status.LEFT, now()
    db.session.commit()

    answers = [who.page().status_code for who in (ana, ben)]

    assert answers == [401, 200]


def test_who_leaves_has_left(course, visit):
    ana = visit(course, course.ana)

    left = ana.send("leave", _from="")

    assert left.status_code == 200
    assert ana.page().status_code == 401


def test_a_reload_after_the_launch_is_safe(course, visit):
    ana = visit(course, course.ana)
    before = count_rows()

    answers = [ana.page().status_code for _ in range(3)]

    assert answers == [200] * 3
    assert count_rows() == before


def test_the_cookie_is_made_for_frames_and_for_nobody_else(door):
    door.login()

    answer = door.ask(
        "POST",
        door.path.replace("/launch", "/login"),
        data=dict(door.site.login_request(door.course.ana, door.course.link)),
    )

    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-good-turn=")
    assert set(attributes) == {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_login_answers_with_a_bare_redirect_to_the_platform(door, method):
    fields = dict(door.site.login_request(door.course.ana, door.course.link))
    where = "query_string" if method == "GET" else "data"

    answer = door.ask(method, door.path.replace("/launch", "/login"), **{where: fields})

    assert (answer.status_code, answer.data) == (302, b"")
    assert answer.headers["Location"].startswith(door.site.auth_url + "?")


def test_a_login_goes_to_the_platform_whatever_the_request_asks_for(door):
    fields = dict(door.site.login_request(door.course.ana, door.course.link))
    evil = {"target_link_uri": "https://evil.example/", "redirect_uri": "https://evil.example/"}

    answer = door.ask("POST", door.path.replace("/launch", "/login"), data=fields | evil)

    assert answer.headers["Location"].startswith(door.site.auth_url + "?")
    assert "evil.example" not in answer.headers["Location"]


def test_a_launch_ends_in_a_303_to_an_address_that_says_nothing(door):
    answer = door.knock(door.claims())

    door.login()
    assert answer.status_code == 303
    assert re.fullmatch(r"/v/[A-Za-z0-9_-]{22}/", answer.headers["Location"])


def test_an_address_of_a_visit_is_new_each_time(one_door):
    places = set()
    for _ in range(5):
        one_door.login(client=one_door.client)
        places.add(one_door.knock(one_door.claims()).headers["Location"])

    one_door.login()
    assert len(places) == 5


@pytest.mark.parametrize("where", ["login", "launch", "refusal", "board", "no visit"])
def test_no_answer_of_the_front_door_may_be_kept_or_leaks_its_address(one_door, where):
    claims = one_door.claims()
    ask = {
        "login": lambda: one_door.ask("POST", one_door.path.replace("launch", "login"), data={}),
        "launch": lambda: one_door.knock(claims),
        "refusal": lambda: one_door.knock(claims | {"nonce": "x"}),
        "board": lambda: one_door.get(one_door.knock(claims).headers["Location"]),
        "no visit": lambda: one_door.get("/v/unknown/"),
    }[where]

    answer = ask()

    one_door.login()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Frame-Options" not in answer.headers


def posts(app):
    """Every address inside a visit that takes a form, with some id in every gap."""
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in rule.methods]
    inside = [rule.rule.partition("<visit>/")[2] for rule in rules if "<visit>" in rule.rule]
    return sorted(re.sub(r"<[^>]+>", "some-id", path) for path in inside)


def forgeries(ivy, others_token):
    """What another page may try: (name, form, headers)."""
    token = re.search(r'name="csrf" value="([^"]+)"', ivy.page("ask").text)[1]
    own = {"csrf": token}
    yield "no token", {}, {}
    yield "an empty token", {"csrf": ""}, {}
    yield "half a token", {"csrf": token[:-1]}, {}
    yield "a token of another visit", {"csrf": others_token}, {}
    yield "a token in other letters", {"csrf": token.upper()}, {}
    yield "a token beyond ASCII", {"csrf": "é" * 64}, {}
    yield "another origin", own, {"Origin": "https://evil.example"}
    yield "an origin that cannot be named", own, {"Origin": "null"}
    yield "the origin of the platform", own, {"Origin": "http://127.0.0.1:8080"}
    yield "another site", own, {"Sec-Fetch-Site": "cross-site"}
    yield "a sister site", own, {"Sec-Fetch-Site": "same-site"}


def test_no_form_of_another_page_is_taken_anywhere(course, visit):
    ivy, zoe = visit(course, course.ivy), visit(course, course.ivy)
    token = re.search(r'name="csrf" value="([^"]+)"', zoe.page("ask").text)[1]
    before, taken = count_rows(), []

    for path in posts(ivy.app):
        for name, form, headers in forgeries(ivy, token):
            answer = ivy.post(ivy.home + path, form, headers=headers)
            if (answer.status_code, code_of(answer)) != (422, "form-expired"):
                taken.append((path, name, answer.status_code))

    assert len(posts(ivy.app)) >= 5
    assert taken == []
    assert count_rows() == before
    assert ivy.page().status_code == 200, "leaving should not have been taken either"


def test_a_token_of_the_same_browser_for_another_visit_is_not_taken(course, visit):
    ana = visit(course, course.ana)
    first = re.search(r'name="csrf" value="([^"]+)"', ana.page("ask").text)[1]
    ana.launch(course, course.ana)

    answer = ana.post(ana.home + "ask", {"csrf": first, "title": "Why?", "body": "Because."})

    assert code_of(answer) == "form-expired"


def test_the_pages_own_form_is_taken(course, visit):
    ana = visit(course, course.ana)

    answer = ana.send("ask", title="Why does it never stop?", body="My factorial runs for ever.")

    assert answer.status_code == 303


@pytest.fixture
def fresh(app, make_site):
    """A registration that lists no deployment yet."""
    return Door(app, make_course(make_site("canvas")))


def with_deployment(door, deployment):
    name = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"
    door.login()
    return door.knock(door.claims() | {name: deployment})


def test_the_first_deployment_is_written_down_and_another_is_then_refused(fresh):
    answers = [with_deployment(fresh, name) for name in ("one", "two", "one")]

    assert [answer.status_code for answer in answers] == [303, 400, 303]
    assert code_of(answers[1]) == "deployment-unknown"


def test_a_refused_first_launch_pins_no_deployment(fresh):
    fresh.login()
    fresh.knock(fresh.claims() | {"nonce": "another"})

    assert count_rows()["deployment"] == 0
    assert with_deployment(fresh, "later").status_code == 303


def test_a_registration_that_lists_some_takes_those_and_no_others(app, make_site):
    course = make_course(make_site("canvas"), deployment_ids=["a", "b"])
    door = Door(app, course)

    answers = [with_deployment(door, name).status_code for name in ("a", "b", "c", "A", "a ")]

    assert answers == [303, 303, 400, 400, 400]
    assert count_rows()["deployment"] == 2


def test_a_refused_deployment_uses_up_nothing(app, make_site):
    door = Door(app, make_course(make_site("canvas"), deployment_ids=["a"])).login()
    name = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"
    refused = door.knock(door.claims() | {name: "c"})

    answer = door.knock(door.claims() | {name: "a"})

    assert code_of(refused) == "deployment-unknown"
    assert answer.status_code == 303


def ancestors(answer):
    policy = answer.headers["Content-Security-Policy"]
    return re.search(r"frame-ancestors ([^;]*)", policy)[1].split()


def own_origins(site):
    return {"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in (site.issuer, site.auth_url)}


@pytest.mark.parametrize("page", ["board", "refusal", "notice", "button"])
def test_only_the_platforms_own_pages_may_frame(sqlite_app, make_site, dialect, page):
    site = make_site(dialect, issuer="https://lms.example/path")
    door = Door(sqlite_app, make_course(site, frame_origins=["https://added.example"])).login()
    answer = {
        "board": lambda: door.get(door.knock(door.claims()).headers["Location"]),
        "refusal": lambda: door.knock(token="x"),
        "notice": lambda: door.get(door.path.replace("launch", "notice/who-may")),
        "button": lambda: door.post(door.fields(door.claims()), client=sqlite_app.test_client()),
    }[page]()

    extra = {"https://*.instructure.com"} if dialect == "canvas" else set()
    assert set(ancestors(answer)) == own_origins(site) | {"https://added.example"} | extra


def test_a_platform_that_was_switched_off_sees_why_in_its_frame(app, make_site):
    door = Door(app, make_course(make_site("moodle"))).login()
    db.session.execute(db.text("update registration set is_disabled = true"))
    db.session.commit()

    answer = door.knock(door.claims())

    assert code_of(answer) == "registration-disabled"
    assert set(ancestors(answer)) == own_origins(door.site)


def test_an_address_of_no_platform_may_be_framed_by_nobody(one_door):
    assert ancestors(one_door.get("/lti/unknown/launch")) == ["'none'"]


def test_a_visit_that_is_over_says_so_in_any_secure_frame(one_door):
    assert "https:" in ancestors(one_door.get("/v/unknown/"))


def test_the_browsers_id_is_kept_as_a_digest_only(one_course, visit):
    ana = visit(one_course, one_course.ana)
    brought = ana.client.get_cookie(COOKIE, domain="127.0.0.1").value

    kept = db.session.query(Visit).one().browser_hash

    assert brought not in kept
    assert len(kept) == 64
