"""A pretend LMS: people, courses, tools and grades, and what it says to tools."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Unpack
from urllib.parse import urlsplit

from lti_tool.practice import store
from lti_tool.practice.access import AccessTokens, JwksCache, UsedOnce
from lti_tool.practice.canvas.dialect import Canvas
from lti_tool.practice.dialect import Dialect, Launching, LoginRequest
from lti_tool.practice.faults import Fault, Faults
from lti_tool.practice.fields import (
    CourseFields,
    LinkFields,
    PersonFields,
    SiteOptions,
    ToolFields,
)
from lti_tool.practice.keys import CURRENT, KeyRing
from lti_tool.practice.model import (
    Cell,
    Course,
    Enrolment,
    LineItem,
    Link,
    Person,
    State,
    Tool,
)
from lti_tool.practice.moodle.dialect import Moodle
from lti_tool.practice.traffic import ScorePost, ServiceRequest, Traffic
from lti_tool.practice.vocabulary import ALL_SCOPES

__all__ = ["Cell", "Course", "Fault", "Faults", "LineItem", "Link", "Person", "Site", "Tool"]

DIALECTS: dict[str, Callable[[], Dialect]] = {"moodle": Moodle, "canvas": Canvas}


def real_now() -> datetime:
    """The time on the wall."""
    return datetime.now(UTC)


class Site:
    """One pretend LMS. All changes go through here, behind one lock."""

    def __init__(self, dialect: str, **options: Unpack[SiteOptions]) -> None:
        self.dialect_name = dialect
        self.dialect = DIALECTS[dialect]()
        self.name = options.get("name") or f"Practice {dialect.title()}"
        self.base_url = options.get("base_url", f"http://localhost/{dialect}").rstrip("/")
        self.issuer = options.get("issuer") or self.base_url
        self.now = options.get("now") or real_now
        save_to = options.get("save_to")
        self.save_to = Path(save_to) if save_to else None
        self.lock = threading.RLock()
        self.state = store.load(self.save_to)
        self.keys = KeyRing(self.state.keys)
        self._begin_run()

    def _begin_run(self) -> None:
        """What does not survive a restart."""
        self.pending: dict[str, Any] = {}
        self.switched_to_student: set[tuple[str, str]] = set()
        self.access_tokens = AccessTokens(self.now)
        self.tool_keys = JwksCache()
        self.faults = Faults()
        self.requests: list[ServiceRequest] = []
        self.score_posts: list[ScorePost] = []
        self.traffic = Traffic()
        self.clock_offset: Callable[[], timedelta] = timedelta
        self.assertions = UsedOnce()
        self._rosters: dict[str, tuple[int, list[Enrolment]]] = {}

    def __repr__(self) -> str:
        return f"<Site {self.name} at {self.base_url}>"

    @property
    def auth_url(self) -> str:
        """Where the tool sends the browser after login initiation."""
        return self.base_url + self.dialect.auth_path

    @property
    def token_url(self) -> str:
        """Where the tool gets access tokens."""
        return self.base_url + self.dialect.token_path

    @property
    def jwks_url(self) -> str:
        """Where the platform's public keys are."""
        return self.base_url + self.dialect.jwks_path

    @property
    def openid_configuration_url(self) -> str:
        """Where dynamic registration will begin; nothing answers there yet."""
        return self.base_url + self.dialect.configuration_path

    @property
    def path(self) -> str:
        """The path of the base address, without a trailing slash."""
        return urlsplit(self.base_url).path

    def course_now(self) -> datetime:
        """The time that people in the course live in; ahead of real time when the demo moved it."""
        return self.now() + self.clock_offset()

    @contextmanager
    def changing(self) -> Iterator[State]:
        """Hold the lock, and save afterwards if this site is saved at all."""
        with self.lock:
            yield self.state
            if self.save_to:
                store.save(self.save_to, self.state)

    def next_number(self) -> str:
        """A new id, counted up over everything as a database would."""
        with self.lock:
            self.state.last_number += 1
            return str(self.state.last_number)

    def add_tool(self, **fields: Unpack[ToolFields]) -> Tool:
        """Register a tool, or change the one that already has this client id."""
        with self.changing() as state:
            client_id = fields.get("client_id") or self._new_client_id()
            known = state.tools.get(client_id)
            number = known.number if known else self.next_number()
            tool = Tool(
                number=number,
                client_id=client_id,
                name=fields.get("name", "Good Turn"),
                login_url=fields["login_url"],
                launch_url=fields["launch_url"],
                redirect_uris=fields.get("redirect_uris") or [fields["launch_url"]],
                jwks_url=fields.get("jwks_url"),
                jwks=fields.get("jwks"),
                deployment_ids=fields.get("deployment_ids") or [self._new_deployment(number)],
                scopes=list(fields.get("scopes", ALL_SCOPES)),
                privacy=fields.get("privacy", "public"),
                custom=dict(fields.get("custom", {})),
            )
            state.tools[client_id] = tool
            return tool

    def add_course(self, **fields: Unpack[CourseFields]) -> Course:
        """A new, empty course."""
        with self.changing() as state:
            given = fields.get("context_id")
            number = given if given and self.dialect_name == "moodle" else self.next_number()
            opaque = number if self.dialect_name == "moodle" else uuid.uuid4().hex
            course = Course(
                number=number,
                context_id=given or opaque,
                title=fields["title"],
                label=fields.get("label", fields["title"]),
                timezone=fields.get("timezone"),
                history=list(fields.get("history", [])),
                outline=dict(fields.get("outline", {})),
            )
            state.courses[number] = course
            return course

    def add_person(self, **fields: Unpack[PersonFields]) -> Person:
        """A new account: Moodle's `sub` is its number, Canvas's a UUID."""
        with self.changing() as state:
            number = self.next_number()
            given, _, family = fields["name"].partition(" ")
            username = fields.get("username") or f"{given.lower()}{number}"
            person = Person(
                sub=fields.get("sub")
                or (number if self.dialect_name == "moodle" else str(uuid.uuid4())),
                number=int(number),
                name=fields["name"],
                given=fields.get("given", given),
                family=fields.get("family", family),
                email=fields.get("email", f"{username}@example.edu"),
                username=username,
                is_admin=fields.get("is_admin", False),
                is_visitor=fields.get("is_visitor", False),
                timezone=fields.get("timezone"),
            )
            state.people[person.sub] = person
            return person

    def enrol(
        self, course: Course, person: Person, role: str = "student", *, section: str | None = None
    ) -> Enrolment:
        """Put `person` in the course; a second role is added to the first. Lifts a suspension."""
        if role not in self.dialect.roles:
            raise ValueError(f"{self.name} has no role {role!r}")
        with self.changing():
            here = course.enrolments.setdefault(person.sub, Enrolment(person.sub, []))
            here.suspended = False
            here.roles = [*here.roles, *({role} - set(here.roles))]
            if section and section not in here.sections:
                here.sections = [*here.sections, section]
            course.roster_version += 1
            return here

    def unenrol(self, course: Course, person: Person) -> None:
        """Take `person` out: on both platforms the roster just no longer has them."""
        with self.changing():
            course.enrolments.pop(person.sub, None)
            course.roster_version += 1

    def suspend(self, course: Course, person: Person) -> None:
        """Keep the enrolment but make it inactive; it vanishes from the roster as well."""
        with self.changing():
            course.enrolments[person.sub].suspended = True
            course.roster_version += 1

    def remove_tool(self, course: Course, tool: Tool) -> None:
        """Take the tool away from one course."""
        with self.changing():
            course.removed_tools.append(tool.client_id)

    def conclude(self, course: Course) -> None:
        """End the course."""
        with self.changing():
            course.is_concluded = True

    def add_link(self, course: Course, tool: Tool, **fields: Unpack[LinkFields]) -> Link:
        """An activity (or placement) in the course that launches the tool."""
        with self.changing() as state:
            number, cmid = self.next_number(), self.next_number()
            placement = fields.get("placement", "activity")
            own = number if self.dialect_name == "moodle" else str(uuid.uuid4())
            fixed = course.context_id if placement == "course_navigation" else None
            link = Link(
                resource_link_id=fields.get("resource_link_id") or fixed or own,
                course_number=course.number,
                client_id=tool.client_id,
                deployment_id=fields.get("deployment_id") or tool.deployment_ids[0],
                title=fields.get("title", tool.name),
                description=fields.get("description", ""),
                placement=placement,
                cmid=cmid,
                custom=dict(fields.get("custom") or {}),
            )
            state.links[cmid] = link
            if fields.get("graded"):
                self._add_coupled(link, fields)
            return link

    def _add_coupled(self, link: Link, fields: LinkFields) -> LineItem:
        """The column that the LMS makes together with a graded activity."""
        line_item = LineItem(
            number=self.next_number(),
            course_number=link.course_number,
            label=link.title,
            maximum=float(fields.get("maximum", 100)),
            client_id=link.client_id,
            resource_id=fields.get("resource_id") or "",
            tag=fields.get("tag", ""),
            resource_link_id=link.resource_link_id,
            is_coupled=True,
        )
        self.state.line_items[line_item.number] = line_item
        return line_item

    def add_column(self, course: Course, label: str, maximum: float = 100) -> LineItem:
        """The teacher's own gradebook column, which no tool may see."""
        with self.changing() as state:
            line_item = LineItem(self.next_number(), course.number, label, float(maximum))
            state.line_items[line_item.number] = line_item
            return line_item

    def course_of(self, link: Link) -> Course:
        """The course that `link` is in."""
        return self.state.courses[link.course_number]

    def tool_of(self, link: Link) -> Tool:
        """The tool that `link` launches."""
        return self.state.tools[link.client_id]

    def line_items_of(self, course: Course) -> list[LineItem]:
        """The course's columns, oldest first."""
        with self.lock:
            every = self.state.line_items.values()
            return [item for item in every if item.course_number == course.number]

    def active_enrolments(self, course: Course) -> list[Enrolment]:
        """Who is actively in the course, in a steady order; kept until the roster changes."""
        with self.lock:
            version, roster = self._rosters.get(course.number, (-1, []))
            if version != course.roster_version:
                active = [here for here in course.enrolments.values() if not here.suspended]
                people = self.state.people
                roster = sorted(active, key=lambda here: people[here.sub].number)
                self._rosters[course.number] = (course.roster_version, roster)
            return roster

    def switch_role(self, person: Person, course: Course, *, to_student: bool = True) -> None:
        """Moodle's "Switch role to… Student": same `sub`, other role, until switched back."""
        change = self.switched_to_student.add if to_student else self.switched_to_student.discard
        change((person.sub, course.number))

    def launching(self, person: Person, link: Link) -> Launching:
        """All that belongs to a launch of `link` by `person`."""
        course = self.course_of(link)
        enrolment = course.enrolments.get(person.sub)
        active = enrolment if enrolment and not enrolment.suspended else None
        return Launching(self, person, link, course, self.tool_of(link), active)

    def login_request(self, person: Person, link: Link) -> LoginRequest:
        """Begin a launch as a click on the link would: a dict of fields with a `url`."""
        with self.lock:
            return self.dialect.login(self.launching(person, link))

    def authorize(self, query: dict[str, str], person: Person | None) -> tuple[str, dict[str, str]]:
        """The auth endpoint for the logged-in `person`: (redirect_uri, fields to post there).

        Raises PlatformPage where the real platform shows a page and the tool hears nothing.
        """
        with self.lock:
            return self.dialect.authorize(self, query, person)

    def launch(self, person: Person, link: Link, nonce: str = "") -> str:
        """A signed id_token, without the dance."""
        return self.sign(self.claims(person, link, nonce or uuid.uuid4().hex))

    def claims(self, person: Person, link: Link, nonce: str) -> dict[str, Any]:
        """The claims of a launch, for a test to change before it has them signed."""
        with self.lock:
            return self.dialect.claims(self.launching(person, link), nonce)

    def sign(
        self,
        claims: object,
        *,
        kid: str | None = CURRENT,
        alg: str = "RS256",
        headers: dict[str, Any] | None = None,
    ) -> str:
        """Sign anything in any way; see KeyRing.sign."""
        with self.lock:
            return self.keys.sign(claims, kid=kid, alg=alg, headers=headers)

    def rotate_keys(self, *, keep_old: bool = True) -> None:
        """Sign with a new key from now on; `keep_old` leaves the old ones in the key set."""
        with self.changing():
            self.keys.rotate(keep_old=keep_old)

    def issue_token(self, tool: Tool, scopes: list[str] | None = None) -> str:
        """An access token without asking the token endpoint, for tests of single services."""
        return self.access_tokens.issue(tool.client_id, scopes or tool.scopes)

    def gradebook(self, course: Course) -> dict[str, dict[str, Cell]]:
        """Column title → sub → cell. A second column of one title is called "title (2)"."""
        columns: dict[str, dict[str, Cell]] = {}
        with self.lock:
            for line_item in self.line_items_of(course):
                title, n = line_item.label, 1
                while title in columns:
                    n += 1
                    title = f"{line_item.label} ({n})"
                columns[title] = dict(line_item.cells)
        return columns

    def column(self, course: Course, title: str) -> LineItem:
        """The first column of that title."""
        return next(item for item in self.line_items_of(course) if item.label == title)

    def teacher_sets(
        self, course: Course, column: str | LineItem, person: Person, score: float | None
    ) -> Cell:
        """A teacher types a grade in the LMS, by hand; None empties the cell."""
        with self.changing():
            line_item = column if isinstance(column, LineItem) else self.column(course, column)
            self.dialect.teacher_sets(self, line_item, person.sub, score)
            return line_item.cells[person.sub]

    def lineitem_url(self, line_item: LineItem) -> str:
        """The address by which tools know this line item."""
        return self.dialect.lineitem_url(self, line_item)

    def note_score(self, line_item: str, body: dict[str, object], status: int) -> None:
        """Write a score post down for `score_posts`."""
        post = ScorePost(self.now(), line_item, str(body.get("userId", "")), body, status)
        with self.lock:
            self.score_posts.append(post)

    def _new_client_id(self) -> str:
        if self.dialect_name == "moodle":
            return uuid.uuid4().hex[:15]
        return f"1{int(self.next_number()):013d}"

    def _new_deployment(self, number: str) -> str:
        if self.dialect_name == "moodle":
            return number
        return f"{number}:{uuid.uuid4().hex}"
