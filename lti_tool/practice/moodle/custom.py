"""Moodle's custom parameters and what it puts in place of `$Variables`."""

import re

from lti_tool.practice.dialect import Launching
from lti_tool.practice.moodle.roles import launch_roles

VARIABLES = (
    "Context.id",
    "Context.title",
    "Context.label",
    "Context.id.history",
    "CourseSection.sourcedId",
    "ResourceLink.id",
    "ResourceLink.title",
    "ResourceLink.description",
    "User.id",
    "User.username",
    "Person.sourcedId",
    "Person.name.full",
    "Person.name.given",
    "Person.name.family",
    "Person.email.primary",
    "Person.address.timezone",
    "Membership.role",
    "Moodle.Person.userGroupIds",
)


def custom_claim(launching: Launching) -> dict[str, str]:
    """The tool's own parameters win over the activity's; odd names come twice (locallib)."""
    wanted = launching.link.custom | launching.tool.custom
    known = variables(launching)
    if launching.is_deep_link:
        known = {name: text for name, text in known.items() if "ResourceLink" not in name}
    claim: dict[str, str] = {}
    for name, value in wanted.items():
        expanded = known.get(value[1:], value) if value.startswith("$") else value
        claim[name] = expanded
        claim[re.sub(r"[^a-z0-9]", "_", name.lower())] = expanded
    return claim


def variables(launching: Launching) -> dict[str, str]:
    """What is known here; everything else arrives as the literal text."""
    person, course, link = launching.person, launching.course, launching.link
    return {
        "Context.id": course.context_id,
        "Context.title": course.title,
        "Context.label": course.label,
        "Context.id.history": ",".join(course.history),
        "CourseSection.sourcedId": "",
        "ResourceLink.id": link.resource_link_id,
        "ResourceLink.title": link.title,
        "ResourceLink.description": link.description,
        "User.id": person.sub,
        "User.username": person.username,
        "Person.sourcedId": "",
        "Person.address.timezone": person.timezone or "99",
        "Membership.role": ",".join(role.rpartition("#")[2] for role in launch_roles(launching)),
        "Moodle.Person.userGroupIds": ",".join(_groups(launching)),
        **_shared_names(launching),
    }


def _groups(launching: Launching) -> list[str]:
    """The numbers of the person's groups, not their names."""
    names = launching.enrolment.sections if launching.enrolment else []
    return [launching.course.sections[name] for name in names if name in launching.course.sections]


def _shared_names(launching: Launching) -> dict[str, str]:
    """These obey the privacy setting; the time zone and username above do not, as in Moodle."""
    person, privacy = launching.person, launching.tool.privacy
    named, mailed = privacy in ("public", "name_only"), privacy in ("public", "email_only")
    return {
        "Person.name.full": person.name if named else "",
        "Person.name.given": person.given if named else "",
        "Person.name.family": person.family if named else "",
        "Person.email.primary": person.email if mailed else "",
    }
