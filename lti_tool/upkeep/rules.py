"""Decisions about platforms that move."""

from collections.abc import Collection
from dataclasses import dataclass

from lti_tool.lti.rules import origin_of

SAME_FROM = 0.6
"""The share of our people that a roster must have to be of the same school."""


@dataclass(frozen=True)
class Comparison:
    """How a roster fetched in a new way compares with the people we know."""

    found: int = 0
    missing: int = 0
    new: int = 0

    def __add__(self, other: "Comparison") -> "Comparison":
        return Comparison(
            self.found + other.found, self.missing + other.missing, self.new + other.new
        )


def compared(ours: Collection[str], theirs: Collection[str]) -> Comparison:
    """Two lists of people, by the platform's ids for them."""
    known, listed = set(ours), set(theirs)
    return Comparison(len(known & listed), len(known - listed), len(listed - known))


def verdict(all_courses: Comparison) -> str:
    """Whether it looks like the same school, in words."""
    ours = all_courses.found + all_courses.missing
    if not ours:
        return "We know nobody there, so there is nothing to compare."
    if all_courses.found >= SAME_FROM * ours:
        return "It looks like the same school."
    if not all_courses.found:
        return "It looks like another school: nobody of ours is in its roster."
    return "It may be another school: most of ours are not in its roster."


@dataclass(frozen=True)
class Move:
    """From where to where a platform's services move."""

    old_origin: str
    new_origin: str
    old_binding: str = ""
    """Moodle's number of the tool, which is in the addresses of its rosters."""
    new_binding: str = ""

    def of(self, url: str | None) -> str | None:
        """The address after the move; one of another site stays."""
        if url is None:
            return None
        if self.old_binding and self.new_binding:
            for was, will in (("/bindings/{}/", "/bindings/{}/"), ("type_id={}", "type_id={}")):
                url = _replaced(url, was.format(self.old_binding), will.format(self.new_binding))
        if self.new_origin and origin_of(url) == self.old_origin:
            return self.new_origin + url[len(self.old_origin) :]
        return url


def _replaced(url: str, was: str, will: str) -> str:
    """`url` with `was` replaced where it stands whole."""
    at = url.find(was)
    end = at + len(was)
    is_whole = at >= 0 and (was.endswith("/") or not url[end : end + 1].isalnum())
    return url[:at] + will + url[end:] if is_whole else url
