"""Feeds as they really come, and as they should not: one bad event never costs the others."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from webapp.channels.ports import FeedFault
from webapp.integrations.ical.parse import content_hash, parse

SAMPLES = Path(__file__).parents[1] / "data" / "ics"
ROME = ZoneInfo("Europe/Rome")
TODAY = dt.date(2026, 4, 4)


def calendar(*events: str, head: str = "PRODID:-//Test//EN", end: str = "\r\n") -> bytes:
    """A calendar of events whose lines are separated by `|`."""
    lines = ["BEGIN:VCALENDAR", *head.split("|")]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.split("|"), "END:VEVENT"]
    return end.join([*lines, "END:VCALENDAR", ""]).encode()


def read(*events: str, today: dt.date = TODAY, zone: ZoneInfo = ROME):
    return parse(calendar(*events), zone, today)


def dates(event) -> tuple[str, str]:
    return event.start.isoformat(), event.end.isoformat()


@pytest.mark.parametrize(
    ("name", "events", "hint"),
    [
        ("airbnb_2026_reserved_and_blocks.ics", 8, "airbnb"),
        ("airbnb_legacy_0.8.8_2020.ics", 2, "airbnb"),
        ("airbnb_naive_merge_of_6_feeds_invalid.ics", 176, "airbnb"),
        ("booking_2026_two_stays.ics", 2, "booking"),
        ("booking_2026_with_organizer.ics", 5, "booking"),
        ("booking_empty_200.ics", 0, "booking"),
        ("booking_overlapping_events.ics", 5, "booking"),
        ("booking_roll_day1.ics", 9, "booking"),
        ("expedia_2024_events_only.ics", 2, "expedia"),
        ("vrbo_abritel_fr_2020.ics", 6, "vrbo"),
    ],
)
def test_real_feeds_are_read_whole(name: str, events: int, hint: str) -> None:
    parsed = parse((SAMPLES / name).read_bytes(), ROME, TODAY)
    assert (len(parsed.events), parsed.problems, parsed.provider_hint) == (events, (), hint)
    assert parsed.is_complete


def test_folded_description_is_unfolded() -> None:
    parsed = parse((SAMPLES / "airbnb_2026_reserved_and_blocks.ics").read_bytes(), ROME, TODAY)
    assert "details/HMPG3S2FZD\nPhone" in parsed.events[0].description


@pytest.mark.parametrize(
    ("body", "kind", "word"),
    [
        (b"", "not_a_calendar", "empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "not_a_calendar", "web page"),
        ((SAMPLES / "airbnb_http500_body.json").read_bytes(), "not_a_calendar", "JSON"),
        (calendar("UID:1|DTSTART:20260501|DTEND:20260502")[:-20], "truncated", "cut off"),
        (b"BEGIN:VCALENDAR\r\n" + b"X" * (21 * 1024 * 1024), "too_large", "MB"),
    ],
)
def test_what_is_no_whole_calendar_is_a_fault(body: bytes, kind: str, word: str) -> None:
    with pytest.raises(FeedFault, match=word) as caught:
        parse(body, ROME, TODAY)
    assert caught.value.kind == kind
    with pytest.raises(FeedFault):
        content_hash(body, TODAY)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("DTSTART;VALUE=DATE:20260501|DTEND;VALUE=DATE:20260503", ("2026-05-01", "2026-05-03")),
        (
            "DTSTART;TZID=Europe/Rome:20260501T150000|DTEND;TZID=Europe/Rome:20260503T100000",
            ("2026-05-01", "2026-05-03"),
        ),
        ("DTSTART:20260430T220000Z|DTEND:20260502T220000Z", ("2026-05-01", "2026-05-03")),
        ("DTSTART:20260501T230000Z|DTEND:20260503T090000Z", ("2026-05-02", "2026-05-03")),
        ("DTSTART:20260501T000000|DTEND:20260503T000000", ("2026-05-01", "2026-05-03")),
        ("DTSTART:20260501T000000|DTEND:20260502T235900", ("2026-05-01", "2026-05-03")),
        ("DTSTART;TZID=W. Europe Standard Time:20260501T150000|DURATION:P1DT20H", ("2026-05-01", "2026-05-03")),
        ("DTSTART:20260501|DURATION:P2D", ("2026-05-01", "2026-05-03")),
        (
            "DTSTART;TZID=America/New_York:20260501T200000|DTEND;TZID=America/New_York:20260502T200000",
            ("2026-05-02", "2026-05-03"),
        ),
        (
            "DTSTART;TZID=Europe/Rome:20261024T150000|DTEND;TZID=Europe/Rome:20261026T100000",
            ("2026-10-24", "2026-10-26"),
        ),
    ],
)
def test_times_become_local_dates(lines: str, expected: tuple[str, str]) -> None:
    parsed = read(f"UID:1|{lines}")
    assert [dates(e) for e in parsed.events] == [expected]
    assert parsed.problems == ()


def test_a_time_zone_of_the_feed_itself_is_used() -> None:
    zone = (
        "BEGIN:VTIMEZONE|TZID:Far East|BEGIN:STANDARD|DTSTART:19700101T000000|TZOFFSETFROM:+0900|TZOFFSETTO:+0900|TZNAME:X"
        "|END:STANDARD|END:VTIMEZONE"
    )
    body = calendar("UID:1|DTSTART;TZID=Far East:20260502T050000|DTEND;TZID=Far East:20260504T050000", head=zone)
    parsed = parse(body, ROME, TODAY)
    assert [dates(e) for e in parsed.events] == [("2026-05-01", "2026-05-03")]
    assert parsed.problems == ()


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("DTSTART:20260503|DTEND:20260501", "ends_before_start"),
        ("DTSTART:00010101|DTEND:00010103", "date_out_of_range"),
        ("DTSTART:20260501|DTEND:99991231", "date_out_of_range"),
        ("DTSTART:20260501|DURATION:P900000000D", "date_out_of_range"),
        ("DTSTART:00000101|DTEND:20260501", "unreadable_event"),
        ("DTSTART:yesterday|DTEND:20260501", "unreadable_event"),
        ("DTEND:20260501", "no_start"),
        ("DTSTART:20260501T120000", "no_end"),
        ("DTSTART:20260501T100000|DTEND:20260501T120000", "no_night"),
        ("DTSTART:20260501|DTEND:20260502|RRULE:FREQ=SECONDLY", "unknown_recurrence"),
        ("DTSTART:20260501|DTEND:20260502|RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=TU", "unknown_recurrence"),
        ("DTSTART:20260501|DTEND:20260502|RRULE:FREQ=NEVER", "unknown_recurrence"),
    ],
)
def test_a_bad_event_is_a_problem_and_costs_no_other(lines: str, code: str) -> None:
    parsed = read(
        "UID:before|DTSTART:20260601|DTEND:20260602", f"UID:bad|{lines}", "UID:after|DTSTART:20260603|DTEND:20260604"
    )
    assert [e.uid for e in parsed.events] == ["before", "after"]
    assert [(p.code, p.uid, p.is_lost) for p in parsed.problems] == [(code, "bad", True)]
    assert parsed.is_complete  # the problem names the event, so the others may be judged


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("DTSTART:20260501", "no_end"),
        ("DTSTART:20260501|DTEND:20260501", "ends_at_start"),
        ("DTSTART;TZID=Customized Time Zone:20260501T150000|DTEND:20260502T100000", "unknown_time_zone"),
        ("DTSTART:20260501|DTEND:20260502|SUMMARY:" + "x" * 600, "text_cut"),
    ],
)
def test_an_odd_event_is_kept_with_a_remark(lines: str, code: str) -> None:
    parsed = read(f"UID:1|{lines}")
    assert [dates(e) for e in parsed.events] == [("2026-05-01", "2026-05-02")]
    assert [(p.code, p.is_lost) for p in parsed.problems] == [(code, False)]


def zone_of(rule: str) -> str:
    part = "BEGIN:{0}|DTSTART:19700{1}01T000000|TZOFFSETFROM:+0100|TZOFFSETTO:+0200|TZNAME:{0}|RRULE:{2}|END:{0}"
    parts = [part.format("STANDARD", 1, rule), part.format("DAYLIGHT", 3, rule)]
    return "\r\n".join(["BEGIN:VTIMEZONE", "TZID:Somewhere", *"|".join(parts).split("|"), "END:VTIMEZONE"])


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=HOURLY", "FREQ=YEARLY;BYHOUR=1,2,3", "FREQ=YEARLY;BYDAY=MO,TU,WE"]
)
def test_a_time_zone_that_never_rests_is_left_out(rule: str) -> None:
    """Looking up one instant in it would go through every change since 1970."""
    event = "UID:1|DTSTART;TZID=Somewhere:20260501T150000|DTEND;TZID=Somewhere:20260503T100000"
    parsed = parse(calendar(event, head=zone_of(rule)), ROME, TODAY)
    assert [dates(e) for e in parsed.events] == [("2026-05-01", "2026-05-03")]
    assert {p.code for p in parsed.problems} == {"unknown_time_zone"}


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "BYMONTHDAY=8,9,10,11,12,13,14;BYDAY=SU;BYMONTH=3;FREQ=YEARLY;UNTIL=20370101T000000Z",
    ],
)
def test_a_time_zone_as_calendars_write_them_is_used(rule: str) -> None:
    event = "UID:1|DTSTART;TZID=Somewhere:20260501T150000|DTEND;TZID=Somewhere:20260503T100000"
    assert parse(calendar(event, head=zone_of(rule)), ROME, TODAY).problems == ()


def test_a_calendar_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.integrations.ical.parse.READING_SECONDS", 0.0)
    with pytest.raises(FeedFault) as caught:
        read("UID:1|DTSTART:20260501|DTEND:20260502")
    assert caught.value.kind == "too_large"


def test_an_event_that_cannot_even_be_named_makes_the_feed_incomplete() -> None:
    assert not read("SUMMARY:nothing else").is_complete


def test_mixed_line_ends_mark_blank_lines_and_a_missing_end() -> None:
    body = (
        b"\xef\xbb\xbfBEGIN:VCALENDAR\nPRODID:-//A//EN\r\nVERSION:2.0\r\n\r\nPRODID:-//B//EN\rBEGIN:VEVENT\nUID:1\r\n"
        b"DTSTART:20260501\n\nDTEND:20260502\nBEGIN:VEVENT\r\nUID:2\nDTSTART:20260503\r\nDTEND:20260504\nno colon here\n"
        b"END:VEVENT\r\nEND:VCALENDAR"
    )
    parsed = parse(body, ROME, TODAY)
    assert [e.uid for e in parsed.events] == ["1", "2"]
    assert [(p.code, p.uid) for p in parsed.problems] == [("unclosed_event", "1")]


def test_other_encodings_are_read() -> None:
    text = calendar("UID:1|DTSTART:20260501|DTEND:20260502|SUMMARY:Réservée - Zoë").decode()
    for body in (text.encode("cp1252"), b"\xff\xfe" + text.encode("utf-16-le"), text.encode()):
        assert parse(body, ROME, TODAY).events[0].summary == "Réservée - Zoë"


def test_an_alarm_inside_an_event_is_left_out() -> None:
    parsed = read(
        "UID:1|DTSTART:20260501|DTEND:20260502|BEGIN:VALARM|UID:9|SUMMARY:ring|END:VALARM|STATUS:CANCELLED|TRANSP:TRANSPARENT"
    )
    event = parsed.events[0]
    assert (event.uid, event.summary, event.is_cancelled, event.is_transparent) == ("1", "", True, True)


def test_recurring_events_are_expanded_within_a_window() -> None:
    parsed = read(
        "UID:w|DTSTART:20260502|DTEND:20260504|RRULE:FREQ=WEEKLY;BYDAY=SA;UNTIL=20260530T120000Z|EXDATE;VALUE=DATE:20260509",
        "UID:w|RECURRENCE-ID;VALUE=DATE:20260516|DTSTART:20260517|DTEND:20260519",
        "UID:d|DTSTART:19900101|DTEND:19900102|RRULE:FREQ=DAILY",
    )
    weekly = [dates(e) for e in parsed.events if e.uid.startswith("w#")]
    assert sorted(weekly) == [
        ("2026-05-02", "2026-05-04"),
        ("2026-05-17", "2026-05-19"),
        ("2026-05-23", "2026-05-25"),
        ("2026-05-30", "2026-06-01"),
    ]
    daily = [e for e in parsed.events if e.uid.startswith("d#")]
    assert 800 < len(daily) < 900
    assert parsed.problems == ()


def test_ten_thousand_events_are_read_and_more_are_bounded() -> None:
    events = [f"UID:{n}|DTSTART:2027{1 + n % 12:02}{1 + n % 28:02}|DURATION:P1D" for n in range(10_001)]
    started = time.perf_counter()
    parsed = read(*events[:10_000])
    assert len(parsed.events) == 10_000
    assert time.perf_counter() - started < 20
    over = parse(calendar(*events), ROME, TODAY)
    assert len(over.events) == 10_000
    assert not over.is_complete
    with pytest.raises(FeedFault, match="events"):
        parse(calendar(*["UID:1"] * 20_001), ROME, TODAY)


def test_the_hash_ignores_stamps_order_and_line_ends() -> None:
    one = "UID:1|DTSTAMP:20260101T000000Z|DTSTART:20260501|DTEND:20260502"
    two = "UID:2|DTSTART:20260503|DTEND:20260504"
    base = content_hash(calendar(one, two), TODAY)
    assert content_hash(calendar(two, one.replace("0101T", "0202T"), end="\n"), TODAY) == base
    assert parse(calendar(two, one), ROME, TODAY).content_hash == base
    assert content_hash(calendar(one, two.replace("0504", "0505")), TODAY) != base
    assert content_hash(calendar(one, two), TODAY + dt.timedelta(days=40)) == base
    repeated = calendar(one + "|RRULE:FREQ=WEEKLY")
    assert content_hash(repeated, TODAY) != content_hash(repeated, TODAY + dt.timedelta(days=8))
