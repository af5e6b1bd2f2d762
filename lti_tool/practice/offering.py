"""Which tools are offered where: Moodle's activity chooser, Canvas's keys and installs."""

from __future__ import annotations

from lti_tool.practice.exchange import PlatformPage
from lti_tool.practice.model import Course, Person, Placement, Tool
from lti_tool.practice.world import World, deployment_for

KEY_STATES = ("on", "off")


class Offering(World):
    """What administrators and teachers do with registered tools."""

    def activate(self, tool: Tool) -> None:
        """Moodle's "Activate" on the card of a pending tool."""
        with self.changing():
            tool.state = "active"

    def show_in_chooser(
        self, tool: Tool, course: Course | None = None, *, is_shown: bool = True
    ) -> None:
        """Moodle: offer the tool to teachers, in one course or in all that did not say."""
        with self.changing():
            if course is None:
                tool.is_in_chooser = is_shown
            else:
                course.chooser[tool.client_id] = is_shown

    def activity_chooser(self, course: Course) -> list[Tool]:
        """Moodle: the tools that a teacher can add there."""
        active = [tool for tool in self.state.tools.values() if tool.state == "active"]
        return [tool for tool in active if course.chooser.get(tool.client_id, tool.is_in_chooser)]

    def set_key_state(self, tool: Tool, state: str) -> None:
        """Canvas: turn the developer key "on" or "off"."""
        if state not in KEY_STATES:
            raise ValueError(f"a key is on or off, not {state!r}")
        with self.changing():
            tool.state = "active" if state == "on" else "off"

    def install(self, tool: Tool, course: Course | None = None) -> str:
        """Canvas: install by client id, in one course or in the account; the deployment id.

        A course gets its navigation entry at once; with the account, every course does.
        """
        if tool.state != "active":
            raise PlatformPage(400, "The developer key of this client id is not on.")
        with self.changing() as state:
            deployment = self.new_deployment(self.next_number())
            tool.deployment_ids = [*tool.deployment_ids, deployment]
            tool.installs[deployment] = course.number if course else ""
            for here in [course] if course else list(state.courses.values()):
                self._put_into_navigation(here, tool, deployment)
            return deployment

    def enable_navigation(self, tool: Tool, course: Course) -> None:
        """Canvas: a teacher drags the tool from the hidden items into the navigation."""
        with self.changing():
            self._put_into_navigation(course, tool, deployment_for(tool, course), is_wanted=True)

    def _put_into_navigation(
        self, course: Course, tool: Tool, deployment: str, *, is_wanted: bool = False
    ) -> None:
        placement = placement_of(tool, "course_navigation")
        links = self.links_of(course)
        known = any(
            link.client_id == tool.client_id and link.placement == "course_navigation"
            for link in links
        )
        if placement and (placement.is_enabled or is_wanted) and not known:
            self.add_link(
                course,
                tool,
                title=placement.label or tool.name,
                placement="course_navigation",
                deployment_id=deployment,
                url=placement.url,
            )

    def is_installed(self, tool: Tool, course: Course) -> bool:
        """Canvas: whether the course may use the tool."""
        here = [tool.installs.get(known, "") for known in tool.deployment_ids]
        return tool.client_id not in course.removed_tools and ("" in here or course.number in here)

    def student_view(self, course: Course) -> Person:
        """Canvas: the course's Test Student, made when a teacher first presses "Student View"."""
        with self.changing() as state:
            for here in course.enrolments.values():
                if "test_student" in here.roles:
                    return state.people[here.sub]
            person = self.add_person(name="Test Student", username=f"test{course.number}")
            self.enrol(course, person, "test_student")
            return person

    def guest(self) -> Person:
        """Somebody without an account, who may look at a public Canvas course."""
        with self.changing() as state:
            found = [person for person in state.people.values() if person.is_visitor]
            return found[0] if found else self.add_person(name="Guest Visitor", is_visitor=True)


def placement_of(tool: Tool, name: str) -> Placement | None:
    """The tool's placement of that name."""
    return next((placement for placement in tool.placements if placement.name == name), None)
