"""The gradebook as people see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lti_tool.practice.model import Cell, Course, Enrolment, LineItem, Person
from lti_tool.practice.site import Site


def sheet(site: Site, course: Course, rows: list[Enrolment]) -> dict[str, Any]:
    """Columns and rows for staff."""
    columns = site.line_items_of(course)
    people = [site.state.people[row.sub] for row in rows]
    table = [(person, [(column, _seen(column, person)) for column in columns]) for person in people]
    return {"columns": columns, "table": table}


def _seen(column: LineItem, person: Person) -> dict[str, Any]:
    """One cell: what stands there and where it came from."""
    cell = column.cells.get(person.sub, Cell())
    from_tool = column.client_id is not None and not cell.overridden_by_teacher
    return {
        "name": f"{column.number}:{person.sub}",
        "score": shown(cell.score),
        "comments": cell.comments,
        "origin": ("from the tool" if from_tool else "by hand") if cell.score is not None else "",
        "attempts": cell.attempts,
    }


def shown(score: float | None) -> str:
    """A score without needless decimals."""
    return "" if score is None else f"{score:.2f}".rstrip("0").rstrip(".")


def own_grades(site: Site, course: Course, me: Person) -> list[dict[str, Any]]:
    """A student's own row, downwards."""
    return [
        {"title": column.label, "maximum": shown(column.maximum), **_seen(column, me)}
        for column in site.line_items_of(course)
    ]


def take_grades(site: Site, course: Course, form: Mapping[str, str]) -> int:
    """Write the cells that were really typed over; returns how many.

    `was:` says what the page had shown, so that an untouched cell never undoes a newer score.
    """
    saved = 0
    for column in site.line_items_of(course):
        for sub in list(course.enrolments):
            name = f"{column.number}:{sub}"
            typed = form.get(f"new:{name}", "").strip().replace(",", ".")
            if typed != form.get(f"was:{name}", "") and is_score(typed):
                score = float(typed) if typed else None
                site.teacher_sets(course, column, site.state.people[sub], score)
                saved += 1
    return saved


def is_score(typed: str) -> bool:
    """Whether a teacher may have meant that: nothing, or a plain number."""
    return not typed or typed.replace(".", "", 1).isdecimal()
