"""Gmail tells of a new mail, and its mailbox is read at once."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from jobs import mails as jobs
from tests.web.test_mails import consent
from webapp.core import clock
from webapp.core.database import db
from webapp.models import ChannelMail, Hotel, MailAccount, WebhookEvent
from webapp.sandbox.server import SandboxServer

HERE = "/hooks/gmail?token=sandbox-google-push-token"


@pytest.fixture
def account(hotel: Hotel, manager: Any, sandbox: SandboxServer, run_jobs: Callable[[], list[str]]) -> MailAccount:
    sandbox.control.call("POST", "/reset", services="gmail")
    manager.get(consent(manager, hotel))
    assert "jobs.mails.watch" in run_jobs()
    return db.session.query(MailAccount).one()


def push(address: str = "desk@harbour.example", number: str = "7001") -> dict[str, Any]:
    told = base64.b64encode(json.dumps({"emailAddress": address, "historyId": 1234}).encode()).decode()
    return {"message": {"data": told, "messageId": number}, "subscription": "projects/sandbox/subscriptions/mails"}


def test_a_mailbox_is_watched_for_seven_days_and_renewed_daily(account: MailAccount, run_jobs) -> None:
    assert account.watched_until is not None
    left = account.watched_until - clock.now()
    assert dt.timedelta(days=6, hours=23) < left <= dt.timedelta(days=7, minutes=1)
    account.watched_until = None
    jobs.renew_watches()
    assert run_jobs() == ["jobs.mails.watch"]
    assert account.watched_until is not None


def test_while_google_does_not_answer_mails_are_found_as_before(account: MailAccount, sandbox, run_jobs) -> None:
    sandbox.control.mailbox(error={"status": 503, "for": 1})
    until = account.watched_until
    jobs.renew_watches()
    run_jobs()
    assert (account.watched_until, account.fault_kind) == (until, None)


def test_a_push_has_the_mailbox_read_once(account: MailAccount, client, sandbox, run_jobs) -> None:
    arrival = clock.now().date() + dt.timedelta(days=20)
    sandbox.control.add_mail(subject=f"Booking.com - New booking! (5592652343, {arrival:%A, %d %B %Y})")
    assert client.post(HERE, json=push("Desk@Harbour.example")).status_code == 204
    assert run_jobs() == ["jobs.mails.scan"]
    assert db.session.query(ChannelMail).one().reference == "5592652343"
    assert client.post(HERE, json=push()).status_code == 204  # delivered again
    assert client.post(HERE, json=push("other@harbour.example", "7002")).status_code == 204
    assert run_jobs() == []
    assert db.session.query(WebhookEvent).filter_by(provider="gmail").count() == 2


@pytest.mark.parametrize("address", ["/hooks/gmail", "/hooks/gmail?token=", "/hooks/gmail?token=wrong"])
def test_a_push_without_the_secret_finds_nothing(account: MailAccount, client, run_jobs, address: str) -> None:
    assert client.post(address, json=push()).status_code == 404
    assert run_jobs() == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"message": {"data": "!", "messageId": "1"}}', b'{"message": {"data": "W10=", "messageId": "1"}}',
             b'{"message": {"data": "e30=", "messageId": 1}}', b"\xff"],
)  # fmt: skip
def test_what_is_no_push_is_refused(account: MailAccount, client, body: bytes) -> None:
    assert client.post(HERE, data=body, content_type="application/json").status_code == 400
    assert db.session.query(WebhookEvent).count() == 0


def test_a_push_that_is_too_long_is_refused(account: MailAccount, client) -> None:
    assert client.post(HERE, data=b"x" * 70_000, content_type="application/json").status_code in (400, 413)
