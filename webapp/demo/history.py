"""Plays the stays of one demo house in the order in which things would have happened, with the clock set to each moment."""

from __future__ import annotations

import datetime as dt
import heapq
import random
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import delete, select

from webapp.core import audit, clock, outbox
from webapp.core.actor import Actor, acting_as
from webapp.core.database import db
from webapp.core.events import LiveEvent
from webapp.core.outbox import OutboxMessage
from webapp.core.stay_dates import StayDates, local_instant
from webapp.core.transaction import take_back
from webapp.models import Hotel, Reservation, Room, RoomType, Task
from webapp.operations import services as operations
from webapp.stays import services as stays
from webapp.stays.links import link_for

from .people import somebody
from .plan import REQUESTS, HousePlan, PlannedStay, children_of, reference, stays_of

_CHANNELS = ("booking", "airbnb", "vrbo", "expedia")
_LONG_PAST = 3  # days: stays that ended earlier are written down as ended, without their cleaning
_LINKED_WITHIN = 10  # days: arrivals that have their links already
_TOLD_WITHIN = 1  # days: guests who arrive today or tomorrow get their mails and codes
_CLEANER, _DESK = Actor("staff", "Elowen Rosser"), Actor("staff", "Jory Trevena")
_ONE_DAY = dt.timedelta(days=1)

Step = Callable[[], None]


class History:
    """The past and future of a hotel, as a queue of moments."""

    def __init__(self, hotel: Hotel, plan: HousePlan, numbers: random.Random) -> None:
        self.hotel, self.plan, self.numbers = hotel, plan, numbers
        self.now, self.today = clock.now(), hotel.business_date()
        self.rooms = {room.number: room for room in db.session.scalars(select(Room).filter_by(hotel_id=hotel.id))}
        self.types = {kind.id: kind for kind in db.session.scalars(select(RoomType).filter_by(hotel_id=hotel.id))}
        self.queue: list[tuple[dt.datetime, int, Step]] = []
        self.order, self.guests = count(), count(1)
        self.last_outbox = db.session.scalar(select(db.func.max(OutboxMessage.id))) or 0
        self.made: list[Reservation] = []

    def play(self) -> None:
        for planned in stays_of(self.plan, self.numbers):
            booked = self._at(planned.arrives - planned.booked_before, dt.time(9), self.numbers.randrange(600))
            self._later(booked, lambda planned=planned: self._book(planned))  # type: ignore[misc]
        while self.queue:
            at, _number, step = heapq.heappop(self.queue)
            with clock.frozen(at):
                step()
        self._leave_only_what_is_due()
        self._give_links()

    def _at(self, day: int, time: dt.time, minutes: int = 0) -> dt.datetime:
        """A moment of the day so many days from today, or the present one where that would be later."""
        moment = local_instant(self.today + _ONE_DAY * day, time, self.hotel.timezone) + dt.timedelta(minutes=minutes)
        return min(moment, self.now)

    def _later(self, at: dt.datetime, step: Step) -> None:
        heapq.heappush(self.queue, (at, next(self.order), step))

    def _book(self, planned: PlannedStay) -> None:
        new = self._new_stay(planned)
        who = (
            Actor("channel", f"{planned.source}, {planned.room}")
            if planned.source in _CHANNELS
            else Actor("system", "Demo")
        )
        with acting_as(who):
            stay = stays.create_stay(self.hotel, new, is_fact=True)
        self.made.append(stay)
        if stay.status == "COMPLETED":
            for action, at in (("checked_in", stay.checked_in_at), ("checked_out", stay.checked_out_at)):
                audit.record(self.hotel.id, action, stay, actor=_DESK).at = at or self.now
        else:
            self._foresee(planned, stay)

    def _new_stay(self, planned: PlannedStay) -> stays.NewStay:
        room = self.rooms[planned.room]
        kind = self.types[room.room_type_id]
        guest = somebody(self.numbers, next(self.guests))
        adults, children = children_of(kind.max_occupancy, self.numbers)
        total = kind.base_price * planned.nights
        is_shy = planned.source in ("airbnb", "vrbo")  # these give no address of the guest
        is_unpaid = planned.fate == "unpaid"
        arrival = self.today + _ONE_DAY * planned.arrives
        holds_room = planned.fate not in ("cancelled", "no_show")
        return stays.NewStay(
            room_type_id=kind.id, dates=StayDates(arrival, arrival + _ONE_DAY * planned.nights), source=planned.source,
            room_id=room.id if holds_room and not is_unpaid else None, adults=adults, children=children,
            guest_name=guest.name, guest_email=None if is_shy and planned.arrives > 1 else guest.email,
            guest_phone=guest.phone, guest_language=guest.language, guest_country=guest.country,
            channel_reference=reference(planned.source, self.numbers), total=total, paid=self._paid(planned, total),
            special_requests=self.numbers.choice(REQUESTS) if self.numbers.random() < 0.15 else None,
            **self._state(planned),
        )  # fmt: skip

    def _state(self, planned: PlannedStay) -> dict[str, Any]:
        """The status to begin with. What is long past is over from the start."""
        if planned.fate == "unpaid":
            return {"status": "PENDING_PAYMENT", "extras": {"hold_expires_at": self.now + _ONE_DAY}}
        if planned.leaves >= -_LONG_PAST or planned.fate:
            return {"status": "CONFIRMED"}
        came = self._at(planned.arrives, dt.time(15), self.numbers.randrange(240))
        left = self._at(planned.leaves, dt.time(8), self.numbers.randrange(160))
        return {"status": "COMPLETED", "extras": {"checked_in_at": came, "checked_out_at": left}}

    def _paid(self, planned: PlannedStay, total: Decimal) -> Decimal:
        if planned.fate == "unpaid":
            return Decimal(0)
        if planned.source in ("airbnb", "vrbo") or planned.leaves < 0:
            return total
        return self.numbers.choice((Decimal(0), (total / 4).quantize(Decimal(1)), total))

    def _foresee(self, planned: PlannedStay, stay: Reservation) -> None:
        """What will have become of this stay by now."""
        arrival = self._at(planned.arrives, dt.time(15), self.numbers.randrange(240))
        if planned.fate == "cancelled":
            self._later(
                self._at(planned.arrives - 1, dt.time(10)), lambda: stays.cancel(stay, "The guest's plans changed.")
            )
        elif planned.fate == "no_show":
            self._later(self._at(planned.arrives, dt.time(23)), lambda: stays.mark_no_show(stay))
        elif planned.fate == "early":
            self._later(self._at(0, dt.time(9)), lambda: self._arrive(stay))
        elif planned.arrives < 0 and planned.fate != "unplaced":
            self._later(arrival, lambda: self._arrive(stay))
            if planned.leaves < 0 or planned.fate == "left":
                self._later(
                    self._at(planned.leaves, dt.time(8), self.numbers.randrange(160)),
                    lambda: self._leave(stay, planned),
                )

    def _arrive(self, stay: Reservation) -> None:
        with acting_as(_DESK):
            stays.check_in_guest(stay, is_override=True)

    def _leave(self, stay: Reservation, planned: PlannedStay) -> None:
        with acting_as(_DESK):
            stays.check_out_guest(stay)
        if planned.fate not in ("left", "late_room"):
            self._later(min(clock.now() + dt.timedelta(hours=2), self.now), lambda: self._clean(stay))

    def _clean(self, stay: Reservation) -> None:
        room = next(room for room in self.rooms.values() if room.id == stay.room_id)
        with acting_as(_CLEANER):
            operations.set_housekeeping(room, "clean")
            task = db.session.scalars(select(Task).filter_by(hotel_id=self.hotel.id, reservation_id=stay.id)).first()
            if task is not None:
                operations.finish_task(self.hotel.id, task.id)

    def _leave_only_what_is_due(self) -> None:
        """History sends no mails and asks for no codes; the boards of today are not told of what is long past."""
        soon = {stay.id for stay in self.made if self._is_told(stay)}
        past: set[int] = set()
        for row in db.session.scalars(select(OutboxMessage).where(OutboxMessage.id > self.last_outbox)):
            number = row.arguments.get("reservation_id", 0)
            if number in soon:
                soon.discard(number)  # the jobs look at the stay as it is now: one is enough
                row.created_at = row.available_at = self.now
            else:
                past.add(row.id)
        outbox.withdraw(past)
        db.session.execute(delete(LiveEvent).where(LiveEvent.hotel_id == self.hotel.id))
        take_back("live", lambda _item: True)

    def _is_told(self, stay: Reservation) -> bool:
        days = (stay.check_in - self.today).days
        return stay.status == "CONFIRMED" and 0 <= days <= _TOLD_WITHIN

    def _give_links(self) -> None:
        for stay in self.made:
            is_near = (stay.check_in - self.today).days <= _LINKED_WITHIN
            if stay.status in ("CONFIRMED", "CHECKED_IN") and is_near:
                link_for(stay, "checkin")
                link_for(stay, "stay")
