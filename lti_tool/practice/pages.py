"""What people see of a pretend LMS: entering as somebody, the course, its activities."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.practice.adminpages import AdminPages
from lti_tool.practice.controls import Controls
from lti_tool.practice.gradepages import own_grades, sheet, take_grades
from lti_tool.practice.model import Course, Link, Person
from lti_tool.practice.sessions import log_in, log_out, logged_in
from lti_tool.practice.site import Site
from lti_tool.practice.teachingpages import TeachingPages

STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
STAFF = frozenset({"teacher", "non_editing_teacher", "ta", "designer", "manager"})
ROLE_WORDS = {
    "student": "Student",
    "teacher": "Teacher",
    "non_editing_teacher": "Non-editing teacher",
    "ta": "Teaching assistant",
    "designer": "Designer",
    "observer": "Observer",
    "test_student": "Test student",
    "manager": "Manager",
}
LARGEST_CHOICE = 300
ROWS = 100


class SitePages:
    """The pages of one site, below its path."""

    def __init__(self, site: Site, move_clock: Callable[[timedelta], None] | None) -> None:
        self.site, self.move_clock = site, move_clock

    def blueprint(self) -> Blueprint:
        """All addresses that people use."""
        pages = Blueprint("site", __name__, url_prefix=self.site.path or None)
        course = "/course/<number>"
        both = ["GET", "POST"]
        pages.add_url_rule("/", "home", self.home)
        pages.add_url_rule("/enter", "enter", self.enter, methods=["POST"])
        pages.add_url_rule("/leave", "leave", self.leave, methods=["POST"])
        pages.add_url_rule("/clock", "clock", self.clock, methods=["POST"])
        pages.add_url_rule(course, "course", self.course)
        pages.add_url_rule(f"{course}/people", "people", self.people)
        pages.add_url_rule(f"{course}/grades", "grades", self.grades, methods=both)
        pages.add_url_rule("/activity/<cmid>", "activity", self.activity)
        pages.add_url_rule("/launch/<cmid>", "launch", self.launch)
        pages.add_url_rule("/storage", "storage", self.storage)
        pages.add_url_rule(self.site.dialect.auth_path, "auth", self.auth, methods=both)
        pages.context_processor(self.around)
        Controls(self.site).add_to(pages)
        AdminPages(self.site).add_to(pages)
        TeachingPages(self.site, self.inside).add_to(pages)
        return pages

    def around(self) -> dict[str, Any]:
        """What the frame of every page shows."""
        courses, moved = list(self.site.state.courses.values()), self.site.clock_offset()
        return {
            "site": self.site,
            "me": logged_in(self.site),
            "choices": choices(self.site),
            "can_move_clock": self.move_clock is not None,
            "clock_now": local(self.site, courses[0] if courses else None),
            "clock_moved": in_words(moved),
            "role_words": ROLE_WORDS,
        }

    def home(self) -> str:
        """Choose who to be."""
        return render_template("home.html", courses=list(self.site.state.courses.values()))

    def enter(self) -> Response:
        """Become the chosen person, and go where they wanted to go."""
        person = self.site.state.people.get(request.form.get("sub", ""))
        if person is None:
            abort(404)
        wanted = request.form.get("next", "")
        inside = wanted.startswith(self.site.path + "/") and not wanted.startswith("//")
        return log_in(self.site, person, redirect(wanted if inside else self._start(person)))

    def _start(self, person: Person) -> str:
        """Their first course, or the chooser."""
        for course in self.site.state.courses.values():
            if person.is_admin or person.sub in course.enrolments:
                return url_for(".course", number=course.number)
        return url_for(".home")

    def leave(self) -> Response:
        """Be nobody again."""
        return log_out(self.site, redirect(url_for(".home")))

    def clock(self) -> Response:
        """Move the demo's time forward."""
        step = STEPS.get(request.form.get("step", ""))
        if self.move_clock is None or step is None:
            abort(404)
        self.move_clock(step)
        wanted = request.form.get("next", "")
        inside = wanted.startswith(self.site.path + "/") and not wanted.startswith("//")
        return redirect(wanted if inside else url_for(".home"))

    def course(self, number: str) -> Response | str:
        """The course page with its activities."""
        here = self._course(number)
        return render_template("course.html", **self.inside(here)) if here else self._go_home()

    def people(self, number: str) -> Response | str:
        """Who is in the course."""
        here = self._course(number)
        if here is None:
            return self._go_home()
        every = sorted(self.site.active_enrolments(here), key=self._by_role)
        page, rows = paged(every)
        listed = [(self.site.state.people[row.sub], row) for row in rows]
        return render_template("people.html", listed=listed, page=page, **self.inside(here))

    def _by_role(self, enrolment: Any) -> tuple[bool, str]:
        return not STAFF & set(enrolment.roles), self.site.state.people[enrolment.sub].name

    def grades(self, number: str) -> Response | str:
        """All grades for staff, to be typed over; for students their own."""
        here = self._course(number)
        if here is None:
            return self._go_home()
        shown = self.inside(here)
        if not shown["is_staff"]:
            return render_template(
                "mygrades.html", rows=own_grades(self.site, here, shown["me"]), **shown
            )
        if request.method == "POST":
            saved = take_grades(self.site, here, request.form)
            return redirect(
                url_for(".grades", number=number, saved=saved, page=request.args.get("page"))
            )
        students = [row for row in self.site.active_enrolments(here) if "student" in row.roles]
        page, rows = paged(sorted(students, key=self._by_role))
        return render_template("grades.html", page=page, **sheet(self.site, here, rows), **shown)

    def activity(self, cmid: str) -> Response | str:
        """The tool in its frame, and a way to open it in a window of its own."""
        link = self._link(cmid)
        here = self._course(link.course_number)
        if here is None:
            return self._go_home()
        return render_template("activity.html", link=link, **self.inside(here))

    def launch(self, cmid: str) -> Response | str:
        """Login initiation: a form that submits itself to the tool."""
        link, me = self._link(cmid), logged_in(self.site)
        if me is None:
            return self._go_home()
        login = self.site.login_request(me, link)
        return render_template("handover.html", url=login.url, fields=login)

    def auth(self) -> str:
        """The answer to the tool's authentication request: a form that submits itself."""
        query = request.values.to_dict()
        redirect_uri, fields = self.site.authorize(query, logged_in(self.site))
        return render_template("handover.html", url=redirect_uri, fields=fields)

    def storage(self) -> str:
        """Canvas's frame `post_message_forwarding`, in which tools keep their state."""
        return render_template("storage.html")

    def inside(self, course: Course) -> dict[str, Any]:
        """What every page of a course shows."""
        me = logged_in(self.site)
        links = [
            link for link in self.site.state.links.values() if link.course_number == course.number
        ]
        here = course.enrolments.get(me.sub) if me else None
        roles = here.roles if here else []
        return {
            "me": me,
            "course": course,
            "links": links,
            "my_roles": [ROLE_WORDS[role] for role in roles] or ["Administrator"],
            "is_staff": bool(me and me.is_admin) or bool(STAFF & set(roles)),
            "clock_now": local(self.site, course),
        }

    def _course(self, number: str) -> Course | None:
        """The course, if whoever is logged in may see it."""
        course, me = self.site.state.courses.get(number), logged_in(self.site)
        if course is None:
            abort(404)
        here = course.enrolments.get(me.sub) if me else None
        allowed = (here and not here.suspended) or (me and me.is_admin)
        return course if allowed else None

    def _link(self, cmid: str) -> Link:
        if cmid not in self.site.state.links:
            abort(404)
        return self.site.state.links[cmid]

    def _go_home(self) -> Response:
        return redirect(url_for(".home"))


def site_blueprint(site: Site, move_clock: Callable[[timedelta], None] | None) -> Blueprint:
    """The pages of one site."""
    return SitePages(site, move_clock).blueprint()


def choices(site: Site) -> list[tuple[Person, str]]:
    """Who one may enter as, with the role in words: staff first, at most a few hundred."""
    found: dict[str, str] = {}
    for course in site.state.courses.values():
        if len(course.enrolments) <= LARGEST_CHOICE:
            found |= {sub: ROLE_WORDS[here.roles[0]] for sub, here in course.enrolments.items()}
    people = [site.state.people[sub] for sub in found]
    admins = [(person, "Administrator") for person in site.state.people.values() if person.is_admin]
    chosen = [(person, found[person.sub]) for person in people if not person.is_admin]
    return sorted(chosen, key=lambda one: one[1] == ROLE_WORDS["student"]) + admins


def paged(rows: list[Any]) -> tuple[dict[str, int], list[Any]]:
    """One page of a long list, by the address's `page`."""
    last = max((len(rows) + ROWS - 1) // ROWS, 1)
    number = min(max(request.args.get("page", 1, type=int), 1), last)
    return {"number": number, "last": last, "all": len(rows)}, rows[
        (number - 1) * ROWS : number * ROWS
    ]


def local(site: Site, course: Course | None) -> datetime:
    """The course's time in the course's zone."""
    zone = course.timezone if course else None
    return site.course_now().astimezone(ZoneInfo(zone or "UTC"))


def in_words(moved: timedelta) -> str:
    """How far the clock was moved: "1 week 2 days 3 hours"."""
    hours = int(moved.total_seconds()) // 3600
    amounts = ((hours // 168, "week"), (hours % 168 // 24, "day"), (hours % 24, "hour"))
    return " ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in amounts if n)
