"""Writes for administrators: let a platform go, with everything that is its."""

from sqlalchemy import ColumnElement, Delete, Table, Update, delete, select, tuple_, update

from lti_tool.db import db
from lti_tool.upkeep import queries

AT_ONCE = 500
"""Rows of one transaction, so that the pages of others never wait long."""


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
