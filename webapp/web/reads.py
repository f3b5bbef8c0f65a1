"""Requests that only read end with COMMIT.

A ROLLBACK would make psycopg forget the statements that the server has prepared on the connection (it must, because tables may
have been dropped in between), and every page would have all its statements parsed and planned again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request
from sqlalchemy.exc import SQLAlchemyError

from webapp.core.database import db

if TYPE_CHECKING:
    from flask import Flask, Response


def _end_read(response: Response) -> Response:
    if request.method not in ("GET", "HEAD") or response.status_code >= 400 or not db.session.registry.has():
        return response
    session = db.session()
    if session.in_transaction() and not (session.new or session.dirty or session.deleted):
        try:
            session.commit()
        except SQLAlchemyError:
            session.rollback()  # the answer is made; the next request gets a connection that works
    return response


def init_app(app: Flask) -> None:
    app.after_request(_end_read)
