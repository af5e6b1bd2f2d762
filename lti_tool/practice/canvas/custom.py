"""Canvas's custom fields and what it puts in place of `$Variables`."""

from urllib.parse import urlsplit

from lti_tool.practice.canvas.deeplink import placement_here
from lti_tool.practice.canvas.roles import launch_roles
from lti_tool.practice.dialect import Launching


def custom_claim(launching: Launching) -> dict[str, str]:
    """The tool's fields, its placement's, the link's; unknown variables stay as they are."""
    placement = placement_here(launching)
    own = placement.custom if placement else {}
    wanted = launching.tool.custom | own | launching.link.custom
    known = variables(launching)
    if launching.is_deep_link:
        known = {name: text for name, text in known.items() if "ResourceLink" not in name}
    return {
        name: known.get(value[1:], value) if value.startswith("$") else value
        for name, value in wanted.items()
    }


def variables(launching: Launching) -> dict[str, str]:
    """What is known here. `$User.id` is Canvas's own number, not the `sub`."""
    person, course, link = launching.person, launching.course, launching.link
    sections = launching.enrolment.sections if launching.enrolment else []
    return {
        "Context.id": course.context_id,
        "Context.title": course.title,
        "Context.label": course.label,
        "Context.id.history": ",".join(course.history),
        "ResourceLink.id": link.resource_link_id,
        "ResourceLink.title": link.title,
        "ResourceLink.description": link.description,
        "User.id": str(person.number),
        "User.username": person.username,
        "Person.name.full": person.name,
        "Person.name.given": person.given,
        "Person.name.family": person.family,
        "Person.email.primary": person.email,
        "Person.address.timezone": person.timezone or course.timezone or "America/Denver",
        "Membership.role": ",".join(launch_roles(launching)),
        "Canvas.user.id": str(person.number),
        "Canvas.course.id": course.number,
        "Canvas.course.name": course.title,
        "Canvas.course.workflowState": "completed" if course.is_concluded else "available",
        "Canvas.api.domain": urlsplit(launching.site.base_url).netloc,
        "com.instructure.User.sectionNames": _names(sections),
    }


def _names(sections: list[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in sections) + "]"
