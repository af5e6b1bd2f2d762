"""Reads about people. Every one starts from a course or a member of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select

from lti_tool.db import db
from lti_tool.lti.models import Context
from lti_tool.lti.roles import Role
from lti_tool.roster import rules
from lti_tool.roster.models import Membership, RosterSweep, SectionMember, Status, User


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


def user_ids(registration_id: int, subs: Sequence[str]) -> dict[str, int]:
    """Who the platform means by each `sub`: of two accounts that it made one, the one that is."""
    rows = db.session.execute(
        select(User.sub, func.coalesce(User.merged_into_id, User.id).label("user_id")).where(
            User.registration_id == registration_id, User.sub.in_(subs)
        )
    )
    return {row.sub: row.user_id for row in rows}


def known_members(context_id: int, users: Sequence[int]) -> dict[int, rules.Known]:
    """Those of `users` who have a place in the course, by user id, to compare with a roster."""
    rows = db.session.execute(
        select(
            User.id,
            User.name,
            User.given,
            User.family,
            Membership.role,
            Membership.is_staff,
            Membership.is_listed,
            Membership.status,
        )
        .join(User, Membership.user_id == User.id)
        .where(Membership.context_id == context_id, Membership.user_id.in_(users))
    )
    return {
        row.id: rules.Known(
            user_id=row.id,
            names=(row.name, row.given, row.family),
            role=row.role,
            is_staff=row.is_staff,
            is_listed=row.is_listed,
            is_active=row.status is Status.ACTIVE,
        )
        for row in rows
    }


def active_places(context_id: int) -> Iterator[rules.Place]:
    """Everybody who is in the course now, a few thousand at a time."""
    rows = db.session.execute(
        select(Membership.user_id, Membership.is_listed, Membership.seen_at)
        .where(Membership.context_id == context_id, Membership.status == Status.ACTIVE)
        .execution_options(yield_per=2000)
    )
    return (rules.Place(*row) for row in rows)


def sweep_of(context_id: int) -> RosterSweep | None:
    """How the last sweep of a course went."""
    return db.session.get(RosterSweep, context_id)


def sections_of(member: Membership) -> set[str]:
    """The sections or groups that a member is in."""
    ours = SectionMember.member_id == member.id
    return set(db.session.scalars(select(SectionMember.section).where(ours)))


def counts_in(context_id: int) -> tuple[int, int]:
    """How many learners and how many staff are in a course now; test students are neither."""
    rows = db.session.execute(
        select(Membership.is_staff, func.count())
        .where(
            Membership.context_id == context_id,
            Membership.status == Status.ACTIVE,
            Membership.role.in_([role for role in Role if role is not Role.TEST_STUDENT]),
        )
        .group_by(Membership.is_staff)
    )
    counts: dict[bool, int] = {row.is_staff: row[1] for row in rows}
    return counts.get(False, 0), counts.get(True, 0)


def turnover(context_id: int, since: datetime) -> dict[str, int]:
    """How many learners of then stayed in a course, are gone, and how many joined since."""
    is_old, is_here = Membership.joined_at <= since, Membership.status == Status.ACTIVE
    learners = (
        Membership.context_id == context_id,
        Membership.role == Role.STUDENT,
        Membership.is_staff.is_(False),
    )
    counted = {
        "stayed": is_old & is_here,
        "gone": is_old & (Membership.left_at > since),
        "joined": ~is_old & is_here,
    }
    numbers = [
        select(func.count(Membership.id)).where(*learners, those).scalar_subquery()
        for those in counted.values()
    ]
    return dict(zip(counted, db.session.execute(select(*numbers)).one(), strict=True))


def staff_by_section(context_id: int) -> dict[str, frozenset[int]]:
    """Who of the staff is in each section of a course that has staff."""
    rows = db.session.execute(
        select(SectionMember.section, Membership.id)
        .join(Membership, SectionMember.member_id == Membership.id)
        .where(
            Membership.context_id == context_id,
            Membership.is_staff.is_(True),
            Membership.status == Status.ACTIVE,
        )
    )
    found: dict[str, set[int]] = {}
    for section, member_id in rows:
        found.setdefault(section, set()).add(member_id)
    return {section: frozenset(staff) for section, staff in found.items()}


def wanted_sweeps(now: datetime) -> dict[int, list[int]]:
    """Courses whose roster should be fetched now and that nobody is fetching, by registration."""
    rows = db.session.execute(
        select(RosterSweep.context_id, RosterSweep.tried_at, Context.registration_id)
        .join(Context, RosterSweep.context_id == Context.id)
        .where(
            RosterSweep.wanted_at.is_not(None),
            or_(RosterSweep.leased_until.is_(None), RosterSweep.leased_until < now),
        )
        .order_by(RosterSweep.wanted_at)
    )
    wanted: dict[int, list[int]] = {}
    for row in rows:
        if rules.may_ask_again(row.tried_at, now):
            wanted.setdefault(row.registration_id, []).append(row.context_id)
    return wanted
