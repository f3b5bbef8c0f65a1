"""Our own calendars: stable, whole-day, and silent about guests."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from webapp.channels.domain import classify
from webapp.core.calendars import ExportEvent
from webapp.integrations.ical.format import ICalendar

STAMP = dt.datetime(2026, 4, 4, 12, tzinfo=dt.UTC)
EVENTS = [
    ExportEvent("stay:2", dt.date(2026, 6, 1), dt.date(2026, 6, 3)),
    ExportEvent("stay:1", dt.date(2026, 5, 1), dt.date(2026, 5, 4)),
]


def test_what_we_write_we_read_back_as_our_own() -> None:
    form = ICalendar()
    body = form.write(
        "Harbour House – 101, with a name so long that it has to be folded somewhere near here, ok", EVENTS, STAMP
    )
    assert body == form.write(
        "Harbour House – 101, with a name so long that it has to be folded somewhere near here, ok", EVENTS[::-1], STAMP
    )
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"DTSTART;VALUE=DATE:20260501\r\nDTEND;VALUE=DATE:20260504" in body
    assert b"DTSTAMP:20260404T120000Z" in body
    parsed = form.parse(body, ZoneInfo("Europe/Rome"), STAMP.date())
    assert parsed.problems == ()
    assert [(e.start, e.end) for e in parsed.events] == [(e.start, e.end) for e in EVENTS[::-1]]
    assert {classify(e, "ical", STAMP.date()).code for e in parsed.events} == {"own_export"}


def test_the_uid_is_stable_and_hides_the_key() -> None:
    form = ICalendar()
    later = form.write("x", EVENTS, STAMP + dt.timedelta(days=9))
    uids = [line for line in form.write("y", EVENTS, STAMP).split(b"\r\n") if line.startswith(b"UID")]
    assert [line for line in later.split(b"\r\n") if line.startswith(b"UID")] == uids
    assert not any(b"stay" in uid for uid in uids)


def test_an_empty_room_is_a_whole_calendar() -> None:
    body = ICalendar().write("Room", [], STAMP)
    assert body.startswith(b"BEGIN:VCALENDAR\r\n")
    assert body.endswith(b"END:VCALENDAR\r\n")
