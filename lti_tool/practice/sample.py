"""The demo's two practice LMSs: one course and one cast, in both flavours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypedDict, Unpack

from lti_tool.practice import cast
from lti_tool.practice.cast import Player
from lti_tool.practice.model import Course, Link, Person, Tool
from lti_tool.practice.site import Site

MOODLE_CUSTOM = {
    "context_history": "$Context.id.history",
    "tz": "$Person.address.timezone",
    "groups": "$Moodle.Person.userGroupIds",
}
CANVAS_CUSTOM = {
    "context_history": "$Context.id.history",
    "tz": "$Person.address.timezone",
    "sections": "$com.instructure.User.sectionNames",
    "course_state": "$Canvas.course.workflowState",
    "api_domain": "$Canvas.api.domain",
}


class SampleOptions(TypedDict, total=False):
    """What both flavours take beside their address."""

    issuer: str | None
    now: Callable[[], datetime] | None
    save_to: str | Path | None


def moodle_site(base_url: str, **options: Unpack[SampleOptions]) -> Site:
    """The Moodle-like LMS with the sample course, or as it was saved."""
    site = Site("moodle", name="Practice Moodle", base_url=base_url, **options)
    return filled(site)


def canvas_site(base_url: str, **options: Unpack[SampleOptions]) -> Site:
    """The Canvas-like LMS with the sample course, or as it was saved."""
    site = Site("canvas", name="Practice Canvas", base_url=base_url, **options)
    return filled(site)


def filled(site: Site) -> Site:
    """`site` with the sample course and its cast, unless it has people already."""
    if not site.state.people:
        with site.changing():
            course = site.add_course(
                title=cast.COURSE_TITLE,
                label=cast.COURSE_LABEL,
                timezone=cast.COURSE_ZONE,
                outline=cast.OUTLINE,
            )
            for player in cast.EVERYBODY:
                site.enrol(course, _added(site, player), player.role, section=player.section)
            _grade_midterm(site, course)
    if len(site.state.courses) == 1:
        _add_large_course(site)
    return site


def _add_large_course(site: Site) -> None:
    """An administrator, and a second course of the same teacher with 300 students."""
    with site.changing():
        course = site.add_course(
            title=cast.LARGE_TITLE, label=cast.LARGE_LABEL, timezone=cast.COURSE_ZONE
        )
        site.enrol(course, person_of(site, cast.TEACHER), "teacher")
        for n, player in enumerate(cast.CROWD):
            person = _added(site, player, f"{player.username}{n}")
            site.enrol(course, person, player.role, section=player.section)
        _added(site, cast.ADMINISTRATOR).is_admin = True


def _grade_midterm(site: Site, course: Course) -> None:
    """Some grades that are the teacher's business alone."""
    midterm = site.add_column(course, "Midterm exam", 100)
    for n, player in enumerate(cast.STUDENTS):
        site.teacher_sets(course, midterm, person_of(site, player), 55 + (n * 37) % 44)


def _added(site: Site, player: Player, username: str = "") -> Person:
    return site.add_person(
        name=player.name,
        given=player.given,
        family=player.family,
        email=player.email,
        username=username or player.username,
        timezone=cast.COURSE_ZONE,
    )


def sample_course(site: Site) -> Course:
    """The course that `filled` made."""
    return next(iter(site.state.courses.values()))


def person_of(site: Site, player: Player) -> Person:
    """That player's account at `site`."""
    return next(person for person in site.state.people.values() if person.name == player.name)


class ToolAddresses(TypedDict):
    """Where the tool is, for one registration."""

    login_url: str
    launch_url: str
    jwks_url: str


def install(site: Site, client_id: str, **addresses: Unpack[ToolAddresses]) -> Tool:
    """Register Good Turn at the sample site and put it into the course.

    Safe to repeat: a changed address is taken over, links and grades stay.
    """
    custom = MOODLE_CUSTOM if site.dialect_name == "moodle" else CANVAS_CUSTOM
    with site.changing():
        known = site.state.tools.get(client_id)
        tool = site.add_tool(
            name="Good Turn",
            client_id=client_id,
            custom=custom,
            deployment_ids=known.deployment_ids if known else None,
            **addresses,
        )
        if known is None:
            _add_links(site, tool)
        large = list(site.state.courses.values())[1]
        if not site.links_of(large):
            site.add_link(large, tool, title="Good Turn", placement=_first_placement(site))
    return tool


def _first_placement(site: Site) -> str:
    return "course_navigation" if site.dialect_name == "canvas" else "activity"


def _add_links(site: Site, tool: Tool) -> None:
    """An activity in Moodle; in Canvas the course navigation and one assignment."""
    course = sample_course(site)
    if site.dialect_name == "canvas":
        site.add_link(course, tool, title="Good Turn", placement="course_navigation")
    else:
        site.add_link(course, tool, title="Good Turn", description="Ask and help each other.")
    placement = "assignment_selection" if site.dialect_name == "canvas" else "activity"
    site.add_link(
        course,
        tool,
        title="Lab 3: Recursion",
        description="Help for and from your classmates on this lab.",
        placement=placement,
    )


def main_link(site: Site) -> Link:
    """The link that the demo's course page puts first."""
    return next(iter(site.state.links.values()))
