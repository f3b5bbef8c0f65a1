"""Messages: what a guest is told, once each, in which words, and what becomes of it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from tests import factories
from webapp.core import wiring
from webapp.core.clock import frozen, now
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.messaging import announcements, delivery, inbound
from webapp.messaging import services as messaging
from webapp.messaging.domain import as_e164, keyword, masked, readable_on_white
from webapp.messaging.ports import MailSender, OutgoingMail, SendFailed, SendRejected, SmsReceipt, SmsSender
from webapp.messaging.queries import messages_of_stay
from webapp.models import AccessCode, Alert, Lock, LockAccount, Message, OutboxMessage, WebhookEvent
from webapp.stays import services as stays


class Recorder:
    """Senders that keep what they get and answer as told; the true ones are tested against the emulators."""

    def __init__(self) -> None:
        self.mails: list[OutgoingMail] = []
        self.texts: list[tuple[str, str]] = []
        self.error: Exception | None = None

    def mail(self, mail: OutgoingMail) -> str:
        self.mails.append(mail)
        return self._answer(f"<{len(self.mails)}@test>")

    def text(self, to: str, body: str) -> str:
        self.texts.append((to, body))
        return self._answer(f"SM{len(self.texts):032x}")

    def _answer(self, value: str) -> str:
        if self.error is not None:
            raise self.error
        return value


@pytest.fixture
def sent(app):
    recorder = Recorder()

    class Mail:
        def send(self, mail):
            return recorder.mail(mail)

    class Sms:
        def send(self, to, body, status_callback=None):
            return SmsReceipt(recorder.text(to, body), "queued")

    before = {port: wiring._factories.get(port) for port in (MailSender, SmsSender)}
    wiring.bind(MailSender, Mail)
    wiring.bind(SmsSender, Sms)
    yield recorder
    for port, factory in before.items():
        if factory:
            wiring.bind(port, factory)
        else:
            wiring.unbind(port)


def templates_told(stay) -> list[tuple[str, str]]:
    return [(m.channel, m.template) for m in messages_of_stay(stay.id)]


def test_a_confirmed_stay_is_told_once_with_a_link(hotel, sent, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=20)
    run_jobs()
    with transaction():
        assert announcements.tell(stay.id) is False
    assert templates_told(stay) == [("mail", "checkin_link")]
    (mail,) = sent.mails
    assert mail.to == "ada@example.com"
    assert mail.from_name == hotel.name
    assert "http://localhost/checkin/" in mail.text
    assert "http://localhost/checkin/" in mail.html
    assert messages_of_stay(stay.id)[0].state == "sent"


def test_a_near_arrival_is_also_told_by_sms(hotel, sent, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=1)
    run_jobs()
    assert templates_told(stay) == [("mail", "checkin_link"), ("sms", "checkin_link")]
    ((number, text),) = sent.texts
    assert number == "+447700900123"
    assert len(text) < 160


def test_a_feed_stay_without_contact_is_told_nothing_until_there_is_one(hotel, sent, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=9, source="booking", guest_email=None, guest_phone=None)
    run_jobs()
    assert templates_told(stay) == []
    with transaction():
        stays.update_guest(stay, {"guest_email": "late@example.com"})
    run_jobs()
    assert templates_told(stay) == [("mail", "checkin_link")]


def test_a_stay_of_the_past_is_told_nothing(hotel, sent, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=-1, nights=3)
    run_jobs()
    assert templates_told(stay) == []


def test_changed_dates_and_cancellation_are_told_once_each(hotel, sent, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=20)
    run_jobs()
    for shift in (21, 20):
        day = hotel.business_date() + dt.timedelta(days=shift)
        with transaction():
            stays.change_dates(stay, StayDates(day, day + dt.timedelta(days=2)))
        run_jobs()
    with transaction():
        stays.cancel(stay)
    run_jobs()
    with transaction():
        stays.reinstate(stay)
    run_jobs()
    names = ["checkin_link", "dates_changed", "dates_changed", "cancelled", "checkin_link"]
    assert templates_told(stay) == [("mail", name) for name in names]


def test_words_are_in_the_guests_language_and_escape_what_the_guest_wrote(hotel, sent, run_jobs):
    factories.make_stay(hotel, arrives_in=20, guest_language="ar", guest_name="<b>Ada</b>")
    run_jobs()
    (mail,) = sent.mails
    assert mail.language == "ar"
    assert 'dir="rtl"' in mail.html
    assert "<b>Ada</b>" not in mail.html
    assert "<b>Ada</b>" in mail.text


def test_a_rejected_message_fails_with_an_alert_and_can_be_sent_again(hotel, sent, run_jobs):
    sent.error = SendRejected("550", "No such mailbox")
    stay = factories.make_stay(hotel, arrives_in=20)
    run_jobs()
    (message,) = messages_of_stay(stay.id)
    assert (message.state, message.fault) == ("failed", "550: No such mailbox")
    assert db.session.scalars(select(Alert.kind)).all() == ["message_failed"]
    sent.error = None
    with transaction():
        messaging.resend(hotel.id, message.id)
    run_jobs()
    assert messages_of_stay(stay.id)[0].state == "sent"
    assert db.session.scalars(select(Alert.resolved_at)).one() is not None
    with transaction(), pytest.raises(Conflict):
        messaging.resend(hotel.id, message.id)


def test_a_mail_is_tried_again_later_and_given_up_after_a_day(hotel, sent, run_jobs):
    sent.error = SendFailed("421", "Busy", may_have_been_sent=True)
    stay = factories.make_stay(hotel, arrives_in=20)
    run_jobs()
    assert messages_of_stay(stay.id)[0].state == "queued"
    with frozen(now() + dt.timedelta(hours=25)):
        run_jobs()
    assert len(sent.mails) == 2
    assert messages_of_stay(stay.id)[0].state == "failed"


def test_a_short_message_that_may_have_gone_out_is_never_repeated(hotel, sent, run_jobs):
    sent.error = SendFailed("timeout", "No answer", may_have_been_sent=True)
    stay = factories.make_stay(hotel, arrives_in=20, guest_email=None)
    run_jobs()
    with frozen(now() + dt.timedelta(hours=2)):
        run_jobs()
    (message,) = messages_of_stay(stay.id)
    assert (message.state, len(sent.texts)) == ("sending", 1)
    assert db.session.scalars(select(Alert.kind)).all() == ["message_unknown"]


def test_a_short_message_whose_sending_was_interrupted_is_not_repeated_by_itself(hotel, sent, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=20, guest_email=None)
    with transaction():
        announcements.tell(stay.id)
        (message,) = messages_of_stay(stay.id)
        delivery.begin(message.id)
    run_jobs()
    assert sent.texts == []
    assert messages_of_stay(stay.id)[0].fault.startswith("interrupted")


def test_a_short_message_that_surely_did_not_go_out_is_tried_again(hotel, sent, run_jobs):
    sent.error = SendFailed("20429", "Too many requests")
    stay = factories.make_stay(hotel, arrives_in=20, guest_email=None)
    run_jobs()
    sent.error = None
    with frozen(now() + dt.timedelta(minutes=5)):
        run_jobs()
    assert (messages_of_stay(stay.id)[0].state, len(sent.texts)) == ("sent", 2)


def give_report(message: Message, status: str, **more: str) -> bool:
    with transaction():
        return inbound.store_report({"MessageSid": message.provider_id or "", "MessageStatus": status, **more})


def test_reports_in_any_order_never_undo_a_later_state(hotel, sent, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=20, guest_email=None)
    run_jobs()
    (message,) = messages_of_stay(stay.id)
    assert [give_report(message, status) for status in ("delivered", "sent", "delivered")] == [True, True, False]
    run_jobs()
    assert messages_of_stay(stay.id)[0].state == "delivered"
    assert all(event.handled_at for event in db.session.scalars(select(WebhookEvent)))


def test_an_undelivered_message_alerts(hotel, sent, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=20, guest_email=None)
    run_jobs()
    give_report(messages_of_stay(stay.id)[0], "undelivered", ErrorCode="30003")
    run_jobs()
    assert messages_of_stay(stay.id)[0].fault == "30003: undelivered"
    assert db.session.scalars(select(Alert.kind)).all() == ["message_failed"]


def test_what_a_guest_writes_is_kept_with_the_stay_and_stop_is_kept_to(hotel, sent, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=3, guest_phone="+44 7700 900 123", guest_email=None)
    run_jobs()
    for number, body in enumerate(("When can we come?", "STOP")):
        with transaction():
            assert inbound.store_message({"MessageSid": f"SMx{number}", "From": "+447700900123", "Body": body})
    run_jobs()
    received = [m for m in messages_of_stay(stay.id) if m.direction == "in"]
    assert [m.body for m in received] == ["When can we come?", "STOP"]
    assert messaging.has_stopped("+447700900123")
    with transaction():
        assert messaging.send_checkin_link(stay.id) is False
    with transaction():
        inbound.store_message({"MessageSid": "SMx9", "From": "+447700900123", "Body": "start"})
    run_jobs()
    assert not messaging.has_stopped("+447700900123")


def test_the_reminder_goes_out_by_day_once_and_not_to_who_just_heard(hotel, sent, run_jobs):
    with frozen(dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)):
        stay = factories.make_stay(hotel, arrives_in=2)
        run_jobs()
    with frozen(dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)):
        assert delivery.due_reminders() == []
    with frozen(dt.datetime(2026, 6, 2, 12, tzinfo=dt.UTC)):
        assert delivery.due_reminders() == [stay.id]
        with transaction():
            assert messaging.send_reminder(stay.id) is True
        assert delivery.due_reminders() == []
        with transaction():
            assert messaging.send_reminder(stay.id) is False


def give_code(stay, state: str) -> AccessCode:
    with transaction():
        account = LockAccount(
            hotel_id=stay.hotel_id, username="u", username_hint="u", password_md5="x", webhook_token="w"
        )
        db.session.add(account)
        db.session.flush()
        lock = Lock(
            hotel_id=stay.hotel_id, account_id=account.id, provider_lock_id="1", name="101", kind="room",
            room_id=stay.room_id,
        )  # fmt: skip
        db.session.add(lock)
        db.session.flush()
        begin = stay.hotel.check_in_instant(stay.check_in)
        code = AccessCode(
            hotel_id=stay.hotel_id, reservation_id=stay.id, lock_id=lock.id, pin="73519", pin_fingerprint=b"1",
            valid_from=begin, valid_until=begin + dt.timedelta(days=2), state=state, physical_lock="1",
        )  # fmt: skip
        db.session.add(code)
        db.session.flush()
    return code


def test_door_codes_are_told_when_verified_and_again_when_their_validity_changes(hotel, sent, run_jobs):
    stay = factories.make_stay(hotel, arrives_in=20)
    run_jobs()
    code = give_code(stay, "sent")
    with transaction():
        assert messaging.send_door_codes(stay.id) is False
        code.state = "verified"
    with transaction():
        assert messaging.send_door_codes(stay.id) is True
        assert messaging.send_door_codes(stay.id) is False
        code.valid_until += dt.timedelta(days=1)
    with transaction():
        assert messaging.send_door_codes(stay.id) is True
    run_jobs()
    assert "73519" in sent.mails[-1].html
    assert "73519#" in sent.texts[-1][1]


def test_a_message_without_a_provider_fails_at_once(hotel, sent, run_jobs):
    wiring.unbind(MailSender)
    stay = factories.make_stay(hotel, arrives_in=20)
    run_jobs()
    assert messages_of_stay(stay.id)[0].fault.startswith("not_configured")
    assert db.session.scalars(select(OutboxMessage.state).distinct()).all() == ["done"]


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [("07700 900123", "GB", "+447700900123"), ("+49 151 23456789", "", "+4915123456789"), ("123", "GB", None),
     ("0612345678", "FR", "+33612345678"), ("no number", "", None), ("07700900123", "", None)],
)  # fmt: skip
def test_numbers_become_international(text, country, number):
    assert as_e164(text, country) == number


def test_small_rules():
    assert masked("ada@example.com") == "a…@example.com"
    assert masked("+447700900123") == "+44 … 123"
    assert (keyword(" Stop. "), keyword("please stop calling"), keyword("START")) == ("stop", None, "start")
    assert readable_on_white("#1f5f8b") == "#1f5f8b"
    assert readable_on_white("#ffee00") != "#ffee00"
    assert readable_on_white("teal") == "#1f5f8b"
