"""A pretend LMS: people, courses, tools and grades, and what it says to tools."""

from __future__ import annotations

import uuid
from typing import Any

from lti_tool.practice import copying
from lti_tool.practice.dialect import DeepLinked, Launching, LoginRequest
from lti_tool.practice.exchange import PlatformPage
from lti_tool.practice.faults import Fault, Faults
from lti_tool.practice.model import Cell, Course, LineItem, Link, Person, Placement, Tool
from lti_tool.practice.offering import Offering
from lti_tool.practice.traffic import ScorePost
from lti_tool.practice.world import deployment_for

__all__ = [
    "Cell",
    "Course",
    "DeepLinked",
    "Fault",
    "Faults",
    "LineItem",
    "Link",
    "Person",
    "Placement",
    "Site",
    "Tool",
]


class Site(Offering):
    """One pretend LMS. All changes go through here, behind one lock."""

    def registration_request(self, register_url: str, update: Tool | None = None) -> str:
        """`register_url` with openid_configuration and a token for one hour and one use.

        With `update` (Moodle) the registration changes that tool instead of making another.
        """
        return self.dialect.registration_url(self, register_url, update)

    def openid_configuration(self) -> dict[str, Any]:
        """What a tool reads before it registers itself; Canvas gives it only for the token."""
        return self.dialect.openid_configuration(self)

    def switch_role(self, person: Person, course: Course, *, to_student: bool = True) -> None:
        """Moodle's "Switch role to… Student": same `sub`, other role, until switched back."""
        change = self.switched_to_student.add if to_student else self.switched_to_student.discard
        change((person.sub, course.number))

    def launching(self, person: Person, link: Link, *, is_deep_link: bool = False) -> Launching:
        """All that belongs to a launch of `link` by `person`."""
        if link.client_id not in self.state.tools:
            raise PlatformPage(404, "The tool of this activity was deleted.")
        course = self.course_of(link)
        enrolment = course.enrolments.get(person.sub)
        active = enrolment if enrolment and not enrolment.suspended else None
        return Launching(self, person, link, course, self.tool_of(link), active, is_deep_link)

    def login_request(self, person: Person, link: Link) -> LoginRequest:
        """Begin a launch as a click on the link would: a dict of fields with a `url`.

        Raises PlatformPage where the platform ends it there: a pending tool, no way in.
        """
        with self.lock:
            return self.dialect.login(self.launching(person, link))

    def deep_link_request(
        self, person: Person, course: Course, tool: Tool, placement: str | None = None
    ) -> LoginRequest:
        """Begin to select content: the login initiation that "Select content" makes.

        Canvas has `placement`s (link_selection by default); Moodle has one way only.
        """
        with self.lock:
            link = Link(
                resource_link_id="",
                course_number=course.number,
                client_id=tool.client_id,
                deployment_id=deployment_for(tool, course),
                title="",
                description="",
                placement=placement or self.dialect.usual_placement,
                cmid="",
                custom={},
            )
            return self.dialect.login(self.launching(person, link, is_deep_link=True))

    def deep_linked(self, person: Person, return_url: str, token: str) -> DeepLinked:
        """Take the JWT that the tool has `person`'s browser post to `return_url`.

        Raises PlatformPage where the platform refuses; with an `error` nothing was made.
        """
        with self.changing():
            return self.dialect.deep_linked(self, person, return_url, token)

    def copy_course(self, course: Course, title: str = "") -> Course:
        """A new course with the same links and columns under new ids, and nobody in it."""
        with self.changing():
            return copying.copied(self, course, title)

    def reset_course(self, course: Course, *, keep_staff: bool = False) -> None:
        """Take people and grades out; links, columns and `context_id` stay."""
        with self.changing():
            copying.reset(self, course, keep_staff=keep_staff)

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
