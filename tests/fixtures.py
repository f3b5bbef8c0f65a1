"""Fixtures of the features: clients, signed-in staff, and the outbox played by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, g, request_started
from flask.testing import FlaskClient
from sqlalchemy import select

from jobs import runner
from tests import factories
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage
from webapp.models import Hotel, User


@request_started.connect
def forget_last_request(_app: Flask, **_more: object) -> None:
    """Requests of a test share its application context; what the last one kept in `g` (its user, its hotel) is not for the next."""
    for name in list(g):
        g.pop(name)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def hotel(app: Flask) -> Hotel:
    """Three doubles (101 to 103) and two singles (201, 202), in London."""
    return factories.make_hotel()


@pytest.fixture
def sign_in(app: Flask) -> Callable[[User], FlaskClient]:
    """A client whose session is `user`'s."""

    def signed_in(user: User) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = user.get_id(), True
        return client

    return signed_in


@pytest.fixture
def manager(hotel: Hotel, sign_in: Callable[[User], FlaskClient]) -> FlaskClient:
    return sign_in(factories.make_user(hotel, role="manager"))


@pytest.fixture
def desk(hotel: Hotel, sign_in: Callable[[User], FlaskClient]) -> FlaskClient:
    return sign_in(factories.make_user(hotel, role="desk"))


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], list[str]]:
    """Play the worker: run every due row of the outbox until none is left. Returns the names of the jobs, in order."""

    def play() -> list[str]:
        ran: list[str] = []
        forget_last_request(app)
        for _round in range(50):
            due = select(OutboxMessage).where(OutboxMessage.state == "pending", OutboxMessage.available_at <= now())
            messages = db.session.scalars(due.order_by(OutboxMessage.id)).all()
            if not messages:
                return ran
            for message in messages:
                ran.append(message.job)
                runner.deliver(message.id)
        raise AssertionError(f"jobs go on for ever: {ran[-10:]}")

    return play
