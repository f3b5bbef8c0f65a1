"""What one event of a feed is, on real events."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from webapp.channels.domain import Provider, Span, Verdict, classify
from webapp.core.calendars import FeedEvent
from webapp.integrations.ical.parse import parse

SAMPLES = Path(__file__).parents[1] / "data" / "ics"
TODAY = dt.date(2026, 8, 22)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def event(
    start: str, end: str, summary: str = "CLOSED - Not available", uid: str = "", description: str = "", **flags: bool
) -> FeedEvent:
    return FeedEvent(uid, day(start), day(end), summary, description, **flags)


def verdicts(name: str, provider: Provider, today: dt.date) -> list[Verdict]:
    parsed = parse((SAMPLES / name).read_bytes(), ZoneInfo("Europe/Rome"), today)
    return [classify(e, provider, today) for e in parsed.events]


def test_airbnb() -> None:
    found = verdicts("airbnb_2026_reserved_and_blocks.ics", "airbnb", TODAY)
    assert [v.kind for v in found] == ["stay"] * 4 + ["block"] * 3 + ["rule"]
    assert [(v.reference, v.phone_last4) for v in found[:2]] == [("HMPG3S2FZD", "1265"), ("HMTNJD4PXC", "4466")]
    assert found[-1].code == "booking_window"


def test_airbnb_of_old() -> None:
    stay, block = verdicts("airbnb_legacy_0.8.8_2020.ics", "airbnb", dt.date(2020, 7, 1))
    assert (stay.kind, stay.reference, stay.phone_last4) == ("stay", "HMN2XK8J99", "4235")
    assert block.kind == "block"


def test_a_merge_made_by_a_host() -> None:
    found = verdicts("airbnb_naive_merge_of_6_feeds_invalid.ics", "ical", TODAY)
    kinds = Counter(v.kind for v in found)
    assert kinds["unknown"] == 0
    assert kinds["stay"] > 80
    assert all(v.reference and v.has_stable_uid for v in found if v.kind == "stay")


def test_airbnb_tonight_only_is_the_advance_notice() -> None:
    uid = "7f662ec65913-414302dbf5eaf5ea08ff10ca75f88d40@airbnb.com"
    tonight = event("2026-08-22", "2026-08-23", "Airbnb (Not available)", uid)
    assert classify(tonight, "airbnb", TODAY).code == "advance_notice"


def test_a_night_beside_a_stay_is_preparation() -> None:
    uid = "7f662ec65913-414302dbf5eaf5ea08ff10ca75f88d40@airbnb.com"
    night = event("2026-09-03", "2026-09-04", "Airbnb (Not available)", uid)
    verdict = classify(night, "airbnb", TODAY, stays=[event("2026-09-04", "2026-09-07", "Reserved")])
    assert (verdict.kind, verdict.code) == ("block", "preparation")


def test_a_night_that_vrbo_closes_beside_a_stay_is_no_preparation() -> None:
    night = event("2026-09-03", "2026-09-04", "Blocked")
    verdict = classify(night, "vrbo", TODAY, stays=[event("2026-09-04", "2026-09-07", "Reserved")])
    assert (verdict.kind, verdict.code) == ("block", "blocked")


def test_an_airbnb_summary_we_do_not_know_is_said_so() -> None:
    assert classify(event("2026-09-03", "2026-09-04", "Something new"), "airbnb", TODAY).kind == "unknown"


@pytest.mark.parametrize(
    ("name", "today", "kinds"),
    [
        ("booking_2026_two_stays.ics", "2026-08-22", ["stay", "stay"]),
        ("booking_2026_with_organizer.ics", "2026-08-22", ["stay"] * 4 + ["rule"]),
        ("booking_overlapping_events.ics", "2025-11-22", ["stay"] * 4 + ["rule"]),
        ("booking_roll_day1.ics", "2026-04-03", ["stay"] * 8 + ["rule"]),
    ],
)
def test_booking(name: str, today: str, kinds: list[str]) -> None:
    assert [v.kind for v in verdicts(name, "booking", day(today))] == kinds


def test_a_closure_of_booking_that_is_too_long_for_a_stay() -> None:
    assert classify(event("2026-10-01", "2027-01-15"), "booking", TODAY).code == "too_long"


@pytest.mark.parametrize(
    ("start", "end", "is_echo"),
    [
        ("2026-09-01", "2026-09-05", True),  # one stay
        ("2026-09-01", "2026-09-09", True),  # two that touch
        ("2026-08-22", "2026-08-25", True),  # a running one, begun today
        ("2026-09-01", "2026-09-06", False),
        ("2026-09-02", "2026-09-05", False),
        ("2026-09-11", "2026-09-12", False),
    ],
)
def test_the_nights_of_another_source_are_an_echo(start: str, end: str, is_echo: bool) -> None:
    spans = [
        Span(day("2026-09-01"), day("2026-09-05"), "airbnb"),
        Span(day("2026-09-05"), day("2026-09-09"), "desk"),
        Span(day("2026-08-20"), day("2026-08-25"), "vrbo"),
        Span(day("2026-09-11"), day("2026-09-13"), "vrbo"),
    ]
    assert (classify(event(start, end), "booking", TODAY, spans).kind == "echo") is is_echo


def test_an_airbnb_reservation_is_never_an_echo() -> None:
    span = Span(day("2026-09-01"), day("2026-09-05"), "booking")
    uid = "1418fb94e984-414302dbf5eaf5ea08ff10ca75f88d40@airbnb.com"
    assert classify(event("2026-09-01", "2026-09-05", "Reserved", uid), "airbnb", TODAY, [span]).kind == "stay"


def test_vrbo_in_french() -> None:
    found = verdicts("vrbo_abritel_fr_2020.ics", "vrbo", dt.date(2020, 1, 1))
    assert [v.kind for v in found] == ["stay", "stay", "block", "stay", "stay", "block"]
    assert [v.guest_name for v in found] == ["Camille", "M & Mme", None, "Claude & Sam", None, None]
    assert found[-1].code == "tentative"


@pytest.mark.parametrize(
    ("summary", "kind", "name"),
    [
        ("Reserved - Alex", "stay", "Alex"),
        ("Reserviert - Jürgen", "stay", "Jürgen"),
        ("Reservado - Lucía", "stay", "Lucía"),
        ("Prenotato - Gianna", "stay", "Gianna"),
        ("Gereserveerd - Sanne", "stay", "Sanne"),
        ("Varattu - Aino", "stay", "Aino"),
        ("Zarezerwowane - Ola", "stay", "Ola"),
        ("予約済み - 花子", "stay", "花子"),
        ("Reserved", "stay", None),
        ("Blocked", "block", None),
        ("Bloqueado", "block", None),
        ("Niet beschikbaar", "block", None),
        ("Vorläufig - Kim", "block", None),
        ("Kein bekanntes Wort - Kim", "stay", "Kim"),  # the form of its UID says reservation
    ],
)
def test_vrbo_in_other_languages(summary: str, kind: str, name: str | None) -> None:
    verdict = classify(
        event("2026-09-01", "2026-09-05", summary, "6f49cda7-479e-454b-a6a3-39fa7feee5ed"), "vrbo", TODAY
    )
    assert (verdict.kind, verdict.guest_name) == (kind, name)


def test_expedia() -> None:
    block, stay = verdicts("expedia_2024_events_only.ics", "expedia", dt.date(2024, 7, 1))
    assert block.kind == "block"
    assert (stay.kind, stay.reference, stay.guest_name) == ("stay", "283293800", "Maria Anne Example")


@pytest.mark.parametrize(
    ("summary", "kind", "name", "reference"),
    [
        ("Anna Rossi", "stay", "Anna Rossi", None),
        ("Booking.com 4123456789", "stay", None, "4123456789"),
        ("Reserved - Anna", "stay", "Anna", None),
        ("Airbnb HMPG3S2FZD", "stay", None, "HMPG3S2FZD"),
        ("Busy", "block", None, None),
        ("Maintenance", "block", None, None),
        ("", "block", None, None),
    ],
)
def test_plain_calendars(summary: str, kind: str, name: str | None, reference: str | None) -> None:
    verdict = classify(event("2026-09-01", "2026-09-05", summary, "abc"), "ical", TODAY)
    assert (verdict.kind, verdict.guest_name, verdict.reference) == (kind, name, reference)


def test_what_a_calendar_marks_as_cancelled_or_free_does_not_count() -> None:
    assert classify(event("2026-09-01", "2026-09-05", "Anna", "a", is_cancelled=True), "ical", TODAY).kind == "ignored"
    assert (
        classify(event("2026-09-01", "2026-09-05", "Anna", "a", is_transparent=True), "ical", TODAY).kind == "ignored"
    )
