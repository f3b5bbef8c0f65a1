"""The page of what is unknown of one stay, from which its guest is asked."""

from __future__ import annotations

from tests import factories
from webapp.channels import guests
from webapp.core.database import db
from webapp.models import Message

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
NOBODY = {"guest_name": None, "guest_email": None, "guest_phone": None}


def page_of(hotel, stay) -> str:
    return f"/staff/{hotel.slug}/channels/known/stays/{stay.booking_id}"


def test_a_guest_is_asked_from_the_list(hotel, manager):
    stay = factories.make_stay(hotel, "101", 20, source="vrbo", **{**NOBODY, "guest_email": "ana@example.com"})
    here = page_of(hotel, stay)
    assert f'href="{here}"' in manager.get(f"/staff/{hotel.slug}/channels/known/stays").text
    page = manager.get(here).text
    assert "A mail goes to ana@example.com" in page
    assert "Nothing was tried yet." in page
    answer = manager.post(here)
    assert (answer.status_code, answer.location) == (303, here)
    page = manager.get(here).text
    assert "Guest: was asked" in page
    assert db.session.query(Message).filter_by(template="ask_guest").one().recipient == "ana@example.com"
    again = manager.post(here, headers=HTMX)
    assert again.status_code == 409
    assert again.text.lstrip().startswith('<section id="ask"')
    assert "The guest was asked just now." in again.text
    assert "Guest: was asked" in manager.get(f"/staff/{hotel.slug}/reservations/{stay.booking_id}").text


def test_where_no_way_to_the_guest_is_known_the_page_says_so(hotel, manager):
    stay = factories.make_stay(hotel, "101", 20, source="vrbo", **NOBODY)
    page = manager.get(page_of(hotel, stay)).text
    assert "There is no way to reach this guest" in page
    assert f'action="{page_of(hotel, stay)}"' not in page
    answer = manager.post(page_of(hotel, stay))
    assert answer.status_code == 422
    assert "No address and no mobile number of this guest is known." in answer.text


def test_the_desk_may_look_but_not_ask(hotel, desk):
    stay = factories.make_stay(hotel, "101", 20, source="vrbo", **{**NOBODY, "guest_email": "ana@example.com"})
    assert f'action="{page_of(hotel, stay)}"' not in desk.get(page_of(hotel, stay)).text
    assert desk.post(page_of(hotel, stay)).status_code == 403
    assert desk.post(f"/staff/{hotel.slug}/channels/known/settings").status_code == 403


def test_asking_by_itself_is_switched_off_and_on(hotel, manager):
    here = f"/staff/{hotel.slug}/channels/known"
    assert 'name="ask_guests" value="1" checked' in manager.get(here).text
    assert manager.post(f"{here}/settings").status_code == 303
    assert not guests.may_ask_by_itself(hotel)
    assert 'name="ask_guests" value="1">' in manager.get(here).text
    manager.post(f"{here}/settings", data={"ask_guests": "1"})
    assert guests.may_ask_by_itself(hotel)


def test_a_stay_of_which_all_is_known_asks_nothing(hotel, manager):
    stay = factories.make_stay(hotel, "101", 20, source="ical", guest_name="Ann Able", guest_phone="+447700900100")
    page = manager.get(page_of(hotel, stay)).text
    assert "All that the channel tells is known." in page
    assert manager.post(page_of(hotel, stay)).status_code == 409
