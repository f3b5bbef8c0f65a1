import pytest

from webapp.channels.ports import FeedFault
from webapp.integrations.feeds.contents import check_calendar

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize(
    "content",
    [
        CALENDAR,
        CALENDAR.replace(b"\r\n", b"\n"),
        CALENDAR.replace(b"\r\n", b"\r"),
        CALENDAR.rstrip(),
        b"\xef\xbb\xbf" + CALENDAR,
        b"\r\n\r\n" + CALENDAR,
        b"begin:vcalendar\nend:vcalendar\n",
        CALENDAR + CALENDAR,
    ],
)
def test_whole_calendars_pass(content):
    assert check_calendar(content) is None


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"", "not_a_calendar", "nothing at all"),
        (b" \r\n ", "not_a_calendar", "nothing at all"),
        (b"<!DOCTYPE html><title>Sign\n in &amp; go</title>", "not_a_calendar", "titled “Sign in & go”"),
        (b"<div><body>", "not_a_calendar", "web page, not"),
        (b'{"code":500,"message":"There was an error."}', "not_a_calendar", "“There was an error.”"),
        (b'{"error":{"message":"no \\u0007bell"}}', "not_a_calendar", "“no bell”"),
        (b'[{"detail":"x"}]', "not_a_calendar", "“x”"),
        (b"{broken", "not_a_calendar", "an error instead of a calendar."),
        (b"[" * 60000, "not_a_calendar", "an error instead of a calendar."),
        (b"<?xml version='1.0'?><feed/>", "not_a_calendar", "XML"),
        (b"BEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n", "not_a_calendar", "piece of a calendar"),
        (b"%PDF-1.7", "not_a_calendar", "something that is not a calendar"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1", "truncated", "breaks off"),
        (b"BEGIN:VCALENDAR\nSUMMARY:say END:VCALENDAR\n", "truncated", "breaks off"),
        (CALENDAR + b"BEGIN:VCALENDAR\n", "truncated", "breaks off"),
    ],
)
def test_what_is_no_calendar_is_named(content, kind, said):
    with pytest.raises(FeedFault) as caught:
        check_calendar(content)
    assert caught.value.kind == kind
    assert said in caught.value.message


def test_long_texts_are_cut():
    with pytest.raises(FeedFault) as caught:
        check_calendar(b'{"message":"' + b"a" * 5000 + b'"}')
    assert len(caught.value.message) < 300


def test_errors_by_the_book_of_airbnb():
    body = b'{"code":500,"message":"There was an error processing your request. It has been logged (ID af190f3c3f821d60)."}'
    with pytest.raises(FeedFault, match="error processing your request"):
        check_calendar(body)
