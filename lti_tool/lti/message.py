"""What a verified launch says, as plain values; raw claim names go no further than here."""

import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lti_tool.errors import LaunchRejected
from lti_tool.lti import claims as names
from lti_tool.lti import custom, refusals
from lti_tool.lti.custom import Custom
from lti_tool.lti.roles import Role, role_of
from lti_tool.lti.rules import origin_of
from lti_tool.lti.token import Claims

MAX_ID = 255
"""LTI Core 1.3 §5.3: ids are at most 255 characters."""
MAX_URL = 2000
MAX_ECHO = 50_000
"""Of what a platform has us carry for it."""
MAX_TEXT = 500
"""Titles and names are cut here: they are for reading."""
KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""Keys that we make have this form."""
RETURN_URL = "deep_link_return_url"


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
    topic_key: str = ""
    """What its custom field says: a teacher's input, which may name a topic of this course."""


@dataclass(frozen=True)
class DeepLinkSettings:
    """What the platform takes back from whoever chooses something to link."""

    return_url: str
    accepts_several: bool = False
    accepts_column: bool | None = None
    """Whether a link may bring a grade column; none where that was not said."""
    echo: str | None = None
    """To be given back unchanged, where there is some."""


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
    link: Link | None
    """The link that was clicked; none where somebody chooses what to link."""
    course: Course | None
    services: Services
    time_zone: str | None = None
    locale: str | None = None
    deep_link: DeepLinkSettings | None = None
    """Only where somebody chooses what to link."""
    custom: Custom = field(default_factory=Custom)


def read(claims: Claims, own_origin: str) -> Launch:
    """The launch that `claims` describe; raises LaunchRejected with the reason."""
    _check_version(claims)
    is_deep_link = _message_type(claims) == names.DEEP_LINKING_REQUEST
    _check_target(claims, own_origin)
    return Launch(
        deployment_id=_id(claims, names.DEPLOYMENT_ID),
        person=_person(claims),
        role=role_of(_roles(claims)),
        link=None if is_deep_link else _link(claims),
        course=_course(claims),
        services=_services(claims),
        time_zone=_custom(claims, "tz"),
        locale=_text(_object(claims, names.LAUNCH_PRESENTATION), "locale") or None,
        deep_link=_deep_link(claims) if is_deep_link else None,
        custom=custom.read(_object(claims, names.CUSTOM)),
    )


def _check_version(claims: Claims) -> None:
    if names.VERSION not in claims:
        raise LaunchRejected(refusals.CLAIM_MISSING)
    if claims[names.VERSION] != names.SUPPORTED_VERSION:
        raise LaunchRejected(refusals.VERSION_BAD)


def _message_type(claims: Claims) -> str:
    if names.MESSAGE_TYPE not in claims:
        raise LaunchRejected(refusals.CLAIM_MISSING)
    said = claims[names.MESSAGE_TYPE]
    if said not in (names.RESOURCE_LINK_REQUEST, names.DEEP_LINKING_REQUEST):
        raise LaunchRejected(refusals.MESSAGE_UNKNOWN)
    return str(said)


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
    return Link(
        resource_link_id=_id(link, "id"), title=_text(link, "title"), topic_key=_topic_key(claims)
    )


def _topic_key(claims: Claims) -> str:
    """The topic that the link names; what cannot be the key of one names none."""
    key = _custom(claims, names.TOPIC_FIELD) or ""
    return key if KEY.fullmatch(key) else ""


def _deep_link(claims: Claims) -> DeepLinkSettings:
    """What may be sent back, and where to (Deep Linking 2.0 §4.4.1)."""
    said = _object(claims, names.DEEP_LINKING_SETTINGS, needed=True)
    types = _required(said, "accept_types")
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
        raise LaunchRejected(refusals.CLAIM_BAD)
    if names.LTI_LINK not in types:
        raise LaunchRejected(refusals.LINKS_UNWANTED)
    echo = said.get("data")
    if echo is not None and (not isinstance(echo, str) or len(echo) > MAX_ECHO):
        raise LaunchRejected(refusals.CLAIM_BAD)
    return DeepLinkSettings(
        return_url=_return_url(said),
        accepts_several=_yes_or_no(said, "accept_multiple") or False,
        accepts_column=_yes_or_no(said, "accept_lineitem"),
        echo=echo,
    )


def _return_url(said: Claims) -> str:
    _required(said, RETURN_URL)
    url = _url(said, RETURN_URL)
    if url is None:
        raise LaunchRejected(refusals.CLAIM_MISSING)
    return url


def _yes_or_no(claims: Claims, name: str) -> bool | None:
    """A truth value; some platforms write it as text."""
    known: dict[Any, bool] = {"true": True, "false": False}
    value = claims.get(name)
    value = known.get(value, value) if isinstance(value, str) else value
    if value is not None and not isinstance(value, bool):
        raise LaunchRejected(refusals.CLAIM_BAD)
    return value


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
    value = custom.told(_object(claims, names.CUSTOM), name)
    return value[:MAX_TEXT] if value else None


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
    link, deep_link = said.pop("link"), said.pop("deep_link")
    fields = said.pop("custom")
    lists = {name: fields[name] and tuple(fields[name]) for name in ("history", "sections")}
    return Launch(
        **said
        | {
            "person": Person(**said["person"]),
            "role": Role(said["role"]),
        },
        link=Link(**link) if link else None,
        deep_link=DeepLinkSettings(**deep_link) if deep_link else None,
        course=Course(**course) if course else None,
        services=Services(**services | {"scopes": tuple(services["scopes"])}),
        custom=Custom(**fields | lists | {"history": tuple(fields["history"])}),
    )
