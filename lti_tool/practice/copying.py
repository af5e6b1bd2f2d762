"""A course copied and a course emptied (Moodle backup and reset; Canvas "Copy this course")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lti_tool.practice.model import Course, LineItem, Link, Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

STAFF = frozenset({"teacher", "non_editing_teacher", "ta", "designer", "manager"})


def copied(site: Site, course: Course, title: str) -> Course:
    """A new course: new ids throughout, custom fields, tags and resource ids as they were."""
    copy = site.add_course(
        title=title or f"{course.title} copy 1",
        label=f"{course.label}_1",
        timezone=course.timezone,
        history=[course.context_id, *course.history],
        outline=course.outline,
    )
    copy.removed_tools = list(course.removed_tools)
    copy.chooser = dict(course.chooser)
    renamed = {
        link.resource_link_id: _copied_link(site, link, copy) for link in site.links_of(course)
    }
    for line_item in site.line_items_of(course):
        _copy_line_item(site, line_item, copy, renamed)
    return copy


def _copied_link(site: Site, link: Link, course: Course) -> str:
    """The new link's id. A tool of the old course alone is deployed anew in Canvas."""
    tool = site.state.tools.get(link.client_id)
    if tool is None:
        return ""
    return site.add_link(
        course,
        tool,
        title=link.title,
        description=link.description,
        placement=link.placement,
        custom=link.custom,
        url=link.url,
        deployment_id=_deployment(site, tool, link, course),
    ).resource_link_id


def _deployment(site: Site, tool: Tool, link: Link, course: Course) -> str:
    if not tool.installs.get(link.deployment_id):
        return link.deployment_id
    for deployment, number in tool.installs.items():
        if number == course.number:
            return deployment
    deployment = site.new_deployment(site.next_number())
    tool.deployment_ids = [*tool.deployment_ids, deployment]
    tool.installs[deployment] = course.number
    return deployment


def _copy_line_item(
    site: Site, line_item: LineItem, course: Course, renamed: dict[str, str]
) -> None:
    rlid = line_item.resource_link_id
    copy = replace(
        line_item,
        number=site.next_number(),
        course_number=course.number,
        resource_link_id=renamed.get(rlid) if rlid else None,
        cells={},
    )
    site.state.line_items[copy.number] = copy


def reset(site: Site, course: Course, *, keep_staff: bool) -> None:
    """Nobody and no grade is left, except that staff may stay."""
    kept = [here for here in course.enrolments.values() if keep_staff and STAFF & set(here.roles)]
    course.enrolments = {here.sub: here for here in kept}
    course.roster_version += 1
    for line_item in site.line_items_of(course):
        line_item.cells = {}
