"""One helper through which every query of a hotel's rows goes."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select, select

from .database import db
from .errors import NotFound

M = TypeVar("M")


def of_hotel(model: type[M], hotel_id: int) -> Select[M]:
    """`select(model)` limited to the rows of one hotel."""
    return select(model).where(model.hotel_id == hotel_id)  # type: ignore[attr-defined]


def one_of_hotel(model: type[M], hotel_id: int, lock: bool = False, **columns: Any) -> M:
    """The single row of this hotel with these column values, locked for update on request.

    Raises NotFound: for a row of another hotel exactly as for a row that does not exist.
    """
    query = of_hotel(model, hotel_id).filter_by(**columns)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(query).one_or_none()
    if row is None:
        raise NotFound("There is no such entry in this hotel.")
    return row
