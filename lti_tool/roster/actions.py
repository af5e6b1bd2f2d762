"""Writes about people: admit who launches, and take over what a complete roster says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, delete, or_, select, update

from lti_tool.clock import now
from lti_tool.db import change, db, insert_missing, new_public_id
from lti_tool.lti.message import Person
from lti_tool.lti.models import Context, Registration
from lti_tool.lti.roles import Role
from lti_tool.roster import queries, rules
from lti_tool.roster.models import Membership, RosterSweep, SectionMember, Status, User

LEASE = timedelta(minutes=2)
"""Much longer than one page may take; renewed while pages come."""
LONGEST_ASKED = timedelta(days=1)
NAMES = ("name", "given", "family")
PLACE = ("role", "is_staff")


@dataclass(frozen=True)
class Arrivals:
    """Who is on a part of a roster, and how many of them were not in the course before."""

    users: set[int]
    joined: int


def admit(registration: Registration, context: Context, person: Person, role: Role) -> Membership:
    """The place of the person who launches; makes it at first, and welcomes back who had left."""
    member = _place(context, _user(registration, person), role)
    member.seen_at = now()
    if member.status is not Status.ACTIVE:
        member.status, member.left_at = Status.ACTIVE, None
    is_staff, kept = member.is_staff or role.is_staff, rules.merged_role(member.role, role)
    change(member, {"is_staff": is_staff, "role": kept})
    return member


def learn(member: Membership, time_zone: str | None, sections: Sequence[str] | None) -> None:
    """Remember what a launch said about its person; none of it where it said nothing."""
    change(member.user, {"time_zone": time_zone})
    if sections is None:
        return
    known = queries.sections_of(member)
    gone = known - set(sections)
    if gone:
        ours = SectionMember.member_id == member.id
        db.session.execute(delete(SectionMember).where(ours, SectionMember.section.in_(gone)))
    new = [{"member_id": member.id, "section": one} for one in sections if one not in known]
    if new:
        insert_missing(SectionMember, new)


def want_sweep(context: Context, *, is_staff: bool) -> bool:
    """Ask for a fresh roster when the known one is stale, or staff came and it may have changed.

    Returns whether one is wanted now.
    """
    if context.memberships_url is None:
        return False
    sweep = db.session.get(RosterSweep, context.id)
    if sweep is None:
        insert_missing(RosterSweep, [{"context_id": context.id}])
        sweep = db.session.get_one(RosterSweep, context.id)
    is_due = rules.is_stale(sweep.completed_at, now())
    if (is_due or is_staff) and rules.may_ask_again(sweep.tried_at, now()):
        sweep.wanted_at = sweep.wanted_at or now()
    return sweep.wanted_at is not None


def lease_sweep(context_id: int, moment: datetime) -> datetime | None:
    """A lease on the course's roster, until when; none while another worker has it."""
    until = moment + LEASE
    taken = db.session.execute(
        update(RosterSweep)
        .where(
            RosterSweep.context_id == context_id,
            or_(RosterSweep.leased_until.is_(None), RosterSweep.leased_until < moment),
        )
        .values(leased_until=until, tried_at=moment)
    )
    return until if taken.rowcount else None  # type: ignore[attr-defined]


def renew_lease(context_id: int, until: datetime, moment: datetime) -> datetime | None:
    """The same lease for longer; none when it ran out and another worker took over."""
    longer = max(moment + LEASE, until)
    kept = db.session.execute(
        update(RosterSweep)
        .where(RosterSweep.context_id == context_id, RosterSweep.leased_until == until)
        .values(leased_until=longer)
    )
    return longer if kept.rowcount else None  # type: ignore[attr-defined]


def complete_sweep(context_id: int) -> None:
    """The whole roster was read and taken over; it may tell that other people are here."""
    sweep = db.session.get_one(RosterSweep, context_id, populate_existing=True)
    since = sweep.completed_at
    is_asked = since is None or sweep.turned_over_at is not None
    if since and not is_asked and rules.has_turned_over(**queries.turnover(context_id, since)):
        _note(context_id, turned_over_at=since)
    _note(context_id, leased_until=None, trouble="", completed_at=now(), wanted_at=None)


def fail_sweep(context_id: int, trouble: str, asked: int | None = None) -> None:
    """A roster could not be read to its end: nobody leaves, and it is tried again later.

    A platform that asks for more patience than we have is left alone for as long as it asked.
    """
    wait = min(timedelta(seconds=asked), LONGEST_ASKED) if asked else None
    _note(context_id, leased_until=now() + wait if wait else None, trouble=trouble)


def take_over(context: Context, listed: Sequence[rules.Listed]) -> Arrivals:
    """Take over a part of a roster, which lists people who are here; an unchanged one writes
    nothing."""
    by_sub = {member.sub: member for member in listed}
    ids = queries.user_ids(context.registration_id, list(by_sub))
    missing = [member for sub, member in by_sub.items() if sub not in ids]
    if missing:
        ids |= _new_users(context.registration_id, missing)
    told = {ids[sub]: member for sub, member in by_sub.items()}
    difference = rules.diff(queries.known_members(context.id, list(told)), told)
    _join(context.id, difference.joined)
    _change(context.id, difference.changed)
    return Arrivals(users=set(told), joined=len(difference.joined))


def drop(context_id: int, users: Sequence[int], began_at: datetime) -> int:
    """Let those of `users` leave who did not launch since; nothing of theirs is deleted.

    Returns how many left.
    """
    left = db.session.execute(
        update(Membership)
        .where(
            Membership.context_id == context_id,
            Membership.user_id.in_(users),
            Membership.status == Status.ACTIVE,
            or_(
                Membership.seen_at.is_(None),
                Membership.seen_at < began_at - rules.UNLISTED_STAY,
                and_(Membership.is_listed, Membership.seen_at < began_at),
            ),
        )
        .values(status=Status.LEFT, left_at=now())
        .execution_options(synchronize_session=False)
    )
    return int(left.rowcount)  # type: ignore[attr-defined]


def _user(registration: Registration, person: Person) -> User:
    wanted = select(User).where(User.registration_id == registration.id, User.sub == person.sub)
    user = db.session.scalar(wanted)
    if user is None:
        insert_missing(User, [{"registration_id": registration.id, "sub": person.sub}])
        user = db.session.scalars(wanted).one()
    if user.merged_into_id is not None:  # the platform made one account of two
        user = db.session.get_one(User, user.merged_into_id)
    told = (person.name, person.given, person.family)
    known = (user.name or "", user.given or "", user.family or "")
    names = rules.merged_names(known, told)
    change(user, dict(zip(NAMES, names, strict=True)))
    return user


def _place(context: Context, user: User, role: Role) -> Membership:
    member = queries.membership(context, user)
    if member is None:
        row = {"context_id": context.id, "user_id": user.id, "role": role, "joined_at": now()}
        insert_missing(Membership, [row])
        member = queries.membership(context, user)
        assert member is not None
    return member


def _note(context_id: int, **said: object) -> None:
    db.session.execute(
        update(RosterSweep).where(RosterSweep.context_id == context_id).values(**said)
    )


def _new_users(registration_id: int, listed: Sequence[rules.Listed]) -> dict[str, int]:
    """Rows for people whom we never met; somebody may have been quicker."""
    insert_missing(
        User,
        [
            dict(zip(NAMES, member.names, strict=True))
            | {"registration_id": registration_id, "sub": member.sub}
            for member in listed
        ],
    )
    return queries.user_ids(registration_id, [member.sub for member in listed])


def _join(context_id: int, joined: Mapping[int, rules.Listed]) -> None:
    """New members in one bulk statement."""
    if not joined:
        return
    moment = now()
    insert_missing(
        Membership,
        [
            {
                "public_id": new_public_id(),
                "context_id": context_id,
                "user_id": user_id,
                "status": Status.ACTIVE,
                "role": member.role,
                "is_staff": member.role.is_staff,
                "is_listed": True,
                "joined_at": moment,
            }
            for user_id, member in joined.items()
        ],
    )


def _change(context_id: int, changed: Mapping[int, rules.Listed]) -> None:
    """Bring members up to what the roster says, as they are now: a launch may have just said more.

    They are locked in one order, so that two workers cannot wait for each other.
    """
    if not changed:
        return
    db.session.execute(
        select(Membership.id)
        .where(Membership.context_id == context_id, Membership.user_id.in_(list(changed)))
        .order_by(Membership.id)
        .with_for_update()
    )
    known = queries.known_members(context_id, list(changed))
    rows = [_as_listed(known[user_id], member) for user_id, member in changed.items()]
    connection = db.session.connection()
    names = _told(NAMES)
    connection.execute(update(User).where(User.id == bindparam("user")).values(names), rows)
    place = _told(PLACE)
    connection.execute(
        update(Membership)
        .where(Membership.context_id == context_id, Membership.user_id == bindparam("user"))
        .values(place | {"is_listed": True, "status": Status.ACTIVE, "left_at": None}),
        rows,
    )


def _told(columns: Sequence[str]) -> dict[str, Any]:
    return {name: bindparam(f"told_{name}") for name in columns}


def _as_listed(known: rules.Known, listed: rules.Listed) -> dict[str, object]:
    names = rules.merged_names(known.names, listed.names)
    told = dict(zip(NAMES, names, strict=True)) | {
        "role": rules.merged_role(known.role, listed.role),
        "is_staff": known.is_staff or listed.role.is_staff,
    }
    return {f"told_{name}": value for name, value in told.items()} | {"user": known.user_id}
