"""The feed reader against the emulated channels and their bad days."""

import time

import pytest

from webapp.channels.ports import Body, FeedFault, NotModified
from webapp.integrations.feeds import HttpFeedReader
from webapp.integrations.transport import Limits

EVENTS = [{"start": "2026-12-01", "end": "2026-12-04"}, {"start": "2026-12-10", "end": "2026-12-12"}]


@pytest.fixture
def reader(sandbox):
    return HttpFeedReader(private_origins=[sandbox.http_url], limits=Limits(read=1.0, total=8.0, max_bytes=10 << 20))


@pytest.fixture
def url(control):
    control.put_feed("airbnb", "room-1", EVENTS, today="2026-11-20")
    return control.feed_url("airbnb", "room-1")


def fault_of(reader, url):
    with pytest.raises(FeedFault) as caught:
        reader.fetch(url)
    return caught.value


@pytest.mark.parametrize("provider", ["booking", "airbnb", "vrbo", "expedia", "ical"])
def test_every_channel_is_read(reader, control, provider):
    control.put_feed(provider, "room-1", EVENTS, today="2026-11-20")
    answer = reader.fetch(control.feed_url(provider, "room-1"))
    assert isinstance(answer, Body)
    assert answer.content.count(b"BEGIN:VEVENT") >= 2


def test_a_channel_that_helps_is_asked_for_changes_only(reader, control):
    control.put_feed("ical", "room-1", EVENTS, today="2026-11-20")
    url = control.feed_url("ical", "room-1")
    first = reader.fetch(url)
    assert first.etag
    assert reader.fetch(url, etag=first.etag, last_modified=first.last_modified) == NotModified()
    control.add_event("ical", "room-1", start="2026-12-20", end="2026-12-22")
    assert isinstance(reader.fetch(url, etag=first.etag), Body)


def test_an_empty_calendar_is_a_calendar(reader, control, url):
    control.feed("airbnb", "room-1", mode="empty")
    assert b"BEGIN:VEVENT" not in reader.fetch(url).content


@pytest.mark.parametrize(
    ("behaviour", "kind", "said"),
    [
        ({"mode": "500"}, "http_status", "Status 500"),
        ({"mode": "json500"}, "http_status", "There was an error processing your request"),
        ({"mode": "json500", "status": 200}, "not_a_calendar", "There was an error processing your request"),
        ({"mode": "html"}, "not_a_calendar", "Just a moment..."),
        ({"mode": "truncated"}, "truncated", "breaks off"),
        ({"mode": "huge"}, "too_large", "10 MB"),
        ({"mode": "redirect", "location": "http://169.254.169.254/latest/meta-data/"}, "forbidden_address", "private"),
        ({"mode": "redirect", "location": "http://127.0.0.1:9/"}, "forbidden_address", "private"),
        ({"mode": "redirect", "location": "/ota/airbnb/room-1.ics"}, "too_many_redirects", "never arrives"),
        ({"mode": "slow", "seconds": 5}, "timeout", "too long"),
    ],
)
def test_bad_days(reader, control, url, behaviour, kind, said):
    control.feed("airbnb", "room-1", **behaviour)
    began = time.monotonic()
    fault = fault_of(reader, url)
    assert fault.kind == kind
    assert said in fault.message
    assert time.monotonic() - began < 6


def test_a_drip_is_cut_off(sandbox, control, url):
    control.feed("airbnb", "room-1", mode="slow", drip=True, seconds=10)
    quick = HttpFeedReader(private_origins=[sandbox.http_url], limits=Limits(read=1.0, total=1.5))
    assert fault_of(quick, url).kind == "timeout"


def test_a_feed_that_is_gone(reader, control):
    assert fault_of(reader, control.feed_url("airbnb", "no-such-room")).status == 404


def test_a_redirect_to_a_calendar_is_followed(reader, control, url):
    control.put_feed("ical", "moved", [])
    control.feed("ical", "moved", mode="redirect", location=url, status=301)
    assert reader.fetch(control.feed_url("ical", "moved")).final_url == url


def test_without_the_permission_of_the_sandbox_it_is_private(url):
    assert fault_of(HttpFeedReader(), url).kind == "forbidden_address"
