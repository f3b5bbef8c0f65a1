"""The feed server: the providers' bytes, checked against what they really served, and their bad days."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests
from icalendar import Calendar

from webapp.sandbox import ControlError, SandboxControl, SandboxServer

NOW = "2026-08-22T07:36:47+00:00"


@pytest.fixture
def control(server: SandboxServer) -> SandboxControl:
    server.control.set_clock(NOW)
    return server.control


@pytest.fixture
def fetch(http: requests.Session, control: SandboxControl) -> Any:
    def fetch(provider: str, key: str = "room", **more: Any) -> requests.Response:
        return http.get(control.feed_url(provider, key), **more)

    return fetch


def stay(start: str, end: str, **more: Any) -> dict[str, Any]:
    return {"kind": "stay", "start": start, "end": end, **more}


def uids(answer: requests.Response) -> list[str]:
    return [line.removeprefix("UID:") for line in answer.text.split("\r\n") if line.startswith("UID:")]


def test_airbnb_bytes(fetch: Any, control: SandboxControl) -> None:
    events = [
        stay("2026-08-24", "2026-09-02", code="HMPG3S2FZD", phone_last4="1265"),
        {"kind": "block", "start": "2026-10-01", "end": "2026-10-03"},
    ]
    control.put_feed("airbnb", "room", events)
    answer = fetch("airbnb")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    first, second = uids(answer)
    assert first.startswith("1418fb94e984-")
    assert second.startswith("7f662ec65913-")
    assert len(first) == len("1418fb94e984-852c89f27ecf42cf813dc4bdc20995fa@airbnb.com")
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN",
        "CALSCALE:GREGORIAN",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        "DTSTAMP:20260822T073647Z",
        "DTSTART;VALUE=DATE:20260824",
        "DTEND;VALUE=DATE:20260902",
        "SUMMARY:Reserved",
        f"UID:{first}",
        "DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/de",
        " tails/HMPG3S2FZD\\nPhone Number (Last 4 Digits): 1265",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "DTSTAMP:20260822T073647Z",
        "DTSTART;VALUE=DATE:20261001",
        "DTEND;VALUE=DATE:20261003",
        "SUMMARY:Airbnb (Not available)",
        f"UID:{second}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    assert answer.content == "\r\n".join(lines).encode()


def test_airbnb_uid_stays_when_dates_change_and_code_has_ten_characters(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [stay("2026-09-01", "2026-09-05", id="a")])
    before = fetch("airbnb")
    control.add_event("airbnb", "room", **stay("2026-09-02", "2026-09-06", id="a"))
    after = fetch("airbnb")
    assert uids(before) == uids(after)
    event = Calendar.from_ical(after.content).events[0]
    code = str(event["DESCRIPTION"]).split("details/")[1].split("\n")[0]
    assert len(code) == 10
    assert code.startswith("HM")


def test_airbnb_without_phone_line(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [stay("2026-09-01", "2026-09-05", phone_last4=None)])
    assert "Phone Number" not in fetch("airbnb").text


def test_airbnb_booking_window_grows_and_keeps_its_uid(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [{"kind": "window", "start": "2027-02-18"}], today="2026-08-22")
    first = fetch("airbnb")
    control.feed("airbnb", "room", today="2026-08-23")
    second = fetch("airbnb")
    assert "DTEND;VALUE=DATE:20270822" in first.text
    assert "DTEND;VALUE=DATE:20270823" in second.text
    assert uids(first) == uids(second)
    control.put_feed("airbnb", "room", [], horizon_days=180, today="2026-08-22")
    assert "DTSTART;VALUE=DATE:20270218" in fetch("airbnb").text


@pytest.mark.parametrize(
    ("provider", "day_shown", "day_gone"),
    [("airbnb", "2026-09-06", "2026-09-07"), ("booking", "2026-09-05", "2026-09-06")],
)
def test_past_stays_fall_out(fetch: Any, control: SandboxControl, provider: str, day_shown: str, day_gone: str) -> None:
    control.put_feed(provider, "room", [stay("2026-09-01", "2026-09-05")], today=day_shown)
    assert len(uids(fetch(provider))) == 1
    control.feed(provider, "room", today=day_gone)
    assert uids(fetch(provider)) == []


def test_booking_bytes(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("booking", "room", [stay("2026-09-08", "2026-09-13", name="Never Shown")])
    answer = fetch("booking")
    uid = uids(answer)[0]
    assert uid.endswith("@booking.com")
    assert len(uid) == 32 + len("@booking.com")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        r"PRODID:-//admin.booking.com\\\, b.v.//NONSGML v1.0//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        "DTSTAMP:20260822T073647Z",
        "DTSTART;VALUE=DATE:20260908",
        "DTEND;VALUE=DATE:20260913",
        f"UID:{uid}",
        "SUMMARY:CLOSED - Not available",
        "ORGANIZER:mailto:noreply@booking.com",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    assert answer.content == "\r\n".join(lines).encode()


def test_booking_uid_is_a_function_of_room_and_first_day(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("booking", "room", [stay("2026-09-08", "2026-09-13", id="first guest")])
    first = uids(fetch("booking"))
    control.put_feed("booking", "room", [stay("2026-09-08", "2026-09-10", id="second guest")])
    assert uids(fetch("booking")) == first
    control.put_feed("booking", "other", [stay("2026-09-08", "2026-09-13")])
    assert uids(fetch("booking", "other")) != first


def test_booking_rolls_a_running_event_at_the_local_midnight(fetch: Any, control: SandboxControl) -> None:
    events = [stay("2026-08-20", "2026-08-25"), stay("2026-09-08", "2026-09-13")]
    control.put_feed("booking", "room", events, timezone="Europe/Rome")
    control.feed("booking", "room", mode="roll")
    control.set_clock("2026-08-21T21:59:00+00:00")
    before = fetch("booking")
    control.set_clock("2026-08-21T22:01:00+00:00")
    after = fetch("booking")
    assert "DTSTART;VALUE=DATE:20260821" in before.text
    assert "DTSTART;VALUE=DATE:20260822" in after.text
    assert "DTEND;VALUE=DATE:20260825" in after.text
    assert uids(before)[0] != uids(after)[0]
    assert uids(before)[1] == uids(after)[1]
    control.set_clock("2026-08-25T10:00:00+00:00")
    assert len(uids(fetch("booking"))) == 1


def test_booking_tail_moves_daily(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("booking", "room", [{"kind": "window", "start": "2027-02-01"}], today="2026-08-22")
    assert "DTEND;VALUE=DATE:20280221" in fetch("booking").text
    control.feed("booking", "room", today="2026-08-23")
    assert "DTEND;VALUE=DATE:20280222" in fetch("booking").text


def test_vrbo_bytes_are_localised(fetch: Any, control: SandboxControl) -> None:
    events = [
        stay("2026-08-24", "2026-08-29", name="Camille Durand", id="c"),
        {"kind": "block", "start": "2028-02-29", "end": "2028-03-05"},
        stay("2026-11-15", "2026-12-06", name="Dominique", tentative=True),
        stay("2026-10-13", "2026-10-24"),
    ]
    control.put_feed("vrbo", "room", events, language="fr")
    text = fetch("vrbo").content.decode()
    header = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nPRODID:-//HomeAway.com, Inc.//EN\r\n"
    assert text.startswith(header + "BEGIN:VEVENT\r\nUID:")
    for line in ("Réservée - Camille", "Provisoire - Dominique", "Réservée", "Indisponible"):
        assert f"SUMMARY:{line}\r\n" in text
    assert "UID:02292028-0229-2028-0305-202803052028\r\n" in text
    control.feed("vrbo", "room", language="en")
    assert "SUMMARY:Reserved - Camille\r\n" in fetch("vrbo").content.decode()
    assert "SUMMARY:Blocked\r\n" in fetch("vrbo").content.decode()


def test_vrbo_keeps_the_past_half_year(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("vrbo", "room", [stay("2026-03-01", "2026-03-05")])
    assert len(uids(fetch("vrbo"))) == 1


def test_expedia_bytes(fetch: Any, control: SandboxControl) -> None:
    events = [
        stay("2025-10-23", "2025-10-27", name="Maria Anne Example"),
        {"kind": "block", "start": "2026-09-01", "end": "2026-09-02"},
    ]
    control.put_feed("expedia", "room", events)
    answer = fetch("expedia")
    reserved, blocked = uids(answer)
    assert reserved.endswith("@expedia.com")
    assert len(blocked) == 19 + len("@expedia.com")
    body = answer.content.decode()
    assert (
        "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20251023\r\nDTEND;VALUE=DATE:20251027\r\nSUMMARY:Reserved on Expedia\r\n"
        f"DESCRIPTION:Reserved by Maria Anne Example\r\nUID:{reserved}\r\nEND:VEVENT\r\n"
    ) in body
    assert "SUMMARY:Unavailable on Expedia\r\nDESCRIPTION:\r\n" in body


def test_long_lines_fold_at_75_octets_without_cutting_characters(fetch: Any, control: SandboxControl) -> None:
    name = "é" * 90
    control.put_feed("ical", "room", [stay("2026-09-01", "2026-09-05", name=name)])
    answer = fetch("ical")
    assert max(len(line) for line in answer.content.split(b"\r\n")) <= 75
    assert str(Calendar.from_ical(answer.content).events[0]["SUMMARY"]) == name


def test_conditional_requests_help_only_where_the_provider_does(fetch: Any, control: SandboxControl) -> None:
    for provider in ("ical", "booking"):
        control.put_feed(provider, "room", [stay("2026-09-01", "2026-09-05", id="a")])
    answer = fetch("booking")
    assert "ETag" not in answer.headers
    assert "Last-Modified" not in answer.headers
    answer = fetch("ical")
    again = fetch("ical", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert fetch("ical", headers={"If-Modified-Since": answer.headers["Last-Modified"]}).status_code == 304
    control.add_event("ical", "room", **stay("2026-09-02", "2026-09-06", id="a"))
    assert fetch("ical", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200
    control.feed("booking", "room", conditional=True)
    assert "ETag" in fetch("booking").headers


def test_empty_is_a_healthy_answer_without_events(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("booking", "room", [stay("2026-09-01", "2026-09-05")])
    control.feed("booking", "room", mode="empty", times=1)
    answer = fetch("booking")
    assert answer.status_code == 200
    assert len(answer.content) == 137, "as many bytes as the real one"
    assert len(uids(fetch("booking"))) == 1, "for one request only"


def test_partial_by_fraction_or_id(fetch: Any, control: SandboxControl) -> None:
    control.put_feed(
        "airbnb", "room", [stay(f"2026-09-{n:02d}", f"2026-09-{n + 1:02d}", id=f"s{n}") for n in range(1, 9)]
    )
    control.feed("airbnb", "room", mode="partial", fraction=0.25)
    assert len(uids(fetch("airbnb"))) == 6
    control.feed("airbnb", "room", mode="partial", omit=["s1", "s2", "s3"])
    assert len(uids(fetch("airbnb"))) == 5


def test_errors_and_pages_instead_of_a_calendar(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [])
    control.feed("airbnb", "room", mode="500")
    assert (fetch("airbnb").status_code, fetch("airbnb").headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    control.feed("airbnb", "room", mode="json500")
    answer = fetch("airbnb")
    assert (answer.status_code, len(answer.content)) == (500, 110)
    assert json.loads(answer.text)["code"] == 500
    control.feed("airbnb", "room", mode="json500", status=200)
    assert fetch("airbnb").status_code == 200
    control.feed("airbnb", "room", mode="html")
    assert fetch("airbnb").status_code == 200
    assert "<html" in fetch("airbnb").text
    assert fetch("airbnb", "unknown").status_code == 404


def test_truncated_has_no_end(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [stay("2026-09-01", "2026-09-05")])
    control.feed("airbnb", "room", mode="truncated")
    assert fetch("airbnb").content.startswith(b"BEGIN:VCALENDAR")
    assert b"END:VCALENDAR" not in fetch("airbnb").content


def test_redirect(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [])
    control.feed("airbnb", "room", mode="redirect", location="http://169.254.169.254/latest/meta-data/")
    answer = fetch("airbnb", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://169.254.169.254/latest/meta-data/")


def test_huge_is_streamed(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [])
    control.feed("airbnb", "room", mode="huge")
    started = time.monotonic()
    with fetch("airbnb", stream=True) as answer:
        size = 0
        for chunk in answer.iter_content(1 << 20):
            size += len(chunk)
            if size > 8 << 20:
                break
    assert size > 8 << 20
    assert "Content-Length" not in answer.headers
    assert time.monotonic() - started < 5


def test_huge_is_fifty_megabytes(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [])
    control.feed("airbnb", "room", mode="huge")
    with fetch("airbnb", stream=True) as answer:
        assert sum(len(chunk) for chunk in answer.iter_content(1 << 20)) >= 50 * 1024 * 1024


def test_slow_and_dripping(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [stay("2026-09-01", "2026-09-05")])
    control.feed("airbnb", "room", mode="slow", seconds=30)
    with pytest.raises(requests.ReadTimeout):
        fetch("airbnb", timeout=0.1)
    control.feed("airbnb", "room", mode="slow", seconds=0.2, drip=True)
    with fetch("airbnb", stream=True) as answer:
        assert b"".join(answer.iter_content(None)).endswith(b"END:VCALENDAR\r\n")
        assert "Content-Length" not in answer.headers


def test_raw_bytes_until_removed(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [])
    control.put_raw_feed("airbnb", "room", b"\xff\x00not a calendar", status=410)
    answer = fetch("airbnb")
    assert (answer.status_code, answer.content) == (410, b"\xff\x00not a calendar")
    control.call("DELETE", "/ota/airbnb/room/raw")
    assert fetch("airbnb").status_code == 200


def test_a_cancelled_stay_is_simply_gone(fetch: Any, control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [stay("2026-09-01", "2026-09-05", id="a"), stay("2026-09-07", "2026-09-09")])
    control.remove_event("airbnb", "room", "a")
    answer = fetch("airbnb")
    assert len(uids(answer)) == 1
    assert "STATUS" not in answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/ota/nobody/room", {}),
        ("/ota/airbnb/room", {"events": [{"kind": "stay", "start": "2026-09-01"}]}),
        ("/ota/airbnb/room", {"events": [{"kind": "dream", "start": "2026-09-01", "end": "2026-09-02"}]}),
        ("/ota/airbnb/room", {"timezone": "Nowhere/Land"}),
        ("/ota/airbnb/room", {"colour": "red"}),
    ],
)
def test_control_explains_its_refusals(control: SandboxControl, path: str, body: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="400"):
        control.call("PUT", path, body)


def test_unknown_mode_is_refused(control: SandboxControl) -> None:
    control.put_feed("airbnb", "room", [])
    with pytest.raises(ControlError, match="mode is one of"):
        control.feed("airbnb", "room", mode="sleepy")
