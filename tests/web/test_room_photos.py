"""Photos of room types: kept by the manager, seen by guests, search engines and programs."""

from __future__ import annotations

import io
import json
import re

import pytest
from PIL import Image
from sqlalchemy import select

from tests import factories
from tests.booking_kit import Shop, make_shop, stay_of
from webapp.booking import room_photos
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.models import RoomPhoto


def picture(colour="navy", size=(800, 500), kind="JPEG"):
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", size, colour).save(out, kind, exif=exif)
    return out.getvalue()


@pytest.fixture
def shop(app, client):
    return Shop(client, make_shop())


@pytest.fixture
def boss(shop, sign_in):
    return sign_in(factories.make_user(shop.hotel, "manager"))


def url(shop, action="", code="DBL"):
    return f"/staff/{shop.hotel.slug}/rates/types/{factories.type_of(shop.hotel, code).id}/photos{action}"


def add(shop, boss, alt="The bed by the window", data=None, **more):
    form = {"photo": (io.BytesIO(data or picture()), "room.jpg"), "alt": alt, **more}
    return boss.post(url(shop), data=form, content_type="multipart/form-data")


def order(shop):
    return factories.type_of(shop.hotel, "DBL").photos


def test_photos_are_kept_written_anew_and_shown(shop, boss):
    assert add(shop, boss).status_code == 303
    kept = db.session.scalars(select(RoomPhoto)).one()
    assert b"secret place" not in kept.large + kept.small
    found = shop.client.get(f"/hotels/{shop.hotel.slug}/book", query_string=stay_of(shop.hotel)).text
    address = re.search(r'src="([^"]+/small\.jpg)"[^>]*alt="The bed by the window"', found)[1]
    answer = shop.client.get(address)
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/jpeg", "public, max-age=31536000, immutable")
    assert Image.open(io.BytesIO(answer.data)).size == (640, 400)
    assert shop.client.get(address.replace(shop.hotel.slug, factories.make_hotel().slug)).status_code == 404
    page = shop.client.get(f"/hotels/{shop.hotel.slug}/").text
    told = json.loads(re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    images = [room.get("image") for room in told["containsPlace"]]
    assert images == [["http://localhost" + address.replace("small", "large")], None]
    types = shop.client.get(f"/api/public/hotel/{shop.hotel.slug}/settings/").json["room_types"]
    assert types[0]["photos"] == images[0]


def test_photos_are_ordered_described_and_removed_with_history(shop, boss):
    for alt in ("One", "Two", "Three"):
        add(shop, boss, alt)
    one, two, three = order(shop)
    assert boss.post(url(shop, "/move"), data={"address": three}).status_code == 303
    assert order(shop) == [one, three, two]
    boss.post(url(shop, "/move"), data={"address": one, "later": "1"})
    assert order(shop) == [three, one, two]
    boss.post(url(shop, "/describe"), data={"address": one, "alt": "The sea in the morning"})
    assert (
        "The sea in the morning"
        in shop.client.get(f"/hotels/{shop.hotel.slug}/book", query_string=stay_of(shop.hotel)).text
    )
    boss.post(url(shop, "/remove"), data={"address": three})
    assert order(shop) == [one, two]
    assert len(db.session.scalars(select(RoomPhoto)).all()) == 2
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.entity_type == "room_type")).all()
    assert {"photo_added", "photo_moved", "photo_described", "photo_removed"} <= set(actions)
    assert "Photo removed" in boss.get(url(shop).removesuffix("/photos")).text


def test_what_is_no_photo_is_refused_in_words(shop, boss, sign_in):
    for data, said in (
        (b"%PDF-1.4 nonsense", "not a photo"),
        (picture(size=(20, 20)), "too small"),
        (picture()[:400], ""),
    ):
        answer = add(shop, boss, data=data)
        assert answer.status_code == 422
        assert said in answer.text
    assert add(shop, boss, alt=" ").status_code == 422
    assert boss.post(url(shop), data={"alt": "x"}).status_code == 422
    for action in ("/move", "/remove", "/describe"):
        assert boss.post(url(shop, action), data={"address": "photo:unknown", "alt": "x"}).status_code == 404
    clerk, stranger = (
        sign_in(factories.make_user(hotel, role))
        for hotel, role in ((shop.hotel, "desk"), (factories.make_hotel(), "owner"))
    )
    assert add(shop, clerk).status_code == 403
    assert add(shop, stranger).status_code == 404
    assert order(shop) == []


def test_a_type_has_so_many_photos(shop, boss):
    small = picture(size=(120, 120))
    for _number in range(12):
        assert add(shop, boss, data=small).status_code == 303
    assert add(shop, boss, data=small).status_code == 409


def test_sales_do_not_wait_while_a_photo_is_decoded(shop, boss, monkeypatch):
    done = []
    for name in ("clean_photo", "_locked"):
        monkeypatch.setattr(room_photos, name, noting(done, getattr(room_photos, name)))
    assert add(shop, boss).status_code == 303
    assert done == ["clean_photo", "_locked"]


def noting(done, function):
    def noted(*given):
        done.append(function.__name__)
        return function(*given)

    return noted
