"""What a flavour of LMS must be able to do; `moodle/` and `canvas/` each hold one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from lti_tool.practice.exchange import Call, Reply
from lti_tool.practice.model import Course, Enrolment, LineItem, Link, Person, Tool

if TYPE_CHECKING:
    from lti_tool.practice.site import Site

Answer = Callable[["Site", Call, dict[str, str]], Reply]


@dataclass(frozen=True)
class Route:
    """One service address, below the site's base."""

    service: str
    pattern: re.Pattern[str]
    answer: Answer
    methods: tuple[str, ...]


def route(service: str, pattern: str, answer: Answer, *methods: str) -> Route:
    """A Route from a pattern in which `<name>` stands for one path segment."""
    named = re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", pattern)
    return Route(service, re.compile(named + r"\Z"), answer, methods or ("GET",))


@dataclass(frozen=True)
class Launching:
    """Everything that a launch is made of."""

    site: Site
    person: Person
    link: Link
    course: Course
    tool: Tool
    enrolment: Enrolment | None
    is_deep_link: bool = False
    """Whether content is to be selected; `link` is then a sketch that no course has."""


class LoginRequest(dict[str, str]):
    """The fields of a login initiation, and where they go."""

    def __init__(self, url: str, fields: dict[str, str]) -> None:
        super().__init__(fields)
        self.url = url


@dataclass
class DeepLinked:
    """What became of the content that a tool sent back."""

    tool: Tool
    course: Course
    links: list[Link] = field(default_factory=list)
    message: str = ""
    error: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    overlooked: list[str] = field(default_factory=list)
    """What the specification asks for and this platform does not look at."""


class Dialect(Protocol):
    """One flavour of LMS."""

    @property
    def auth_path(self) -> str: ...
    @property
    def token_path(self) -> str: ...
    @property
    def jwks_path(self) -> str: ...
    @property
    def configuration_path(self) -> str: ...
    @property
    def deep_link_path(self) -> str:
        """Where tools have browsers post what was selected."""

    @property
    def usual_placement(self) -> str:
        """Where content is selected when nobody says where."""

    @property
    def routes(self) -> tuple[Route, ...]: ...
    @property
    def roles(self) -> frozenset[str]:
        """The enrolment roles that this LMS has."""

    def login(self, launching: Launching) -> LoginRequest:
        """Begin a launch: remember it and make the one-shot hints."""

    def authorize(
        self, site: Site, query: dict[str, str], person: Person | None
    ) -> tuple[str, dict[str, str]]:
        """Answer the tool's authentication request, or raise PlatformPage."""

    def claims(self, launching: Launching, nonce: str) -> dict[str, Any]:
        """The id_token's claims."""

    def lineitem_url(self, site: Site, line_item: LineItem) -> str:
        """The line item's address, as tools see it."""

    def teacher_sets(self, site: Site, line_item: LineItem, sub: str, score: float | None) -> None:
        """A teacher types a grade (or removes it) in the LMS."""

    def openid_configuration(self, site: Site) -> dict[str, Any]:
        """What a tool reads before it registers itself."""

    def registration_url(self, site: Site, url: str, update: Tool | None) -> str:
        """The tool's registration address with a configuration to read and a token to use once."""

    def deep_linked(self, site: Site, person: Person, return_url: str, token: str) -> DeepLinked:
        """Take what a tool selected, or raise PlatformPage."""

    def throttled(self, status: int | None) -> Reply:
        """The answer to somebody who calls too often."""
