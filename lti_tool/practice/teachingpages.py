"""What a teacher of the pretend LMS does with tools in a course: offer, add, select, copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.practice.model import Course, Person, Tool
from lti_tool.practice.sessions import logged_in
from lti_tool.practice.site import Site

Inside = Callable[[Course], dict[str, Any]]


class TeachingPages:
    """Moodle's "LTI External tools" and Canvas's "Apps" and "Navigation", in one page."""

    def __init__(self, site: Site, inside: Inside) -> None:
        self.site, self.inside = site, inside

    def add_to(self, pages: Blueprint) -> None:
        """Put the addresses into the site's pages."""
        course = "/course/<number>"
        tool = f"{course}/tools/<client_id>"
        pages.add_url_rule(f"{course}/tools", "course_tools", self.tools)
        pages.add_url_rule(f"{tool}/offer", "offer", self.offer, methods=["POST"])
        pages.add_url_rule(f"{tool}/add", "add_activity", self.add, methods=["POST"])
        pages.add_url_rule(f"{tool}/select", "select", self.select)
        pages.add_url_rule(f"{tool}/selecting", "selecting", self.selecting)
        pages.add_url_rule(f"{course}/copy", "copy_course", self.copy, methods=["POST"])
        pages.add_url_rule(f"{course}/reset", "reset_course", self.reset, methods=["POST"])
        returned = self.site.dialect.deep_link_path
        pages.add_url_rule(returned, "deep_linked", self.deep_linked, methods=["POST"])

    def tools(self, number: str) -> str:
        """The tools of a course, and what can be done with the course itself."""
        course, _ = self._teaching(number)
        every = [one for one in self.site.state.tools.values() if one.state == "active"]
        if self.site.dialect_name == "canvas":
            every = [one for one in every if self.site.is_installed(one, course)]
        chosen = self.site.activity_chooser(course)
        return render_template(
            "coursetools.html",
            tools=every,
            chosen=[tool.client_id for tool in chosen],
            in_navigation=[
                link.client_id
                for link in self.site.links_of(course)
                if link.placement == "course_navigation"
            ],
            **self.inside(course),
        )

    def offer(self, number: str, client_id: str) -> Response:
        """Moodle: show the tool in the activity chooser. Canvas: put it into the navigation."""
        course, tool = self._teaching(number, client_id)
        if self.site.dialect_name == "moodle":
            self.site.show_in_chooser(tool, course)
        else:
            self.site.enable_navigation(tool, course)
        return redirect(url_for(".course_tools", number=number))

    def add(self, number: str, client_id: str) -> Response:
        """Add an activity that simply opens the tool."""
        course, tool = self._teaching(number, client_id)
        link = self.site.add_link(course, tool, title=request.form.get("title") or tool.name)
        return redirect(url_for(".activity", cmid=link.cmid))

    def select(self, number: str, client_id: str) -> str:
        """The frame in which the tool lets the teacher select content."""
        course, tool = self._teaching(number, client_id)
        placement = request.args.get("placement", "")
        return render_template("select.html", tool=tool, placement=placement, **self.inside(course))

    def selecting(self, number: str, client_id: str) -> str:
        """The login initiation of a deep linking request, inside that frame."""
        course, tool = self._teaching(number, client_id)
        placement = request.args.get("placement") or None
        login = self.site.deep_link_request(self._me(), course, tool, placement)
        return render_template("handover.html", url=login.url, fields=login)

    def deep_linked(self, **_names: str) -> str:
        """The tool's answer. Posted from its own site, it comes without our cookie at first."""
        me = logged_in(self.site)
        if me is None:
            if "again" in request.form:
                abort(403)
            fields = request.form.to_dict() | {"again": "1"}
            return render_template("handover.html", url=request.url, fields=fields)
        answer = self.site.deep_linked(me, request.url, request.form.get("JWT", ""))
        return render_template("selected.html", answer=answer, **self.inside(answer.course))

    def copy(self, number: str) -> Response:
        """Moodle's "Copy course", Canvas's "Copy this course"; the teacher comes along."""
        course, _ = self._teaching(number)
        copy = self.site.copy_course(course)
        self.site.enrol(copy, self._me(), "teacher")
        return redirect(url_for(".course", number=copy.number))

    def reset(self, number: str) -> Response:
        """Take students and grades out; activities stay."""
        course, _ = self._teaching(number)
        self.site.reset_course(course, keep_staff=True)
        return redirect(url_for(".people", number=number))

    def _me(self) -> Person:
        me = logged_in(self.site)
        if me is None:
            abort(403)
        return me

    def _teaching(self, number: str, client_id: str = "") -> tuple[Course, Tool]:
        course = self.site.state.courses.get(number)
        if course is None or (client_id and client_id not in self.site.state.tools):
            abort(404)
        if not self.inside(course)["is_staff"]:
            abort(403)
        found: Any = self.site.state.tools.get(client_id)
        return course, found
