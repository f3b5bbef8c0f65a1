"""Mailboxes at any provider: only the word of the server that receives for the mailbox makes a mail worth anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import factories
from webapp.channels.mail_ports import MailboxOpener
from webapp.channels.mails import receivers, services
from webapp.core import clock, wiring
from webapp.core.database import db
from webapp.core.errors import Invalid, NotFound
from webapp.core.transaction import transaction
from webapp.models import ChannelMail, Hotel, MailAccount
from webapp.sandbox.server import SandboxServer

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
NEW = "Booking.com - New booking! (559265234{}, Saturday, 20 June 2026)"
CANCELLED = NEW.replace("New booking", "Cancelled booking")
PASSED = "{}; dkim=pass header.i=@{domain}; dmarc=pass header.from={domain}"
HOUSE = "mx.house.example"


class Elsewhere:
    """The mailbox is at a provider that nobody knows; the emulated server plays it."""

    def __init__(self, usual: MailboxOpener) -> None:
        self.receivers, self._usual = usual.receivers, usual

    def open(self, kind: str, secrets: dict[str, Any]) -> Any:
        return self._usual.open(kind, {**secrets, "host": "127.0.0.1"})


@pytest.fixture(autouse=True)
def elsewhere(app: Any) -> Iterator[None]:
    usual = wiring.resolve(MailboxOpener)
    wiring.bind(MailboxOpener, lambda: Elsewhere(usual))
    with clock.frozen(NOON):
        yield
    wiring.bind(MailboxOpener, lambda: usual)


@pytest.fixture
def arrive(sandbox: SandboxServer) -> Callable[..., None]:
    sandbox.control.call("POST", "/reset", services="gmail")

    def send(subject: str, server: str = HOUSE, minute: int = 0, sender: str = "noreply@booking.com", **more) -> None:
        said = PASSED.format(server, domain=sender.partition("@")[2])
        sandbox.control.add_mail(
            subject=subject, sender=sender, authentic=None, headers={"Authentication-Results": said},
            at=(NOON - dt.timedelta(minutes=60 - minute)).isoformat(), **more,
        )  # fmt: skip

    return send


@pytest.fixture
def connect(hotel: Hotel, sandbox: SandboxServer) -> Callable[..., MailAccount]:
    def connected(receiver: str, *, must: bool = True, host: str = "Mail.House.example") -> MailAccount:
        with transaction():
            return services.add_imap(
                hotel, host, sandbox.imap_port, "desk@harbour.example", "sandbox-imap-password", receiver, must
            )

    return connected


def unnamed(connect: Callable[..., MailAccount], stored: str = "mx.google.com") -> MailAccount:
    """A mailbox from before the name was asked for: Google's was kept with every one."""
    account = connect(HOUSE)
    with transaction():
        account.receiver = stored
    return account


def stay_of(hotel: Hotel, number: int = 3) -> Any:
    return factories.make_stay(hotel, "101", 19, source="booking", channel_reference=f"559265234{number}")


def mails() -> list[tuple[str, str]]:
    return [(mail.state, mail.code) for mail in db.session.query(ChannelMail).order_by(ChannelMail.id)]


def test_the_name_is_asked_for_where_it_is_not_known(connect) -> None:
    for typed in ("", "mx.google.com", "two words", "=", ".house.example"):
        with pytest.raises(Invalid) as refused:
            connect(typed)
        assert refused.value.field == "receiver"
    assert connect(" MX.house.example. ").receiver == HOUSE
    assert connect("", must=False).receiver == ""


@pytest.mark.parametrize(("host", "names"), [
    ("imap.gmail.com", ("mx.google.com",)), ("imap.gmx.net", ("gmx.net",)), ("imap.mail.yahoo.com", (".yahoo.com",)),
])  # fmt: skip
def test_the_name_follows_the_mail_server_where_it_is_known(connect, host, names) -> None:
    account = connect(HOUSE, host=host)  # what was typed may be wrong, the provider is not
    assert (account.receiver, receivers.receivers_of(account)) == ("", names)


def test_a_forged_line_in_googles_name_cancels_nothing_at_another_provider(hotel, connect, arrive) -> None:
    stay, account = stay_of(hotel), connect(HOUSE)
    arrive(CANCELLED.format(3), "mx.google.com")
    services.scan(account.id)
    assert (stay.status, mails()) == ("CONFIRMED", [("refused", "not_authenticated")])


@pytest.mark.parametrize("stored", ["mx.google.com", ""])
def test_mails_of_a_mailbox_without_a_name_wait(hotel, connect, arrive, stored) -> None:
    stay, account = stay_of(hotel), unnamed(connect, stored)
    arrive(CANCELLED.format(3), "mx.google.com")
    arrive(CANCELLED.format(3), minute=1, message_id="<true@booking.com>")
    services.scan(account.id)
    assert (stay.status, mails()) == ("CONFIRMED", [("waiting", "receiver_unknown")] * 2)
    with clock.frozen(NOON + dt.timedelta(hours=1)), transaction():
        services.resolve_waiting()
        services.hurry_up(hotel.id)
        services.resolve_waiting()
    assert (stay.status, mails()) == ("CONFIRMED", [("waiting", "receiver_unknown")] * 2)


def test_when_the_name_is_said_true_mails_are_worked_and_forged_ones_refused(hotel, connect, arrive) -> None:
    stay, account = stay_of(hotel), unnamed(connect)
    arrive(NEW.format(9), "mx.google.com")
    arrive(CANCELLED.format(3), minute=1)
    services.scan(account.id)
    with transaction():
        assert receivers.name_receiver(hotel, account.id, HOUSE) == 2
    assert (stay.status, mails()) == ("CANCELLED", [("refused", "not_authenticated"), ("matched", "cancelled")])
    arrive(NEW.format(8), "mx.google.com", minute=2)
    services.scan(account.id)
    assert mails()[2:] == [("refused", "not_authenticated")]


def test_a_forwarded_mail_that_waited_still_ends_nothing(hotel, connect, arrive) -> None:
    stay, account = stay_of(hotel), unnamed(connect)
    inner = f"---------- Forwarded message ---------\nFrom: noreply@booking.com\nSubject: {CANCELLED.format(3)}\n\nx"
    arrive(f"Fwd: {CANCELLED.format(3)}", sender="owner@harbour.example", text=inner)
    services.scan(account.id)
    assert mails() == [("waiting", "receiver_unknown")]
    with transaction():
        receivers.name_receiver(hotel, account.id, HOUSE)
    assert (stay.status, mails()) == ("CONFIRMED", [("noted", "not_trusted_enough")])


def test_a_mail_that_another_mailbox_has_told_is_not_told_twice(hotel, connect, arrive) -> None:
    account, other = unnamed(connect), connect(HOUSE)
    arrive(NEW.format(3), message_id="<true@booking.com>")
    services.scan(account.id)
    services.scan(other.id)
    with transaction():
        receivers.name_receiver(hotel, account.id, HOUSE)
    assert mails() == [("noted", "known_already"), ("waiting", "no_stay_yet")]


def test_only_ones_own_mailbox_is_named(hotel, connect) -> None:
    account, stranger = unnamed(connect), factories.make_hotel("elsewhere")
    with pytest.raises(NotFound), transaction():
        receivers.name_receiver(stranger, account.id, HOUSE)
    with pytest.raises(Invalid), transaction():
        receivers.name_receiver(hotel, account.id, "mx.google.com")
    db.session.refresh(account)
    assert account.receiver == "mx.google.com"
