"""A little history for the demo's courses, made through the product's own actions."""

from dataclasses import dataclass
from datetime import timedelta

from lti_tool import clock
from lti_tool.board import actions as board
from lti_tool.db import db
from lti_tool.lti import actions as lti
from lti_tool.lti.message import Course, Launch, Link, Person, Services
from lti_tool.lti.models import Context, Registration
from lti_tool.lti.roles import Role
from lti_tool.practice import cast, sample
from lti_tool.practice.site import Site
from lti_tool.roster import actions as roster
from lti_tool.roster.models import Membership


@dataclass(frozen=True)
class Told:
    """One question of the past: who asked, who answered, and whether it helped."""

    days_ago: float
    asker: str
    title: str
    body: str
    answers: tuple[tuple[str, str], ...] = ()
    helped: int | None = None
    """Which answer got the asker unstuck, counted from 0."""
    note: str = ""


HISTORY = (
    Told(
        9.1,
        "Dilnoza",
        "Why does 7 / 2 give 3 in my program?",
        "I expected 3.5. It prints 3 and there is no error. I tried to store it in a float.",
        (
            (
                "Hana",
                "Both numbers are integers, so the division is done on integers first, and only "
                "the result becomes a float. Write 7.0 / 2 and look again.",
            ),
        ),
        0,
        "The “first, and only then” did it. Thank you!",
    ),
    Told(
        7.4,
        "Gabriel",
        "My while loop never ends, but the counter changes",
        "I print i and it goes 0, 2, 4, 6, 8, 10, 12 … The condition is i != 9.",
        (
            ("Łukasz", "Does i ever have the value 9? Look at what you add each time."),
            ("Priya", "A condition with < is safer than != when you step by more than one."),
        ),
        0,
        "It jumps over 9! I saw it as soon as you asked.",
    ),
    Told(
        5.8,
        "Wanjiru",
        "When do I return and when do I print?",
        "My function prints the right number, but the test says it got None.",
        (
            (
                "Tomás",
                "The test cannot read your screen. What does your function hand back to whoever "
                "called it?",
            ),
        ),
    ),
    Told(
        4.2,
        "Yusuf",
        "How do I test a function that reads from a file?",
        "In Lab 2 mine works by hand, and I have no idea how to write the test.",
        (
            (
                "Zoë",
                "Split it: one function that reads the lines, and one that gets a list of lines. "
                "Then the second is easy to test.",
            ),
        ),
        0,
        "Two functions. Of course.",
    ),
    Told(
        1.3,
        "Ben",
        "Lab 3: my recursion stops with “maximum depth exceeded”",
        "sum_list(xs) returns xs[0] + sum_list(xs[1:]). It works on paper.",
        (
            (
                "Åsa",
                "What should sum_list([]) be? On paper you stop there by yourself; the computer "
                "has to be told.",
            ),
        ),
        0,
        "The empty list! Now I see what the base case is for.",
    ),
    Told(
        0.4,
        "Uma",
        "Lab 4: what is the difference between *p and p?",
        "I can copy the examples, but when I write my own I put stars everywhere until it "
        "compiles. Is there a way to think about it?",
    ),
)


def history(registration: Registration, site: Site) -> None:
    """Give the sample course of `site` its past, once; the caller commits."""
    course = sample.sample_course(site)
    for told in HISTORY:
        ago = -timedelta(days=told.days_ago)
        clock.follow(lambda ago=ago: ago)  # type: ignore[misc]
        _tell(registration, site, course.context_id, told)
    clock.follow(clock.offset)


def _tell(registration: Registration, site: Site, context_id: str, told: Told) -> None:
    context = _context(registration, context_id)
    asker = _member(registration, site, context, told.asker)
    question = board.ask(asker, title=told.title, body=told.body, form_key="")
    for n, (name, body) in enumerate(told.answers):
        helper = _member(registration, site, context, name)
        answer = board.answer(helper, question, body=body, form_key="", is_by_staff=helper.is_staff)
        if n == told.helped:
            board.thank(asker, answer, told.note)


def _context(registration: Registration, context_id: str) -> Context:
    course = Course(context_id, cast.COURSE_TITLE, cast.COURSE_LABEL)
    launch = Launch("", Person(None), Role.STUDENT, Link("seed"), course, Services())
    context, link = lti.record(registration, launch, course, clock.course_now())
    db.session.expunge(link)  # nobody launched: there is a course, and no link yet
    return context


def _member(registration: Registration, site: Site, context: Context, given: str) -> Membership:
    player = next(player for player in cast.EVERYBODY if player.given == given)
    person = sample.person_of(site, player)
    known = Person(person.sub, player.name, player.given, player.family)
    role = Role.TEACHING_ASSISTANT if player.role == "ta" else Role.STUDENT
    member = roster.admit(registration, context, known, role)
    member.seen_at = None
    return member
