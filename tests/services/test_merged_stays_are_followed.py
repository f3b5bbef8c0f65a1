"""After two records have become one, calendars, mails and files that knew either of them speak of the one that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.services.test_channel_sync import NOON, Channel, later, stay
from webapp.channels import exports
from webapp.channels.mails import matching
from webapp.channels.uploads import situation
from webapp.core import clock
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import ChannelMail, FeedItem, Hotel, MailAccount, Reservation
from webapp.sandbox.server import SandboxServer
from webapp.stays import joining

CODE = "HMA2DRKNXH"


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


def join(hotel: Hotel, kept: Reservation, gone: Reservation) -> None:
    with transaction():
        joining.join(hotel, kept.id, gone.id)


def of_source(source: str) -> Reservation:
    return db.session.scalars(select(Reservation).where(Reservation.source == source)).one()


@pytest.fixture
def airbnb(hotel: Hotel, sandbox: SandboxServer) -> Channel:
    """A calendar whose stay was merged into what a clerk had typed."""
    channel = Channel(sandbox.control, hotel, "airbnb", "101")
    channel.put(stay(5, 8, id="a", code=CODE), stay(20, 21, id="b"))
    channel.sync()
    return channel


@pytest.fixture
def kept(hotel: Hotel, airbnb: Channel) -> Reservation:
    gone = db.session.scalars(select(Reservation).where(Reservation.channel_reference == CODE)).one()
    typed = factories.make_stay(hotel, "102", 5, nights=3, source="desk")
    join(hotel, typed, gone)
    return typed


def living() -> list[str]:
    db.session.expire_all()
    rows = select(Reservation.check_in, Reservation.check_out).where(Reservation.status == "CONFIRMED")
    return [
        f"{row.check_in:%m-%d}/{row.check_out:%m-%d}" for row in db.session.execute(rows.order_by(Reservation.check_in))
    ]


def test_the_calendar_moves_and_ends_the_kept_stay(airbnb: Channel, kept: Reservation) -> None:
    airbnb.put(stay(5, 9, id="a", code=CODE), stay(20, 21, id="b"))
    airbnb.sync()
    assert living() == ["06-06/06-10", "06-21/06-22"]
    airbnb.put(stay(20, 21, id="b"))
    for hours in (1, 2, 3, 4, 5):
        with later(hours):
            airbnb.sync()
    assert living() == ["06-21/06-22"]
    assert kept.status == "CANCELLED"


def test_the_calendar_makes_no_stay_anew(airbnb: Channel, kept: Reservation) -> None:
    with transaction():
        for item in db.session.scalars(select(FeedItem).where(FeedItem.reservation_id == kept.id)).all():
            db.session.delete(item)  # as if the code had come by mail alone
        airbnb.feed.content_hash = None
    airbnb.sync()
    assert living() == ["06-06/06-09", "06-21/06-22"]
    assert kept.id in set(db.session.scalars(select(FeedItem.reservation_id)))


def test_the_end_in_one_calendar_is_no_end_while_another_shows_the_stay(
    hotel: Hotel, sandbox: SandboxServer, airbnb: Channel
) -> None:
    plain = Channel(sandbox.control, hotel, "vrbo", "102")
    plain.put(stay(5, 8, id="x"), stay(12, 13, id="y"))
    plain.sync()
    one, other = (
        db.session.scalars(select(Reservation).filter_by(source=source).order_by(Reservation.check_in)).first()
        for source in ("airbnb", "vrbo")
    )
    join(hotel, one, other)
    assert len(db.session.scalars(select(FeedItem.id).where(FeedItem.reservation_id == one.id)).all()) == 2
    plain.put(stay(12, 13, id="y"))
    for hours in (1, 2, 3, 4, 5):
        with later(hours):
            plain.sync()
    db.session.refresh(one)
    assert one.status == "CONFIRMED"
    airbnb.put(stay(20, 21, id="b"))
    for hours in (6, 7, 8, 9, 10):
        with later(hours):
            airbnb.sync()
    db.session.refresh(one)
    assert one.status == "CANCELLED"


def mail(hotel: Hotel, **values: Any) -> ChannelMail:
    account = MailAccount(hotel_id=hotel.id, kind="imap", secrets={})
    db.session.add(account)
    db.session.flush()
    row = ChannelMail(
        hotel_id=hotel.id, account_id=account.id, key=str(account.id), provider="airbnb", trust="authentic", reference=CODE,
        state="waiting", tries=0, created_at=now(), **values,
    )  # fmt: skip
    db.session.add(row)
    return row


def test_a_mail_speaks_of_the_kept_stay(hotel: Hotel, sandbox: SandboxServer) -> None:
    """Also where the number was the other one's, and the kept stay bears another."""
    kept = factories.make_stay(hotel, "101", 5, source="booking", channel_reference="5592652343")
    gone = factories.make_stay(hotel, "102", 5, source="airbnb", channel_reference=CODE, guest_name=None)
    join(hotel, kept, gone)
    with transaction():
        told = mail(hotel, kind="new", facts={"guest_name": "Jane Smith", "children": 1})
        matching.work(hotel, told)
        ended = mail(hotel, kind="cancelled", facts={})
        matching.work(hotel, ended)
    assert (told.reservation_id, kept.children, ended.code) == (kept.id, 1, "cancelled")
    assert (kept.status, gone.merged_into_id) == ("CANCELLED", kept.id)


def test_a_file_speaks_of_the_kept_stay(hotel: Hotel, sandbox: SandboxServer) -> None:
    kept = factories.make_stay(hotel, "101", 5, source="booking", channel_reference="5592652343")
    gone = factories.make_stay(hotel, "102", 5, source="airbnb", channel_reference=CODE)
    nameless = factories.make_stay(hotel, "103", 5, source="airbnb", guest_name=None)
    join(hotel, kept, gone)
    join(hotel, kept, nameless)
    row = SimpleNamespace(reference=CODE, check_in=kept.check_in)
    views = situation._stays(hotel, SimpleNamespace(provider="airbnb", rows=[row]))  # type: ignore[arg-type]
    assert [(view.id, view.reference, view.status) for view in views] == [(kept.id, CODE, "CONFIRMED")]


def test_no_channel_is_told_what_it_told_us(hotel: Hotel, sandbox: SandboxServer) -> None:
    kept = factories.make_stay(hotel, "101", 5, source="booking", channel_reference="5592652343")
    join(hotel, kept, factories.make_stay(hotel, "102", 5, source="airbnb", channel_reference=CODE))
    token = factories.room_of(hotel, "101").export_token
    day = f"{kept.check_in:%Y%m%d}".encode()
    told = [day in exports.room_calendar(token, channel).content for channel in ("vrbo", "airbnb", "booking")]
    assert told == [True, False, False]
