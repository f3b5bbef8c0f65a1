"""Two records of one stay become one, and are taken apart again exactly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import inspect, select

from tests import factories
from webapp.channels import services as channels
from webapp.core import ids
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid, NotFound
from webapp.core.transaction import transaction
from webapp.models import (
    AccessCode,
    Alert,
    AuditEntry,
    CheckIn,
    DistinctStays,
    Feed,
    FeedItem,
    GuestLink,
    Hotel,
    Inventory,
    Lock,
    LockAccount,
    Message,
    PartyMember,
    Reservation,
    RoomNight,
    StayMerge,
)
from webapp.stays import joining
from webapp.stays import services as stays
from webapp.stays.links import following, link_for
from webapp.stays.queries import living_of

NOBODY = {"guest_name": None, "guest_email": None, "guest_phone": None}
STEERING = {"version", "assignment_version", "search_tokens", "room_assigned_at", "room_assigned_by"}


def typed(hotel: Hotel, room: str | None = "101", **values: Any) -> Reservation:
    """What a clerk wrote down from a phone call."""
    return factories.make_stay(hotel, room, 5, **values)


def told(hotel: Hotel, room: str | None = "102", **values: Any) -> Reservation:
    """What a calendar brought."""
    values = {"source": "airbnb", "channel_reference": "HMA2DRKNXH", **NOBODY, **values}
    stay = factories.make_stay(hotel, room, 5, is_fact=True, **values)
    with transaction():
        stay.field_sources = {"dates": "feed", "channel_reference": "feed"}
        stays.note_change(stay, "created", {})
    return stay


def merged(hotel: Hotel, kept: Reservation, gone: Reservation) -> StayMerge:
    with transaction():
        merge = joining.join(hotel, kept.id, gone.id)
    db.session.expire_all()
    return merge


def separated(hotel: Hotel, merge: StayMerge) -> None:
    with transaction():
        joining.separate(hotel, merge.id)
    db.session.expire_all()


def picture(hotel: Hotel) -> dict[str, Any]:
    """Everything that a merge may change, but what only steers the program."""
    db.session.expire_all()
    columns = [column.key for column in inspect(Reservation).column_attrs if column.key not in STEERING]
    rows = db.session.scalars(select(Reservation).where(Reservation.hotel_id == hotel.id).order_by(Reservation.id))
    nights = select(RoomNight.room_id, RoomNight.night, RoomNight.reservation_id).order_by(
        RoomNight.room_id, RoomNight.night
    )
    counts = select(Inventory.room_type_id, Inventory.night, Inventory.sold, Inventory.forced)
    owners = {
        model.__tablename__: sorted(tuple(row) for row in db.session.execute(select(model.id, model.reservation_id)))
        for model in (Message, PartyMember, CheckIn, GuestLink, FeedItem)
    }
    alerts = select(Alert.key, Alert.details["room"].astext).where(Alert.resolved_at.is_(None))
    return {
        "stays": [{name: getattr(row, name) for name in columns} for row in rows],
        "nights": db.session.execute(nights.where(RoomNight.hotel_id == hotel.id)).all(),
        "counts": sorted(tuple(row) for row in db.session.execute(counts.where(Inventory.hotel_id == hotel.id))),
        "alerts": sorted(tuple(row) for row in db.session.execute(alerts)),
        **owners,
    }


def equip(stay: Reservation, feed: Feed | None = None) -> None:
    """Give a stay everything that can hang on it."""
    with transaction():
        message = Message(
            hotel_id=stay.hotel_id, reservation_id=stay.id, channel="note", recipient="", body="Late", state="sent"
        )
        member = PartyMember(hotel_id=stay.hotel_id, reservation_id=stay.id, name="Bob Example")
        db.session.add_all([message, member, CheckIn(hotel_id=stay.hotel_id, reservation_id=stay.id)])
        link_for(stay, "stay")
        if feed is not None:
            db.session.add(FeedItem(
                hotel_id=stay.hotel_id, feed_id=feed.id, kind="stay", uid="a@airbnb.com", starts_on=stay.check_in,
                ends_on=stay.check_out, reservation_id=stay.id, state="present",
            ))  # fmt: skip


@pytest.fixture
def feed(hotel: Hotel) -> Feed:
    with transaction():
        return channels.add_feed(
            hotel, factories.room_of(hotel, "102").id, "airbnb", "https://example.com/a.ics", is_active=False
        )


def test_the_kept_stay_has_the_best_of_both(hotel: Hotel, feed: Feed) -> None:
    kept, gone = typed(hotel, total=Decimal(0)), told(hotel, total=Decimal(240))
    equip(gone, feed)
    merged(hotel, kept, gone)
    assert (kept.guest_name, kept.source, kept.channel_reference, kept.total) == (
        "Ada Example", "airbnb", "HMA2DRKNXH", Decimal(240),
    )  # fmt: skip
    assert kept.field_sources["channel_reference"] == "feed"
    assert (gone.status, gone.merged_into_id) == ("CANCELLED", kept.id)
    for model in (Message, PartyMember, CheckIn, FeedItem, GuestLink):
        owners = set(db.session.scalars(select(model.reservation_id)))
        assert owners == {kept.id}, model.__tablename__
    held = db.session.scalars(select(RoomNight.reservation_id).distinct()).all()
    assert held == [kept.id]
    counts = [row.sold + row.forced for row in db.session.scalars(select(Inventory))]
    assert (sum(counts), max(counts)) == (2, 1)
    told_to = set(
        db.session.scalars(select(AuditEntry.entity_id).where(AuditEntry.action.in_(("merged", "merged_away"))))
    )
    assert told_to == {kept.id, gone.id}
    assert living_of([gone, kept]) == [kept]


def test_what_a_better_source_said_stands(hotel: Hotel) -> None:
    kept, gone = told(hotel, guest_name="Feed Name"), told(hotel, "103", guest_name="File Name", channel_reference=None)
    with transaction():
        stays.update_guest(kept, {"guest_name": "Feed Name", "guest_phone": "+441"}, said_by="feed")
        stays.update_guest(gone, {"guest_name": "From The File", "guest_phone": ""}, said_by="export")
    merged(hotel, kept, gone)
    assert (kept.guest_name, kept.field_sources["guest_name"]) == ("From The File", "export")
    assert (kept.guest_phone, kept.channel_reference) == ("+441", "HMA2DRKNXH")


def test_money_of_both_is_kept(hotel: Hotel) -> None:
    kept, gone = typed(hotel, total=Decimal(200), paid=Decimal(50)), told(hotel, total=Decimal(180), paid=Decimal(30))
    merged(hotel, kept, gone)
    assert (kept.total, kept.paid) == (Decimal(200), Decimal(80))


def test_a_stay_without_a_room_moves_into_the_one_that_becomes_free(hotel: Hotel) -> None:
    told(hotel, "101")
    kept = told(hotel, "101", source="booking", channel_reference="5592652343")
    assert (kept.room_id, kept.is_unplaced) == (None, True)
    gone = typed(hotel, "103")
    merge = merged(hotel, kept, gone)
    assert (kept.room.number, kept.is_unplaced) == ("103", False)
    separated(hotel, merge)
    assert (kept.room_id, kept.is_unplaced, gone.room.number) == (None, True, "103")


def test_taking_apart_makes_both_exactly_what_they_were(hotel: Hotel, feed: Feed) -> None:
    told(hotel, "101", source="vrbo", channel_reference="HA-1")
    kept = told(hotel, "101", source="booking", channel_reference=None, total=Decimal("99.50"), paid=Decimal(9))
    gone = typed(hotel, "103", total=Decimal(120), paid=Decimal(20), special_requests="A cot")
    equip(gone, feed)
    before = picture(hotel)
    merge = merged(hotel, kept, gone)
    assert picture(hotel) != before
    separated(hotel, merge)
    assert picture(hotel) == before
    assert (merge.undone_by is not None, db.session.query(DistinctStays).count()) == (True, 1)
    again = merged(hotel, kept, gone)
    assert again.id != merge.id


def test_what_changed_since_and_does_not_matter_stays(hotel: Hotel) -> None:
    kept, gone = typed(hotel, "101"), told(hotel)
    merge = merged(hotel, kept, gone)
    with transaction():
        stays.update_guest(kept, {"guest_country": "FR"})
    separated(hotel, merge)
    assert (kept.guest_country, kept.field_sources["guest_country"], gone.status) == ("FR", "desk", "CONFIRMED")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda hotel, kept, gone: stays.update_guest(kept, {"channel_reference": "HMOTHER123"}), "Reference"),
        (lambda hotel, kept, gone: stays.cancel(kept), "has ended since"),
        (
            lambda hotel, kept, gone: joining.join(hotel, told(hotel, "103", source="vrbo").id, kept.id),
            "into another stay",
        ),
        (
            lambda hotel, kept, gone: factories.make_stay(hotel, "102", 6, guest_name="Next Guest"),
            "its nights were given to BK-",
        ),
        (lambda hotel, kept, gone: setattr(db.session.query(StayMerge).one(), "undo", None), "erased"),
    ],
)
def test_taking_apart_is_refused_when_it_cannot_be_exact(hotel: Hotel, change, words: str) -> None:
    kept, gone = typed(hotel, "101"), told(hotel, "102")
    merge = merged(hotel, kept, gone)
    with transaction():
        change(hotel, kept, gone)
    before = picture(hotel)
    with pytest.raises(Conflict, match=words), transaction():
        joining.separate(hotel, merge.id)
    assert picture(hotel) == before


def code(stay: Reservation) -> None:
    with transaction():
        name = f"account {stay.id}"
        account = LockAccount(
            hotel_id=stay.hotel_id, username=name, username_hint=name, password_md5="x", webhook_token=ids.token()
        )
        db.session.add(account)
        db.session.flush()
        lock = Lock(hotel_id=stay.hotel_id, account_id=account.id, provider_lock_id=name, name="Door", kind="entrance")
        db.session.add(lock)
        db.session.flush()
        db.session.add(AccessCode(
            hotel_id=stay.hotel_id, reservation_id=stay.id, lock_id=lock.id, physical_lock=name, pin="123456",
            pin_fingerprint=name.encode(), valid_from=now(), valid_until=now() + dt.timedelta(days=1), state="verified",
        ))  # fmt: skip


def test_what_cannot_be_merged_says_why(hotel: Hotel) -> None:
    kept, gone = typed(hotel, "101"), told(hotel)

    def refused(kept: Reservation, gone: Reservation) -> str:
        with pytest.raises(Conflict) as caught, transaction():
            joining.join(hotel, kept.id, gone.id)
        return caught.value.code

    code(gone)
    assert refused(kept, gone) == "KEEP_OTHER"
    code(kept)
    assert refused(kept, gone) == "BOTH_HAVE_CODES"
    here, also_here = (factories.make_stay(hotel, room, 0) for room in ("201", "202"))
    late = factories.make_stay(hotel, "103", 0)
    with transaction():
        stays.check_in_guest(here)
        stays.check_in_guest(also_here)
    assert refused(here, also_here) == "BOTH_IN_HOUSE"
    assert refused(late, here) == "KEEP_OTHER"
    with transaction():
        stays.cancel(late)
    assert refused(here, late) == "NOT_LIVING"
    with pytest.raises(Invalid), transaction():
        joining.join(hotel, kept.id, kept.id)
    with pytest.raises(NotFound), transaction():
        joining.join(factories.make_hotel(), kept.id, gone.id)


def test_a_merged_stay_is_not_reinstated_and_its_link_leads_to_the_other(hotel: Hotel) -> None:
    kept, gone = typed(hotel, "101"), told(hotel)
    with transaction():
        link_for(kept, "stay")
        link = link_for(gone, "stay")
    merged(hotel, kept, gone)
    assert following(link).reservation_id == kept.id
    with pytest.raises(Conflict, match="lives on in another"), transaction():
        stays.reinstate(gone)


def test_two_that_are_different_are_said_so_once(hotel: Hotel) -> None:
    one, other = typed(hotel, "101"), told(hotel)
    with transaction():
        joining.tell_apart(hotel, other.id, one.id)
        joining.tell_apart(hotel, one.id, other.id)
    mark = db.session.query(DistinctStays).one()
    assert (mark.first_id, mark.second_id) == (one.id, other.id)
    with transaction():
        joining.look_again(hotel, mark.id)
    assert db.session.query(DistinctStays).count() == 0
