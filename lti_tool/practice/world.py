"""Who and what is in a pretend LMS: people, courses, tools, links and columns."""

from __future__ import annotations

import uuid
from typing import Any, Unpack
from urllib.parse import urlsplit

from lti_tool.practice import vocabulary as v
from lti_tool.practice.core import Core
from lti_tool.practice.fields import CourseFields, LinkFields, PersonFields, ToolFields
from lti_tool.practice.model import (
    Course,
    Enrolment,
    LineItem,
    Link,
    Person,
    Placement,
    Tool,
)


class World(Core):
    """One pretend LMS and everything in it. All changes go through here, behind one lock."""

    def add_tool(self, **fields: Unpack[ToolFields]) -> Tool:
        """Register a tool, or change the one that already has this client id."""
        with self.changing() as state:
            client_id = fields.get("client_id") or self.new_client_id()
            known = state.tools.get(client_id)
            number = known.number if known else self.next_number()
            deployed = fields.get("deployment_ids")
            tool = Tool(
                number=number,
                client_id=client_id,
                name=fields.get("name", "Good Turn"),
                login_url=fields["login_url"],
                launch_url=fields["launch_url"],
                redirect_uris=fields.get("redirect_uris") or [fields["launch_url"]],
                jwks_url=fields.get("jwks_url"),
                jwks=fields.get("jwks"),
                deployment_ids=[self.new_deployment(number)] if deployed is None else deployed,
                scopes=list(fields.get("scopes", v.ALL_SCOPES)),
                privacy=fields.get("privacy", "public"),
                custom=dict(fields.get("custom", {})),
                installs=known.installs if known else {},
                **_settings(fields),
            )
            state.tools[client_id] = tool
            return tool

    def delete_tool(self, tool: Tool) -> None:
        """Forget the tool; its links stay and lead nowhere."""
        with self.changing() as state:
            state.tools.pop(tool.client_id, None)

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
                is_public=fields.get("is_public", False),
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
                self.section_number(course, section)
            course.roster_version += 1
            return here

    def section_number(self, course: Course, name: str) -> str:
        """The id of a Canvas section or a Moodle group, made when it is first needed."""
        if name not in course.sections:
            course.sections[name] = self.next_number()
        return course.sections[name]

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
                deployment_id=fields.get("deployment_id") or deployment_for(tool, course),
                title=fields.get("title", tool.name),
                description=fields.get("description", ""),
                placement=placement,
                cmid=cmid,
                custom=dict(fields.get("custom") or {}),
                url=fields.get("url", ""),
                group=fields.get("group", ""),
                assigned_to=list(fields.get("assigned_to", [])),
            )
            state.links[cmid] = link
            if fields.get("graded"):
                self.add_coupled(link, fields)
            return link

    def add_coupled(self, link: Link, fields: LinkFields) -> LineItem:
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

    def links_of(self, course: Course) -> list[Link]:
        """The course's links, oldest first."""
        with self.lock:
            every = self.state.links.values()
            return [link for link in every if link.course_number == course.number]

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

    def new_client_id(self) -> str:
        """A client id as the platform makes them."""
        if self.dialect_name == "moodle":
            return uuid.uuid4().hex[:15]
        return f"1{int(self.next_number()):013d}"

    def new_deployment(self, number: str) -> str:
        """A deployment id: in Moodle the tool's own number, in Canvas one for each install."""
        if self.dialect_name == "moodle":
            return number
        return f"{number}:{uuid.uuid4().hex}"


def deployment_for(tool: Tool, course: Course) -> str:
    """The deployment that a link in `course` belongs to: the course's own before the account's."""
    own = [known for known, number in tool.installs.items() if number == course.number]
    others = [known for known in tool.deployment_ids if not tool.installs.get(known)]
    return next(iter([*own, *others]), "")


def _settings(fields: ToolFields) -> dict[str, Any]:
    """What a tool has beside its addresses and permissions, with what most tools have."""
    deep, placements = fields.get("deep_link_url"), fields.get("placements")
    return {
        "state": fields.get("state", "active"),
        "domain": fields.get("domain") or urlsplit(fields["launch_url"]).netloc,
        "description": fields.get("description", ""),
        "deep_link_url": deep,
        "accepts_grades": fields.get("accepts_grades", "delegate"),
        "is_in_chooser": fields.get("is_in_chooser", True),
        "placements": usual_placements(deep) if placements is None else placements,
        "registration": dict(fields.get("registration", {})),
    }


def usual_placements(deep_link_url: str | None) -> list[Placement]:
    """Where a tool that says nothing about it is offered in Canvas."""
    navigation = Placement("course_navigation", v.RESOURCE_LINK_REQUEST)
    if deep_link_url is None:
        return [navigation, Placement("link_selection", v.RESOURCE_LINK_REQUEST)]
    deep = [
        Placement(name, v.DEEP_LINK_REQUEST, deep_link_url)
        for name in ("link_selection", "assignment_selection", "editor_button")
    ]
    return [navigation, *deep]
