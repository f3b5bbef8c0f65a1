"""The unbound database handle and the declarative base with the column types that `Mapped[...]` means here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import Annotated, Any, cast

import psycopg
from flask_sqlalchemy import SQLAlchemy
from psycopg import sql
from psycopg.rows import namedtuple_row
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Engine,
    FromClause,
    Identity,
    Insert,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TextClause,
    Time,
    any_,
    bindparam,
    insert,
    inspect,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, make_transient_to_detached, mapped_column, registry

from .ids import token_hash

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Instant = dt.datetime  # always aware, always stored as timestamptz

TYPES: dict[Any, Any] = {
    int: BigInteger,
    str: Text,
    dt.datetime: DateTime(timezone=True),
    dt.date: Date,
    dt.time: Time,
    Decimal: Numeric(14, 2),
    dict[str, Any]: JSONB,
    list[Any]: JSONB,
}


class Base(DeclarativeBase):
    """Base of every table."""

    registry = registry(metadata=MetaData(naming_convention=NAMES), type_annotation_map=TYPES)


def hash_of(column: str) -> Callable[[Any], bytes | None]:
    """Default of a column that finds the row by a secret: the hash of the token that is stored sealed in `column`."""

    def value(context: Any) -> bytes | None:
        token = context.get_current_parameters()[column]
        return token if token is None else token_hash(token)

    return value


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

Short = String(80)


def among(column: InstrumentedAttribute[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """`column` is one of these, however many they are: one array instead of a parameter for each."""
    return column == any_(bindparam(None, list(values), ARRAY(column.type)))


def copy_rows(table: FromClause, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write many rows in one COPY, within the transaction; all of them have the keys of the first.

    Defaults of the model are not filled in. Several times as quick as INSERT, which the database would plan row by row.
    """
    source = iter(rows)
    first = next(source, None)
    if first is None:
        return
    connection = db.session.connection()
    columns = [table.c[name] for name in first]
    dialect = connection.dialect
    prepared = [(column.name, column.type.dialect_impl(dialect).bind_processor(dialect)) for column in columns]
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)  # type: ignore[attr-defined]
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(command) as copy:
        for row in chain([first], source):
            copy.write_row([prepare(row[name]) if prepare else row[name] for name, prepare in prepared])


def insert_at_once(row: Base) -> None:
    """Write a new row (of a table with an `id`) and give it to the session, for less than half of what its unit of work costs.

    What was not set has its default afterwards. Rows that wait in the session are written before it.
    """
    session = db.session()
    session.flush()
    statement, defaults = _plan(type(row))
    given = inspect(row).dict
    for name, make in defaults:
        if name not in given:
            setattr(row, name, make() if make else None)
    values = {name: given[name] for name, _make in defaults if given[name] is not None}
    row.id = session.connection().execute(statement, values).scalar_one()  # type: ignore[attr-defined]
    make_transient_to_detached(row)
    session.add(row)


@lru_cache(maxsize=50)
def _plan(model: type[Base]) -> tuple[Insert, tuple[tuple[str, Callable[[], Any] | None], ...]]:
    """The statement, and the columns that are written, each with what makes its default."""
    mapper, table = inspect(model), cast(Table, model.__table__)
    found: list[tuple[str, Callable[[], Any] | None]] = []
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if column is mapper.version_id_col:
            found.append((attribute.key, lambda: 1))
        elif not (column.primary_key or attribute.deferred):
            found.append((attribute.key, _maker(column.default) if column.default is not None else None))
    return insert(table).returning(table.c.id), tuple(found)


def _maker(default: Any) -> Callable[[], Any]:
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)


def read(statement: TextClause, parameters: dict[str, Any]) -> Sequence[Any]:
    """The rows of one SELECT, by place or by name. Inside a transaction it is part of it; else it stands alone and costs one round trip.

    Alone it is given straight to the driver: half of what a question about availability costs would be its way through the layers.
    What the driver refuses is asked again through them, so that a lost connection is replaced and errors are those of SQLAlchemy.
    """
    engine = db.engine
    if db.session().in_transaction() or not isinstance(engine, Engine):
        return db.session.execute(statement, parameters).all()
    pooled = engine.raw_connection()
    try:
        return _rows(cast(psycopg.Connection[Any], pooled.driver_connection), statement, parameters)
    except psycopg.Error:
        pooled.invalidate()
    finally:
        pooled.close()
    with engine.connect() as connection:
        return connection.execution_options(isolation_level="AUTOCOMMIT").execute(statement, parameters).all()


def _rows(connection: psycopg.Connection[Any], statement: TextClause, parameters: dict[str, Any]) -> Sequence[Any]:
    connection.autocommit = True
    try:
        with connection.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(_as_sql(statement), parameters).fetchall()
    finally:
        if not connection.closed:
            connection.autocommit = False


@lru_cache(maxsize=100)
def _as_sql(statement: TextClause) -> bytes:
    return str(statement.compile(dialect=PGDialect_psycopg())).encode()
