"""The staff page of messages, and the webhooks of the SMS provider, signed and forged."""

from __future__ import annotations

from sqlalchemy import select, text

from tests import factories
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.messaging.queries import messages_of_stay
from webapp.models import Message, WebhookEvent
from webapp.sandbox.twilio.messages import AUTH_TOKEN
from webapp.sandbox.twilio.signature import sign

REPORT = [("MessageSid", "SM" + "1" * 32), ("MessageStatus", "delivered"), ("To", "+447700900123"), ("ErrorCode", "")]
INBOUND = [("MessageSid", "SM" + "2" * 32), ("From", "+447700900123"), ("Body", "Late, sorry: 23:00"), ("ToCity", "")]


def call(client, path: str, params: list[tuple[str, str]], token: str = AUTH_TOKEN, signed: list | None = None):
    signature = sign(f"http://localhost{path}", params if signed is None else signed, token)
    return client.post(path, data=dict(params), headers={"X-Twilio-Signature": signature})


def make_message(hotel, stay=None, **values) -> Message:
    with transaction():
        message = Message(
            **{"hotel_id": hotel.id, "reservation_id": stay.id if stay else None, "channel": "sms", "template": "checkin_link",
               "recipient": "+447700900123", "body": "Check in: https://…", "state": "sent", "created_at": now(),
               "provider_id": "SM" + "1" * 32, **values}
        )  # fmt: skip
        db.session.add(message)
        db.session.flush()
    return message


def test_a_signed_report_is_kept_and_worked_on_once(hotel, client, run_jobs):
    message = make_message(hotel)
    for _time in range(2):
        assert call(client, "/hooks/twilio/status", REPORT).status_code == 200
    assert len(db.session.scalars(select(WebhookEvent)).all()) == 1
    assert run_jobs().count("jobs.messaging.take_event") == 1
    db.session.refresh(message)
    assert message.state == "delivered"


def test_a_forged_or_unsigned_call_is_refused_and_changes_nothing(hotel, client):
    forged = call(client, "/hooks/twilio/status", REPORT, token="another")
    changed = call(client, "/hooks/twilio/status", REPORT, signed=[("MessageStatus", "sent"), *REPORT[:1]])
    unsigned = client.post("/hooks/twilio/sms", data=dict(INBOUND))
    assert [a.status_code for a in (forged, changed, unsigned)] == [403, 403, 403]
    assert forged.get_json()["error"]["code"] == "BAD_SIGNATURE"
    assert db.session.scalars(select(WebhookEvent)).all() == []


def test_a_signed_call_without_an_id_is_malformed(client):
    assert call(client, "/hooks/twilio/status", [("MessageStatus", "sent")]).status_code == 400


def test_a_guests_message_reaches_the_stay(hotel, client, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=20)
    run_jobs()
    answer = call(client, "/hooks/twilio/sms", INBOUND)
    assert answer.mimetype == "text/xml"
    assert answer.get_data(as_text=True).endswith("<Response></Response>")
    run_jobs()
    assert [m.body for m in messages_of_stay(stay.id) if m.direction == "in"] == ["Late, sorry: 23:00"]
    raw = bytes(db.session.execute(text("SELECT payload FROM webhook_event")).scalar_one())
    assert b"23:00" not in raw


def test_staff_see_messages_with_masked_addresses(hotel, desk, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=20)
    run_jobs()
    page = desk.get(f"/staff/{hotel.slug}/messages").get_data(as_text=True)
    assert "a…@example.com" in page
    assert "ada@example.com" not in page
    (message,) = messages_of_stay(stay.id)
    assert "ada@example.com" in desk.get(f"/staff/{hotel.slug}/messages/{message.id}").get_data(as_text=True)


def test_filters_and_older_pages(hotel, desk):
    stay = factories.make_stay(hotel)
    for number in range(60):
        make_message(hotel, stay, provider_id=str(number), state="failed" if number == 7 else "sent")
    url = f"/staff/{hotel.slug}/messages"
    assert desk.get(url).get_data(as_text=True).count('<tr id="message-') == 50
    assert desk.get(f"{url}?show=failed").get_data(as_text=True).count('<tr id="message-') == 1
    assert "No message is in this state" in desk.get(f"{url}?show=inbound").get_data(as_text=True)
    assert desk.get(f"{url}?show=nonsense&before=x").status_code == 200


def test_a_failed_message_is_sent_again_from_its_page(hotel, desk, sign_in, run_jobs):
    stay = factories.make_stay(hotel)
    message = make_message(
        hotel, stay, channel="mail", recipient="ada@example.com", subject="S", state="failed", fault="550: No"
    )
    url = f"/staff/{hotel.slug}/messages/{message.id}"
    assert "This message did not arrive" in desk.get(url).get_data(as_text=True)
    assert desk.post(f"{url}/resend").status_code == 303
    run_jobs()
    db.session.refresh(message)
    assert message.state == "sent"
    assert desk.post(f"{url}/resend").status_code == 409
    cleaner = sign_in(factories.make_user(hotel, role="housekeeping"))
    assert cleaner.get(url).status_code == 403


def test_messages_of_another_hotel_are_not_there(hotel, sign_in):
    message = make_message(factories.make_hotel())
    desk = sign_in(factories.make_user(hotel, role="desk"))
    assert desk.get(f"/staff/{hotel.slug}/messages/{message.id}").status_code == 404
    assert desk.post(f"/staff/{hotel.slug}/messages/{message.id}/resend").status_code == 404


def test_the_whole_way_over_the_emulated_provider(hotel, app, client, sandbox, run_jobs):
    """Our own senders over real SMTP and HTTP: the mail and the SMS that the emulators took in, and a number that never delivers."""
    stay = factories.make_stay(
        hotel, arrives_in=1, guest_email="whole.way@example.com", guest_phone="+447700900777", guest_language="ar"
    )
    run_jobs()
    assert {m.state for m in messages_of_stay(stay.id)} == {"sent"}
    (mail,) = sandbox.control.mails(to="whole.way@example.com", wait=5)
    (sms,) = sandbox.control.sms(to="+447700900777", wait=5)
    assert hotel.name in mail["subject"]
    assert "/checkin/" in sms["body"]
