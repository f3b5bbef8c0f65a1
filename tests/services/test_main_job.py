"""The main job without a browser: a guest checks in on the phone, the emulated lock opens, and after departure it does not."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.unit.test_photos import picture, saved
from tests.worker import Worker
from webapp.access import services as access
from webapp.checkin import documents
from webapp.checkin.ports import DocumentStore
from webapp.core import clock, wiring
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.integrations.cloudinary import CloudinaryStore
from webapp.models import AccessCode, Document, Lock, Message, Reservation
from webapp.sandbox.server import SandboxServer
from webapp.stays import services as stays

MORNING = dt.datetime(2026, 6, 10, 8, 0, tzinfo=dt.UTC)
ANSWERS = {
    "person": {"name": "Ada Example", "nationality": "GB", "guests": "1"},
    "contact": {"phone": "+447700900321", "email": "main.job@example.com", "address": "1 High Street"},
    "arrival": {"arrival_time": "16:00"},
    "document": {}, "review": {}, "rules": {}, "confirm": {},
}  # fmt: skip


@pytest.fixture
def worker(own_database: Flask, sandbox: SandboxServer) -> Iterator[Worker]:
    sandbox.control.reset()
    worker = Worker(own_database, sandbox, MORNING)
    yield worker
    worker.close()
    sandbox.control.reset()


def check_in_online(client, url: str) -> str:
    """By the forms; the address of the portal."""
    client.post(url, data={"language": "en"})
    for step, values in ANSWERS.items():
        seen = re.search(
            r'name="seen" type="hidden" value="([^"]*)"', client.get(f"{url}/{step}").get_data(as_text=True)
        )
        data = {"seen": seen[1] if seen else "", **values}
        if step == "document":
            data["photo"] = (io.BytesIO(saved(picture())), "me.jpg")
        answer = client.post(f"{url}/{step}", data=data, content_type="multipart/form-data")
        assert answer.status_code == 303, step
    return answer.headers["Location"]


def test_from_the_link_in_the_mail_to_a_door_that_opens_and_closes(own_database, sandbox, worker):
    with own_database.app_context(), transaction():
        hotel = factories.make_hotel(country="GB")
        access.connect_account(hotel, "harbour", "harbour-lock-demo")
    worker.run()
    with own_database.app_context():
        stay_id = factories.make_stay(hotel, guest_email="main.job@example.com", nights=1).id
    worker.run()
    (mail,) = sandbox.control.mails(to="main.job@example.com", wait=5)
    words = str(sandbox.control.call("GET", "/mail")["mail"]) + str(mail)
    link = re.search(r"http://localhost(/checkin/[A-Za-z0-9_-]{43})", words)
    assert link

    client = own_database.test_client()
    portal = check_in_online(client, link[1])
    assert "You are checked in" in client.get(portal).get_data(as_text=True)
    worker.run(dt.timedelta(hours=2))
    with own_database.app_context():
        code = db.session.scalars(select(AccessCode).join(Lock).where(Lock.kind == "room")).one()
        pin, lock_id = code.pin, int(db.session.get_one(Lock, code.lock_id).provider_lock_id)
        told = db.session.scalars(
            select(Message).where(Message.template == "door_codes", Message.channel == "mail")
        ).one()
        assert code.state == "verified"
        assert pin in told.body
    assert pin in client.get(portal).get_data(as_text=True)
    assert sandbox.control.try_door(lock_id, pin, "2026-06-10T15:00:00+00:00")["opens"]

    with own_database.app_context(), transaction():
        stay = db.session.get_one(Reservation, stay_id)
        if stay.status == "CONFIRMED":
            stays.check_in_guest(stay)
        stays.check_out_guest(stay)
    worker.run(dt.timedelta(hours=2))
    assert not sandbox.control.try_door(lock_id, pin, "2026-06-10T15:00:00+00:00")["opens"]
    assert pin not in client.get(portal).get_data(as_text=True)


@pytest.fixture
def cloud(app: Flask, sandbox: SandboxServer) -> Iterator[CloudinaryStore]:
    """The emulated store, wired as its keys would wire it."""
    store = CloudinaryStore(
        "sandbox", "sandbox-key", "sandbox-secret", now=clock.now, base_url=f"{sandbox.http_url}/cloudinary"
    )
    wiring.bind(DocumentStore, lambda: store)
    yield store
    wiring.unbind(DocumentStore)


def test_a_document_moves_to_the_outside_store_sealed_and_is_deleted_there(
    app, hotel, client, cloud, run_jobs, sandbox
):
    from webapp.stays.links import link_for

    stay = factories.make_stay(hotel, arrives_in=3)
    with transaction():
        url = f"/checkin/{link_for(stay, 'checkin').token}"
    check_in_online(client, url)
    run_jobs()
    document = db.session.scalars(select(Document)).one()
    assert (document.store, document.content) == ("cloudinary", None)
    kept = cloud.get(document.storage_key)
    assert kept[:3] != b"\xff\xd8\xff", "only ciphertext leaves the house"
    with transaction():
        _document, content = documents.read_document(hotel.id, document.id)
    assert content[:3] == b"\xff\xd8\xff"
    key = document.storage_key
    with transaction():
        documents.remove(document, "test")
    run_jobs()
    with pytest.raises(Exception, match="not in the store"):
        cloud.get(key)
