"""Public pages of hotels, the chooser, and the settings that a manager edits."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select

from tests import factories
from tests.web.test_board_budget import counted
from webapp.core import clock
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage
from webapp.core.transaction import transaction
from webapp.models import Hotel, Membership, Restaurant
from webapp.stays import services as stays

RULES = {"en": ["No smoking."], "fr": ["Interdiction de fumer."]}


@pytest.fixture
def inn(app):
    hotel = factories.make_hotel(
        "blue-inn", description="Nine rooms & a <garden>.", house_rules=RULES, latitude=50.1, longitude=-5.2,
        address="1 Quay", photo="img/demo/harbour-house.svg", accent_color="#b5532d",
    )  # fmt: skip
    with transaction():
        db.session.add(Restaurant(hotel_id=hotel.id, slug="blue-table", name="The Blue Table", opening_hours="daily"))
    return hotel


def settings_of(hotel, **changes):
    return {
        "name": hotel.name, "description": hotel.description, "check_in_time": "15:00", "check_out_time": "11:00",
        "address": hotel.address, "latitude": "50.1", "longitude": "-5.2", "phone": "", "email": "",
        "accent_color": hotel.accent_color, "languages": hotel.languages, "timezone": hotel.timezone,
        "currency": hotel.currency, "country": hotel.country, "language": hotel.language, **changes,
    }  # fmt: skip


def test_the_front_page_shows_hotels_and_restaurants(client, inn):
    page = client.get("/").get_data(as_text=True)
    assert 'href="/hotels/blue-inn/"' in page
    assert 'href="/hotels/blue-inn/#blue-table"' in page
    assert "Nine rooms &amp; a &lt;garden&gt;." in page


def names_on(client, **query):
    return re.findall(r'<h2><a href="/hotels/[^"]+">([^<]+)<', client.get("/", query_string=query).text)


def test_many_hotels_are_shown_in_pages_and_found_by_name_or_place(client):
    with transaction():
        db.session.add_all(
            Hotel(
                slug=f"inn-{n}", name=f"Inn {n:04}", timezone="Europe/London", currency="GBP",
                address="Rue 100% Nord, Reims" if n % 100 == 7 else "1 Quay, Hull",
            )
            for n in range(1000)
        )  # fmt: skip
    first = names_on(client)
    assert (len(first), first[0], first[-1]) == (24, "Inn 0000", "Inn 0023")
    assert names_on(client, page=2)[0] == "Inn 0024"
    assert names_on(client, page=42) == [f"Inn {n:04}" for n in range(984, 1000)]
    for page in (43, 10**30, -5, "x"):
        assert client.get("/", query_string={"page": page}).status_code == 200, page
    assert names_on(client, q="inn 0042") == ["Inn 0042"]
    assert names_on(client, q="reims NORD 100%") == [f"Inn {n:04}" for n in range(7, 1000, 100)]
    for nothing in ("_nn", "%%%", "\\", "x" * 5000, "\x00\x00Inn 9999", "' OR 1=1"):
        assert "has this name" in client.get("/", query_string={"q": nothing}).text, nothing
    page = client.get("/", query_string={"q": "<b>hull"}).text
    assert "&lt;b&gt;hull" in page
    assert "page=2" in client.get("/", query_string={"q": "hull"}).text
    with counted() as statements:
        client.get("/")
    assert len(statements) <= 3


def test_an_empty_house_says_so(client):
    assert "No hotel has opened here yet" in client.get("/").get_data(as_text=True)


def test_the_page_of_a_hotel(client, inn):
    answer = client.get("/hotels/blue-inn/")
    page = answer.get_data(as_text=True)
    assert "<h1>Blue Inn</h1>" in page
    assert "No smoking." in page
    assert "The Blue Table" in page
    assert "openstreetmap.org" in page
    assert "/book" in page
    nonce = re.search(r'<script type="application/ld\+json" nonce="([^"]+)">(.*?)</script>', page)
    assert f"'nonce-{nonce[1]}'" in answer.headers["Content-Security-Policy"]
    facts = json.loads(nonce[2])
    assert facts["@type"] == "Hotel"
    assert facts["description"] == "Nine rooms & a <garden>."
    assert facts["geo"]["latitude"] == 50.1


def test_guests_read_it_in_their_language(client, inn):
    page = client.get("/hotels/blue-inn/?lang=fr").get_data(as_text=True)
    assert '<html lang="fr"' in page
    assert "Interdiction de fumer." in page
    assert "Interdiction" not in client.get("/hotels/blue-inn/?lang=de").get_data(as_text=True)
    assert 'dir="rtl"' in client.get("/hotels/blue-inn/?lang=ar").get_data(as_text=True)


@pytest.mark.parametrize("path", ["/hotels/blue-inn/", "/hotels/nothing/", "/hotels/..%2f/", "/hotels/%00/"])
def test_unknown_hotels_are_not_found(client, path):
    assert client.get(path).status_code == 404


def test_the_chooser_shows_the_hotels_of_the_user(app, inn, sign_in):
    user = factories.make_user(inn, "owner")
    assert sign_in(user).get("/staff/").location == "/staff/blue-inn/board"
    other, foreign = factories.make_hotel("other-inn"), factories.make_hotel("foreign-inn")
    factories.make_user(foreign)
    with transaction():
        db.session.add(Membership(user_id=user.id, hotel_id=other.id, role="desk"))
    page = sign_in(user).get("/staff/").get_data(as_text=True)
    assert "/staff/blue-inn/board" in page
    assert "/staff/other-inn/board" in page
    assert "foreign-inn" not in page


def test_settings_are_saved_with_their_history(inn, sign_in):
    own = sign_in(factories.make_user(inn, "manager", name="Mo Manager"))
    assert own.get("/staff/blue-inn/settings").status_code == 200
    answer = own.post(
        "/staff/blue-inn/settings",
        data=settings_of(
            inn,
            name="Red Inn",
            accent_color="#AA0011",
            languages=["en", "fr"],
            **{"rules-en": "One.\n\n Two. ", "rules-fr": ""},
        ),
    )
    assert answer.status_code == 303
    assert (inn.name, inn.accent_color, inn.languages) == ("Red Inn", "#aa0011", ["en", "fr"])
    assert inn.house_rules == {"en": ["One.", "Two."]}
    entry = db.session.scalars(select(AuditEntry).filter_by(action="settings_changed")).one()
    assert entry.before["name"] == "Blue Inn"
    assert entry.after["name"] == "Red Inn"
    assert "check_in_time" not in entry.after
    page = own.get("/staff/blue-inn/settings").get_data(as_text=True)
    assert "Mo Manager" in page


def test_nothing_changed_writes_no_history(inn, sign_in):
    own = sign_in(factories.make_user(inn, "manager"))
    data = settings_of(inn, **{"rules-en": "No smoking.", "rules-fr": "Interdiction de fumer."})
    assert own.post("/staff/blue-inn/settings", data=data).status_code == 303
    assert db.session.scalars(select(AuditEntry).filter_by(action="settings_changed")).all() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("accent_color", "red"),
        ("accent_color", "#12345"),
        ("latitude", "91"),
        ("email", "nonsense"),
        ("check_in_time", "25:00"),
        ("languages", ["xx"]),
        ("description", "x" * 2001),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(inn, sign_in, field, value):
    own = sign_in(factories.make_user(inn, "manager"))
    answer = own.post("/staff/blue-inn/settings", data=settings_of(inn, **{"phone": "123", field: value}))
    assert answer.status_code == 422
    assert 'class="error-text"' in answer.get_data(as_text=True)
    db.session.refresh(inn)
    assert inn.phone == ""


@pytest.mark.parametrize("role", ["desk", "housekeeping"])
def test_settings_are_for_managers(inn, sign_in, role):
    own = sign_in(factories.make_user(inn, role))
    assert own.get("/staff/blue-inn/settings").status_code == 403
    assert own.post("/staff/blue-inn/settings", data=settings_of(inn, name="Mine")).status_code == 403
    assert inn.name == "Blue Inn"


def test_new_times_move_the_door_codes_of_guests_in_house(inn, sign_in):
    stay = factories.make_stay(inn)
    with transaction():
        stays.check_in_guest(stay)
    own = sign_in(factories.make_user(inn, "manager"))
    assert own.post("/staff/blue-inn/settings", data=settings_of(inn, check_out_time="10:00")).status_code == 303
    asked = db.session.scalars(select(OutboxMessage).filter_by(job="jobs.access.reconcile")).all()
    assert [message.arguments for message in asked] == [{"reservation_id": stay.id}]
    assert inn.check_out_instant(stay.check_out) > clock.now()


def test_the_public_settings_as_json(client, inn):
    answer = client.get("/api/public/hotel/blue-inn/settings")
    assert answer.status_code == 200
    facts = answer.json
    assert (facts["slug"], facts["currency"], facts["check_in_time"]) == ("blue-inn", "GBP", "15:00")
    assert [kind["code"] for kind in facts["room_types"]] == ["DBL", "SGL"]
    assert facts["room_types"][0]["base_price"] == "0.00"
    assert facts["restaurants"][0]["slug"] == "blue-table"
    assert facts["photo_url"].startswith("http://localhost/static/")
    assert facts["house_rules"] == ["No smoking."]
    french = client.get("/api/public/hotel/blue-inn/settings/?lang=fr").json
    assert french["house_rules"] == ["Interdiction de fumer."]
    assert client.get("/api/public/hotel/none/settings/").json["error"]["code"] == "NOT_FOUND"


def test_time_zone_and_currency_are_set_and_checked(inn, sign_in):
    own = sign_in(factories.make_user(inn, "manager"))
    values = {"timezone": "Asia/Tokyo", "currency": "JPY", "country": "jp", "language": "ja"}
    assert own.post("/staff/blue-inn/settings", data=settings_of(inn, **values)).status_code == 303
    assert (inn.timezone, inn.currency, inn.country, inn.language) == ("Asia/Tokyo", "JPY", "JP", "ja")
    for wrong in ({"timezone": "Mars/Base"}, {"currency": "XYZ"}, {"country": "J1"}, {"language": "tlh"}):
        assert own.post("/staff/blue-inn/settings", data=settings_of(inn, **wrong)).status_code == 422, wrong


def test_what_guests_in_the_house_read_is_set_with_its_history(inn, sign_in):
    own = sign_in(factories.make_user(inn, "manager"))
    house = {
        "wifi_name": "Blue Guests",
        "wifi_password": "sea breeze",
        "document_days": "14",
        "info-en": "Breakfast at 8.\n",
    }
    assert own.post("/staff/blue-inn/settings", data=settings_of(inn, **house)).status_code == 303
    kept = {
        "wifi_name": "Blue Guests",
        "wifi_password": "sea breeze",
        "document_days": 14,
        "house_info": {"en": ["Breakfast at 8."]},
    }
    assert {name: inn.settings[name] for name in kept} == kept
    entry = db.session.scalars(select(AuditEntry).filter_by(action="settings_changed")).one()
    assert entry.after["document_days"] == 14
    assert "sea breeze" not in str(entry.after)
    page = own.get("/staff/blue-inn/settings").get_data(as_text=True)
    assert "sea breeze" in page
    assert "Breakfast at 8." in page
    for wrong in (
        {"wifi_password": "short"},
        {"document_days": "366"},
        {"wifi_name": "", "wifi_password": "sea breeze"},
    ):
        answer = own.post("/staff/blue-inn/settings", data=settings_of(inn, **{**house, **wrong}))
        assert answer.status_code == 422, wrong
    assert own.post("/staff/blue-inn/settings", data=settings_of(inn, **{"info-en": ""})).status_code == 303
    assert not kept.keys() & inn.settings.keys()


def test_two_managers_save_the_settings(inn, sign_in):
    own = sign_in(factories.make_user(inn, role="manager"))
    url = "/staff/blue-inn/settings"
    seen = re.search(r'name="seen" value="([^"]*)"', own.get(url).text)[1]
    first = settings_of(inn, name="Green Inn", seen=seen, **{"rules-en": "No smoking"})
    second = settings_of(inn, name="Red Inn", check_out_time="10:30", seen=seen)
    assert own.post(url, data=first).status_code == 303
    refused = own.post(url, data=second)
    assert (refused.status_code, "Somebody else has saved this" in refused.text) == (409, True)
    for part in ("It now reads: Green Inn", 'value="Red Inn"', 'value="10:30"', "House rules, English"):
        assert part in refused.text, part
    assert db.session.get_one(Hotel, inn.id).name == "Green Inn"
    seen = re.search(r'name="seen" value="([^"]*)"', refused.text)[1]
    assert own.post(url, data=second | {"seen": seen}).status_code == 303
    assert db.session.get_one(Hotel, inn.id).name == "Red Inn"
