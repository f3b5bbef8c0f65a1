"""Pages of doubtful pairs and of what is unknown: who may do what, and what they say without JavaScript."""

from __future__ import annotations

import pytest

from tests import factories
from tests.services.test_pairs import shown
from webapp.channels import enriching
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import DistinctStays, Hotel, Reservation, StayMerge

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#pairs"}


@pytest.fixture
def pair(hotel: Hotel) -> tuple[Reservation, Reservation]:
    return factories.make_stay(hotel, "101", 5), shown(hotel, "101", channel_reference="HMA2DRKNXH")


def here(hotel: Hotel, rest: str = "") -> str:
    return f"/staff/{hotel.slug}/channels/duplicates{rest}"


def test_two_records_are_shown_merged_and_taken_apart(hotel: Hotel, desk, pair) -> None:
    kept, gone = pair
    page = desk.get(here(hotel)).text
    for words in (
        "Probably one stay",
        "Arrival and departure are the same.",
        "HMA2DRKNXH",
        "wants 101",
        kept.booking_id,
    ):
        assert words in page
    both = {"kept": kept.booking_id, "gone": gone.booking_id}
    part = desk.post(here(hotel, "/merge"), data=both, headers=HTMX)
    assert part.text.lstrip().startswith('<section id="pairs"')
    assert "Merged into" in part.headers["HX-Trigger"]
    again = desk.post(here(hotel, "/merge"), data=both, headers=HTMX)
    assert (again.status_code, "have just been merged" in again.text) == (409, True)
    stay_page = desk.get(f"/staff/{hotel.slug}/reservations/{gone.booking_id}").text
    assert "This record lives on in another one" in stay_page
    assert "was merged into this stay" in desk.get(f"/staff/{hotel.slug}/reservations/{kept.booking_id}").text
    merge = db.session.query(StayMerge).one()
    assert f'action="{here(hotel, f"/merges/{merge.id}/separate")}"' in stay_page  # however long ago it was
    assert desk.post(here(hotel, f"/merges/{merge.id}/separate")).status_code == 303
    page = desk.get(here(hotel)).text
    assert ("Nothing is doubtful" in page, "Said to be different" in page) == (True, True)
    mark = db.session.query(DistinctStays).one()
    assert desk.post(here(hotel, f"/told-apart/{mark.id}/look-again")).status_code == 303
    assert "Probably one stay" in desk.get(here(hotel)).text


def test_two_stays_are_told_apart(hotel: Hotel, desk, pair) -> None:
    one, other = (stay.booking_id for stay in pair)
    assert desk.post(here(hotel, "/tell-apart"), data={"one": one, "other": other}).status_code == 303
    assert "Probably one stay" not in desk.get(here(hotel)).text


def test_a_stay_of_another_hotel_is_not_merged(hotel: Hotel, desk, pair) -> None:
    stranger = factories.make_stay(factories.make_hotel(), "101", 5)
    answer = desk.post(here(hotel, "/merge"), data={"kept": pair[0].booking_id, "gone": stranger.booking_id})
    assert answer.status_code == 404


def test_any_two_stays_are_compared_and_merged(hotel: Hotel, desk) -> None:
    """Nothing but a person knows that these two are one."""
    one = factories.make_stay(hotel, "101", 5, guest_name="Ada Lovelace")
    other = factories.make_stay(hotel, "102", 9, guest_name="A. King")
    page = desk.get(here(hotel))
    assert ("Nothing is doubtful" in page.text, 'name="other"' in page.text) == (True, True)
    asked = {"one": one.booking_id, "other": other.booking_id}
    page = desk.get(here(hotel), query_string=asked)
    assert f'name="gone" value="{other.booking_id}"' in page.text
    assert desk.post(here(hotel, "/merge"), data={"kept": one.booking_id, "gone": other.booking_id}).status_code == 303
    assert db.session.query(StayMerge).one().gone_id == other.id
    stranger = factories.make_stay(factories.make_hotel(), "101", 5)
    for wrong in (stranger.booking_id, "BK-0", one.booking_id):
        page = desk.get(here(hotel), query_string={"one": one.booking_id, "other": wrong})
        assert (page.status_code, 'name="gone"' in page.text) == (200, False)
        assert ("There is no such booking." in page.text) == (wrong != one.booking_id)


def test_housekeeping_sees_neither(hotel: Hotel, sign_in) -> None:
    cleaner = sign_in(factories.make_user(hotel, role="housekeeping"))
    for path in ("duplicates", "known", "known/stays"):
        assert cleaner.get(f"/staff/{hotel.slug}/channels/{path}").status_code == 403


def test_what_is_known_is_shown_and_leads_to_lists(hotel: Hotel, manager, run_jobs) -> None:
    stay = shown(hotel, "101", channel_reference="HMA2DRKNXH")
    other = shown(hotel, "102", "booking", guest_name="Maria Rossi")
    run_jobs()
    known = f"/staff/{hotel.slug}/channels/known"
    page = manager.get(known).text
    assert ("Airbnb" in page, "Booking.com" in page, "Upload a file" in page) == (True, True, True)
    month = f"{stay.check_in:%Y-%m}"
    assert f"{known}/stays?channel=airbnb&amp;field=name&amp;month={month}" in page
    found = manager.get(f"{known}/stays?channel=airbnb&field=name&month={month}").text
    assert (stay.booking_id in found, other.booking_id in found) == (True, False)
    assert "All is known" in manager.get(f"{known}/stays?channel=airbnb&field=reference").text
    assert other.booking_id in manager.get(f"{known}/stays?step=upload&month=nonsense&channel=x&page=0").text
    with transaction():
        enriching.look_again(stay.id)
    page = manager.get(f"/staff/{hotel.slug}/reservations/{stay.booking_id}").text
    assert ("Next: Upload a file" in page, "What was tried" in page) == (True, True)


def test_a_stay_is_not_told_apart_from_itself_and_months_without_end_narrow_nothing(hotel: Hotel, desk, pair) -> None:
    one = pair[0].booking_id
    assert desk.post(here(hotel, "/tell-apart"), data={"one": one, "other": one}).status_code == 422
    page = desk.get(f"/staff/{hotel.slug}/channels/known/stays?month=9999-12")
    assert (page.status_code, "9999" in page.text) == (200, False)
