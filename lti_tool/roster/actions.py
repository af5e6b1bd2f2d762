"""Writes about people: admit who launches, and take over what a complete roster says."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update

from lti_tool.clock import now
from lti_tool.db import change, db, insert_missing, new_public_id
from lti_tool.lti.message import Person
from lti_tool.lti.models import Context, Registration
from lti_tool.lti.roles import Role
from lti_tool.roster import queries, rules
from lti_tool.roster.models import Membership, RosterSweep, Status, User

LEASE = timedelta(minutes=10)


def admit(registration: Registration, context: Context, person: Person, role: Role) -> Membership:
    """The place of the person who launches; makes it at first, and welcomes back who had left."""
    member = _place(context, _user(registration, person), role)
    member.seen_at = now()
    if member.status is not Status.ACTIVE:
        member.status, member.left_at = Status.ACTIVE, None
    is_staff, kept = member.is_staff or role.is_staff, rules.merged_role(member.role, role)
    change(member, {"is_staff": is_staff, "role": kept})
    return member


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


def lease_sweep(context_id: int, moment: datetime) -> bool:
    """Whether this worker may sweep the course now; nobody else will until the lease ends."""
    taken = db.session.execute(
        update(RosterSweep)
        .where(
            RosterSweep.context_id == context_id,
            or_(RosterSweep.leased_until.is_(None), RosterSweep.leased_until < moment),
        )
        .values(leased_until=moment + LEASE, tried_at=moment)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def end_sweep(context_id: int, *, trouble: str = "") -> None:
    """Note how a sweep ended: well, or with a reason why nothing was changed."""
    ended: dict[str, object] = {"leased_until": None, "trouble": trouble}
    if not trouble:
        ended |= {"completed_at": now(), "wanted_at": None}
    db.session.execute(
        update(RosterSweep).where(RosterSweep.context_id == context_id).values(**ended)
    )


def apply(
    context: Context, listed: dict[str, rules.Listed], began_at: datetime
) -> rules.Difference:
    """Take over a complete roster; people who are gone leave, and nothing of theirs is deleted.

    An unchanged roster writes nothing.
    """
    known = queries.known_members(context.id)
    difference = rules.diff(known, listed, began_at)
    _join(context, difference.joined)
    for member in difference.changed:
        _change(context, known[member.sub], member)
    _leave(context, difference.left)
    return difference


def _user(registration: Registration, person: Person) -> User:
    wanted = select(User).where(User.registration_id == registration.id, User.sub == person.sub)
    user = db.session.scalar(wanted)
    if user is None:
        insert_missing(User, [{"registration_id": registration.id, "sub": person.sub}])
        user = db.session.scalars(wanted).one()
    told = (person.name, person.given, person.family)
    known = (user.name or "", user.given or "", user.family or "")
    names = rules.merged_names(known, told)
    change(user, dict(zip(("name", "given", "family"), names, strict=True)))
    return user


def _place(context: Context, user: User, role: Role) -> Membership:
    member = queries.membership(context, user)
    if member is None:
        row = {"context_id": context.id, "user_id": user.id, "role": role, "joined_at": now()}
        insert_missing(Membership, [row])
        member = queries.membership(context, user)
        assert member is not None
    return member


def _join(context: Context, joined: Sequence[rules.Listed]) -> None:
    """New members in two bulk statements; a person known from another course is not doubled."""
    if not joined:
        return
    ids = _user_ids(context.registration_id, [member.sub for member in joined])
    missing = [member for member in joined if member.sub not in ids]
    if missing:
        insert_missing(User, [_user_row(context.registration_id, member) for member in missing])
        ids |= _user_ids(context.registration_id, [member.sub for member in missing])
    insert_missing(
        Membership,
        [
            {
                "public_id": new_public_id(),
                "context_id": context.id,
                "user_id": ids[member.sub],
                "status": Status.ACTIVE,
                "role": member.role,
                "is_staff": member.role.is_staff,
                "is_listed": True,
                "joined_at": now(),
            }
            for member in joined
        ],
    )


def _user_row(registration_id: int, member: rules.Listed) -> dict[str, object]:
    name, given, family = member.names
    return {
        "registration_id": registration_id,
        "sub": member.sub,
        "name": name,
        "given": given,
        "family": family,
    }


def _user_ids(registration_id: int, subs: list[str]) -> dict[str, int]:
    """Row ids by `sub`, asked for in slices: databases bound the number of parameters."""
    ids: dict[str, int] = {}
    for start in range(0, len(subs), 500):
        rows = db.session.execute(
            select(User.sub, User.id).where(
                User.registration_id == registration_id, User.sub.in_(subs[start : start + 500])
            )
        )
        ids |= {row.sub: row.id for row in rows}
    return ids


def _change(context: Context, known: rules.Known, listed: rules.Listed) -> None:
    name, given, family = rules.merged_names(known.names, listed.names)
    ids = _user_ids(context.registration_id, [listed.sub])
    db.session.execute(
        update(User).where(User.id == ids[listed.sub]).values(name=name, given=given, family=family)
    )
    db.session.execute(
        update(Membership)
        .where(Membership.context_id == context.id, Membership.user_id == ids[listed.sub])
        .values(
            role=rules.merged_role(known.role, listed.role),
            is_staff=known.is_staff or listed.role.is_staff,
            is_listed=True,
            status=Status.ACTIVE,
            left_at=None,
        )
    )


def _leave(context: Context, left: Sequence[str]) -> None:
    if not left:
        return
    ids = _user_ids(context.registration_id, list(left))
    db.session.connection().execute(
        update(Membership)
        .where(
            Membership.context_id == context.id,
            Membership.user_id == bindparam("leaver"),
        )
        .values(status=Status.LEFT, left_at=now()),
        [{"leaver": user_id} for user_id in ids.values()],
    )
