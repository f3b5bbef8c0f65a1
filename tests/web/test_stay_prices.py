"""What a stay costs when the desk changes it: shown first, agreed to, and written into its lines, its terms and its history."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from tests import factories
from tests.booking_kit import Shop, confirmed, day, make_shop, override, set_terms
from webapp.availability.domain import Party
from webapp.booking import changes
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.errors import Invalid
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.models import Inventory, Reservation
from webapp.rates.queries import current_catalogue
from webapp.stays import departures, pricing, services, splitting
from webapp.stays.pricing import Wanted
from webapp.stays.wording import folio, worded

VAT = {
    "taxes": [
        {"name": "VAT", "kind": "percentage", "rate": "20"},
        {"name": "City", "kind": "per_person_night", "rate": "1"},
    ]
}
TERMS = {**VAT, "cancellation": {"free_days": 20, "fee_nights": 1, "fee_percent": "100"}}


@pytest.fixture
def hotel(app):
    return make_shop()


@pytest.fixture
def stay(hotel, client):
    """Two nights of a double for two at 100.00, with VAT and two adults' city tax: 244.00."""
    set_terms(hotel, **TERMS)
    booking_id = Shop(client, hotel).book().json["booking_id"]
    return db.session.scalars(select(Reservation).filter_by(booking_id=booking_id)).one()


def url(stay, path="/dates"):
    return f"/staff/{stay.hotel.slug}/reservations/{stay.booking_id}{path}"


def asked(stay, arrives_in=10, nights=2, **more):
    hotel = stay.hotel
    return {
        "check_in": day(hotel, arrives_in).isoformat(), "check_out": day(hotel, arrives_in + nights).isoformat(),
        "adults": 2, "children": 0, "room_type_id": stay.room_type_id, **more,
    }  # fmt: skip


def shown(desk, stay, **form):
    answer = desk.get(url(stay), query_string=form)
    assert answer.status_code == 200, answer.text
    return answer.text


def agree(desk, stay, choice="new", **form):
    return desk.post(url(stay), data=form | confirmed(shown(desk, stay, **form), choice))


def sum_of(stay):
    return sum((Decimal(line["amount"]) for line in stay.price_lines), Decimal(0))


def nights_of(stay):
    return [(line["date"], line["amount"]) for line in stay.price_lines if line["kind"] == "night"]


def last_change(stay):
    query = select(AuditEntry).where(AuditEntry.entity_id == stay.id, AuditEntry.entity_type == "reservation")
    return worded([db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(1)).one()])[0]


def test_a_longer_stay_shows_its_price_and_then_costs_it(hotel, desk, stay):
    form = asked(stay, nights=3)
    page = shown(desk, stay, **form)
    assert ("£366.00" in page, "£244.00" in page, "£122.00" in page) == (True, True, True)
    assert page.index('value="new-') < page.index('value="kept-')
    assert (stay.nights, stay.total) == (2, Decimal(244))
    assert agree(desk, stay, **form).status_code == 303
    assert (stay.nights, stay.total, sum_of(stay)) == (3, Decimal(366), Decimal(366))
    assert nights_of(stay) == [(day(hotel, n).isoformat(), "100.00") for n in (10, 11, 12)]
    assert stay.terms["nights"] == ["100.00"] * 3
    assert stay.terms["cancellation"] == {"free_days": 20, "fee_percent": "100", "fee_nights": 1}
    assert folio(stay) == [("3 nights, Double", Decimal(300)), ("VAT", Decimal(60)), ("City", Decimal(6))]
    assert ("Price", "", "New price") in last_change(stay)["changes"]
    assert ("Total", "244.00", "366.00") in last_change(stay)["changes"]


def test_a_shorter_stay_costs_less_and_its_nights_are_free(hotel, desk, stay):
    assert agree(desk, stay, **asked(stay, nights=1)).status_code == 303
    assert (stay.total, nights_of(stay)) == (Decimal(122), [(day(hotel, 10).isoformat(), "100.00")])
    sold = db.session.scalars(select(Inventory.sold).where(Inventory.night.in_((day(hotel, 10), day(hotel, 11)))))
    assert sorted(sold) == [0, 1]


def test_the_agreed_price_is_kept_and_told_for_the_new_nights(hotel, desk, stay):
    assert agree(desk, stay, "kept", **asked(stay, nights=3)).status_code == 303
    assert (stay.nights, stay.total, sum_of(stay)) == (3, Decimal(244), Decimal(244))
    assert nights_of(stay) == [
        (day(hotel, 10).isoformat(), "66.67"), (day(hotel, 11).isoformat(), "66.67"), (day(hotel, 12).isoformat(), "66.66"),
    ]  # fmt: skip
    assert stay.terms["nights"] == ["66.67", "66.67", "66.66"]
    assert ("Price", "", "Keep the agreed price") in last_change(stay)["changes"]


def test_more_guests_and_another_room_type(hotel, desk, stay):
    assert agree(desk, stay, **asked(stay, adults=2, children=1)).status_code == 303
    assert (stay.children, stay.total) == (1, Decimal("292.00"))
    single = factories.type_of(hotel, "SGL")
    too_many = desk.get(url(stay), query_string=asked(stay, room_type_id=single.id))
    assert (too_many.status_code, "takes 1 people at most" in too_many.text) == (422, True)
    assert agree(desk, stay, **asked(stay, adults=1, room_type_id=single.id)).status_code == 303
    assert (stay.room_type_id, stay.inventory_type_id, stay.total) == (single.id, single.id, Decimal("146.00"))
    assert ("Room type", "", "Single") in last_change(stay)["changes"]


def test_a_room_of_the_new_type_is_kept_and_another_is_given_back(hotel, desk):
    placed = factories.make_stay(hotel, "101", arrives_in=5)
    single = factories.type_of(hotel, "SGL")
    form = {**asked(placed, 5), "adults": 1, "room_type_id": single.id}
    assert "you choose a new one" in shown(desk, placed, **form)
    assert agree(desk, placed, **form).status_code == 303
    assert placed.room_id is None
    upgraded = factories.make_stay(hotel, "102", arrives_in=5, code="SGL")
    with transaction():
        upgraded.inventory_type_id = factories.type_of(hotel, "DBL").id
    form = {**asked(upgraded, 5), "adults": 1, "room_type_id": factories.type_of(hotel, "DBL").id}
    assert agree(desk, upgraded, **form).status_code == 303
    assert upgraded.room.number == "102"


def test_a_channel_sold_it_so_its_price_stands(hotel, desk):
    sold = factories.make_stay(hotel, "101", arrives_in=5, source="booking", total=Decimal("300.00"))
    form = {**asked(sold, 5, 4), "adults": 1}
    page = shown(desk, sold, **form)
    assert ('value="new-' in page, "A channel sold this stay" in page) == (False, True)
    forged = confirmed(page, "kept")
    assert desk.post(url(sold), data=form | forged | {"choice": "new-400.00"}).status_code == 409
    assert (sold.nights, sold.total) == (2, Decimal(300))
    assert desk.post(url(sold), data=form | forged).status_code == 303
    assert (sold.nights, sold.total) == (4, Decimal(300))


def test_an_amount_finer_than_the_coin_is_agreed_to_as_it_was_shown(hotel, desk):
    """As an upload or a fee may have left it."""
    sold = factories.make_stay(hotel, "101", arrives_in=5, source="booking", total=Decimal("100.50"))
    with transaction():
        sold.currency = "JPY"
    assert agree(desk, sold, "kept", **{**asked(sold, 5, 4), "adults": 1}).status_code == 303
    assert (sold.nights, sold.total) == (4, Decimal("100.50"))


def test_what_was_not_shown_is_not_agreed_to(hotel, desk, stay):
    form = asked(stay, nights=3)
    answer = confirmed(shown(desk, stay, **form))
    override(hotel, "150", 12, 13)
    refused = desk.post(url(stay), data=form | answer)
    assert (refused.status_code, "The price has changed" in refused.text, "£426.00" in refused.text) == (
        409,
        True,
        True,
    )
    answer = confirmed(shown(desk, stay, **form))
    with transaction():
        departures.move(stay, StayDates(day(hotel, 9), day(hotel, 12)))
    refused = desk.post(url(stay), data=form | answer)
    assert (refused.status_code, "was changed in the meantime" in refused.text) == (409, True)
    assert stay.total == Decimal(244)
    for junk in (
        {"choice": "new"},
        {"choice": "new-NaN"},
        {"choice": "new-sNaN"},
        {"choice": "free-0"},
        {"seen": "x" * 99},
        {"adults": "many"},
    ):
        assert desk.post(url(stay), data=form | answer | junk).status_code == 422, junk


def test_a_guest_in_house_leaves_later_or_is_joined(hotel, desk):
    here = factories.make_stay(hotel, "101", nights=2, total=Decimal(90))
    with transaction():
        services.check_in_guest(here)
        departures.allow_late(here, hotel.check_out_time.replace(hour=14), Decimal(15))
    form = {**asked(here, 0, 3), "check_in": day(hotel, 5).isoformat(), "room_type_id": 0}
    assert agree(desk, here, **form).status_code == 303  # only the departure and the party are read
    assert (here.check_in, here.nights, here.adults) == (hotel.business_date(), 3, 2)
    assert (here.total, sum_of(here)) == (Decimal(315), Decimal(315))
    assert folio(here) == [("3 nights, Double", Decimal(300)), ("Late departure", Decimal(15))]
    yesterday = desk.get(url(here), query_string=asked(here, -3, 2))
    assert yesterday.status_code == 422


def test_a_guest_who_has_moved_stays_longer_though_others_slept_there_before(hotel, desk):
    factories.make_stay(hotel, "102", nights=1)
    split = factories.make_stay(hotel, "101", nights=2, total=Decimal(200))
    with transaction():
        splitting.split(split, day(hotel, 1), factories.room_of(hotel, "102"))
    factories.make_stay(hotel, "101", arrives_in=2, nights=3)
    assert agree(desk, split, **asked(split, 0, 4)).status_code == 303
    assert (split.nights, split.total) == (4, Decimal(400))
    assert agree(desk, split, "kept", **asked(split, 0, 3)).status_code == 303
    factories.make_stay(hotel, "102", arrives_in=3, nights=2)
    taken = desk.get(url(split), query_string=asked(split, 0, 4))
    assert (taken.status_code, "The room is taken" in taken.text) == (422, True)


def test_a_longer_stay_keeps_its_price_and_adds_the_nights_of_now(hotel, desk, stay):
    override(hotel, "150", 12, 13)
    with transaction():
        departures.extend(stay, day(hotel, 13))
    assert (stay.total, sum_of(stay)) == (Decimal("426.00"), Decimal("426.00"))
    assert stay.terms["nights"] == ["100.00", "100.00", "150.00"]
    assert folio(stay) == [("3 nights, Double", Decimal(350)), ("VAT", Decimal(70)), ("City", Decimal(6))]


def test_nights_that_were_charged_already_are_not_charged_again(hotel, desk, stay):
    with transaction():
        departures.leave_early(stay, day(hotel, 11))
        departures.extend(stay, day(hotel, 12))
    assert (stay.nights, stay.total, sum_of(stay)) == (2, Decimal(244), Decimal(244))
    with transaction():
        departures.leave_early(stay, day(hotel, 11))
        departures.extend(stay, day(hotel, 13))
    assert (stay.nights, stay.total, sum_of(stay)) == (3, Decimal(366), Decimal(366))
    assert stay.terms["nights"] == ["100.00"] * 3
    with transaction():  # its lines name the nights of before
        departures.move(stay, StayDates(day(hotel, 9), day(hotel, 11)))
        departures.extend(stay, day(hotel, 12))
    assert stay.total == Decimal(488)


def test_a_promotion_that_is_over_leaves_the_agreed_price(hotel, desk, stay):
    with transaction():
        stay.promo_code = "SUMMER"
    page = shown(desk, stay, **asked(stay, nights=3))
    assert ('value="new-' in page, "not valid for this stay" in page) == (False, True)
    assert agree(desk, stay, "kept", **asked(stay, nights=3)).status_code == 303


def test_a_price_is_spread_to_the_coin():
    for amount, parts in ((Decimal("100.00"), 3), (Decimal("0.05"), 7), (Decimal("0"), 2), (Decimal("999.99"), 365)):
        shares = pricing.spread(amount, parts, "GBP")
        assert (sum(shares), len(shares)) == (amount, parts)
        assert max(shares) - min(shares) <= Decimal("0.01")
    assert pricing.spread(Decimal(100), 3, "JPY") == [34, 33, 33]


def test_a_stay_in_another_currency_keeps_its_price(hotel, stay):
    with transaction():
        stay.currency = "EUR"
    wanted = Wanted(stay.dates, 2, 0, stay.room_type_id)
    assert pricing.kept_bill(stay, wanted, "Double").total == stay.total
    with pytest.raises(Exception, match="another currency"):
        pricing.new_bill(stay, current_catalogue(hotel.slug), wanted)
    with pytest.raises(Invalid, match="another currency"), transaction():
        departures.extend(stay, day(hotel, 13))
    db.session.rollback()
    party = Party(stay.adults, stay.children)
    with pytest.raises(Invalid, match="another currency"), transaction():
        changes.change(stay, hotel.slug, "DBL", stay.check_in, day(hotel, 13), party)
    db.session.rollback()
    assert (stay.nights, stay.total) == (2, Decimal(244))
