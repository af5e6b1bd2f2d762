"""The pages for people."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from lti_tool.practice import cast, sample
from lti_tool.practice.app import create_practice


class Practice:
    """The demo's two sites in one app, with a clock that can be moved."""

    def __init__(self):
        self.moved = timedelta()
        self.moodle = sample.moodle_site("http://localhost/moodle")
        self.canvas = sample.canvas_site("http://localhost/canvas")
        for site in (self.moodle, self.canvas):
            sample.install(
                site,
                "good-turn",
                login_url="http://127.0.0.1:9/login",
                launch_url="http://127.0.0.1:9/launch",
                jwks_url="http://127.0.0.1:9/jwks",
            )
        self.web = create_practice(
            [self.moodle, self.canvas], move_clock=self.move, clock_offset=lambda: self.moved
        ).test_client()

    def move(self, step):
        self.moved += step

    def enter(self, player, site=None, **more):
        site = site or self.moodle
        form = {"sub": sample.person_of(site, player).sub} | more
        return self.web.post(site.path + "/enter", data=form)

    def page(self, below, site=None):
        site = site or self.moodle
        course = sample.sample_course(site).number
        return self.web.get(f"{site.path}/course/{course}{below}").get_data(as_text=True)


@pytest.fixture
def practice():
    return Practice()


ANA, IVY = cast.STUDENTS[0], cast.TEACHER


def test_the_front_page_lets_one_enter_either_lms_as_ana(practice):
    text = practice.web.get("/").get_data(as_text=True)

    assert text.count("<strong>Ana Ruiz</strong>") == 2
    assert "Practice Moodle" in text
    assert "Practice Canvas" in text


def test_entering_sets_a_lax_cookie_that_scripts_cannot_read(practice):
    cookie = practice.enter(ANA).headers["Set-Cookie"]

    assert cookie.startswith("MoodleSession=")
    assert "SameSite=Lax" in cookie
    assert "HttpOnly" in cookie
    assert "Path=/moodle" in cookie


def test_nobody_sees_the_course_before_entering(practice):
    assert practice.web.get("/moodle/course/1").status_code == 302


def test_switching_stays_on_the_page_and_never_leaves_the_site(practice):
    here = practice.enter(ANA, next="/moodle/course/1/grades")
    away = practice.enter(ANA, next="//evil.test/")

    assert here.location == "/moodle/course/1/grades"
    assert away.location == "/moodle/course/1"


def test_leaving_forgets_who_it_was(practice):
    practice.enter(ANA)
    practice.web.post("/moodle/leave")

    assert practice.web.get("/moodle/course/1").status_code == 302


def test_a_forged_cookie_is_nobody(practice):
    practice.web.set_cookie("MoodleSession", '"2".forged', path="/moodle")

    assert practice.web.get("/moodle/course/1").status_code == 302


def test_the_activity_page_frames_the_launch_and_names_the_frame(practice):
    practice.enter(ANA)
    link = sample.main_link(practice.moodle)
    text = practice.web.get(f"/moodle/activity/{link.cmid}").get_data(as_text=True)

    assert 'title="Good Turn"' in text
    assert f'src="/moodle/launch/{link.cmid}"' in text


def test_the_launch_page_posts_the_login_fields_to_the_tool(practice):
    practice.enter(ANA)
    link = sample.main_link(practice.moodle)
    text = practice.web.get(f"/moodle/launch/{link.cmid}").get_data(as_text=True)

    assert 'action="http://127.0.0.1:9/login"' in text
    assert 'name="lti_deployment_id"' in text


def test_the_auth_page_answers_only_the_person_who_began(practice):
    practice.enter(ANA)
    login = practice.moodle.login_request(
        sample.person_of(practice.moodle, ANA), sample.main_link(practice.moodle)
    )
    query = {
        "scope": "openid", "response_type": "id_token", "response_mode": "form_post",
        "client_id": "good-turn", "redirect_uri": "http://127.0.0.1:9/launch", "nonce": "n",
    }  # fmt: skip
    hints = {name: login[name] for name in ("login_hint", "lti_message_hint")}
    reply = practice.web.get("/moodle/mod/lti/auth.php", query_string=query | hints)

    assert 'name="id_token"' in reply.get_data(as_text=True)
    replayed = practice.web.get("/moodle/mod/lti/auth.php", query_string=query | hints)
    assert replayed.status_code == 404


def test_a_student_sees_only_their_own_grades(practice):
    practice.enter(ANA)

    assert "My grades" in practice.page("/grades")
    assert "Ben Okafor</th>" not in practice.page("/grades")


def typed(site, player, value, was=""):
    column = site.column(sample.sample_course(site), "Midterm exam").number
    sub = sample.person_of(site, player).sub
    return {f"new:{column}:{sub}": value, f"was:{column}:{sub}": was}


def midterm(site, player):
    book = site.gradebook(sample.sample_course(site))["Midterm exam"]
    return book[sample.person_of(site, player).sub].score


def test_a_teacher_types_a_grade(practice):
    practice.enter(IVY)
    practice.web.post("/moodle/course/1/grades", data=typed(practice.moodle, ANA, "61,5", "55"))

    assert midterm(practice.moodle, ANA) == 61.5


def test_an_untouched_cell_never_undoes_a_newer_grade(practice):
    practice.enter(IVY)
    practice.web.post("/moodle/course/1/grades", data=typed(practice.moodle, ANA, "20", "20"))

    assert midterm(practice.moodle, ANA) == 55


def test_a_student_cannot_type_grades(practice):
    practice.enter(ANA)
    practice.web.post("/moodle/course/1/grades", data=typed(practice.moodle, ANA, "100", "55"))

    assert midterm(practice.moodle, ANA) == 55


def test_moving_the_clock_tells_the_demo_and_shows_it(practice):
    practice.enter(ANA)
    practice.web.post("/moodle/clock", data={"step": "week"})
    practice.web.post("/canvas/clock", data={"step": "day"})

    assert practice.moved == timedelta(days=8)
    assert "1 week 1 day" in practice.page("")


def test_posts_from_other_origins_are_refused(practice):
    reply = practice.web.post(
        "/moodle/clock", data={"step": "week"}, headers={"Origin": "http://evil.test"}
    )

    assert reply.status_code == 403


def test_the_policy_allows_nothing_inline_and_only_the_tool_in_frames(practice):
    policy = practice.web.get("/").headers["Content-Security-Policy"]

    assert "frame-src 'self' http://127.0.0.1:9;" in policy
    assert "unsafe" not in policy


class Inline(HTMLParser):
    found = ()

    def handle_starttag(self, tag, attrs):
        names = {name for name, _ in attrs}
        if "style" in names or any(name.startswith("on") for name in names) or tag == "style":
            self.found = (*self.found, tag)


def test_no_page_has_inline_script_or_style(practice):
    practice.enter(IVY)
    parser = Inline()
    for below in ("", "/people", "/grades"):
        parser.feed(practice.page(below))

    assert parser.found == ()


def test_names_are_escaped(practice):
    site = practice.moodle
    mallory = site.add_person(name="<script>alert(1)</script> & Co")
    site.enrol(sample.sample_course(site), mallory)
    practice.enter(IVY)

    assert "<script>alert" not in practice.page("/people") + practice.page("/grades")


def test_people_come_in_pages_when_there_are_many(practice):
    site, course = practice.moodle, sample.sample_course(practice.moodle)
    for n in range(400):
        site.enrol(course, site.add_person(name=f"Student {n}"))
    practice.enter(IVY)

    assert practice.page("/people").count('<th scope="row">') == 100
    assert "Page 2 of 5" in practice.page("/people?page=2")


def test_both_flavours_have_the_same_cast(practice):
    names = [
        sorted(person.name for person in site.state.people.values())
        for site in (practice.moodle, practice.canvas)
    ]

    everybody = (*cast.EVERYBODY, *cast.CROWD, cast.ADMINISTRATOR)
    assert names[0] == names[1] == sorted(player.name for player in everybody)
    assert len(cast.STUDENTS) == 30


def test_installing_again_changes_addresses_and_adds_no_link(practice):
    site, links = practice.moodle, len(practice.moodle.state.links)
    tool = sample.install(
        site,
        "good-turn",
        login_url="https://new/l",
        launch_url="https://new/x",
        jwks_url="https://new/j",
    )

    assert len(site.state.links) == links
    assert site.state.tools["good-turn"] == tool
    assert tool.login_url == "https://new/l"


def test_the_services_can_be_broken_and_mended_by_hand(practice):
    practice.web.post("/moodle/controls/trouble", data={"trouble": "down"})
    assert practice.moodle.faults.strike("scores").kind == "status"
    assert practice.moodle.faults.strike("jwks") is None
    assert "Down" in practice.web.get("/moodle/").get_data(as_text=True)

    practice.web.post("/moodle/controls/trouble", data={"trouble": ""})
    assert practice.moodle.faults.strike("scores") is None


@pytest.mark.parametrize("action", ["suspend", "unenrol"])
def test_people_can_be_taken_out_of_the_course_and_brought_back(practice, action):
    course, ana = sample.sample_course(practice.canvas), sample.person_of(practice.canvas, ANA)
    seat = f"{course.number}:{ana.sub}"

    practice.web.post("/canvas/controls/roster", data={"seat": seat, "action": action})
    assert ana.sub not in [here.sub for here in practice.canvas.active_enrolments(course)]
    practice.web.post("/canvas/controls/roster", data={"seat": seat, "action": "enrol"})
    assert ana.sub in [here.sub for here in practice.canvas.active_enrolments(course)]
