"""Tries a platform's new credentials on its rosters, before anything is moved."""

from collections.abc import Mapping, Sequence

from lti_tool.db import db
from lti_tool.errors import PlatformUnreachable
from lti_tool.lti import members, troubles
from lti_tool.lti.models import Context, Registration
from lti_tool.lti.rules import origin_of
from lti_tool.upkeep import queries, rules
from lti_tool.upkeep.rules import Comparison, Move

FACTS = ("kind", "issuer", "client_id", "auth_url", "token_url", "jwks_url")


def move_of(
    registration: Registration, wanted: Mapping[str, str], deployments: Sequence[str]
) -> Move:
    """From where to where the platform's services move with these new facts."""
    pinned = [row.deployment_id for row in registration.deployments]
    is_one = len(pinned) == len(deployments) == 1
    return Move(
        old_origin=origin_of(registration.token_url),
        new_origin=origin_of(wanted.get("token_url", registration.token_url)),
        old_binding=pinned[0] if is_one else "",
        new_binding=deployments[0] if is_one else "",
    )


def compare(registration: Registration, wanted: Mapping[str, str], move: Move) -> list[str]:
    """How the people of some courses compare, in lines for an administrator. Changes nothing."""
    facts = {name: getattr(registration, name) for name in FACTS}
    tried = Registration(**facts | dict(wanted))
    courses = [
        (course.id, course.context_id, course.memberships_url)
        for course in queries.courses_to_compare(registration.id)
    ]
    total, lines, compared = Comparison(), [], 0
    for number, context_id, url in courses:
        ours = queries.people_of(number)
        there = Context(registration=tried, context_id=context_id, memberships_url=move.of(url))
        try:
            theirs = [member.sub for page in members.pages(there) for member in page]
        except PlatformUnreachable as error:
            words = troubles.words_of(error.reason)
            lines.append(f"A roster could not be fetched: {words.cause} ({words.code})")
            continue
        finally:
            db.session.rollback()
        total, compared = total + rules.compared(ours, theirs), compared + 1
    if not compared:
        return [*lines, "No roster could be compared."]
    counts = f"{total.found} people of ours found, {total.missing} missing, {total.new} new"
    return [*lines, f"{compared} courses compared: {counts}.", rules.verdict(total)]
