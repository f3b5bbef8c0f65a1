"""The invariants hold in the database: whoever goes around the services is refused by it.

One and two are about simultaneous sales: see tests/concurrency. Here each rule is broken by hand, in SQL.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests import factories
from webapp.core import audit, outbox
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.events import LiveEvent
from webapp.core.outbox import OutboxMessage
from webapp.core.transaction import transaction
from webapp.models import Reservation
from webapp.stays import services as stays


def breaks(sql: str, **values: object) -> str:
    """Run `sql`, check deferred rules at once, and return the name of the rule that the database says is broken."""
    with pytest.raises(DBAPIError) as refused, db.session.begin_nested():
        db.session.execute(text(sql), values)
        db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    error = refused.value.orig
    return error.diag.constraint_name or str(error)


def test_1_a_room_and_a_night_have_one_holder(hotel):
    stay = factories.make_stay(hotel, "101")
    other = factories.make_stay(hotel, "102")
    rule = breaks(
        "INSERT INTO room_night (room_id, night, hotel_id, reservation_id) VALUES (:room, :night, :hotel, :stay)",
        room=stay.room_id, night=stay.check_in, hotel=hotel.id, stay=other.id,
    )  # fmt: skip
    assert rule in ("pk_room_night", "uq_room_night_reservation_id_night")


def test_1_a_placed_stay_holds_exactly_its_nights(hotel):
    stay = factories.make_stay(hotel, "101")
    rule = breaks(
        "DELETE FROM room_night WHERE reservation_id = :stay AND night = :night", stay=stay.id, night=stay.check_in
    )
    assert rule == "reservation_nights"


def test_1_dates_cannot_move_without_their_nights(hotel):
    stay = factories.make_stay(hotel, "101")
    assert breaks("UPDATE reservation SET check_out = check_out + 1 WHERE id = :stay", stay=stay.id) in (
        "reservation_nights",
        "reservation_audited",
    )


def test_2_counts_never_pass_what_there_is(hotel):
    stay = factories.make_stay(hotel, "101")
    rule = breaks("UPDATE inventory SET sold = capacity + 1 WHERE room_type_id = :type", type=stay.room_type_id)
    assert rule == "ck_inventory_never_oversold"


def test_2_closing_a_sold_room_is_counted_as_forced_not_lost(hotel):
    from webapp.availability import services as availability

    found = [factories.make_stay(hotel, number) for number in ("101", "102", "103")]
    with transaction():
        availability.close_nights(found[0].room_type_id, found[0].dates)
    row = db.session.execute(text("SELECT DISTINCT sold, forced, closed FROM inventory WHERE sold > 0")).one()
    assert tuple(row) == (2, 1, 1)


def test_3_a_sold_stay_is_recorded_whatever_there_is(hotel):
    for number in ("101", "102", "103"):
        factories.make_stay(hotel, number)
    assert factories.make_stay(hotel, "101", is_fact=True, source="booking").is_unplaced


def test_4_a_status_skipped_by_hand_is_refused(hotel):
    stay = factories.make_stay(hotel, "101")
    assert (
        breaks("UPDATE reservation SET status = 'COMPLETED' WHERE id = :stay", stay=stay.id) == "reservation_transition"
    )


def test_5_what_follows_is_in_the_same_transaction(hotel):
    with pytest.raises(ZeroDivisionError), transaction():
        factories.make_stay(hotel, "101")
        raise ZeroDivisionError
    assert db.session.scalars(select(OutboxMessage)).all() == []
    assert db.session.scalars(select(LiveEvent)).all() == []


def test_5_a_key_is_pending_once(hotel):
    with transaction():
        first = outbox.enqueue("jobs.ticks.clean_up", key="once")
        second = outbox.enqueue("jobs.ticks.clean_up", key="once")
    assert first is not None
    assert second is None


def test_7_a_row_cannot_point_into_another_hotel(hotel):
    stay = factories.make_stay(hotel, "101")
    elsewhere = factories.room_of(factories.make_hotel(), "101")
    rule = breaks("UPDATE reservation SET room_id = :room WHERE id = :stay", room=elsewhere.id, stay=stay.id)
    assert rule.startswith("fk_reservation_hotel_id")


def test_8_amounts_are_exact(hotel):
    stay = factories.make_stay(hotel, "101", total=Decimal("0.10") * 3, paid=Decimal("0.30"))
    db.session.refresh(stay)
    assert stay.balance == Decimal("0.00")


def test_9_a_change_without_an_entry_is_refused(hotel):
    stay = factories.make_stay(hotel, "101")
    # The entries of this test's single transaction are put away first, so that the change stands alone.
    db.session.execute(text("SET LOCAL innkeep.rewrite_trail = 'yes'"))
    db.session.execute(text("DELETE FROM audit_entry"))
    db.session.execute(text("SET LOCAL innkeep.rewrite_trail = 'no'"))
    assert breaks("UPDATE reservation SET adults = 5 WHERE id = :stay", stay=stay.id) == "reservation_audited"
    audit.record(hotel.id, "party_changed", stay)
    db.session.flush()


@pytest.mark.parametrize("sql", ["UPDATE audit_entry SET action = 'nothing'", "DELETE FROM audit_entry"])
def test_9_the_trail_cannot_be_rewritten(hotel, sql):
    factories.make_stay(hotel, "101")
    assert breaks(sql) == "append_only"


def test_10_personal_data_is_sealed_in_the_database(hotel):
    stay = factories.make_stay(hotel, "101", guest_name="Zoë Müller-Lüdenscheid")
    raw = db.session.execute(text("SELECT guest_name, guest_email, guest_phone FROM reservation")).one()
    for value in raw:
        assert b"Zo" not in bytes(value)
        assert b"example" not in bytes(value)
    entries = db.session.execute(text("SELECT after FROM audit_entry")).scalars()
    assert all("Lüdenscheid".encode() not in bytes(value) for value in entries if value)
    assert db.session.get_one(Reservation, stay.id).guest_name == "Zoë Müller-Lüdenscheid"


def test_a_party_is_never_negative(hotel):
    stay = factories.make_stay(hotel, "101")
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(text("UPDATE reservation SET adults = -1 WHERE id = :stay"), {"stay": stay.id})


def test_the_trail_tells_before_and_after(hotel):
    stay = factories.make_stay(hotel, "101")
    with transaction():
        stays.change_dates(stay, stays.StayDates(stay.check_in, stay.check_in + dt.timedelta(days=1)))
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "dates_changed")).one()
    assert entry.before["check_out"] > entry.after["check_out"]
