"""What every model owes: personal columns that exist, and an index for every reference."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import StatementError

from lti_tool.app import CHORES
from lti_tool.db import Base, UTCDateTime, db, start_writing

assert CHORES  # the application knows every model
MODELS = sorted((one.class_ for one in Base.registry.mappers), key=lambda model: model.__name__)
NAMES = [model.__name__ for model in MODELS]


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_personal_columns_are_declared_by_each_model_and_are_real(model):
    assert "personal" in vars(model)
    assert model.personal <= set(model.__table__.columns.keys())


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_every_reference_is_indexed(model):
    table = model.__table__
    sets = [index.columns for index in table.indexes]
    sets += [key.columns for key in table.constraints if hasattr(key, "columns")]
    plain = [columns for columns in sets if not is_reference(columns, table)]
    leading = {next(iter(columns)).name for columns in plain if len(columns)}

    assert {key.parent.name for key in table.foreign_keys} <= leading


def is_reference(columns, table):
    """Whether these are the columns of a foreign key constraint, which is no index."""
    return any(columns is key.columns for key in table.foreign_key_constraints)


def test_times_are_stored_in_utc_and_come_back_aware(app):
    table = Table("moment", MetaData(), Column("id", Integer), Column("at", UTCDateTime))
    berlin = datetime(2026, 11, 23, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    start_writing()
    connection = db.session.connection()
    table.create(connection)
    connection.execute(insert(table), {"id": 1, "at": berlin})

    came_back = connection.execute(select(table.c.at)).scalar()
    db.session.rollback()

    assert came_back == berlin
    assert (came_back.tzinfo, came_back.hour) == (UTC, 12)


def test_a_time_without_a_zone_is_refused(app):
    table = Table("moment", MetaData(), Column("at", UTCDateTime))

    with pytest.raises(StatementError, match="a time without a zone"):
        db.session.execute(select(table.c.at).where(table.c.at == datetime(2026, 1, 1)))  # noqa: DTZ001


def test_values_never_reach_an_error_text(app):
    with pytest.raises(Exception) as caught:
        db.session.execute(text("SELECT * FROM nowhere WHERE name = :name"), {"name": "Ana Ruiz"})
    db.session.rollback()

    assert "nowhere" in str(caught.value)
    assert "Ana Ruiz" not in str(caught.value)
