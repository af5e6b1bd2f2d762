"""How the server stands; which rows belong to one platform, as references between tables say."""

from functools import cache

from sqlalchemy import Column, ColumnElement, Table, func, or_, select

from lti_tool import health, jobs
from lti_tool.db import Base, db
from lti_tool.errors import N_
from lti_tool.lti.findings import Finding, Level
from lti_tool.lti.models import Context, Registration
from lti_tool.roster.models import Membership, PersonMerge, RosterSweep, Status, User

COMPARED = 3
"""Courses whose rosters are compared before a platform is moved."""
ROOT = Registration.__tablename__


def server_findings() -> list[Finding]:
    """How the server itself stands, whatever the platforms do."""
    if not health.is_migrated():
        cause = N_("The database is not at the newest migration.")
        return [Finding("database", Level.BAD, cause, N_("Run: lti-tool upgrade."))]
    found = [Finding("database", Level.OK, N_("The database answers and is migrated."))]
    if jobs.is_worker_alive():
        return [*found, Finding("worker", Level.OK, N_("A worker was seen lately."))]
    cause = N_("No worker was seen lately: rosters and scores wait.")
    advice = N_("Start `lti-tool worker`, or let cron run `lti-tool chores --once`.")
    return [*found, Finding("worker", Level.BAD, cause, advice)]


def courses_to_compare(registration_id: int) -> list[Context]:
    """Some courses with a roster, those with the latest good sweep first."""
    return list(
        db.session.scalars(
            select(Context)
            .outerjoin(RosterSweep, RosterSweep.context_id == Context.id)
            .where(Context.registration_id == registration_id, Context.memberships_url.is_not(None))
            .order_by(RosterSweep.completed_at.desc().nulls_last(), Context.id.desc())
            .limit(COMPARED)
        )
    )


def people_of(context_id: int) -> set[str]:
    """Whom we know in a course now from its roster, by the platform's ids."""
    return set(
        db.session.scalars(
            select(User.sub)
            .join(Membership, Membership.user_id == User.id)
            .where(
                Membership.context_id == context_id,
                Membership.status == Status.ACTIVE,
                Membership.is_listed,
            )
        )
    )


def person_for(registration_id: int, sub: str) -> User | None:
    """A person of a platform, by the platform's own id."""
    ours = select(User).where(User.registration_id == registration_id, User.sub == sub)
    return db.session.scalar(ours)


def merge_for(public_id: str) -> PersonMerge | None:
    """A merge that was not undone yet."""
    made = select(PersonMerge).where(PersonMerge.public_id == public_id)
    return db.session.scalar(made.where(PersonMerge.split_at.is_(None)))


def platform_tables() -> list[Table]:
    """Every table with rows of platforms; one that refers to another stands after it."""
    return [table for table in Base.metadata.sorted_tables if _distance(table) is not None]


def belongs(table: Table, registration_id: int) -> ColumnElement[bool]:
    """Whether a row of `table` belongs to the platform."""
    if table.name == ROOT:
        return table.c.id == registration_id
    return or_(
        *(
            column.in_(select(key).where(belongs(key.table, registration_id)))
            for column, key in _ways(table)
        )
    )


def counts(registration_id: int) -> dict[str, int]:
    """How many rows of each table belong to the platform, by the table's name."""
    return {
        table.name: db.session.scalar(
            select(func.count()).select_from(table).where(belongs(table, registration_id))
        )
        or 0
        for table in platform_tables()
    }


def self_references(table: Table) -> list[Column[object]]:
    """The columns of `table` that name another row of it."""
    return [column for column, key in _references(table) if key.table is table]


def _references(table: Table) -> list[tuple[Column[object], Column[object]]]:
    return [(key.parent, key.column) for key in sorted(table.foreign_keys, key=str)]


def _ways(table: Table) -> list[tuple[Column[object], Column[object]]]:
    """The shortest reference that every row has; where none is in every row, all that lead there.

    A row never refers to things of two platforms, so one way to its own is enough.
    """
    ways = [
        (far, column, key)
        for column, key in _references(table)
        if key.table is not table and (far := _distance(key.table)) is not None
    ]
    required = [way for way in ways if not way[1].nullable]
    nearest = [min(required, key=lambda way: (way[0], way[1].name))] if required else ways
    return [(column, key) for _far, column, key in nearest]


@cache
def _distance(table: Table) -> int | None:
    """How many references away the platform is; none where no way leads to it."""
    if table.name == ROOT:
        return 0
    beyond = [_distance(key.table) for _, key in _references(table) if key.table is not table]
    known = [far for far in beyond if far is not None]
    return min(known) + 1 if known else None
