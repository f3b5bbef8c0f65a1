"""Mails of the booking sites: every subject that was seen, in every language, and everything that only looks like one."""

from __future__ import annotations

import datetime as dt
import time
import tracemalloc
from decimal import Decimal
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.channels.mail_ports import DigestEntry, MailFacts, NotOurs
from webapp.integrations.ota_mail import read_mail
from webapp.integrations.ota_mail.booking import _STEMS, kind_of
from webapp.integrations.ota_mail.mime import text_of_html
from webapp.integrations.ota_mail.receivers import is_name, names_of_host

NEW = "Booking.com - New booking! (5592652343, Saturday, 20 December 2025)"
RIGHT = "mx.google.com; dkim=pass header.i=@{domain} header.s=sel header.b=abc; spf=pass smtp.mailfrom=x; dmarc=pass (p=REJECT) header.from={domain}"
SENT = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


def mail(
    subject: str = NEW,
    body: str = "See the extranet.",
    sender: str = "Booking.com <noreply@booking.com>",
    *,
    markup: str = "",
    results: str | None = RIGHT,
    sent: dt.datetime = SENT,
    **headers: str,
) -> bytes:
    message = EmailMessage()
    if results is not None:
        message["Authentication-Results"] = results.format(domain=sender.rstrip(">").rpartition("@")[2])
    message["From"] = sender
    message["To"] = "desk@harbour.example"
    message["Subject"] = subject
    message["Message-ID"] = "<one@mail.example>"
    message["Date"] = sent
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    if markup:
        message.add_alternative(markup, subtype="html")
    return message.as_bytes()


def facts(*arguments, **options) -> MailFacts:
    found = read_mail(mail(*arguments, **options))
    assert isinstance(found, MailFacts), found
    return found


def refusal(raw: bytes, **options) -> str:
    found = read_mail(raw, **options)
    assert isinstance(found, NotOurs), found
    return found.reason


# Booking.com ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "kind", "reference", "arrival", "language"),
    [
        (NEW, "new", "5592652343", "2025-12-20", "en"),
        ("Booking.com - New booking! (5474030366, Monday, December 21, 2026)", "new", "5474030366", "2026-12-21", "en"),
        ("Booking.com - New last-minute booking (6936428721, Wednesday, 29 October 2025)", "new", "6936428721", "2025-10-29", "en"),
        ("Booking.com - Cancelled booking! (6906335726, Friday, 14 November 2025)", "cancelled", "6906335726", "2025-11-14", "en"),
        ("Booking.com - Modified booking! (6906335726, Friday, 14 November 2025)", "modified", "6906335726", "2025-11-14", "en"),
        ("Booking.com - Modified booking (6906335726, Friday, 14 November 2025)", "modified", "6906335726", "2025-11-14", "en"),
        ("Booking.com - Nieuwe boeking! (5100000008, vrijdag 14 augustus 2026)", "new", "5100000008", "2026-08-14", "nl"),
        ("Booking.com - Gewijzigde boeking! (5100000008, vrijdag 14 augustus 2026)", "modified", "5100000008", "2026-08-14", "nl"),
        ("Booking.com - Geannuleerde boeking! (5100000008, vrijdag 14 augustus 2026)", "cancelled", "5100000008", "2026-08-14", "nl"),
        ("Booking.com - Nieuwe last-minutereservering (6100000006, zondag 16 augustus 2026)", "new", "6100000006", "2026-08-16", "nl"),
        ("Booking.com - Nouvelle réservation\u00a0! (4212345678, samedi 17 octobre 2026)", "new", "4212345678", "2026-10-17", "fr"),
        ("Booking.com - Réservation annulée (4212345678, samedi 17 octobre 2026)", "cancelled", "4212345678", "2026-10-17", "fr"),
        ("Booking.com - Neue Buchung! (4212345678, Samstag, 7. März 2026)", "new", "4212345678", "2026-03-07", "de"),
        ("Booking.com - ¡Nueva reserva! (4212345678, sábado, 17 de octubre de 2026)".replace("¡", ""), "new", "4212345678", "2026-10-17", "es"),
        ("Booking.com - Nova rezervacija! (4212345678, subota, 17. listopada 2026.)", "new", "4212345678", "2026-10-17", "hr"),
        ("Booking.com - Zrušená rezervace! (4212345678, sobota 17. listopadu 2026)", "cancelled", "4212345678", "2026-11-17", "cs"),
        ("Booking.com - Нове бронювання! (4212345678, субота, 17 жовтня 2026 р.)", "new", "4212345678", "2026-10-17", "uk"),
        ("Booking.com - Новое бронирование! (4212345678, суббота, 17 октября 2026 г.)", "new", "4212345678", "2026-10-17", "ru"),
    ],
)  # fmt: skip
def test_bookings_subjects(subject, kind, reference, arrival, language):
    found = facts(subject)
    assert (found.provider, found.trust) == ("booking", "authentic")
    assert (found.kind, found.reference, found.language) == (kind, reference, language)
    assert found.arrival == dt.date.fromisoformat(arrival)
    assert found.is_last_minute == ("last" in subject.lower())


def test_every_stem_is_understood_as_its_own():
    for language, stems in _STEMS.items():
        for place, variants in enumerate(stems.split(" | ")):
            for stem in variants.split(" / "):
                kind, is_last_minute, _found = kind_of(stem)
                assert (kind, is_last_minute) == (("new", "new", "modified", "cancelled")[place], place == 1), (
                    language,
                    stem,
                )


def test_words_nobody_knows_are_kept_as_unclear():
    found = facts("Booking.com - Uusi varaus! (5592652343, lauantai 20 December 2025)")
    assert (found.kind, found.reference, found.arrival) == ("unclear", "5592652343", dt.date(2025, 12, 20))


def test_a_folded_subject_is_one_line():
    raw = mail().replace(NEW.encode(), b"Booking.com - New booking! (5592652343, Saturday,\r\n 20 December\r\n\t2025)")
    found = read_mail(raw)
    assert found.subject == NEW
    assert found.arrival == dt.date(2025, 12, 20)


def test_the_property_comes_from_a_link_to_booking_itself():
    markup = (
        '<p>New!</p><a href="https://booking.com.evil.example/?hotel_id=666">x</a>'
        '<a href="https://admin.booking.com/hotel/hoteladmin/extranet_ng/manage/booking.html?res_id=5592652343&amp;hotel_id=4181954">See</a>'
    )
    assert facts(markup=markup).listing_id == "4181954"
    assert facts(markup=markup.replace("admin.booking.com", "admin-booking.com")).listing_id == ""


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("Reserveringsnummer 6100000003 voor Jan de Vries is geannuleerd.", "Jan de Vries"),
        ("Reservation number 6100000003 for Anna\nExample has been cancelled.", "Anna Example"),
        ("In reactie op de annulering van reservering 6100000003 bevestigen wij een bedrag van € 0.", ""),
    ],
)
def test_names_in_cancellations(body, name):
    assert facts("Booking.com - Geannuleerde boeking! (6100000003, vrijdag 14 augustus 2026)", body).guest_name == name


def test_a_request_is_no_booking_yet():
    found = facts("New booking request – accept or decline by 10:45 AM on Apr 13, 2026")
    assert (found.kind, found.reference, found.arrival) == ("request", "", None)


def test_the_daily_digest():
    body = "Morgen:\n5100000008 | Jan de Vries | Aankomst 14 aug 2026 | Vertrek 16 aug 2026\nBel 0612345678 | nu\n"
    found = facts("Reservations with today's or tomorrow's arrival date for Harbour House", body)
    assert found.kind == "digest"
    assert found.digest == (DigestEntry("5100000008", "Jan de Vries", dt.date(2026, 8, 14), dt.date(2026, 8, 16)),)


@pytest.mark.parametrize(
    ("sender", "body", "reference"),
    [
        ("5100000008-abcd.efgh@guest.booking.com", "Hello", "5100000008"),
        ("anna.123456@guest.booking.com", "Confirmation number: 5100000008\nMy phone is 0612345678", "5100000008"),
        ("anna.123456@guest.booking.com", "Call me at 0612345678, invoice 1100000001", ""),
    ],
)
def test_messages_of_guests(sender, body, reference):
    found = facts("We received this message from Anna Example", body, f"Anna <{sender}>")
    assert (found.kind, found.reference, found.guest_name) == ("message", reference, "Anna Example")
    assert facts("Wij hebben dit bericht ontvangen van Jan", body, sender).guest_name == "Jan"


@pytest.mark.parametrize(
    "subject", ["Booking.com Invoice 1100000001", "Your payout is on its way", "Verification code 1234567890", ""]
)
def test_other_mails_of_booking_are_noise(subject):
    assert refusal(mail(subject)) == "noise"


# Airbnb --------------------------------------------------------------------------------------------------------------

CONFIRMED = """NEW BOOKING CONFIRMED! JANE ARRIVES JUL 15.
Cosy Loft by the Sea
Entire home/apt

Check-in      Checkout
Wed, Jul 15   Sat, Jul 18
2:00\u202fPM       12:00\u202fPM

GUESTS
2 adults, 1 child

CONFIRMATION CODE
HMA2DRKNXH

TOTAL (PHP)   ₱1,899.00
Host service fee (15.5% + VAT)   -₱329.67
YOU EARN   ₱1,569.33
https://www.airbnb.com/rooms/12345678901234567?source=mail
"""
AIRBNB = "Airbnb <automated@airbnb.com>"


def test_airbnbs_confirmation():
    found = facts("Reservation confirmed - Jane Smith arrives Jul 15", CONFIRMED, AIRBNB, X_Template="BOOKING_CONFIRMATION_TO_HOST", X_Locale="en")  # fmt: skip
    assert (found.provider, found.kind, found.reference) == ("airbnb", "new", "HMA2DRKNXH")
    assert (found.guest_name, found.listing_name, found.listing_id) == (
        "Jane Smith",
        "Cosy Loft by the Sea",
        "12345678901234567",
    )
    assert (found.arrival, found.departure, found.is_year_told) == (dt.date(2026, 7, 15), dt.date(2026, 7, 18), False)
    assert (found.adults, found.children) == (2, 1)
    assert (found.total, found.earnings) == ((Decimal("1899.00"), "PHP"), (Decimal("1569.33"), "PHP"))


def test_airbnbs_confirmation_as_a_web_page_only():
    markup = "<style>.a{}</style><table><tr><td>Check-in</td><td>Checkout</td></tr><tr><td>Wed, Jul 15</td><td>Sat, Jul 18</td></tr></table><p>HMA2DRKNXH</p>"
    found = facts("Reservation confirmed - Jane Smith arrives Jul 15", " ", AIRBNB, markup=markup)
    assert (found.reference, found.departure) == ("HMA2DRKNXH", dt.date(2026, 7, 18))


@pytest.mark.parametrize(
    ("subject", "kind", "name", "arrival", "language"),
    [
        ("Reserva confirmada: Ana López llega el 1 ago.", "new", "Ana López", "2026-08-01", "es"),
        ("予約確定 - 田中さんが8月3日ご到着です", "new", "田中", "2026-08-03", "ja"),
        ("Reservation confirmed - Jane arrives Apr 10", "new", "Jane", "2026-04-10", "en"),
        ("Reservation confirmed - Jane arrives Mar 10", "new", "Jane", "2027-03-10", "en"),
        ("Ana wants to change their reservation", "change_request", "Ana", None, "en"),
        ("Ana quiere hacer un cambio en su reserva", "change_request", "Ana", None, "es"),
        ("田中さんが予約変更をご希望です", "change_request", "田中", None, "ja"),
    ],
)
def test_airbnbs_subjects(subject, kind, name, arrival, language):
    found = facts(subject, "HMTZCHECXN", AIRBNB)
    assert (found.kind, found.guest_name, found.language, found.reference) == (kind, name, language, "HMTZCHECXN")
    assert found.arrival == (dt.date.fromisoformat(arrival) if arrival else None)


@pytest.mark.parametrize(
    ("subject", "reference", "arrival", "departure"),
    [
        ("Canceled: Reservation HMEMW42W9J for Jul 25\u2009–\u200926, 2026", "HMEMW42W9J", "2026-07-25", "2026-07-26"),
        (
            "Canceled: Reservation HMEMW42W9J for Dec 30, 2026\u2009–\u2009Jan 2, 2027",
            "HMEMW42W9J",
            "2026-12-30",
            "2027-01-02",
        ),
        ("Canceled: Reservation HMEMW42W9J for Dec 30 – Jan 2, 2027", "HMEMW42W9J", "2026-12-30", "2027-01-02"),
        ("Canceled: Reservation HMEMW42W9J for Jul 30 – Aug 2, 2026", "HMEMW42W9J", "2026-07-30", "2026-08-02"),
        ("Cancelada: reserva HMTZCHECXN (del 18\u2009–\u200919 jul 2026)", "HMTZCHECXN", "2026-07-18", "2026-07-19"),
        ("キャンセルのお知らせ：2026年5月4日～6日のご予約（HMTZCHECXN）", "HMTZCHECXN", "2026-05-04", "2026-05-06"),
        ("Reservation canceled: Jul 25 – 26, 2026", "", "2026-07-25", "2026-07-26"),
    ],
)
def test_airbnbs_cancellations(subject, reference, arrival, departure):
    found = facts(subject, "your guest Chris had to cancel. Listing #4242", AIRBNB)
    assert (found.kind, found.reference, found.listing_id) == ("cancelled", reference, "4242")
    assert (found.arrival, found.departure) == (dt.date.fromisoformat(arrival), dt.date.fromisoformat(departure))


@pytest.mark.parametrize("subject", ["Reservation updated", "Your reservation change was accepted"])
def test_airbnbs_changes_tell_the_code_and_no_dates(subject):
    markup = '<p>Jul 15 Jul 18</p><a href="https://www.airbnb.com/hosting/reservations/details/HMA2DRKNXH">Open</a>'
    found = facts(subject, " ", AIRBNB, markup=markup)
    assert (found.kind, found.reference, found.arrival) == ("modified", "HMA2DRKNXH", None)


def test_threads_of_airbnb():
    found = facts("RE: Reservation for Rose Room, Aug 28 - 29", "Hi! HMA2DRKNXH", "Airbnb <express@airbnb.com>")
    assert (found.kind, found.listing_name, found.arrival, found.departure) == (
        "message", "Rose Room", dt.date(2026, 8, 28), dt.date(2026, 8, 29),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "template"),
    [
        ("We sent a payout of $96.58 USD", ""), ("Jane left a 5-star review!", ""), ("Jane wrote you a review", ""),
        ("Write a review for Jane's group", ""), ("Anything", "HOME_REVIEWS_REVIEW_RECEIVED_TO_HOST_OR_GUEST"), ("Summer tips for hosts", ""),
    ],
)  # fmt: skip
def test_other_mails_of_airbnb_are_noise(subject, template):
    assert refusal(mail(subject, "HMA2DRKNXH", AIRBNB, X_Template=template)) == "noise"


def test_vrbos_cancellation():
    found = facts("Your reservation HA-TEST01 was canceled at Propert...", "", "Vrbo <vrbo@partners.expediagroup.com>")
    assert (found.provider, found.kind, found.reference) == ("vrbo", "cancelled", "HA-TEST01")


# Who says it ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sender",
    [
        "booking.com@evil.example", "x@notbooking.com", "x@booking.com.evil.example", "noreply@mail.booking.com.evil.example",
        '"noreply@booking.com" <x@evil.example>', "Booking.com <noreply@bооking.com>", "noreply@booking.com, x@evil.example",
        "noreply@booking-com.example", "someone@booking.com", "noreply@guest.booking.com.evil.example", "automated@airbnb.co",
        "<noreply@booking.com> <x@evil.example>",
    ],
)  # fmt: skip
def test_look_alikes_are_refused(sender):
    raw = mail().replace(b"Booking.com <noreply@booking.com>", sender.encode("utf-8"))
    assert refusal(raw) in ("look_alike", "not_authenticated", "unknown_sender")


def test_two_from_headers_name_nobody():
    assert refusal(mail().replace(b"From:", b"From: x@evil.example\r\nFrom:", 1)) == "look_alike"


@pytest.mark.parametrize(
    "results",
    [
        None, "mx.google.com; dkim=fail header.i=@booking.com; dmarc=fail header.from=booking.com",
        "mx.google.com; dkim=pass header.i=@evil.example; spf=pass smtp.mailfrom=noreply@booking.com",
        "mx.google.com; spf=pass smtp.mailfrom=noreply@booking.com", "mx.evil.example; dmarc=pass header.from=booking.com",
        "mx.google.com; dkim=pass header.d=booking.com.evil.example", "mx.google.com; dmarc=pass (header.from=booking.com) header.from=evil.example",
        "mx.google.com; none", "mx.google.com; dkim=none reason=\"dkim=pass header.d=booking.com\"",
    ],
)  # fmt: skip
def test_mails_that_nobody_vouches_for_are_refused(results):
    assert refusal(mail(results=results)) == "not_authenticated"


def test_only_the_topmost_statement_of_our_server_counts():
    forged = mail(results="mx.google.com; dkim=none; dmarc=fail header.from=booking.com")
    forged = forged.replace(
        b"From:", b"Authentication-Results: mx.google.com; dmarc=pass header.from=booking.com\r\nFrom:", 1
    )
    assert refusal(forged) == "not_authenticated"
    right = RIGHT.format(domain="booking.com")
    behind_another = mail(results="mx.house.example; dmarc=fail header.from=booking.com").replace(
        b"From:", f"Authentication-Results: {right}\r\nFrom:".encode(), 1
    )
    assert refusal(behind_another) == "not_authenticated"
    honest = mail().replace(
        b"From:", b"Authentication-Results: mx.other.example; dmarc=fail header.from=booking.com\r\nFrom:", 1
    )
    assert isinstance(read_mail(honest), MailFacts)


def test_a_server_that_writes_no_statement_can_be_allowed():
    found = read_mail(mail(results=None), must_be_authentic=False)
    assert found.trust == "unverified"
    assert (
        refusal(mail(results="mx.x.example; dmarc=fail header.from=booking.com"), must_be_authentic=False)
        == "not_authenticated"
    )
    assert isinstance(
        read_mail(mail(results=RIGHT.replace("mx.google.com", "mail.host.example")), receivers=["mail.host.example"]),
        MailFacts,
    )


def below(*lines: str, results: str | None = None) -> bytes:
    """A mail under header lines that were put on top of it, the last one first."""
    return "".join(f"{line}\r\n" for line in lines).encode() + mail(results=results)


PASSED = "Authentication-Results: {}; dmarc=pass header.from=booking.com"
OURS = "Received: from relay.example by mx.house.example; Mon, 1 Jun 2026 12:00:00 +0000"
OF_A_RELAY = "Received: from home.example by smtp.relay.example; Mon, 1 Jun 2026 11:59:00 +0000"


def test_a_statement_below_a_server_of_somebody_else_does_not_count():
    said = PASSED.format("mx.house.example")
    house = {"receivers": ["mx.house.example"]}
    assert isinstance(read_mail(below(OURS, said, OF_A_RELAY), **house), MailFacts)
    assert isinstance(read_mail(below("Received: from mx.house.example by store7", OURS, said), **house), MailFacts)
    assert refusal(below(OURS, OF_A_RELAY, said), **house) == "not_authenticated"


def test_a_duplicate_below_the_receivers_statement_does_not_count():
    failed = "Authentication-Results: mx.house.example; dmarc=fail header.from=booking.com"
    said = PASSED.format("mx.house.example")
    house = {"receivers": ["mx.house.example"]}
    assert refusal(below(OURS, failed, said), **house) == "not_authenticated"
    assert refusal(below(OURS, failed, OF_A_RELAY, said), **house) == "not_authenticated"
    assert refusal(below(OURS, PASSED.format("mx.house.example.evil.example"), said), **house) == "not_authenticated"
    assert isinstance(read_mail(below(OURS, said, failed), **house), MailFacts)


@pytest.mark.parametrize(
    ("host", "lines"),
    [
        ("imap.gmail.com", ["Received: by 2002:a05:6a10:1 with SMTP id x", "Received: from mail.booking.com by mx.google.com with ESMTPS", PASSED.format("mx.google.com")]),
        ("IMAP.mail.yahoo.com.", ["Received: from 127.0.0.1 by atlas-production.v2-mail-prod1-bf1.omega.yahoo.com with HTTP", PASSED.format("atlas-production.v2-mail-prod1-bf1.omega.yahoo.com")]),
        ("imap.fastmail.com", ["Received: from mx3 by store22 (Cyrus)", PASSED.format("mx3.messagingengine.com")]),
        ("imap.mail.me.com", ["Authentication-Results: bimi.icloud.com; bimi=none", PASSED.format("dmarc.icloud.com"), "Authentication-Results: dkim-verifier.icloud.com; dkim=none"]),
        ("imap.gmx.net", [PASSED.format("gmx.net")]),
        ("imap.web.de", ["Authentication-Results: web.de; dkim=pass header.i=@booking.com"]),
        ("outlook.office365.com", ["Received: from a.eop.protection.outlook.com by b.namprd.prod.outlook.com", "Authentication-Results: spf=pass (sender IP is 37.10.30.1) smtp.mailfrom=booking.com; dkim=pass (signature was verified) header.d=booking.com;dmarc=pass action=none header.from=booking.com;compauth=pass reason=100"]),
    ],
)  # fmt: skip
def test_the_lines_of_large_providers(host, lines):
    names = names_of_host(host)
    found = read_mail(below(*lines), receivers=names)
    assert isinstance(found, MailFacts)
    assert found.trust == "authentic"
    # The sender's own lines, in the same words, below what the provider said.
    failed = [line.replace("pass", "fail") for line in lines]
    assert refusal(below(*failed, *lines), receivers=names) == "not_authenticated"
    # A provider that is somebody else believes none of it.
    others = names_of_host("imap.web.de" if host != "imap.web.de" else "imap.gmx.net")
    assert refusal(below(*lines), receivers=others) == "not_authenticated"


def test_a_mail_of_a_mailbox_whose_server_is_unknown_is_undecided():
    forged = read_mail(below(OURS, PASSED.format("mx.google.com")), receivers=[])
    assert (forged.trust, forged.stated_by, forged.reference) == ("undecided", "mx.google.com", "5592652343")
    passed_on = read_mail(below(OURS, OF_A_RELAY, PASSED.format("mx.house.example")), receivers=[])
    assert (passed_on.trust, passed_on.stated_by) == ("undecided", "")
    failed = read_mail(mail(results="mx.house.example; dmarc=fail header.from=booking.com"), receivers=[""])
    assert (failed.trust, failed.stated_by) == ("undecided", "")
    assert refusal(mail(sender="booking.com@evil.example"), receivers=[]) == "look_alike"
    forwarded = read_mail(mail(f"Fwd: {NEW}", INNER, "owner@harbour.example"), receivers=[])
    assert (forwarded.trust, forwarded.stated_by, forwarded.forwarded_by) == (
        "undecided", "mx.google.com", "owner@harbour.example",
    )  # fmt: skip
    assert read_mail(mail(results=None), receivers=[], must_be_authentic=False).trust == "unverified"


@pytest.mark.parametrize(
    ("typed", "is_right"),
    [
        ("mx.house.example", True), ("house", True), ("mx_1.house.example", True), ("", False), ("mx.google.com", False),
        ("dmarc.icloud.com", False), ("x.yahoo.com", False), ("=", False), (".house.example", False), ("a b", False),
        ("mx.house.example;", False), ("-", False), ("a" * 300, False),
    ],
)  # fmt: skip
def test_names_that_a_hotel_may_type(typed, is_right):
    assert is_name(typed) is is_right


INNER = f"""FYI

---------- Forwarded message ---------
From: Booking.com <noreply@booking.com>
Date: Mon, Jun 1, 2026 at 10:00 AM
Subject: {NEW}
To: <desk@harbour.example>

See the extranet.
"""


@pytest.mark.parametrize(
    "body",
    [
        INNER, INNER.replace("From:", "Von:").replace("Subject:", "Betreff:").replace("Date:", "Gesendet:"),
        INNER.replace("From:", "> *De :*").replace("Subject:", "> *Objet :*"), INNER.replace("(5592652343, ", "(5592652343,\n"),
        INNER.replace("From: Booking.com <noreply@booking.com>", "From: Booking.com [mailto:noreply@booking.com]"),
    ],
)  # fmt: skip
def test_forwarded_mails_are_trusted_less(body):
    found = facts(f"Fwd: {NEW}", body, "Owner <owner@harbour.example>")
    assert (found.kind, found.reference, found.trust) == ("new", "5592652343", "forwarded")
    assert (found.sender, found.forwarded_by) == ("noreply@booking.com", "owner@harbour.example")


def test_who_may_forward():
    raw = mail(f"WG: {NEW}", INNER, "owner@harbour.example")
    assert refusal(raw, forwarders=["other@harbour.example"]) == "stranger_forwards"
    assert isinstance(read_mail(raw, forwarders=["Owner@harbour.example"]), MailFacts)
    assert refusal(mail(f"Fwd: {NEW}", INNER, "owner@harbour.example", results=None)) == "unknown_sender"
    assert (
        refusal(mail(f"Fwd: {NEW}", INNER.replace("noreply@booking.com", "x@evil.example"), "owner@harbour.example"))
        == "unknown_sender"
    )


def test_a_mail_attached_to_a_mail():
    outer = EmailMessage()
    outer["Authentication-Results"] = RIGHT.format(domain="harbour.example")
    outer["From"], outer["Subject"] = "owner@harbour.example", "See this"
    outer.set_content("Attached.")
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "noreply@booking.com", NEW
    inner.set_content("https://admin.booking.com/x?hotel_id=77")
    outer.add_attachment(inner)
    found = read_mail(outer.as_bytes())
    assert (found.reference, found.trust, found.listing_id) == ("5592652343", "forwarded", "77")


# Limits --------------------------------------------------------------------------------------------------------------


def test_mails_that_would_cost_too_much_are_put_aside_quickly():
    began = time.process_time()
    tracemalloc.start()
    head = mail()[:-40] + b"\r\n"
    many = b"".join(b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" for _ in range(100_000))
    start = b"From: noreply@booking.com\r\nSubject: x\r\n"
    assert refusal(head + bytes(26 * 1024 * 1024)) == "too_large"
    assert refusal(start + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + many) == "too_many_parts"
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(60))
    assert refusal(start + deep) == "too_many_parts"
    assert refusal(start + b"X-Long: " + b"a" * 300_000 + b"\r\n\r\nbody") == "malformed"
    assert tracemalloc.get_traced_memory()[1] < 120_000_000
    tracemalloc.stop()
    assert time.process_time() - began < 10


def test_a_huge_text_is_cut():
    found = facts(body="x " * 2_000_000, markup="<" * 500_000)
    assert found.reference == "5592652343"


def test_markup_becomes_lines():
    text = text_of_html(
        "<head><title>T</title></head><p>A&amp;B</p><script>evil()</script><td>x</td><td>y</td><!-- no --><br>z<"
    )
    assert "evil" not in text
    assert text.split() == ["A&B", "x", "y", "z"]


@given(st.binary(max_size=600))
def test_any_bytes_are_facts_or_a_reason(noise):
    assert isinstance(read_mail(noise), NotOurs)
    assert isinstance(read_mail(mail(body="x").replace(b"x", noise[:200])), MailFacts | NotOurs)


@given(st.text(max_size=120), st.text(max_size=300))
def test_any_words_from_a_real_sender(subject, body):
    clean = " ".join(subject.split())
    try:
        raw = mail(clean, body, AIRBNB)
    except (UnicodeError, ValueError):
        return
    assert isinstance(read_mail(raw), MailFacts | NotOurs)
