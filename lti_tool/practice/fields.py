"""What Site's methods take, by name: one plate per method instead of long signatures."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Required, TypedDict

from lti_tool.practice.model import Placement


class SiteOptions(TypedDict, total=False):
    """Optional arguments of Site."""

    name: str
    base_url: str
    issuer: str | None
    now: Callable[[], datetime] | None
    save_to: str | Path | None
    clock_error: timedelta


class PersonFields(TypedDict, total=False):
    """What add_person takes; only the name is needed."""

    name: Required[str]
    given: str
    family: str
    email: str
    sub: str | None
    username: str
    is_admin: bool
    is_visitor: bool
    timezone: str | None


class CourseFields(TypedDict, total=False):
    """What add_course takes."""

    title: Required[str]
    label: str
    context_id: str | None
    timezone: str | None
    history: list[str]
    outline: dict[str, str]
    is_public: bool


class ToolFields(TypedDict, total=False):
    """What add_tool takes. `jwks` pins the tool's keys instead of fetching them.

    With `deep_link_url` the tool offers content to select, in Canvas at its usual placements.
    """

    name: str
    client_id: str | None
    login_url: Required[str]
    launch_url: Required[str]
    jwks_url: str | None
    jwks: dict[str, list[dict[str, str]]] | None
    redirect_uris: list[str]
    deployment_ids: list[str] | None
    scopes: list[str]
    privacy: str
    custom: dict[str, str]
    state: str
    domain: str
    description: str
    deep_link_url: str | None
    accepts_grades: str
    is_in_chooser: bool
    placements: list[Placement]
    registration: dict[str, Any]


class LinkFields(TypedDict, total=False):
    """What add_link takes. `graded` makes a coupled line item of `maximum` points."""

    title: str
    description: str
    resource_id: str | None
    resource_link_id: str
    tag: str
    maximum: float
    custom: dict[str, str] | None
    graded: bool
    placement: str
    deployment_id: str
    url: str
    group: str
    assigned_to: list[str]
