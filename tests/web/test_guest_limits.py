"""Guessing links is slowed down; a guest who goes back and forth is not."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask

from tests import factories
from tests.conftest import database_copy, settings_for
from webapp import create_app
from webapp.core import redis
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.extensions import limiter
from webapp.stays.links import link_for


@pytest.fixture
def limited(sandbox, redis_number: int) -> Iterator[Flask]:
    """An application with its rate limits on; other tests do without them."""
    with database_copy(f"limited_{uuid4().hex[:8]}") as url:
        app = create_app(settings_for(url, sandbox, redis_number, RATELIMIT_ENABLED="1"))
        app.config["WTF_CSRF_ENABLED"] = False
        yield app
        limiter.enabled = False
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        redis.client().flushdb()


@pytest.fixture
def address(limited: Flask) -> str:
    with limited.app_context():
        stay = factories.make_stay(factories.make_hotel(), arrives_in=3)
        with transaction():
            return f"/checkin/{link_for(stay, 'checkin').token}"


def test_wrong_links_are_slowed_down_and_right_ones_are_not(limited: Flask, address: str) -> None:
    client = limited.test_client()
    assert {client.get(address).status_code for _visit in range(60)} == {200}
    wrong = address[:-1] + ("a" if address[-1] != "a" else "b")
    answers = [client.get(wrong).status_code for _try in range(25)]
    assert (answers[0], answers[-1]) == (404, 429)
