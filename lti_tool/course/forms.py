"""Checks what staff typed about their course."""

from collections.abc import Mapping

from lti_tool.errors import N_, Invalid, Words
from lti_tool.lti.message import is_zone
from lti_tool.lti.models import SectionsPolicy

ZONE = Words(
    "zone-unknown",
    N_("This is not the name of a time zone."),
    N_("Go back and choose one from the list, for example Europe/Berlin."),
)


def run(form: Mapping[str, str]) -> int:
    """The number of the run that the form was made for; raises Invalid."""
    number = form.get("run", "")
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        raise Invalid
    return int(number)


def sections(form: Mapping[str, str]) -> SectionsPolicy:
    """One of the three choices about sections; raises Invalid."""
    if form.get("sections") not in list(SectionsPolicy):
        raise Invalid
    return SectionsPolicy(form["sections"])


def zone(form: Mapping[str, str]) -> str:
    """The name of a time zone; raises Invalid."""
    name = form.get("time_zone", "").strip()
    if not is_zone(name):
        raise Invalid(ZONE)
    return name
