"""The guest's pages: the way through the check-in without JavaScript, links that cannot be used, and what the portal shows."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from sqlalchemy import select, text

from tests import factories
from tests.unit.test_photos import picture, saved
from webapp.checkin import documents
from webapp.checkin.queries import checkin_of
from webapp.core import encryption
from webapp.core.audit import AuditEntry
from webapp.core.clock import frozen, now
from webapp.core.database import db
from webapp.core.errors import NotFound
from webapp.core.events import LiveEvent
from webapp.core.transaction import transaction
from webapp.messaging.queries import messages_of_stay
from webapp.models import Document, GuestLink, Reservation
from webapp.operations import services as operations
from webapp.stays import services as stays
from webapp.stays.links import link_for

ANSWERS = {
    "person": {"name": "Özgür Łukasz 山田", "nationality": "TR", "guests": "2"},
    "contact": {"phone": "+44 7700 900456", "email": "ozgur@example.com", "address": "1 Rue de l’Église\n75001 Paris"},
    "arrival": {"arrival_time": "17:00"},
    "document": {},
    "review": {},
    "rules": {},
    "confirm": {},
}


def link_to(stay: Reservation, purpose: str = "checkin") -> str:
    with transaction():
        return f"/{purpose}/{link_for(stay, purpose).token}"


def seen_on(page) -> str:
    found = re.search(r'name="seen" type="hidden" value="([^"]*)"', page.get_data(as_text=True))
    assert found, page.get_data(as_text=True)[:2000]
    return found[1].replace("&#43;", "+")


def post(client, url: str, step: str, seen: str | None = None, **values):
    data = {"seen": seen_on(client.get(f"{url}/{step}")) if seen is None else seen, **ANSWERS[step], **values}
    if step == "document" and "photo" not in values:
        data["photo"] = (io.BytesIO(saved(picture())), "me.jpg")
    return client.post(f"{url}/{step}", data=data, content_type="multipart/form-data")


def go_to(client, url: str, last: str, language: str = "en") -> None:
    """Answer every step up to and with `last`."""
    client.post(url, data={"language": language})
    for step in ANSWERS:
        answer = post(client, url, step)
        assert answer.status_code == 303, (step, answer.get_data(as_text=True))
        if step == last:
            return


def test_a_guest_checks_in_step_by_step(hotel, client, run_jobs):
    hotel.country = "GB"
    stay = factories.make_stay(hotel, arrives_in=3)
    url = link_to(stay)
    assert "Ada Example" in client.get(url).get_data(as_text=True)
    go_to(client, url, "confirm", language="fr")
    checkin = checkin_of(stay.id)
    assert checkin.completed_at is not None
    assert checkin.language == "fr"
    db.session.refresh(stay)
    assert stay.guest_name == "Özgür Łukasz 山田"
    assert stay.guest_phone == "+447700900456"
    assert stay.guest_language == "fr"
    assert stay.status == "CONFIRMED"
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.entity_id == stay.id)).all()
    assert "checked_in_online" in actions
    told = db.session.scalars(select(LiveEvent.data).where(LiveEvent.event == "booking-updated")).all()
    assert any(event.get("checked_in_online") for event in told)
    assert client.get(url).headers["Location"].startswith("/stay/")


def test_a_guest_of_today_is_in_house_from_check_in_time_on(hotel, client, run_jobs):
    evening = dt.datetime(2026, 6, 1, 17, tzinfo=dt.UTC)
    with frozen(evening):
        stay = factories.make_stay(hotel)
        go_to(client, link_to(stay), "confirm")
        db.session.refresh(stay)
        assert stay.status == "CHECKED_IN"


def test_before_check_in_time_the_guest_waits_and_then_comes_in_by_itself(hotel, client, run_jobs):
    from jobs.checkin import check_in_the_ready

    with frozen(dt.datetime(2026, 6, 1, 8, tzinfo=dt.UTC)):
        stay = factories.make_stay(hotel)
        with transaction():
            operations.set_housekeeping(factories.room_of(hotel, "101"), "dirty")
        go_to(client, link_to(stay), "confirm")
        check_in_the_ready()
        db.session.refresh(stay)
        assert stay.status == "CONFIRMED"
    with frozen(dt.datetime(2026, 6, 1, 16, tzinfo=dt.UTC)):
        check_in_the_ready()
        db.session.refresh(stay)
        assert stay.status == "CONFIRMED", "the room is dirty"
        with transaction():
            operations.set_housekeeping(factories.room_of(hotel, "101"), "clean")
        check_in_the_ready()
        db.session.refresh(stay)
        assert stay.status == "CHECKED_IN"


def test_every_step_survives_a_reload_and_another_browser(hotel, app, client):
    stay = factories.make_stay(hotel, arrives_in=3)
    url = link_to(stay)
    go_to(client, url, "contact", language="fr")
    other = app.test_client()
    assert other.get(url).headers["Location"].endswith("/arrival")
    assert "Özgür" in other.get(f"{url}/person").get_data(as_text=True)
    assert 'lang="fr"' in other.get(f"{url}/arrival").get_data(as_text=True)


def test_a_step_cannot_be_skipped(hotel, client):
    url = link_to(factories.make_stay(hotel, arrives_in=3))
    go_to(client, url, "person")
    assert client.get(f"{url}/confirm").headers["Location"].endswith("/contact")
    assert post(client, url, "confirm", seen="").status_code == 303
    assert checkin_of(db.session.scalars(select(Reservation.id)).one()).completed_at is None


def test_a_late_answer_from_a_second_window_overwrites_nothing(hotel, client):
    stay = factories.make_stay(hotel, arrives_in=3)
    url = link_to(stay)
    client.post(url, data={"language": "en"})
    old = seen_on(client.get(f"{url}/person"))
    post(client, url, "person", seen=old, name="First Guest")
    late = post(client, url, "person", seen=old, name="Second Guest")
    assert late.status_code == 409
    assert "another window" in late.get_data(as_text=True)
    assert "First Guest" in late.get_data(as_text=True)
    assert checkin_of(stay.id).details["person"]["name"] == "First Guest"


def test_the_same_answer_twice_is_one_answer(hotel, client):
    stay = factories.make_stay(hotel, arrives_in=3)
    url = link_to(stay)
    client.post(url, data={"language": "en"})
    for step in ("person", "contact", "arrival", "document", "review", "rules"):
        seen = seen_on(client.get(f"{url}/{step}"))
        post(client, url, step, seen=seen)
        if step != "document":
            assert post(client, url, step, seen=seen).status_code == 303, step
    assert client.get(url).headers["Location"].endswith("/confirm")


def test_a_change_after_the_review_must_be_reviewed_again(hotel, client):
    stay = factories.make_stay(hotel, arrives_in=3)
    url = link_to(stay)
    go_to(client, url, "review")
    post(client, url, "person", name="Another Name")
    assert client.get(url).headers["Location"].endswith("/review")


def test_once_checked_in_nothing_changes(hotel, client):
    stay = factories.make_stay(hotel, arrives_in=3)
    url = link_to(stay)
    go_to(client, url, "rules")
    seen = seen_on(client.get(f"{url}/person"))
    post(client, url, "confirm")
    late = post(client, url, "person", seen=seen, name="Too Late")
    assert late.headers["Location"].startswith("/stay/")
    assert checkin_of(stay.id).details["person"]["name"] != "Too Late"


BAD = [
    ("person", {"name": ""}, "enter your name"),
    ("person", {"name": "x" * 121}, "120"),
    ("person", {"name": "!!!"}, "letters or digits"),
    ("person", {"nationality": "XX"}, "Not a valid choice"),
    ("person", {"guests": "0"}, "from 1 to 50"),
    ("person", {"guests": "many"}, "valid integer"),
    ("contact", {"phone": "12"}, "country code"),
    ("contact", {"email": "nobody"}, "does not look right"),
    ("contact", {"phone": "", "email": ""}, "door code can reach you"),
    ("contact", {"address": "x" * 401}, "400"),
    ("arrival", {"arrival_time": "25:00"}, "Not a valid choice"),
]


@pytest.mark.parametrize(("step", "values", "words"), BAD)
def test_a_wrong_answer_is_told_and_not_stored(hotel, client, step, values, words):
    stay = factories.make_stay(hotel, arrives_in=3)
    url = link_to(stay)
    client.post(url, data={"language": "en"})
    for earlier in list(ANSWERS)[: list(ANSWERS).index(step)]:
        post(client, url, earlier)
    answer = post(client, url, step, **values)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert step not in (checkin_of(stay.id).details or {})


def test_markup_in_a_name_is_only_text(hotel, client):
    url = link_to(factories.make_stay(hotel, arrives_in=3, guest_name="<img src=x onerror=1>"))
    assert "<img src=x" not in client.get(url).get_data(as_text=True)


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422, "JPEG, PNG or HEIC"),
        (saved(picture()) + b"<?php", 422, "more than a photo"),
        (b"", 422, "No photo has arrived"),
        (saved(picture())[:600], 422, "damaged"),
    ],
)
def test_a_bad_photo_is_told_and_changes_nothing(hotel, client, content, status, words):
    stay = factories.make_stay(hotel, arrives_in=3)
    url = link_to(stay)
    go_to(client, url, "arrival")
    answer = post(client, url, "document", photo=(io.BytesIO(content), "x.jpg"))
    assert answer.status_code == status
    assert words in answer.get_data(as_text=True)
    assert checkin_of(stay.id).document_given_at is None
    assert db.session.scalars(select(Document)).all() == []


def test_a_photo_is_sealed_shown_small_and_can_be_taken_again(hotel, client):
    stay = factories.make_stay(hotel, arrives_in=3)
    url = link_to(stay)
    go_to(client, url, "document")
    first = db.session.scalars(select(Document)).one()
    raw = db.session.execute(text("SELECT content FROM document")).scalar_one()
    assert b"JFIF" not in bytes(raw)
    assert b"JFIF" in first.content
    shown = client.get(f"{url}/photo.jpg")
    assert shown.mimetype == "image/jpeg"
    assert shown.headers["Cache-Control"] == "no-store"
    assert post(client, url, "document").status_code == 303
    kept = documents.documents_of_stay(stay.id)
    assert [d.id for d in kept] != [first.id]
    db.session.refresh(first)
    assert first.content is None
    assert first.deleted_at is not None


def test_staff_see_a_document_and_it_is_written_down(hotel, client, desk, sign_in):
    stay = factories.make_stay(hotel, arrives_in=3)
    go_to(client, link_to(stay), "document")
    document = db.session.scalars(select(Document)).one()
    page = f"/staff/{hotel.slug}/reservations/{stay.booking_id}/documents/{document.id}"
    shown = desk.post(page)
    assert (shown.mimetype, shown.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    read = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "document_read")).one()
    assert (read.actor_kind, read.entity_id) == ("staff", stay.id)
    other_stay = factories.make_stay(hotel, "102", arrives_in=3)
    assert desk.post(page.replace(stay.booking_id, other_stay.booking_id)).status_code == 404
    cleaner = sign_in(factories.make_user(hotel, role="housekeeping"))
    assert cleaner.post(page).status_code == 403
    with pytest.raises(NotFound):
        documents.read_document(factories.make_hotel().id, document.id)


def test_the_desk_sends_the_link_again(hotel, desk, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=20)
    run_jobs()
    url = f"/staff/{hotel.slug}/reservations/{stay.booking_id}/checkin-link"
    assert desk.post(url).status_code == 303
    assert [m.template for m in messages_of_stay(stay.id)] == ["checkin_link", "checkin_link"]
    silent = factories.make_stay(hotel, "102", arrives_in=20, guest_email=None, guest_phone=None)
    assert desk.post(url.replace(stay.booking_id, silent.booking_id)).status_code == 409


def test_documents_are_deleted_when_their_time_is_over(hotel, client):
    stay = factories.make_stay(hotel, arrives_in=3, nights=2)
    go_to(client, link_to(stay), "document")
    hotel.settings = {"document_days": 10}
    db.session.flush()
    with frozen(now() + dt.timedelta(days=15)), transaction():
        assert documents.remove_outdated(hotel.id) == 0
    with frozen(now() + dt.timedelta(days=17)), transaction():
        assert documents.remove_outdated(hotel.id) == 1
        assert documents.remove_outdated(hotel.id) == 0
    assert db.session.scalars(select(Document)).one().content is None


def altered(url: str) -> str:
    return url[:-1] + ("a" if url[-1] != "a" else "b")


@pytest.mark.parametrize("purpose", ["checkin", "stay"])
def test_an_altered_token_says_nothing(hotel, client, purpose):
    stay = factories.make_stay(hotel, arrives_in=3)
    answer = client.get(altered(link_to(stay, purpose)))
    assert answer.status_code == 404
    page = answer.get_data(as_text=True)
    assert "This link does not work" in page
    for secret in (hotel.name, "Ada", stay.booking_id, stay.confirmation_number):
        assert secret not in page


def test_a_check_in_token_does_not_open_the_portal(hotel, client):
    url = link_to(factories.make_stay(hotel, arrives_in=3))
    assert client.get(url.replace("/checkin/", "/stay/")).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("what", ["cancelled", "expired", "revoked", "over", "no-show"])
def test_links_that_cannot_be_used_any_more(hotel, client, what, method):
    stay = factories.make_stay(hotel, arrives_in=0)
    url = link_to(stay)
    link = db.session.scalars(select(GuestLink).where(GuestLink.purpose == "checkin")).one()
    with transaction():
        if what == "cancelled":
            stays.cancel(stay)
        elif what == "expired":
            link.expires_at = now() - dt.timedelta(seconds=1)
        elif what == "revoked":
            link.revoked_at = now()
        elif what == "no-show":
            stays.mark_no_show(stay)
        else:
            stays.check_in_guest(stay)
            stays.check_out_guest(stay)
    answer = getattr(client, method)(url)
    assert answer.status_code == 410
    page = answer.get_data(as_text=True)
    assert hotel.name in page
    for secret in ("Ada", stay.booking_id, stay.confirmation_number):
        assert secret not in page


def test_the_portal_of_a_departed_guest_stays_open_for_a_while_without_a_code(hotel, client):
    stay = factories.make_stay(hotel, arrives_in=0)
    url = link_to(stay, "stay")
    with transaction():
        stays.check_in_guest(stay)
        stays.check_out_guest(stay)
    page = client.get(url)
    assert page.status_code == 200
    assert "no longer works" in page.get_data(as_text=True)


def test_the_portal_shows_times_place_and_a_calendar(hotel, client):
    hotel.address = "12 Quay Street"
    hotel.settings = {"wifi_name": "Harbour Guests", "wifi_password": "sea-breeze"}
    stay = factories.make_stay(hotel, arrives_in=3)
    url = link_to(stay, "stay")
    page = client.get(url).get_data(as_text=True)
    assert "You arrive in 3 days." in page
    assert "12 Quay Street" in page
    assert "<svg" in page
    assert "sea-breeze" not in page, "only for guests who checked in"
    assert "/checkin/" in page
    calendar = client.get(f"{url}/stay.ics")
    assert calendar.mimetype == "text/calendar"
    assert "DTSTART" in calendar.get_data(as_text=True)
    assert "Ada" not in calendar.get_data(as_text=True)


@pytest.mark.parametrize("code", ["en", "fr", "de", "es", "zh", "it", "pt", "ar", "ja", "hi"])
def test_the_language_is_asked_for_then_the_browsers_then_the_stays(hotel, app, code):
    stay = factories.make_stay(hotel, arrives_in=3, guest_language=code)
    url = link_to(stay)
    direction = "rtl" if code == "ar" else "ltr"
    assert f'<html lang="{code}" dir="{direction}"' in app.test_client().get(url).get_data(as_text=True)
    other = "it" if code != "it" else "en"
    browser = app.test_client().get(url, headers={"Accept-Language": f"{other};q=0.9"})
    assert f'<html lang="{other}"' in browser.get_data(as_text=True)
    client = app.test_client()
    assert f'<html lang="{code}"' in client.get(f"{url}?lang={code}", headers={"Accept-Language": other}).get_data(
        as_text=True
    )
    client.post(url, data={"language": code})
    assert f'<html lang="{code}"' in client.get(f"{url}/person", headers={"Accept-Language": other}).get_data(
        as_text=True
    )


def test_guest_pages_are_not_kept_by_anybody(hotel, client):
    stay = factories.make_stay(hotel, arrives_in=3)
    for purpose in ("checkin", "stay"):
        headers = client.get(link_to(stay, purpose)).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"] == "noindex"


def test_answers_are_sealed_in_the_database(hotel, client):
    stay = factories.make_stay(hotel, arrives_in=3)
    go_to(client, link_to(stay), "contact")
    raw = bytes(db.session.execute(text("SELECT details FROM check_in")).scalar_one())
    assert "Paris" not in raw.decode("latin-1")
    assert encryption.keyring().is_current(raw)
