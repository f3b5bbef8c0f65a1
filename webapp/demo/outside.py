"""Connects the demo to the emulated providers: calendar feeds that tell of the demo's own stays, and the locks of its doors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from config import Settings
from webapp.access import services as access
from webapp.channels import services as channels
from webapp.core.database import db
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.models import Hotel, Reservation, Room
from webapp.sandbox.client import SandboxControl

from .houses import HOUSES, DemoHouse


def connect(settings: Settings) -> None:
    """Put the stays of some rooms into emulated calendars and connect these; connect the emulated locks.

    Does nothing without a sandbox. Raises OSError or ControlError when it does not answer.
    """
    if settings.sandbox_url is None:
        return
    control = SandboxControl(settings.sandbox_url, timeout=10)
    for house in HOUSES:
        hotel = db.session.scalars(select(Hotel).where(Hotel.slug == house.slug)).one()
        _connect_feeds(hotel, house, control)
        if house.lock_account and _are_locks_emulated(settings):
            access.connect_account(hotel, *house.lock_account)


def _are_locks_emulated(settings: Settings) -> bool:
    """With keys of its own in the settings, a demo speaks to the real company, where its account does not exist."""
    return settings.ttlock is not None and settings.ttlock.base_url.startswith(settings.sandbox_url or "-")


def _connect_feeds(hotel: Hotel, house: DemoHouse, control: SandboxControl) -> None:
    for number, provider in house.feeds:
        room = one_of_hotel(Room, hotel.id, number=number)
        key = f"{hotel.slug}-{number}"
        control.put_feed(provider, key, _events(room, provider), timezone=hotel.timezone)
        channels.add_feed(hotel, room.id, provider, control.feed_url(provider, key))


def _events(room: Room, provider: str) -> Iterator[dict[str, Any]]:
    """The stays of this room that the channel sold and that are not over, as the channel itself knows them."""
    sold = of_hotel(Reservation, room.hotel_id).where(
        Reservation.room_id == room.id,
        Reservation.source == provider,
        Reservation.status.in_(("CONFIRMED", "CHECKED_IN")),
    )
    for stay in db.session.scalars(sold.order_by(Reservation.check_in)):
        yield {
            "kind": "stay", "start": stay.check_in.isoformat(), "end": stay.check_out.isoformat(),
            "id": stay.booking_id, "name": stay.guest_name or "", "code": stay.channel_reference or "",
            "phone_last4": (stay.guest_phone or "")[-4:],
        }  # fmt: skip
