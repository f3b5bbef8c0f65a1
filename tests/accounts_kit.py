"""What the tests of accounts share: people with passwords, one-time codes, and the throttle switched on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from webapp.accounts.services import one_time_codes, passwords
from webapp.core.clock import now
from webapp.core.transaction import transaction
from webapp.models import Hotel, Message, User

PASSWORD = "seven grey herons"


def person(hotel: Hotel | None = None, role: str = "desk", password: str = PASSWORD, **values: Any) -> User:
    user = factories.make_user(hotel, role, **values)
    with transaction():
        passwords.set_password(user, password)
    return user


def code_of(user: User, step: int = 0) -> str:
    return pyotp.TOTP(user.totp_secret or "").at(now(), counter_offset=step)


def with_codes(user: User) -> list[str]:
    """Switch one-time codes on, with the code of the step before; returns the recovery codes."""
    with transaction():
        one_time_codes.begin(user)
        return one_time_codes.confirm(user, code_of(user, -1))


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account/security").status_code == 200


@contextmanager
def throttled(app: Flask) -> Iterator[None]:
    app.config["RATELIMIT_ENABLED"] = True
    try:
        yield
    finally:
        app.config["RATELIMIT_ENABLED"] = False


def link_in(message: Message) -> str:
    """The path of the only link of a mail."""
    found = re.search(r"http://localhost(/\S+)", message.body)
    assert found, message.body
    return found[1]
