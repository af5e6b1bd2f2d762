"""The course is a wall: every address, asked with another course's ids, shows and changes nothing.

The addresses come from the application itself. The intruder asks from their own visit with the
victim's ids, because a dropped check in a lookup is only seen that way; and with the victim's
address as well.
"""

import hashlib
import re
from datetime import timedelta
from functools import partial
from itertools import product
from types import SimpleNamespace

import pytest
from sqlalchemy import true, update

from lti_tool.board import queries as board
from lti_tool.clock import now
from lti_tool.course.models import Run
from lti_tool.db import Base, db, start_writing
from lti_tool.launch import rules, session
from lti_tool.launch.rules import Power
from lti_tool.lti.models import Context
from lti_tool.roster.models import RosterSweep
from tests.conftest import make_course, register

ANYONE, REGISTRATION, INVITED, MEMBER, ASKER, STAFF, INSTRUCTOR = (
    "anyone", "whoever knows a platform's address", "whoever was invited to register a platform",
    "members", "the asker", "staff", "instructors",
)  # fmt: skip
POLICY = {
    "health.alive": ANYONE,
    "health.ready": ANYONE,
    "health.figures": ANYONE,
    "launch.jwks": ANYONE,
    "launch.login": REGISTRATION,
    "launch.launch": REGISTRATION,
    "launch.launch_by_hand": REGISTRATION,
    "launch.open_tab": REGISTRATION,
    "launch.enter": REGISTRATION,
    "launch.notice": REGISTRATION,
    "registration.configuration": REGISTRATION,
    "registration.register": INVITED,
    "registration.register_itself": INVITED,
    "registration.register_by_hand": INVITED,
    "visit.leave": MEMBER,
    "board.index": MEMBER,
    "board.ask": MEMBER,
    "board.post_question": MEMBER,
    "board.question": MEMBER,
    "board.post_answer": MEMBER,
    "board.thank": ASKER,
    "credit.mine": MEMBER,
    "credit.settings": INSTRUCTOR,
    "credit.choose": INSTRUCTOR,
    "course.staff": STAFF,
    "course.keep_zone": INSTRUCTOR,
    "course.new_run": INSTRUCTOR,
    "course.begin_run": INSTRUCTOR,
    "course.go_on": INSTRUCTOR,
    "course.keep_sections": INSTRUCTOR,
    "course.undo_run": INSTRUCTOR,
    "board.earlier": STAFF,
    "board.earlier_question": STAFF,
    "deep_linking.choose": STAFF,
    "deep_linking.preview": STAFF,
    "deep_linking.send": STAFF,
    "frame.choose_in_frame": REGISTRATION,
    "frame.preview_in_frame": REGISTRATION,
    "frame.send_in_frame": REGISTRATION,
}
"""Who may use which address. An address that is not here fails the suite."""
IDS_IN_QUERIES = {"board.index": "before"}
"""Ids that travel outside of the path."""
FORM = {
    "title": "From outside",
    "body": "From outside",
    "note": "From outside",
    "mode": "gradebook",
    "full_marks_at": "7",
    "time_zone": "Asia/Tokyo",
    "run": "1",
    "sections": "apart",
    "form_key": "a-form-of-the-wall",
}
PEOPLE_AND_POSTS = re.compile(r"Hidden (?:title|body|help)|\b(?:Ana|Ben|Ivy|Ruiz|Okafor|Stone)\b")
SECRETS = re.compile(f"Secret Seminar|{PEOPLE_AND_POSTS.pattern}")
NOBODY = "AAAAAAAAAAAAAAAAAAAAAA"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def world(sqlite_app, make_site, visit):
    """A course with secrets, and an address of everything in it."""
    victim = make_course(make_site("canvas"), title="Secret Seminar")
    ana, ben = visit(victim, victim.ana), visit(victim, victim.ben)
    asked = ana.send("ask", title="Hidden title", body="Hidden body")
    question = asked.headers["Location"].rpartition("/")[2]
    place = f"questions/{question}"
    ben.send(f"{place}/answers", _from=place, body="Hidden help")
    answer = re.search(r"answers/([^/\"]+)/thanks", ana.page(place).text)[1]
    ids = {"question_id": question, "answer_id": answer, "registration": victim.registration_id}
    ids["run_id"] = earlier_run()
    return SimpleNamespace(app=sqlite_app, victim=victim, ana=ana, ben=ben, ids=ids, visit=visit)


def earlier_run():
    """A run of the victim's course that is over."""
    start_writing()
    context = db.session.query(Context).one()
    run = Run(context_id=context.id, number=7, began_at=now(), ended_at=now() + timedelta(days=1))
    db.session.add(run)
    db.session.commit()
    return run.public_id


def person(site, name, role, course, **more):
    made = site.add_person(name=name, **more)
    site.enrol(course, made, role)
    return made


def another_course(world, role="student"):
    """Somebody of another course on the same platform."""
    site = world.victim.site
    other = site.add_course(title="Pottery", label="P 1")
    link = site.add_link(other, world.victim.tool, title="Board")
    return world.visit(world.victim, person(site, "Zoe Lind", role, other), link)


def another_platform(world, make_site, role):
    """The same person id and course id, under the same issuer and client id, at another LMS."""
    victim = world.victim
    site = make_site("canvas", path="twin", issuer=victim.site.issuer)
    row = register(site)
    course = site.add_course(title="Pottery", context_id=victim.lms.context_id)
    link = site.add_link(course, row.tool, title="Board")
    twin = SimpleNamespace(site=site, link=link)
    return world.visit(twin, person(site, "Twin Lind", role, course, sub=victim.ana.sub))


def classmate(world, role):
    """Somebody else of the same course."""
    site, course = world.victim.site, world.victim.lms
    return world.visit(world.victim, person(site, "Cem Lind", role, course))


def five_minutes_later():
    """The roster may be asked for again."""
    start_writing()
    db.session.execute(update(RosterSweep).values(tried_at=None))
    db.session.commit()


def addresses(app, *kinds):
    """(rule, method) of every address of these kinds, methods it does not take included."""
    for rule in app.url_map.iter_rules():
        if POLICY.get(rule.endpoint) in kinds:
            yield from ((rule, method) for method in sorted(METHODS))


def built(rule, visit_id, ids):
    """The address of a rule with these ids in it, in path and query."""
    values = {"visit": visit_id, "notice": "who-may", "secret": NOBODY} | ids
    path = rule.build({name: values[name] for name in rule.arguments})[1]
    named = IDS_IN_QUERIES.get(rule.endpoint)
    return f"{path}?{named}={ids['question_id']}" if named else path


def visit_of(browser):
    return browser.home.split("/")[2]


def token_of(browser):
    found = re.search(r'name="csrf" value="([^"]+)"', browser.page().text) if browser.home else None
    return found[1] if found else ""


def asked(browser, method, path, token):
    """One request as the browser sends it, with its own form token."""
    form = None if method in ("GET", "HEAD") else FORM | {"csrf": token}
    return browser._ask(partial(browser.client.open, method=method), path, data=form)


def plain(answer):
    """An answer's status and text without what differs in every answer."""
    return answer.status_code, re.sub(r"\b[0-9a-f]{16}\b", "", answer.text)


def everything():
    """A digest of every row of every table."""
    db.session.rollback()
    rows = [
        (table.name, sorted(map(str, db.session.execute(table.select()))))
        for table in Base.metadata.sorted_tables
    ]
    db.session.rollback()
    return hashlib.sha256(str(rows).encode()).hexdigest()


def leaks(world, browser, visit_id, secrets=SECRETS):
    """What `browser` learns or changes at `visit_id` by using the victim's ids everywhere."""
    token, unknown = token_of(browser), dict.fromkeys(world.ids, NOBODY)
    for rule, method in addresses(world.app, MEMBER, ASKER, STAFF, INSTRUCTOR):
        if rule.endpoint == "visit.leave" and visit_id == visit_of(browser):
            continue
        before = everything()
        answer = asked(browser, method, built(rule, visit_id, world.ids), token)
        has_id = rule.arguments - {"visit"} or rule.endpoint in IDS_IN_QUERIES
        if secrets.search(answer.text):
            yield f"{method} {rule} shows something"
        if has_id and answer.status_code < 400:
            yield f"{method} {rule} answers {answer.status_code}"
        if has_id and plain(answer) != plain(
            asked(browser, method, built(rule, visit_id, unknown), token)
        ):
            yield f"{method} {rule} tells that the id exists"
        if (has_id or answer.status_code >= 400) and everything() != before:
            yield f"{method} {rule} writes"


def openings(world, browser, visit_id):
    """Addresses of a visit that open, or show or change something, for who must not have it."""
    token = token_of(browser)
    before = everything()
    for rule, method in addresses(world.app, MEMBER, ASKER, STAFF, INSTRUCTOR):
        answer = asked(browser, method, built(rule, visit_id, world.ids), token)
        is_refused = answer.status_code in (401, 405)
        if not is_refused or SECRETS.search(answer.text):
            yield f"{method} {rule} answers {answer.status_code}"
    if everything() != before:
        yield "something was written"


def test_every_address_has_a_policy(sqlite_app):
    endpoints = {rule.endpoint for rule in sqlite_app.url_map.iter_rules()} - {"static"}

    assert endpoints == set(POLICY)


def test_the_policy_is_what_the_pages_name(sqlite_app):
    powers = {
        MEMBER: Power.TAKE_PART,
        ASKER: Power.TAKE_PART,
        STAFF: Power.STAFF_PAGES,
        INSTRUCTOR: Power.CONFIGURE,
    }

    for endpoint, who in POLICY.items():
        power = getattr(sqlite_app.view_functions[endpoint], "power", None)
        assert power == powers.get(who), endpoint


def test_the_asker_opens_what_the_wall_hides_from_others(world):
    own = visit_of(world.ana)
    token = token_of(world.ana)

    answers = {
        rule.endpoint: asked(world.ana, "POST", built(rule, own, world.ids), token)
        if "POST" in rule.methods
        else world.ana.get(built(rule, own, world.ids))
        for rule in world.app.url_map.iter_rules()
        if POLICY.get(rule.endpoint) in (MEMBER, ASKER) and rule.endpoint != "visit.leave"
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "board.index": 200,
        "board.ask": 200,
        "board.post_question": 303,
        "board.question": 200,
        "board.post_answer": 303,
        "board.thank": 303,
        "credit.mine": 200,
    }
    assert SECRETS.search(answers["board.question"].text)


@pytest.mark.parametrize("role", ["student", "teacher"])
def test_another_course_sees_and_changes_nothing(world, role):
    zoe = another_course(world, role)

    assert list(leaks(world, zoe, visit_of(zoe))) == []
    assert list(openings(world, zoe, visit_of(world.ana))) == []


@pytest.mark.parametrize("role", ["student", "teacher"])
def test_a_platform_with_the_same_names_sees_and_changes_nothing(world, make_site, role):
    twin = another_platform(world, make_site, role)

    assert list(leaks(world, twin, visit_of(twin))) == []
    assert list(openings(world, twin, visit_of(world.ana))) == []


def test_a_test_student_sees_and_changes_nothing(world):
    pretend = classmate(world, "test_student")

    assert list(leaks(world, pretend, visit_of(pretend), PEOPLE_AND_POSTS)) == []


def test_a_removed_member_opens_nothing(world, run_chores):
    run_chores(world.app)
    world.victim.site.unenrol(world.victim.lms, world.victim.ana)
    five_minutes_later()
    ivy = world.visit(world.victim, world.victim.ivy)
    run_chores(world.app)

    assert ivy.page().status_code == 200
    assert world.ana.page().status_code == 401
    assert list(openings(world, world.ana, visit_of(world.ana))) == []


def test_a_copied_address_opens_nothing_in_another_browser(world, browser):
    stranger = browser()

    assert list(openings(world, stranger, visit_of(world.ana))) == []


def test_another_visit_of_the_same_course_is_not_ones_own(world):
    assert list(openings(world, world.ben, visit_of(world.ana))) == []


def test_an_address_of_no_visit_opens_nothing(world):
    assert list(openings(world, world.ana, NOBODY)) == []


def test_an_observer_gets_a_notice_and_opens_nothing(world, browser):
    site, course = world.victim.site, world.victim.lms
    guest = browser()

    answer = guest.launch(world.victim, person(site, "Olga Lind", "observer", course))
    notice = guest.get(answer.headers["Location"])
    guest.home = None

    assert notice.status_code == 200
    assert not SECRETS.search(notice.text)
    assert list(openings(world, guest, visit_of(world.ana))) == []


@pytest.mark.parametrize("role", ["student", "ta", "designer", "test_student"])
def test_pages_of_instructors_are_refused_to_others(world, role):
    other = classmate(world, role)
    token, before = token_of(other), everything()

    answers = {
        f"{method} {rule}": asked(other, method, built(rule, visit_of(other), world.ids), token)
        for rule, method in addresses(world.app, INSTRUCTOR)
        if method in rule.methods
    }

    assert len(answers) >= 3
    assert {answer.status_code for answer in answers.values()} == {403}
    assert everything() == before


@pytest.mark.parametrize("role", ["student", "ta", "teacher"])
def test_what_is_the_askers_is_refused_to_classmates(world, role):
    other = classmate(world, role)
    token, before = token_of(other), everything()

    for rule, method in addresses(world.app, ASKER):
        answer = asked(other, method, built(rule, visit_of(other), world.ids), token)
        assert answer.status_code in (403, 405)

    assert everything() == before


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        pytest.param("none", {}, id="no token"),
        pytest.param("ben's", {}, id="another visit's token"),
        pytest.param("own", {"Origin": "https://evil.example"}, id="another site's origin"),
        pytest.param("own", {"Origin": "null"}, id="no site's origin"),
        pytest.param("own", {"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
        pytest.param("own", {"Sec-Fetch-Site": "same-site"}, id="a neighbour's site"),
    ],
)
def test_forms_that_another_page_made_change_nothing(world, token, headers):
    own = visit_of(world.ana)
    form = FORM | {
        "csrf": {"none": "", "ben's": token_of(world.ben), "own": token_of(world.ana)}[token]
    }
    before = everything()

    answers = [
        world.ana.post(built(rule, own, world.ids), form, headers=headers)
        for rule, method in addresses(world.app, MEMBER, ASKER, STAFF, INSTRUCTOR)
        if method == "POST" and "POST" in rule.methods
    ]

    assert {answer.status_code for answer in answers} == {422}
    assert len(answers) >= 5
    assert everything() == before


def test_addresses_of_a_platform_tell_nothing_about_its_people(world, browser):
    guest = browser()
    before = {table: db.session.query(table).count() for table in Base.metadata.sorted_tables}

    answers = [
        asked(guest, method, built(rule, NOBODY, ids), "")
        for (rule, method), ids in product(
            addresses(world.app, ANYONE, REGISTRATION, INVITED),
            (world.ids, world.ids | {"registration": NOBODY}),
        )
    ]

    after = {table: db.session.query(table).count() for table in Base.metadata.sorted_tables}
    assert not [answer for answer in answers if SECRETS.search(answer.text)]
    assert 500 not in {answer.status_code for answer in answers}
    assert after == before


def test_a_dropped_course_check_is_caught(world, monkeypatch):
    zoe = another_course(world)
    monkeypatch.setattr(board, "_on_board_of", lambda _member, _run=None: true())

    found = "\n".join(leaks(world, zoe, visit_of(zoe)))

    assert "GET /v/<visit>/questions/<question_id> shows something" in found
    assert "POST /v/<visit>/questions/<question_id>/answers writes" in found


def test_a_dropped_cookie_check_is_caught(world, browser, monkeypatch):
    monkeypatch.setattr(session.hmac, "compare_digest", lambda _one, _other: True)
    stranger = another_course(world)

    assert list(openings(world, stranger, visit_of(world.ana)))


def test_a_dropped_role_check_is_caught(world, monkeypatch):
    ben = world.ben
    monkeypatch.setattr(rules, "may", lambda _role, _power: True)

    assert ben.page("credit/settings").status_code == 200
