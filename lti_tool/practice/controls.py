"""The practice controls that are no part of any LMS: outages, and who is in the course."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.practice.site import Fault, Site

TROUBLES = {
    "down": ("Down", "Every call from a tool is answered with 503.", "status", 1.0),
    "slow": ("Slow", "Every answer takes three seconds.", "latency", 1.0),
    "limit": ("Rate limit", "Every second call is told to slow down.", "throttle", 0.5),
    "lossy": ("Answers get lost", "One change in three is made, but never confirmed.", "lost", 0.3),
}
SHOWN = 40


class Controls:
    """One page per site, reached from the strip."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.trouble = ""

    def add_to(self, pages: Blueprint) -> None:
        """Put the addresses into the site's pages."""
        pages.add_url_rule("/controls", "controls", self.show)
        pages.add_url_rule("/controls/trouble", "trouble", self.make_trouble, methods=["POST"])
        pages.add_url_rule("/controls/roster", "roster", self.change_roster, methods=["POST"])
        pages.context_processor(lambda: {"trouble": TROUBLES.get(self.trouble, ("",))[0]})

    def show(self) -> str:
        """Switches, and what tools asked for lately."""
        return render_template(
            "controls.html",
            troubles=TROUBLES,
            trouble_key=self.trouble,
            seats=self._seats(),
            calls=self.site.requests[: -SHOWN - 1 : -1],
        )

    def _seats(self) -> list[tuple[str, Any, str]]:
        """(course number, person, state) for everybody who could be in a course."""
        found = []
        for course in self.site.state.courses.values():
            for person in list(self.site.state.people.values())[:300]:
                here = course.enrolments.get(person.sub)
                state = "suspended" if here and here.suspended else "here" if here else "not here"
                found.append((course.number, person, state))
        return sorted(found, key=lambda seat: seat[1].name)

    def make_trouble(self) -> Response:
        """Switch one kind of trouble on, or all of it off."""
        self.trouble = request.form.get("trouble", "")
        self.site.faults.clear()
        if self.trouble in TROUBLES:
            _, _, kind, rate = TROUBLES[self.trouble]
            self._strike("applied_lost" if kind == "lost" else kind, rate)
        return redirect(url_for(".controls"))

    def _strike(self, kind: str, rate: float) -> None:
        """On everything but the keys, which a browser's launch needs."""
        for service in ("token", "members", "lineitems", "scores", "results"):
            if kind != "applied_lost" or service == "scores":
                self.site.faults.add(Fault(service, kind, rate=rate, seconds=3))

    def change_roster(self) -> Response:
        """Remove, suspend or bring back one person."""
        number, _, sub = request.form.get("seat", "").partition(":")
        course, person = self.site.state.courses.get(number), self.site.state.people.get(sub)
        if course is None or person is None:
            abort(404)
        action = request.form.get("action")
        if action == "enrol":
            known = course.enrolments.get(sub)
            self.site.enrol(course, person, known.roles[0] if known else "student")
        elif sub in course.enrolments:
            change = self.site.suspend if action == "suspend" else self.site.unenrol
            change(course, person)
        return redirect(url_for(".controls"))
