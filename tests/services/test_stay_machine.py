"""Everything that can be done with stays, in any order, compared after every step with a model that a child understands.

The model is a list of stays; each has nights, the type it is counted in, and a room for each night once it is placed. From that it
is plain how many stays there are on each night, which of them are beyond what there is, and who sleeps where.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from tests import factories
from tests.booking_kit import make_shop
from webapp.availability.domain import Party
from webapp.booking import changes
from webapp.booking import services as booking
from webapp.booking.domain import Contact, NewBooking
from webapp.core import clock
from webapp.core.database import db
from webapp.core.errors import AppError
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.models import Inventory, Reservation, RoomNight
from webapp.stays import services as stays

START = dt.datetime(2027, 3, 25, 12, tzinfo=dt.UTC)  # the clocks change on the 28th
ROOMS = {"DBL": ("101", "102", "103"), "SGL": ("201", "202")}
TYPE_OF = {number: code for code, numbers in ROOMS.items() for number in numbers}
HOLDING = ("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN", "COMPLETED")
ARRIVALS, LENGTHS = st.integers(0, 6), st.integers(1, 4)
TYPES, NUMBERS = st.sampled_from(sorted(ROOMS)), st.sampled_from(sorted(TYPE_OF))


@dataclass
class Known:
    """What the model knows of a stay. `counted`: the type it is counted in. `rooms`: where it sleeps, by night."""

    sold_as: str
    counted: str
    dates: StayDates
    status: str = "CONFIRMED"
    room: str | None = None
    rooms: dict[dt.date, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return self.status in HOLDING


class Machine(RuleBasedStateMachine):
    stays = Bundle("stays")

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.clock = clock.frozen(self.now)
        self.clock.__enter__()
        self.undo = db.engine.begin_nested()  # the test's one connection: each run of the machine begins with nothing
        self.hotel = make_shop(terms={"cancellation": {"free_days": 0}, "window_days": 400})
        self.known: dict[int, Known] = {}

    def teardown(self) -> None:
        self.clock.__exit__(None, None, None)
        db.session.remove()
        self.undo.rollback()

    # What the model expects

    @property
    def today(self) -> dt.date:
        return self.now.date()

    def dates(self, arrives_in: int, nights: int) -> StayDates:
        first = self.today + dt.timedelta(days=arrives_in)
        return StayDates(first, first + dt.timedelta(days=nights))

    def demand(self, code: str, night: dt.date) -> int:
        return sum(one.holds and one.counted == code and night in one.dates for one in self.known.values())

    def is_free(self, code: str, nights: Any) -> bool:
        return all(self.demand(code, night) < len(ROOMS[code]) for night in nights)

    def is_room_free(self, number: str, nights: Any, but: int | None = None) -> bool:
        return not any(
            one.rooms.get(night) == number for stay, one in self.known.items() if stay != but for night in nights
        )

    def attempt(self, expected: bool, act: Any) -> Any:
        """Run `act` in a transaction; it must end as expected, and a refusal must leave nothing behind."""
        result, refused = None, None
        try:
            with transaction():
                result = act()
        except AppError as error:
            refused = f"{error.code}: {error.message}"
        assert (refused is None) is expected, refused or "was done, though it should have been refused"
        return result

    def row(self, stay: int) -> Reservation:
        return db.session.get_one(Reservation, stay)

    def place(self, stay: int, number: str | None) -> None:
        one = self.known[stay]
        one.room = number
        one.rooms = dict.fromkeys(one.dates, number) if number else {}

    # What people do

    @rule(target=stays, code=TYPES, arrives_in=ARRIVALS, nights=LENGTHS)
    def book(self, code: str, arrives_in: int, nights: int) -> Any:
        dates = self.dates(arrives_in, nights)
        new = NewBooking(Contact("Ada", "ada@example.com"), room_type_code=code, check_in=dates.check_in,
                         check_out=dates.check_out, adults=1)  # fmt: skip
        made = self.attempt(self.is_free(code, dates), lambda: booking.book(self.hotel.slug, new)[0])
        if made is None:
            return multiple()
        self.known[made.id] = Known(code, code, dates)
        return made.id

    @rule(target=stays, number=NUMBERS, arrives_in=ARRIVALS, nights=LENGTHS)
    def channel_sells(self, number: str, arrives_in: int, nights: int) -> Any:
        """A fact: it is recorded whatever there is, unplaced when its room is taken."""
        dates, code = self.dates(arrives_in, nights), TYPE_OF[number]
        fits = self.is_room_free(number, dates)
        made = self.attempt(
            True,
            lambda: factories.make_stay(self.hotel, number, arrives_in, nights, code, is_fact=True, source="booking"),
        )
        assert made.is_unplaced is not fits
        self.known[made.id] = Known(code, code, dates)
        self.place(made.id, number if fits else None)
        return made.id

    @rule(target=stays, code=TYPES, arrives_in=ARRIVALS, nights=LENGTHS)
    def hold(self, code: str, arrives_in: int, nights: int) -> Any:
        dates = self.dates(arrives_in, nights)
        made = self.attempt(
            self.is_free(code, dates),
            lambda: factories.make_stay(
                self.hotel, None, arrives_in, nights, code, status="PENDING_PAYMENT", source="direct",
                extras={"hold_expires_at": self.now + dt.timedelta(minutes=30)},
            ),
        )  # fmt: skip
        if made is None:
            return multiple()
        self.known[made.id] = Known(code, code, dates, "PENDING_PAYMENT")
        return made.id

    @rule(stay=stays)
    def confirm(self, stay: int) -> None:
        one = self.known[stay]
        if self.attempt_on(one.status == "PENDING_PAYMENT", stays.confirm, stay):
            one.status = "CONFIRMED"

    @rule(stay=stays)
    def expire(self, stay: int) -> None:
        one = self.known[stay]
        if self.attempt_on(one.status == "PENDING_PAYMENT", stays.expire, stay):
            one.status, one.rooms = "EXPIRED", {}

    @rule(stay=stays)
    def cancel(self, stay: int) -> None:
        one = self.known[stay]
        if self.attempt_on(one.status in ("PENDING_PAYMENT", "CONFIRMED"), stays.cancel, stay):
            one.status, one.rooms = "CANCELLED", {}

    @rule(stay=stays)
    def no_show(self, stay: int) -> None:
        one = self.known[stay]
        if self.attempt_on(one.status == "CONFIRMED" and self.today >= one.dates.check_in, stays.mark_no_show, stay):
            one.status, one.rooms = "NO_SHOW", {}

    @rule(stay=stays)
    def reinstate(self, stay: int) -> None:
        one = self.known[stay]
        can = one.status in ("CANCELLED", "NO_SHOW", "EXPIRED")
        room = one.room if one.room and self.is_room_free(one.room, one.dates) else None
        counted = TYPE_OF[room] if room else one.sold_as
        if self.attempt_on(can and self.is_free(counted, one.dates), stays.reinstate, stay):
            one.status, one.counted = "CONFIRMED", counted
            self.place(stay, room)

    @rule(stay=stays, number=NUMBERS)
    def assign(self, stay: int, number: str) -> None:
        one = self.known[stay]
        can = one.status in ("PENDING_PAYMENT", "CONFIRMED")
        can = can and (one.room == number or self.is_room_free(number, one.dates, but=stay))
        room = factories.room_of(self.hotel, number)
        if self.attempt_on(can, lambda row: stays.assign_room(row, room), stay):
            one.counted = TYPE_OF[number]
            self.place(stay, number)

    @rule(stay=stays)
    def unassign(self, stay: int) -> None:
        one = self.known[stay]
        can = one.room is None or one.status in ("PENDING_PAYMENT", "CONFIRMED")
        if self.attempt_on(can, stays.unassign_room, stay) and one.room is not None:
            one.counted = one.sold_as
            self.place(stay, None)

    @rule(stay=stays)
    def check_in(self, stay: int) -> None:
        one = self.known[stay]
        can = one.status == "CONFIRMED" and one.room is not None and self.today >= one.dates.check_in
        if self.attempt_on(can, lambda row: stays.check_in_guest(row, is_override=True), stay):
            one.status = "CHECKED_IN"

    @rule(stay=stays)
    def check_out(self, stay: int) -> None:
        one = self.known[stay]
        if not self.attempt_on(one.status == "CHECKED_IN", stays.check_out_guest, stay):
            return
        one.status = "COMPLETED"
        if self.today < one.dates.check_out:
            first = one.dates.check_in
            one.dates = StayDates(first, max(self.today, first + dt.timedelta(days=1)))
            one.rooms = {night: room for night, room in one.rooms.items() if night in one.dates}

    @rule(stay=stays, number=NUMBERS)
    def move_in_house(self, stay: int, number: str) -> None:
        one = self.known[stay]
        tonight = max(self.today, one.dates.check_in)
        rest = StayDates(tonight, one.dates.check_out) if tonight < one.dates.check_out else None
        can = one.status == "CHECKED_IN" and (
            one.room == number or (rest is not None and self.is_room_free(number, rest, but=stay))
        )
        room = factories.room_of(self.hotel, number)
        if self.attempt_on(can, lambda row: stays.move_in_house(row, room), stay) and one.room != number:
            one.room, one.counted = number, TYPE_OF[number]
            one.rooms.update(dict.fromkeys(rest or (), number))

    @rule(stay=stays, arrives_in=ARRIVALS, nights=LENGTHS)
    def change_dates(self, stay: int, arrives_in: int, nights: int) -> None:
        one = self.known[stay]
        dates = self.dates(arrives_in, nights)
        if one.status == "CHECKED_IN":
            dates = StayDates(one.dates.check_in, one.dates.check_in + dt.timedelta(days=nights))
        added = [night for night in dates if night not in one.dates]
        can = one.status in HOLDING[:3] and self.is_free(one.counted, added)
        is_same_arrival = dates.check_in == one.dates.check_in
        if one.room:
            can = can and self.is_room_free(one.room, added if is_same_arrival else dates, but=stay)
        if dates == one.dates:
            can = one.status in HOLDING[:3]
        if self.attempt_on(can, lambda row: stays.change_dates(row, dates), stay):
            kept = one.rooms if is_same_arrival else {}
            one.dates = dates
            if one.room:
                one.rooms = {night: kept.get(night, one.room) for night in dates}

    @rule(stay=stays, code=TYPES, arrives_in=ARRIVALS, nights=LENGTHS)
    def modify(self, stay: int, code: str, arrives_in: int, nights: int) -> None:
        """The guest chooses other dates and another room type on the site."""
        one = self.known[stay]
        dates = self.dates(arrives_in, nights)
        own = [night for night in one.dates if one.counted == code and one.holds]
        keeps_type = code == one.sold_as
        keeps_room = one.room is not None and keeps_type and self.is_room_free(one.room, dates, but=stay)
        counted = one.counted if keeps_room else code
        can = one.status in HOLDING[:2] and self.today <= one.dates.check_in
        if dates != one.dates or not keeps_type:
            can = can and self.is_free(
                counted, [night for night in dates if one.counted != counted or night not in one.dates]
            )
        # the site offers a type only while a room of it is left besides one's own nights
        can = can and all(self.demand(code, night) - (night in own) < len(ROOMS[code]) for night in dates)

        def act(row: Reservation) -> None:
            changes.change(row, self.hotel.slug, code, dates.check_in, dates.check_out, Party(1))

        if self.attempt_on(can, act, stay) and (dates != one.dates or not keeps_type):
            one.dates, one.sold_as, one.counted = dates, code, counted
            self.place(stay, one.room if keeps_room else None)

    @precondition(lambda self: self.now < START + dt.timedelta(days=6))
    @rule()
    def a_day_passes(self) -> None:
        self.clock.__exit__(None, None, None)
        self.now += dt.timedelta(days=1)
        self.clock = clock.frozen(self.now)
        self.clock.__enter__()

    def attempt_on(self, expected: bool, act: Any, stay: int) -> bool:
        self.attempt(expected, lambda: act(self.row(stay)))
        return expected

    # What must be so after every step

    @invariant()
    def the_statuses_are_as_known(self) -> None:
        query = select(Reservation.id, Reservation.status, Reservation.check_in, Reservation.check_out)
        found = {
            row.id: tuple(row)[1:] for row in db.session.execute(query.where(Reservation.hotel_id == self.hotel.id))
        }
        assert found == {
            stay: (one.status, one.dates.check_in, one.dates.check_out) for stay, one in self.known.items()
        }

    @invariant()
    def the_counts_are_as_known(self) -> None:
        query = select(Inventory).where(Inventory.hotel_id == self.hotel.id).execution_options(populate_existing=True)
        wanted = Counter(
            (self.type_id(one.counted), night) for one in self.known.values() if one.holds for night in one.dates
        )
        found: Counter[tuple[int, dt.date]] = Counter()
        for row in db.session.scalars(query):
            assert row.sold == min(row.sold + row.forced, row.capacity), (
                "a room stands empty while a stay is beyond the count"
            )
            found[row.room_type_id, row.night] = row.sold + row.forced
        assert +found == wanted

    @invariant()
    def everybody_sleeps_where_they_should(self) -> None:
        query = select(RoomNight.room_id, RoomNight.night, RoomNight.reservation_id)
        found = {
            (room, night): stay
            for room, night, stay in map(tuple, db.session.execute(query.where(RoomNight.hotel_id == self.hotel.id)))
        }
        wanted = {
            (factories.room_of(self.hotel, number).id, night): stay
            for stay, one in self.known.items() if one.holds for night, number in one.rooms.items()
        }  # fmt: skip
        assert found == wanted

    @invariant()
    def the_rules_of_the_database_hold(self) -> None:
        db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))

    def type_id(self, code: str) -> int:
        return factories.type_of(self.hotel, code).id


@pytest.mark.slow
@pytest.mark.usefixtures("app")
def test_stays_behave_like_the_model():
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        ),
    )  # fmt: skip
