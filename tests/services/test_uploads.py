"""From an uploaded file to the board and back: preview, apply, report, undo."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories
from tests.integrations.export_files import HEADERS, booking_row, text, xls
from webapp.availability import services as availability
from webapp.channels.uploads import carry_out, comparison, queries, services
from webapp.core import actor, clock, encryption
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid, NotFound
from webapp.core.events import LiveEvent
from webapp.core.transaction import transaction
from webapp.models import Alert, Hotel, Inventory, Reservation, RoomNight, Upload, UploadEntry
from webapp.stays import changing, departures, many
from webapp.stays import services as stays
from webapp.stays.pricing import Wanted

NOON = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
ROW: dict[str, Any] = {"check_in": "2026-02-01", "check_out": "2026-02-03", "unit_type": "Double"}


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOON):
        yield


@pytest.fixture
def upload(hotel: Hotel, run_jobs):
    """Uploads a file with these rows and plays the worker until the preview stands."""

    def put(*rows: list[Any], content: bytes | None = None) -> Upload:
        with transaction():
            uploaded = services.receive(hotel, "Check-in 2026.xls", content or xls([HEADERS, *rows]))
        run_jobs()
        return uploaded

    return put


@pytest.fixture
def applied(hotel: Hotel, upload, run_jobs):
    def put(*rows: list[Any]) -> Upload:
        uploaded = upload(*rows)
        assert uploaded.state == "preview", (uploaded.state, uploaded.message)
        with transaction():
            services.request_apply(hotel, uploaded.id)
        run_jobs()
        assert uploaded.state == "applied", uploaded.message
        return uploaded

    return put


@pytest.fixture
def undone(hotel: Hotel, run_jobs):
    def undo(uploaded: Upload) -> Upload:
        with transaction():
            services.request_undo(hotel, uploaded.id)
        run_jobs()
        assert uploaded.state == "undone", uploaded.message
        return uploaded

    return undo


def row(number: int = 1, **changes: Any) -> list[Any]:
    return booking_row(5000000000 + number, **{**ROW, **changes})


def entries(uploaded: Upload) -> list[UploadEntry]:
    return list(
        db.session.scalars(select(UploadEntry).where(UploadEntry.upload_id == uploaded.id).order_by(UploadEntry.id))
    )


def actions(uploaded: Upload) -> list[tuple[str, str]]:
    return [(entry.action, entry.code) for entry in entries(uploaded)]


def channel_stay(hotel: Hotel, room: str | None = "101", number: int | None = 1, **values: Any) -> Reservation:
    """A stay as a calendar brings it: dates and a room, no name, on the dates of `row`."""
    values = {"guest_name": None, "guest_email": None, "guest_phone": None, "source": "booking", **values}
    reference = str(5000000000 + number) if number else None
    return factories.make_stay(hotel, room, arrives_in=17, channel_reference=reference, **values)


def all_stays() -> list[Reservation]:
    return list(db.session.scalars(select(Reservation).order_by(Reservation.id)))


# Preview and apply ---------------------------------------------------------------------------------------------------


def test_a_preview_changes_nothing(upload):
    uploaded = upload(row())
    assert (uploaded.state, uploaded.kind, uploaded.age, uploaded.counts["created"]) == (
        "preview",
        "booking_reservations",
        "FRESH",
        1,
    )
    assert all_stays() == []


def test_a_new_stay(applied):
    uploaded = applied(row())
    (stay,) = all_stays()
    assert (stay.source, stay.channel_reference, stay.status, stay.guest_name) == (
        "booking",
        "5000000001",
        "CONFIRMED",
        "Anna Example",
    )
    assert (stay.check_in, stay.check_out, stay.total, stay.adults) == (
        dt.date(2026, 2, 1),
        dt.date(2026, 2, 3),
        Decimal("310.50"),
        2,
    )
    assert (stay.guest_phone, stay.guest_country) == ("+44 7700 900123", "GB")
    assert stay.field_sources["guest_name"] == "export"
    (entry,) = entries(uploaded)
    assert (entry.action, entry.reservation_id, entry.version_after) == ("created", stay.id, stay.version)
    assert uploaded.content is None


def test_a_nameless_stay_of_a_calendar_is_explained(hotel: Hotel, applied):
    stay = channel_stay(hotel, "102", number=None)
    applied(row(remarks="Late &amp; tired"))
    assert [s.id for s in all_stays()] == [stay.id]
    assert (stay.channel_reference, stay.guest_name, stay.special_requests) == (
        "5000000001",
        "Anna Example",
        "Late & tired",
    )
    assert (stay.total, stay.room.number) == (Decimal("310.50"), "102")


def test_two_nameless_stays_on_the_same_dates(hotel: Hotel, applied):
    channel_stay(hotel, "101", number=None)
    channel_stay(hotel, "201", number=None, code="SGL")
    applied(row(1, unit_type="Single"), row(2))
    found = {stay.room.number: stay.channel_reference for stay in all_stays()}
    assert found == {"101": "5000000002", "201": "5000000001"}


def test_what_the_file_says_of_a_known_stay(hotel: Hotel, applied):
    stay = channel_stay(hotel, guest_name="Wrong Name")
    stay_of_house = channel_stay(hotel, "102", number=2, guest_name="Typed at the desk")
    with transaction():
        stays.update_guest(stay_of_house, {"guest_name": "Spoken Name"}, said_by="desk")
    applied(row(check_out="2026-02-04"), row(2))
    assert (stay.guest_name, stay.check_out) == ("Anna Example", dt.date(2026, 2, 4))
    assert stay_of_house.guest_name == "Spoken Name"


def test_what_the_desk_has_changed_no_file_takes_back(hotel: Hotel, applied):
    stay, plain = (channel_stay(hotel, room, number, total=Decimal(200)) for room, number in (("101", 1), ("102", 2)))
    for one in (stay, plain):
        with transaction():
            stays.update_guest(one, {"total": Decimal(300)}, said_by="export")
    with transaction():
        departures.allow_late(stay, dt.time(15), Decimal(15))
        wanted = Wanted(stay.dates, 2, 0, stay.room_type_id)
        changing.change(stay, wanted, "kept", expected_total=Decimal(315), expected=changing.seen(stay))
    told = {"adults": 1, "persons": 1, "price": "280 GBP"}
    applied(row(1, **told), row(2, **told))
    assert [(one.adults, one.total) for one in (stay, plain)] == [(2, 315), (1, 280)]


def test_cancellations_and_no_shows(hotel: Hotel, applied):
    cancelled, no_show = (
        channel_stay(hotel),
        factories.make_stay(hotel, "102", 0, source="booking", channel_reference="5000000002"),
    )
    in_house = factories.make_stay(hotel, "103", 0, source="booking", channel_reference="5000000003")
    with transaction():
        stays.check_in_guest(in_house)
    today = {"check_in": "2026-01-15", "check_out": "2026-01-17"}
    uploaded = applied(
        row(1, status="cancelled_by_guest", cancellation_date="2026-01-14 10:00:00"),
        row(2, status="no_show", **today),
        row(3, status="cancelled_by_guest", **today),
        row(4, status="cancelled_by_guest"),
    )
    assert [stay.status for stay in (cancelled, no_show, in_house)] == ["CANCELLED", "NO_SHOW", "CHECKED_IN"]
    assert actions(uploaded) == [
        ("cancelled", "cancelled_by_guest"), ("no_show", ""), ("warning", "cancelled_but_in_house"), ("skipped", "never_known"),
    ]  # fmt: skip
    assert db.session.query(RoomNight).filter_by(reservation_id=cancelled.id).count() == 0


def test_a_victim_is_restored_to_its_room_when_that_is_free(hotel: Hotel, applied):
    victim, other = channel_stay(hotel), channel_stay(hotel, "102", number=2)
    with transaction():
        stays.cancel(victim, "vanished")
        stays.cancel(other, "vanished")
    factories.make_stay(hotel, "102", arrives_in=17)
    uploaded = applied(row(), row(2))
    assert [(stay.status, stay.room.number if stay.room else None) for stay in (victim, other)] == [
        ("CONFIRMED", "101"),
        ("CONFIRMED", None),
    ]
    assert other.is_unplaced
    assert [action for action, _code in actions(uploaded)] == ["restored", "restored"]


def test_what_a_person_cancelled_stays_cancelled(hotel: Hotel, upload):
    stay = channel_stay(hotel)
    with transaction():
        stays.cancel(stay, "agreed on the phone")
        stays.update_guest(stay, {"guest_name": "Anna Example"})
        stay.field_sources = {**stay.field_sources, "status": "desk"}
    assert actions(upload(row())) == [("warning", "cancelled_by_house")]


def test_the_wrong_room_is_left_but_not_by_a_guest_in_house(hotel: Hotel, applied):
    wrong = channel_stay(hotel, "201", code="SGL")
    here = factories.make_stay(hotel, "202", 0, code="SGL", source="booking", channel_reference="5000000002")
    with transaction():
        stays.check_in_guest(here)
    uploaded = applied(row(), row(2, check_in="2026-01-15", check_out="2026-01-17"))
    assert (wrong.room_id, wrong.room_type.code, here.room.number) == (None, "DBL", "202")
    assert uploaded.counts["fixed"] == 1
    assert availability.recount(hotel.id) == 0


def test_several_rooms_are_several_stays_of_one_number(hotel: Hotel, applied):
    applied(row(rooms=2, unit_type="Double, Single", price="301.01 GBP", adults=3))
    first, second = all_stays()
    assert {first.channel_reference, second.channel_reference} == {"5000000001"}
    assert sorted(stay.room_type.code for stay in (first, second)) == ["DBL", "SGL"]
    assert sorted(stay.total for stay in (first, second)) == [Decimal("150.50"), Decimal("150.51")]
    assert first.group_id
    assert first.group_id == second.group_id


def test_a_room_that_joins_a_known_booking_is_linked_to_it(hotel: Hotel, applied):
    known, alone = channel_stay(hotel, "101"), channel_stay(hotel, "102", number=2)
    applied(row(rooms=2, unit_type="Double, Single"), row(2))
    joined = all_stays()[2]
    assert (known.channel_reference, joined.channel_reference) == ("5000000001", "5000000001")
    assert known.group_id is not None
    assert (joined.group_id, alone.group_id) == (known.group_id, None)


def test_a_cancelled_booking_of_two_rooms_ends_both(hotel: Hotel, applied):
    channel_stay(hotel, "101")
    channel_stay(hotel, "102")
    applied(row(rooms=2, unit_type="Double, Double", status="cancelled_by_guest"))
    assert {stay.status for stay in all_stays()} == {"CANCELLED"}


def test_lines_that_change_nothing_say_why(upload):
    uploaded = upload(
        row(1, check_in="2026-01-02", check_out="2026-01-04"), row(2, unit_type="Castle"), row(3, status="mystery"), row(4, check_out="x"),
        booking_row("", **ROW),
    )  # fmt: skip
    assert sorted(actions(uploaded)) == [
        ("skipped", "past"), ("warning", "bad_date"), ("warning", "no_reference"), ("warning", "unknown_room"),
        ("warning", "unknown_status"), ("warning", "unknown_status"),
    ]  # fmt: skip
    assert uploaded.counts["unknown_rooms"] == {"Castle": 1}


def test_a_room_is_named_once_for_all_files(hotel: Hotel, upload, run_jobs):
    uploaded = upload(row(unit_type="Castle &amp; Garden"))
    with transaction():
        services.name_room(hotel, uploaded.id, "Castle & Garden", None, factories.room_of(hotel, "103").id)
    run_jobs()
    assert uploaded.counts["created"] == 1
    again = upload(row(2, unit_type="CASTLE & GARDEN"))
    assert again.counts["created"] == 1


def test_headers_that_nobody_knows_are_mapped_by_hand(hotel: Hotel, upload, run_jobs):
    words = ["Varausnumero", "Saapuminen", "Lähtö", "Vieras", "Huone"]
    uploaded = upload(content=text([words, ["5000000001", "2026-02-01", "2026-02-03", "Anna", "Double"]]))
    assert (uploaded.state, uploaded.columns[0]["samples"]) == ("mapping", ["5000000001"])
    fields = ["reference", "check_in", "check_out", "guest_names", "unit_type"]
    with transaction():
        services.map_headers(hotel, uploaded.id, dict(zip(words, fields, strict=True)))
    run_jobs()
    assert (uploaded.state, uploaded.kind) == ("preview", "booking_reservations")


def test_airbnbs_earnings_are_the_stays_money(hotel: Hotel, upload, run_jobs):
    words = [
        "Confirmation code",
        "Status",
        "Guest name",
        "Contact",
        "# of adults",
        "Start date",
        "End date",
        "Listing",
        "Earnings",
    ]
    uploaded = upload(
        content=text(
            [words, ["HMABCDEFGH", "Confirmed", "Jo Lee", "+44 1", 2, "2/19/2026", "2/21/2026", "103", "£150.20"]]
        )
    )
    with transaction():
        services.request_apply(hotel, uploaded.id)
    run_jobs()
    (stay,) = all_stays()
    assert (stay.source, stay.room.number, stay.total) == ("airbnb", "103", Decimal("150.20"))


def test_money_in_another_currency_is_not_taken_over(hotel: Hotel, applied):
    stay = channel_stay(hotel)
    uploaded = applied(row(price="99 EUR"))
    assert stay.total == 0
    assert actions(uploaded) == [("updated", "other_currency")]


def test_a_sold_stay_is_recorded_beyond_what_there_is(hotel: Hotel, applied):
    for room in ("101", "102", "103"):
        factories.make_stay(hotel, room, arrives_in=17)
    applied(row())
    assert db.session.query(Inventory).filter(Inventory.forced > 0).count() == 2
    assert len(all_stays()) == 4


# Age and repetition --------------------------------------------------------------------------------------------------


def test_an_old_file_only_fills_gaps(hotel: Hotel, applied, upload):
    applied(row(1, booked_on="2026-01-14 10:00:00", phone_number=""), row(9, status="cancelled_by_guest"))
    old = upload(
        row(1, status="cancelled_by_guest", price="1 GBP", booked_on="2026-01-12 10:00:00"),
        row(2, booked_on="2026-01-12 10:00:00"),
    )
    assert old.age == "OLD"
    assert [(entry.action, entry.code, (entry.details or {}).get("new")) for entry in entries(old)] == [
        ("updated", "", {"guest_phone": "+44 7700 900123"}), ("skipped", "old_file", None),
    ]  # fmt: skip


def test_the_same_file_twice_is_refused_politely(hotel: Hotel, applied, upload):
    applied(row())
    with pytest.raises(Conflict) as refused, transaction():
        services.receive(hotel, "again.xls", xls([HEADERS, row()]))
    assert refused.value.code == "DUPLICATE_UPLOAD"
    other_container = upload(content=text([HEADERS, row()]))
    assert (other_container.state, other_container.fault_kind) == ("refused", "duplicate")


def test_a_file_that_cannot_be_read_is_refused_with_words(hotel: Hotel, upload):
    uploaded = upload(content=b"<html><body>Sign in</body></html>")
    assert (uploaded.state, uploaded.fault_kind, uploaded.content) == ("refused", "web_page", None)
    assert "web page" in uploaded.message
    with pytest.raises(Invalid), transaction():
        services.receive(hotel, "empty.xls", b"")


# All or nothing ------------------------------------------------------------------------------------------------------


def test_what_changed_since_the_preview_is_shown_first(hotel: Hotel, upload, run_jobs):
    uploaded = upload(row())
    channel_stay(hotel)
    with transaction():
        services.request_apply(hotel, uploaded.id)
    run_jobs()
    assert uploaded.state == "preview"
    assert "changed since" in uploaded.message
    assert all_stays()[0].guest_name is None


def test_a_file_whose_work_fails_every_time_waits_for_a_person_again(hotel: Hotel, upload, run_jobs):
    uploaded = upload(row())
    with transaction():
        services.request_apply(hotel, uploaded.id)
    with transaction():
        services.give_up(uploaded.id)
    assert (uploaded.state, "try again" in uploaded.message) == ("preview", True)
    run_jobs()
    assert (uploaded.state, all_stays()) == ("preview", [])  # the job that was left finds nothing to do
    with transaction():
        services.request_apply(hotel, uploaded.id)
    run_jobs()
    with transaction():
        services.request_undo(hotel, uploaded.id)
    with transaction():
        services.give_up(uploaded.id)
    assert (uploaded.state, len(all_stays())) == ("applied", 1)
    with transaction():
        read = services.receive(hotel, "other.xls", xls([HEADERS, row(2)]))
    with transaction():
        services.give_up(read.id)
    assert (read.state, read.content) == ("refused", None)


def test_samples_of_columns_are_kept_only_while_a_person_has_to_look_at_them(hotel: Hotel, upload):
    assert not any(column["samples"] for column in upload(row()).columns)
    unclear = upload(content=text([["alpha", "beta", "gamma"], ["Ada Example", "1", "2"]]))
    assert unclear.state == "mapping"
    assert unclear.columns[0]["samples"] == ["Ada Example"]
    with transaction():
        services.discard(hotel, unclear.id)
    assert unclear.columns == []


def test_another_hotels_upload_does_not_exist(hotel: Hotel, upload):
    uploaded = upload(row())
    other = factories.make_hotel()
    for act in (services.request_apply, services.request_undo, services.discard):
        with pytest.raises(NotFound), transaction():
            act(other, uploaded.id)


# Undo ----------------------------------------------------------------------------------------------------------------


def picture_of(hotel: Hotel) -> dict[str, Any]:
    db.session.expire_all()
    columns = ("status", "check_in", "check_out", "room_id", "room_type_id", "inventory_type_id", "guest_name", "guest_phone", "total",
               "channel_reference", "adults", "special_requests", "field_sources")  # fmt: skip
    found = {
        stay.id: tuple(getattr(stay, name) for name in columns)
        for stay in all_stays()
        if stay.status != "CANCELLED" or stay.guest_name is None
    }
    nights = Counter((night.room_id, night.night, night.reservation_id) for night in db.session.query(RoomNight))
    return {"stays": {key: str(value) for key, value in found.items()}, "nights": nights}


def test_everything_is_taken_back(hotel: Hotel, applied, undone):
    channel_stay(hotel, "101", number=1)
    channel_stay(hotel, "102", number=2)
    victim = channel_stay(hotel, "103", number=3)
    channel_stay(hotel, "201", number=4, code="SGL")
    with transaction():
        stays.cancel(victim, "vanished")
    before = picture_of(hotel)
    uploaded = applied(row(1, check_out="2026-02-04"), row(2, status="cancelled_by_guest"), row(3), row(4), row(5))
    assert {entry.action for entry in entries(uploaded)} >= {"updated", "cancelled", "restored", "created"}
    undone(uploaded)
    assert picture_of(hotel) == before
    assert availability.recount(hotel.id) == 0


def test_a_file_can_come_again_after_its_undo(applied, undone):
    undone(applied(row()))
    applied(row())
    assert sorted(stay.status for stay in all_stays()) == ["CONFIRMED"]


def test_undo_is_refused_when_a_stay_was_changed_since(hotel: Hotel, applied):
    uploaded = applied(row(1), row(2))
    changed = all_stays()[0]
    with transaction():
        stays.update_guest(changed, {"guest_name": "New Name"})
    with pytest.raises(Conflict) as refused, transaction():
        services.request_undo(hotel, uploaded.id)
    assert changed.booking_id in str(refused.value.message)
    assert [stay.status for stay in all_stays()] == ["CONFIRMED", "CONFIRMED"]


def test_a_change_just_before_the_undo_has_its_locks_is_not_lost(hotel: Hotel, applied, run_jobs, monkeypatch):
    uploaded = applied(row(1))
    stay = all_stays()[0]
    with transaction():
        services.request_undo(hotel, uploaded.id)
    hold = carry_out._hold_for_undo

    def overtaken(*given: Any) -> None:
        stays.update_guest(stay, {"guest_name": "New Name"})
        hold(*given)

    monkeypatch.setattr(carry_out, "_hold_for_undo", overtaken)
    run_jobs()
    assert uploaded.state == "applied"
    assert stay.booking_id in uploaded.message
    assert stay.status == "CONFIRMED"


def test_a_guest_in_house_whose_room_is_sold_keeps_the_dates_and_the_board_says_so(hotel: Hotel, applied):
    here = factories.make_stay(hotel, "101", 0, source="booking", channel_reference="5000000001")
    with transaction():
        stays.check_in_guest(here)
    factories.make_stay(hotel, "101", arrives_in=2)
    applied(row(1, check_in="2026-01-15", check_out="2026-01-18"))
    assert here.check_out == dt.date(2026, 1, 17)
    assert db.session.query(Alert).filter_by(kind="stay_extension_conflict", reservation_id=here.id).count() == 1


# Compared with the file before ---------------------------------------------------------------------------------------


def test_a_file_is_compared_with_the_one_before(hotel: Hotel, applied, upload):
    first = applied(
        row(1),
        row(2),
        row(3, status="cancelled_by_guest"),
        row(4),
        row(5, check_in="2026-05-01", check_out="2026-05-03"),
    )
    second = upload(row(1), row(2, check_out="2026-02-05", price="400 GBP"), row(3), row(6))
    assert queries.before(second) is first
    compared = comparison.compare(second, first, "", 1)
    assert compared.counts == {"new": 1, "gone": 1, "changed": 2, "same": 1, "outside": 1}
    assert compared.in_both == 3
    told = {
        (one.what, one.reference[-1]): [(str(a), str(b), str(c)) for a, b, c in one.changes] for one in compared.rows
    }
    assert set(told) == {("new", "6"), ("gone", "4"), ("changed", "2"), ("changed", "3")}
    assert told["changed", "2"] == [("Departure", "2026-02-03", "2026-02-05"), ("Price", "310.50 GBP", "400.00 GBP")]
    assert told["changed", "3"] == [("Status", "Cancelled by the guest", "Confirmed")]
    (gone,) = comparison.compare(second, first, "gone", 1).rows
    assert (gone.guest, gone.booking_id) == ("Anna Example", all_stays()[2].booking_id)
    lines = "".join(comparison.as_csv(second, first)).splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "what", "New in this file", "No longer in the file", "Told differently", "Told differently", "Outside the period of this file",
    ]  # fmt: skip


def test_differences_come_in_pages(applied, upload, monkeypatch):
    monkeypatch.setattr(comparison, "PAGE", 2)
    first = applied(row(9))
    second = upload(*(row(number) for number in range(1, 6)))
    pages = [comparison.compare(second, first, "new", page) for page in (1, 2, 3)]
    assert [[one.reference[-1] for one in page.rows] for page in pages] == [["1", "2"], ["3", "4"], ["5"]]
    assert [(page.page, page.pages, page.total) for page in pages] == [(1, 3, 5), (2, 3, 5), (3, 3, 5)]


def test_every_number_of_the_report_leads_to_its_lines(hotel: Hotel, applied):
    channel_stay(hotel, "201", code="SGL")
    victim = channel_stay(hotel, "102", number=2)
    channel_stay(hotel, "103", number=3)
    with transaction():
        stays.cancel(victim, "vanished")
    uploaded = applied(
        row(1), row(2), row(3, status="cancelled_by_guest"), row(4), row(5, unit_type="Castle"), row(6, check_in="x"),
        row(7, check_in="2026-01-02", check_out="2026-01-04"),
    )  # fmt: skip
    found = {
        name: [line.entry.reference[-1:] for line in queries.lines_of(uploaded, name, 1).rows]
        for name in ("created", "updated", "cancelled", "restored", "fixed", "unknown_rooms", "skipped")
    }
    assert found == {
        "created": ["4"], "updated": ["1"], "cancelled": ["3"], "restored": ["2"], "fixed": ["1"], "unknown_rooms": ["5"],
        "skipped": ["7"],
    }  # fmt: skip
    assert queries.reasons_of(uploaded) == [
        ("skipped", "past", 1),
        ("warning", "bad_date", 1),
        ("warning", "unknown_room", 1),
    ]
    assert [line.entry.line for line in queries.lines_of(uploaded, "warning", 1, "bad_date").rows] == [7]
    assert queries.last_applied(hotel) is uploaded


def test_what_an_upload_does_is_in_the_history_under_the_name_of_who_asked_for_it(hotel: Hotel, upload, run_jobs):
    uploaded = upload(row())
    user = factories.make_user(hotel, name="Olive Owner")
    with actor.acting_as(actor.Actor("staff", user.name, user.id)), transaction():
        services.request_apply(hotel, uploaded.id)
    run_jobs()
    (stay,) = all_stays()
    trail = db.session.query(AuditEntry).filter_by(entity_type="reservation", entity_id=stay.id, action="created").one()
    applied = db.session.query(AuditEntry).filter_by(entity_type="upload", action="upload_applied").one()
    assert {(entry.actor_kind, entry.actor_label, entry.actor_id) for entry in (trail, applied)} == {
        ("staff", "Olive Owner", user.id)
    }
    assert uploaded.applied_by == "Olive Owner"


def found_by(hotel: Hotel, words: str) -> list[str | None]:
    tokens = encryption.query_tokens(words)
    query = select(Reservation.channel_reference).where(
        Reservation.hotel_id == hotel.id, *(Reservation.search_tokens.overlap(one) for one in tokens)
    )
    return sorted(db.session.scalars(query))


def test_very_many_stays_are_found_as_soon_as_the_jobs_have_run(hotel: Hotel, upload, run_jobs, monkeypatch):
    monkeypatch.setattr(many, "_INDEXED_AT_ONCE", 1)
    channel_stay(hotel, "101", number=1, guest_name="Old Name")
    channel_stay(hotel, "102", number=2, guest_name="Old Name")
    uploaded = upload(row(1), row(2), row(3), row(4))
    with transaction():
        services.request_apply(hotel, uploaded.id)
    assert run_jobs().count("jobs.stays.index") == 2
    assert found_by(hotel, "Anna Exam") == ["5000000001", "5000000002", "5000000003", "5000000004"]
    assert found_by(hotel, "Old Name") == []
    assert found_by(hotel, "5000000003") == ["5000000003"]
    with transaction():
        services.request_undo(hotel, uploaded.id)
    run_jobs()
    assert found_by(hotel, "Old Name") == ["5000000001", "5000000002"]


def test_the_boards_hear_of_very_many_stays_in_one_event(hotel: Hotel, applied):
    applied(
        *(
            row(number, check_in=f"2026-0{2 + number % 7}-01", check_out=f"2026-0{2 + number % 7}-02")
            for number in range(1, 30)
        )
    )
    told = db.session.scalars(select(LiveEvent).where(LiveEvent.event == "booking-created")).all()
    assert [(event.data["booking_id"], event.data["stays"]) for event in told] == [(None, 29)]
