"""What a verified launch says, as plain values; raw claim names go no further than here."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lti_tool.errors import LaunchRejected
from lti_tool.lti import claims as names
from lti_tool.lti import refusals
from lti_tool.lti.roles import Role, role_of
from lti_tool.lti.rules import origin_of
from lti_tool.lti.token import Claims

MAX_ID = 255
"""LTI Core 1.3 §5.3: ids are at most 255 characters."""
MAX_URL = 2000
MAX_TEXT = 500
"""Titles and names are cut here: they are for reading."""


@dataclass(frozen=True)
class Person:
    """Who launched. `sub` is the platform's id of the person, none for a guest."""

    sub: str | None
    name: str = ""
    given: str = ""
    family: str = ""


@dataclass(frozen=True)
class Course:
    """The context claim."""

    context_id: str
    title: str = ""
    label: str = ""


@dataclass(frozen=True)
class Link:
    """The resource link claim."""

    resource_link_id: str
    title: str = ""


@dataclass(frozen=True)
class Services:
    """Where the platform can be asked about this course; none where a service is off."""

    memberships_url: str | None = None
    lineitems_url: str | None = None
    lineitem_url: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Launch:
    """One launch that was verified, in our words."""

    deployment_id: str
    person: Person
    role: Role
    link: Link
    course: Course | None
    services: Services
    time_zone: str | None = None
    locale: str | None = None


def read(claims: Claims, own_origin: str) -> Launch:
    """The launch that `claims` describe; raises LaunchRejected with the reason."""
    _check_version(claims)
    _check_message_type(claims)
    _check_target(claims, own_origin)
    return Launch(
        deployment_id=_id(claims, names.DEPLOYMENT_ID),
        person=_person(claims),
        role=role_of(_roles(claims)),
        link=_link(claims),
        course=_course(claims),
        services=_services(claims),
        time_zone=_custom(claims, "tz"),
        locale=_text(_object(claims, names.LAUNCH_PRESENTATION), "locale") or None,
    )


def _check_version(claims: Claims) -> None:
    if names.VERSION not in claims:
        raise LaunchRejected(refusals.CLAIM_MISSING)
    if claims[names.VERSION] != names.SUPPORTED_VERSION:
        raise LaunchRejected(refusals.VERSION_BAD)


def _check_message_type(claims: Claims) -> None:
    if names.MESSAGE_TYPE not in claims:
        raise LaunchRejected(refusals.CLAIM_MISSING)
    if claims[names.MESSAGE_TYPE] != names.RESOURCE_LINK_REQUEST:
        raise LaunchRejected(refusals.MESSAGE_UNKNOWN)


def _check_target(claims: Claims, own_origin: str) -> None:
    target = _required(claims, names.TARGET_LINK_URI)
    if not isinstance(target, str):
        raise LaunchRejected(refusals.CLAIM_BAD)
    if origin_of(target) != own_origin:
        raise LaunchRejected(refusals.TARGET_FOREIGN)


def _roles(claims: Claims) -> list[str]:
    roles = _required(claims, names.ROLES)
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise LaunchRejected(refusals.CLAIM_BAD)
    return roles


def _person(claims: Claims) -> Person:
    """Who launched. The e-mail address is looked at like every claim, and goes no further."""
    _text(claims, "email")
    return Person(
        sub=_id(claims, "sub") if "sub" in claims else None,
        name=_text(claims, "name"),
        given=_text(claims, "given_name"),
        family=_text(claims, "family_name"),
    )


def _link(claims: Claims) -> Link:
    link = _object(claims, names.RESOURCE_LINK, needed=True)
    return Link(resource_link_id=_id(link, "id"), title=_text(link, "title"))


def _course(claims: Claims) -> Course | None:
    """The course, or none where the platform launches outside of one."""
    if claims.get(names.CONTEXT) is None:
        return None
    context = _object(claims, names.CONTEXT)
    return Course(
        context_id=_id(context, "id"), title=_text(context, "title"), label=_text(context, "label")
    )


def _services(claims: Claims) -> Services:
    roster = _object(claims, names.NAMES_AND_ROLES)
    grades = _object(claims, names.ASSIGNMENTS_AND_GRADES)
    scopes = grades.get("scope") or []
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise LaunchRejected(refusals.CLAIM_BAD)
    return Services(
        memberships_url=_url(roster, "context_memberships_url"),
        lineitems_url=_url(grades, "lineitems"),
        lineitem_url=_url(grades, "lineitem"),
        scopes=tuple(sorted(scope for scope in scopes if scope in names.GRADE_SCOPES)),
    )


def _custom(claims: Claims, name: str) -> str | None:
    """A custom variable; one that the platform did not fill in arrives as its own name ("$…")."""
    value = _object(claims, names.CUSTOM).get(name)
    if not isinstance(value, str) or not value or value.startswith("$"):
        return None
    return value[:MAX_TEXT]


def _required(claims: Claims, name: str) -> Any:
    if claims.get(name) is None:
        raise LaunchRejected(refusals.CLAIM_MISSING)
    return claims[name]


def _id(claims: Claims, name: str) -> str:
    value = _required(claims, name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID or "\0" in value:
        raise LaunchRejected(refusals.CLAIM_BAD)
    return value


def _text(claims: Claims, name: str) -> str:
    return _optional(claims, name, lambda value: isinstance(value, str))[:MAX_TEXT].replace(
        "\0", ""
    )


def _url(claims: Claims, name: str) -> str | None:
    url = _optional(claims, name, lambda value: isinstance(value, str))
    if url and (not origin_of(url) or len(url) > MAX_URL or "\0" in url):
        raise LaunchRejected(refusals.CLAIM_BAD)
    return url or None


def _optional(claims: Claims, name: str, fits: Callable[[Any], bool]) -> str:
    value = claims.get(name)
    if value is None:
        return ""
    if not fits(value):
        raise LaunchRejected(refusals.CLAIM_BAD)
    return str(value)


def _object(claims: Claims, name: str, *, needed: bool = False) -> dict[str, Any]:
    value = _required(claims, name) if needed else claims.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise LaunchRejected(refusals.CLAIM_BAD)
    return value


def is_zone(name: str | None) -> bool:
    """Whether `name` is a time zone that we can use; Moodle's "99" means "the server's"."""
    try:
        return bool(name) and ZoneInfo(str(name)) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def to_text(launch: Launch) -> str:
    """A launch as text that `from_text` reads back."""
    return json.dumps(dataclasses.asdict(launch))


def from_text(text: str) -> Launch:
    """The launch that `to_text` wrote."""
    said = json.loads(text)
    course, services = said.pop("course"), said.pop("services")
    return Launch(
        **said
        | {
            "person": Person(**said["person"]),
            "role": Role(said["role"]),
            "link": Link(**said["link"]),
        },
        course=Course(**course) if course else None,
        services=Services(**services | {"scopes": tuple(services["scopes"])}),
    )
