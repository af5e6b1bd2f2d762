"""Writes for administrators: move a platform, or let it go with everything that is its."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Delete, Table, Update, delete, select, tuple_, update

from lti_tool.clock import now
from lti_tool.credit.models import GradeColumn, GradeService
from lti_tool.db import Base, change, db
from lti_tool.lti.models import (
    AccessToken,
    Context,
    Deployment,
    PlatformKeys,
    Registration,
    ResourceLink,
)
from lti_tool.upkeep import queries
from lti_tool.upkeep.rules import Move

AT_ONCE = 500
"""Rows of one transaction, so that the pages of others never wait long."""


def relink(
    registration: Registration, wanted: Mapping[str, str], deployments: Sequence[str], move: Move
) -> None:
    """Move a platform to a new issuer, client id or addresses; every row of it stays.

    What was fetched from the old one is forgotten: keys, access tokens, its patience; and the
    pinned deployments where new ones are given.
    """
    change(registration, wanted)
    for model in (PlatformKeys, AccessToken):
        db.session.execute(delete(model).where(model.registration_id == registration.id))
    db.session.execute(
        update(GradeService)
        .where(GradeService.registration_id == registration.id)
        .values(failures=0, paused_until=None, trouble="")
    )
    if deployments:
        pinned = delete(Deployment).where(Deployment.registration_id == registration.id)
        db.session.execute(pinned)
        db.session.expire(registration, ["deployments"])
        db.session.add_all(
            Deployment(registration_id=registration.id, deployment_id=one, created_at=now())
            for one in dict.fromkeys(deployments)
        )
    _move_addresses(registration.id, move)


def _move_addresses(registration_id: int, move: Move) -> None:
    """The services' addresses in every course; the next launch brings what they really are."""
    for model, names in ADDRESSES.items():
        ours = queries.belongs(Base.metadata.tables[model.__tablename__], registration_id)
        for row in db.session.scalars(select(model).where(ours)):
            change(row, {name: move.of(getattr(row, name)) for name in names})


ADDRESSES: dict[type[Base], tuple[str, ...]] = {
    Context: ("memberships_url", "lineitems_url"),
    ResourceLink: ("lineitem_url",),
    GradeColumn: ("lineitem_url",),
}
"""Which columns hold addresses of a platform's services."""


def remove_some(table: Table, registration_id: int) -> bool:
    """Delete some rows of `table` that belong to the platform; says whether there may be more.

    Begin with the tables that refer to others. Rows of one table may name each other in any order,
    so these names are forgotten first.
    """
    ours = queries.belongs(table, registration_id)
    for column in queries.self_references(table):
        if _some(table, ours & column.is_not(None), update(table).values({column: None})):
            return True
    return _some(table, ours, delete(table))


def _some(table: Table, condition: ColumnElement[bool], statement: Update | Delete) -> bool:
    key = list(table.primary_key.columns)
    rows = db.session.execute(select(*key).where(condition).limit(AT_ONCE)).all()
    if rows:
        db.session.connection().execute(statement.where(tuple_(*key).in_(map(tuple, rows))))
    return bool(rows)
