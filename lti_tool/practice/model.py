"""What a pretend LMS knows: plain values that can be written to JSON as they are."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

COURSE_ROLES = (
    "student",
    "teacher",
    "non_editing_teacher",
    "ta",
    "designer",
    "observer",
    "test_student",
    "manager",
)


@dataclass
class Person:
    """Somebody with an account; `sub` is what tools get to know, `number` the LMS's own id."""

    sub: str
    number: int
    name: str
    given: str
    family: str
    email: str
    username: str
    is_admin: bool = False
    is_visitor: bool = False
    """An anonymous visitor of a public Canvas course: launches without a `sub`."""
    timezone: str | None = None
    picture: str | None = None
    past_subs: list[str] = field(default_factory=list)
    """Canvas: ids that this person had before accounts were merged; still good for scores."""


@dataclass
class Enrolment:
    """One person's place in one course; Canvas allows several roles and sections at once."""

    sub: str
    roles: list[str]
    suspended: bool = False
    sections: list[str] = field(default_factory=list)
    """Names of Canvas sections or of Moodle groups."""


@dataclass
class Course:
    """A course; `number` is in addresses, `context_id` in launches (the same in Moodle only)."""

    number: str
    context_id: str
    title: str
    label: str
    timezone: str | None = None
    history: list[str] = field(default_factory=list)
    """Context ids that this course was copied from, nearest first."""
    outline: dict[str, str] = field(default_factory=dict)
    """Heading → text of the course page, for people to look at."""
    enrolments: dict[str, Enrolment] = field(default_factory=dict)
    is_concluded: bool = False
    removed_tools: list[str] = field(default_factory=list)
    roster_version: int = 0
    sections: dict[str, str] = field(default_factory=dict)
    """Section (or group) name → its number."""
    is_public: bool = False
    """Canvas: whether visitors without an account may look at it."""
    chooser: dict[str, bool] = field(default_factory=dict)
    """Moodle: client id → whether teachers here are offered the tool, where that was changed."""


@dataclass
class Placement:
    """Where Canvas offers a tool, and what a click there sends."""

    name: str
    message_type: str
    url: str = ""
    label: str = ""
    custom: dict[str, str] = field(default_factory=dict)
    is_enabled: bool = True
    """Whether the course navigation has it without a teacher's doing."""
    visibility: str = ""
    opens_window: bool = False


@dataclass
class Tool:
    """A registered tool. `number` is Moodle's type id; Canvas shows only the client id."""

    number: str
    client_id: str
    name: str
    login_url: str
    launch_url: str
    redirect_uris: list[str]
    jwks_url: str | None
    jwks: dict[str, list[dict[str, str]]] | None
    deployment_ids: list[str]
    scopes: list[str]
    privacy: str
    custom: dict[str, str]
    state: str = "active"
    """Moodle: "pending" until an administrator activates it. Canvas: "off" until the key is on."""
    domain: str = ""
    description: str = ""
    deep_link_url: str | None = None
    """Where teachers select content; None where the tool does not offer that."""
    accepts_grades: str = "delegate"
    """Moodle: "never", "always" or "delegate" (to the teacher)."""
    is_in_chooser: bool = True
    """Moodle: whether teachers are offered the tool in every course."""
    placements: list[Placement] = field(default_factory=list)
    installs: dict[str, str] = field(default_factory=dict)
    """Canvas: deployment id → the number of the one course that has it, or "" for the account."""
    registration: dict[str, Any] = field(default_factory=dict)
    """What the tool sent when it registered itself."""


@dataclass
class Link:
    """A resource link: an activity, or in Canvas a placement such as course_navigation."""

    resource_link_id: str
    course_number: str
    client_id: str
    deployment_id: str
    title: str
    description: str
    placement: str
    cmid: str
    """Moodle's course-module number: in the page's address, and not the resource link's id."""
    custom: dict[str, str]
    url: str = ""
    """The link's own target, where it is not the tool's."""
    group: str = ""
    """Moodle: the only group that may see the activity."""
    assigned_to: list[str] = field(default_factory=list)
    """Canvas: the only students of the assignment; empty means all."""


@dataclass
class Cell:
    """What the gradebook holds for one person in one column."""

    score: float | None = None
    maximum: float = 0.0
    timestamp: datetime | None = None
    """The stored time that a later score is compared with."""
    comments: list[str] = field(default_factory=list)
    attempts: int = 0
    overridden_by_teacher: bool = False
    is_locked: bool = False
    result_number: str | None = None
    """Canvas: the Result, which exists once a tool has posted a score."""


@dataclass
class LineItem:
    """A gradebook column. Without a `client_id` it is the teacher's own and no tool sees it."""

    number: str
    course_number: str
    label: str
    maximum: float
    client_id: str | None = None
    resource_id: str = ""
    tag: str = ""
    resource_link_id: str | None = None
    is_coupled: bool = False
    """Made by the LMS together with an activity, not by the tool's POST."""
    submission_type: dict[str, str] | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    attempts_allowed: int | None = None
    is_pass_fail: bool = False
    cells: dict[str, Cell] = field(default_factory=dict)


@dataclass
class SigningKey:
    """One of the platform's key pairs; unpublished ones are kept so that tests can misuse them."""

    kid: str
    private_pem: str
    is_published: bool = True


@dataclass
class State:
    """Everything that survives a restart."""

    people: dict[str, Person] = field(default_factory=dict)
    courses: dict[str, Course] = field(default_factory=dict)
    tools: dict[str, Tool] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    line_items: dict[str, LineItem] = field(default_factory=dict)
    keys: list[SigningKey] = field(default_factory=list)
    last_number: int = 0
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
