"""The locks page and the lock company's callback."""

from __future__ import annotations

import json

from sqlalchemy import func, select

from tests import factories
from webapp.access import services as access
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Lock, LockAccount, WebhookEvent


def connected(hotel) -> tuple[LockAccount, Lock]:
    with transaction():
        account = access.connect_account(hotel, "harbour", "harbour-lock-demo")
        lock = Lock(
            hotel_id=hotel.id, account_id=account.id, provider_lock_id="7252408", name="Room 101", kind="unused"
        )
        db.session.add(lock)
    return account, lock


def test_the_page_shows_locks_and_their_doors(hotel, manager):
    connected(hotel)
    page = manager.get(f"/staff/{hotel.slug}/locks")
    assert page.status_code == 200
    assert "Room 101" in page.text


def test_a_lock_is_put_on_a_door(hotel, manager):
    _account, lock = connected(hotel)
    room = factories.room_of(hotel, "101")
    answer = manager.post(f"/staff/{hotel.slug}/locks/{lock.id}/door", data={"door": f"room:{room.id}"})
    assert answer.status_code == 303
    db.session.refresh(lock)
    assert (lock.kind, lock.room_id) == ("room", room.id)


def test_a_room_of_another_hotel_is_not_offered(hotel, manager):
    _account, lock = connected(hotel)
    elsewhere = factories.room_of(factories.make_hotel(), "101")
    answer = manager.post(f"/staff/{hotel.slug}/locks/{lock.id}/door", data={"door": f"room:{elsewhere.id}"})
    assert answer.status_code == 422
    db.session.refresh(lock)
    assert lock.kind == "unused"


def test_the_desk_sees_locks_but_changes_none(hotel, desk):
    _account, lock = connected(hotel)
    assert desk.get(f"/staff/{hotel.slug}/locks").status_code == 200
    assert desk.post(f"/staff/{hotel.slug}/locks/{lock.id}/unlock").status_code == 403


RECORD = {"lockId": 7252408, "recordType": 4, "success": 1, "lockDate": 1680810186000, "electricQuantity": 93}


def test_a_record_is_taken_once(hotel, client, run_jobs):
    account, lock = connected(hotel)
    form = {"lockId": "7252408", "notifyType": "1", "records": json.dumps([RECORD])}
    for _time in range(2):
        answer = client.post(f"/hooks/ttlock/{account.webhook_token}", data=form)
        assert (answer.status_code, answer.text) == (200, "success")
    assert db.session.scalar(select(func.count()).select_from(WebhookEvent)) == 1
    run_jobs()
    db.session.refresh(lock)
    assert lock.battery == 93


def test_a_wrong_secret_is_refused_like_every_wrong_signature(hotel, client):
    connected(hotel)
    answer = client.post("/hooks/ttlock/wrong", data={"records": json.dumps([RECORD])})
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "BAD_SIGNATURE")
    assert db.session.scalar(select(func.count()).select_from(WebhookEvent)) == 0


def test_rubbish_in_a_callback_is_refused(hotel, client):
    account, _lock = connected(hotel)
    for records in ("{", '"text"', "[1]", json.dumps([{}] * 501)):
        assert client.post(f"/hooks/ttlock/{account.webhook_token}", data={"records": records}).status_code == 400


def test_a_record_of_a_strange_kind_stops_nothing(hotel, client, run_jobs):
    account, lock = connected(hotel)
    strange = {**RECORD, "recordType": [4], "electricQuantity": 50}
    form = {"records": json.dumps([strange])}
    assert client.post(f"/hooks/ttlock/{account.webhook_token}", data=form).status_code == 200
    run_jobs()
    db.session.refresh(lock)
    assert lock.battery == 50
