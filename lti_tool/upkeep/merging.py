"""One person of two accounts, when the platform merged them; and two again, by what was noted."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Enum, Row, Table, and_, select, update
from sqlalchemy.exc import IntegrityError

from lti_tool.clock import now
from lti_tool.credit import actions as credit
from lti_tool.credit.models import CreditEntry, PushStatus, ScorePush
from lti_tool.db import Base, UTCDateTime, db
from lti_tool.roster import queries
from lti_tool.roster.models import Membership, PersonMerge, Status, User

Journal = list[dict[str, Any]]
TABLES = Base.metadata.tables


def merge(old: User, new: User) -> tuple[PersonMerge, int]:
    """Everything of `old` becomes `new`'s; returns the note of it, and how many rows had to stay
    where they are because `new` has the same already."""
    journal: Journal = []
    stayed = 0
    for place in db.session.scalars(select(Membership).where(Membership.user_id == old.id)).all():
        there = queries.membership(place.context, new)
        if there is None:
            _set(journal, TABLES["membership"], _row("membership", place.id), {"user_id": new.id})
        else:
            stayed += _move_all(journal, place.id, there.id)
            _join(journal, place, there)
    chained = db.session.scalars(select(User.id).where(User.merged_into_id == old.id)).all()
    for one in [*chained, old.id]:
        _set(journal, TABLES["user"], _row("user", one), {"merged_into_id": new.id})
    note = PersonMerge(old_user_id=old.id, new_user_id=new.id, journal=journal, merged_at=now())
    db.session.expire_all()
    db.session.add(note)
    db.session.flush()
    for member in db.session.scalars(
        select(Membership).where(Membership.user_id.in_([note.old_user_id, note.new_user_id]))
    ).all():
        credit.want_score(member)
    return note, stayed


def split(note: PersonMerge) -> int:
    """Undo a merge; returns how many rows cannot go back, because others took their place.

    What changed since keeps its new value, but belongs to whom it belonged before.
    """
    stayed = 0
    for entry in reversed(note.journal):
        table = TABLES[entry["table"]]
        row = db.session.execute(select(table).where(_is(table, entry["key"]))).one_or_none()
        back = {} if row is None else _to_restore(table, row, entry)
        stayed += bool(back) and not _write(table, entry["key"], back)
    note.split_at = now()
    db.session.flush()
    db.session.expire_all()
    return stayed


def _to_restore(table: Table, row: Row[Any], entry: dict[str, Any]) -> dict[str, Any]:
    """References always go back; other columns only where nobody changed them since."""
    return {
        name: _load(table.c[name], before)
        for name, before in entry["before"].items()
        if table.c[name].foreign_keys or _dump(row._mapping[name]) == entry["after"][name]
    }


def _move_all(journal: Journal, old: int, new: int) -> int:
    """Every row of any table that names the old place names the new one; returns how many stay."""
    stayed = 0
    keys = [key for table in Base.metadata.sorted_tables for key in table.foreign_keys]
    for column in [key.parent for key in keys if key.column.table.name == "membership"]:
        for row in db.session.execute(select(column.table).where(column == old)).all():
            values = {column.name: new} | _in_doubt(column.table, row)
            is_moved = not _is_own_thanks(column.table, row, {old, new}) and _set(
                journal, column.table, row, values
            )
            stayed += not is_moved
    return stayed


def _is_own_thanks(table: Any, row: Row[Any], both: set[int]) -> bool:
    """Nobody earns by thanking themselves, also not after a merge."""
    return table is CreditEntry.__table__ and {row.member_id, row.given_by_id} <= both


def _in_doubt(table: Any, row: Row[Any]) -> dict[str, Any]:
    """The gradebook may show a score for the other account, or not: it is looked at again."""
    if table is not ScorePush.__table__:
        return {}
    known = [] if row.sent is None else [row.sent]
    status = PushStatus.WAITING if row.status is PushStatus.SENT else row.status
    lease = {"lease": None, "leased_until": None, "next_try_at": now()}
    return {"sent": None, "underway": [*known, *row.underway], "status": status, **lease}


def _join(journal: Journal, place: Membership, there: Membership) -> None:
    """The place that stays: here if either was, staff if either was; the other is left."""
    seen = [moment for moment in (place.seen_at, there.seen_at) if moment]
    is_here = Status.ACTIVE in (place.status, there.status)
    wanted = {
        "status": Status.ACTIVE if is_here else there.status,
        "left_at": None if is_here else there.left_at,
        "is_staff": place.is_staff or there.is_staff,
        "is_listed": place.is_listed or there.is_listed,
        "joined_at": min(place.joined_at, there.joined_at),
        "seen_at": max(seen, default=None),
    }
    gone = {"status": Status.LEFT, "left_at": place.left_at or now()}
    table = TABLES["membership"]
    _set(journal, table, _row("membership", there.id), wanted)
    _set(journal, table, _row("membership", place.id), gone)


def _row(name: str, number: int) -> Row[Any]:
    return db.session.execute(select(TABLES[name]).where(TABLES[name].c.id == number)).one()


def _set(journal: Journal, table: Table, row: Row[Any], values: dict[str, Any]) -> bool:
    """Change one row and note what was there; false when a unique constraint forbids it."""
    key = {column.name: row._mapping[column.name] for column in table.primary_key}
    if not _write(table, key, values):
        return False
    journal.append(
        {
            "table": table.name,
            "key": key | {name: value for name, value in values.items() if name in key},
            "before": {name: _dump(row._mapping[name]) for name in values},
            "after": {name: _dump(value) for name, value in values.items()},
        }
    )
    return True


def _write(table: Table, key: dict[str, Any], values: dict[str, Any]) -> bool:
    try:
        with db.session.begin_nested():
            db.session.connection().execute(update(table).where(_is(table, key)).values(values))
    except IntegrityError:
        return False
    return True


def _is(table: Table, key: dict[str, Any]) -> Any:
    return and_(*(table.c[name] == value for name, value in key.items()))


def _dump(value: Any) -> Any:
    """A column's value as JSON can keep it."""
    return value.isoformat() if isinstance(value, datetime) else value


def _load(column: Column[Any], value: Any) -> Any:
    if value is not None and isinstance(column.type, UTCDateTime):
        return datetime.fromisoformat(value)
    if value is not None and isinstance(column.type, Enum) and column.type.enum_class:
        return column.type.enum_class(value)
    return value
