"""Reads about people. Every one starts from a course or a member of it."""

from datetime import datetime

from sqlalchemy import or_, select

from lti_tool.db import db
from lti_tool.lti.models import Context
from lti_tool.roster import rules
from lti_tool.roster.models import Membership, RosterSweep, Status, User


def membership(context: Context, user: User) -> Membership | None:
    """This person's place in this course, if they have one."""
    return db.session.scalar(
        select(Membership).where(Membership.context_id == context.id, Membership.user_id == user.id)
    )


def names_in(context_id: int) -> dict[int, str | int]:
    """What to call each member of a course, by membership id; one query."""
    rows = db.session.execute(
        select(Membership.id, User.name, User.given, User.family)
        .join(User, Membership.user_id == User.id)
        .where(Membership.context_id == context_id)
    )
    return rules.display_names((row.id, row.name, row.given, row.family) for row in rows)


def known_members(context_id: int) -> dict[str, rules.Known]:
    """Everyone we know in a course, by `sub`, for comparing with the platform's roster."""
    rows = db.session.execute(
        select(
            User.sub,
            User.name,
            User.given,
            User.family,
            Membership.role,
            Membership.is_staff,
            Membership.is_listed,
            Membership.status,
            Membership.seen_at,
        )
        .join(User, Membership.user_id == User.id)
        .where(Membership.context_id == context_id)
    )
    return {
        row.sub: rules.Known(
            sub=row.sub,
            names=(row.name, row.given, row.family),
            role=row.role,
            is_staff=row.is_staff,
            is_listed=row.is_listed,
            is_active=row.status is Status.ACTIVE,
            seen_at=row.seen_at,
        )
        for row in rows
    }


def sweep_of(context_id: int) -> RosterSweep | None:
    """How the last sweep of a course went."""
    return db.session.get(RosterSweep, context_id)


def wanted_sweeps(now: datetime) -> list[int]:
    """Courses whose roster should be fetched now and that nobody is fetching."""
    rows = db.session.scalars(
        select(RosterSweep).where(
            RosterSweep.wanted_at.is_not(None),
            or_(RosterSweep.leased_until.is_(None), RosterSweep.leased_until < now),
        )
    )
    return [row.context_id for row in rows if rules.may_ask_again(row.tried_at, now)]
