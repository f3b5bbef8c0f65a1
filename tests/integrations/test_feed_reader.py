"""The reader against a server that behaves as badly as the Internet does."""

import gzip
import logging
import socket
import time
import zlib

import pytest

from webapp.channels.ports import Body, FeedFault, NotModified
from webapp.integrations.feeds import HttpFeedReader
from webapp.integrations.transport import Limits

from .tls import certificate_for
from .wire import serving

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
SHORT = Limits(connect=1.0, read=0.5, total=1.0, max_bytes=10 * 1024 * 1024)
TOKEN = "0123456789abcdef0123456789abcdef"


def reader_of(wire, limits=SHORT, **options):
    return HttpFeedReader(private_origins=[wire.url], limits=limits, **options)


def fault_of(reader, url):
    with pytest.raises(FeedFault) as caught:
        reader.fetch(url)
    assert TOKEN not in str(caught.value)
    return caught.value


def answering(status=200, body=CALENDAR, **headers):
    return lambda handler, seen: handler.answer(status, body, **headers)


def test_a_calendar_comes_with_its_version(wire):
    wire.behaviour = answering(ETag='"v1"', Last_Modified="Fri, 20 Nov 2026 08:00:00 GMT")
    answer = reader_of(wire).fetch(f"{wire.url}/ical/1.ics?s={TOKEN}#top")
    assert answer == Body(CALENDAR, '"v1"', "Fri, 20 Nov 2026 08:00:00 GMT", f"{wire.url}/ical/1.ics?s={TOKEN}")
    assert wire.last.target == f"/ical/1.ics?s={TOKEN}"
    assert wire.last.headers["user-agent"].startswith("Mozilla/5.0 (compatible; Innkeep/")
    assert wire.last.headers["host"] == f"127.0.0.1:{wire.port}"
    assert not {"if-none-match", "if-modified-since", "cookie"} & wire.last.headers.keys()


def test_an_unchanged_calendar_is_not_sent_again(wire):
    wire.behaviour = answering(304, b"")
    answer = reader_of(wire).fetch(wire.url, etag='W/"v1"', last_modified="Fri, 20 Nov 2026 08:00:00 GMT")
    assert answer == NotModified()
    assert wire.last.headers["if-none-match"] == 'W/"v1"'
    assert wire.last.headers["if-modified-since"] == "Fri, 20 Nov 2026 08:00:00 GMT"


def test_not_modified_is_only_believed_when_it_was_asked(wire):
    wire.behaviour = answering(304, b"")
    assert fault_of(reader_of(wire), wire.url).kind == "http_status"


def test_a_version_that_would_make_a_header_is_not_sent(wire):
    wire.behaviour = answering()
    reader_of(wire).fetch(wire.url, etag='"a"\r\nX-Evil: 1', last_modified="é")
    assert not {"if-none-match", "if-modified-since", "x-evil"} & wire.last.headers.keys()


@pytest.mark.parametrize(
    "encoded",
    [
        ("gzip", gzip.compress(CALENDAR, mtime=0)),
        ("x-gzip", gzip.compress(CALENDAR[:20], mtime=0) + gzip.compress(CALENDAR[20:], mtime=0)),
        ("deflate", zlib.compress(CALENDAR)),
        ("identity", CALENDAR),
    ],
)
def test_compressed_calendars_are_read(wire, encoded):
    wire.behaviour = answering(body=encoded[1], Content_Encoding=encoded[0])
    assert reader_of(wire).fetch(wire.url).content == CALENDAR


def test_chunked_calendars_are_read(wire):
    chunks = b"".join(b"1\r\n" + bytes([byte]) + b"\r\n" for byte in CALENDAR) + b"0\r\n\r\n"
    wire.behaviour = lambda handler, seen: handler.raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    )
    assert reader_of(wire).fetch(wire.url).content == CALENDAR


def test_webcal_means_https(wire):
    fault = fault_of(
        HttpFeedReader(limits=SHORT, resolver=lambda host, port: ["10.0.0.1"]), "webcal://feeds.example/a.ics"
    )
    assert fault.kind == "forbidden_address"


def test_odd_characters_are_encoded(wire):
    wire.behaviour = answering()
    reader_of(wire).fetch(f"{wire.url}/zimmer süd/%C3%A9.ics?n=a b")
    assert wire.last.target == "/zimmer%20s%C3%BCd/%C3%A9.ics?n=a%20b"


# Size


def test_fifty_megabytes_are_refused_before_they_are_read(wire):
    wire.behaviour = answering(body=b"", Content_Length=str(50 * 1024 * 1024))
    assert fault_of(reader_of(wire), wire.url).kind == "too_large"


def test_fifty_megabytes_without_a_length_are_not_read_to_the_end(wire):
    sent = []

    def pour(handler, seen):
        handler.raw(b"HTTP/1.1 200 OK\r\n\r\nBEGIN:VCALENDAR\r\n")
        for _ in range(50):
            handler.raw(b"x" * 1024 * 1024)
            sent.append(1)

    wire.behaviour = pour
    assert fault_of(reader_of(wire, Limits(total=20.0, max_bytes=2 * 1024 * 1024)), wire.url).kind == "too_large"
    assert len(sent) < 25


def test_a_bomb_does_not_go_off(wire):
    bomb = gzip.compress(b"x" * 60 * 1024 * 1024)
    assert len(bomb) < 100_000
    wire.behaviour = answering(body=bomb, Content_Encoding="gzip")
    assert fault_of(reader_of(wire, Limits(total=20.0, max_bytes=10 * 1024 * 1024)), wire.url).kind == "too_large"


def test_the_limit_itself_is_allowed(wire):
    wire.behaviour = answering()
    exact = Limits(total=5.0, max_bytes=len(CALENDAR))
    assert reader_of(wire, exact).fetch(wire.url).content == CALENDAR
    assert fault_of(reader_of(wire, Limits(total=5.0, max_bytes=len(CALENDAR) - 1)), wire.url).kind == "too_large"


# Time


def start(handler, seen):
    handler.raw(b"HTTP/1.1 200 OK\r\n\r\nBEGIN:VCALENDAR\r\n")
    handler.drip(b"X")


def header(handler, seen):
    handler.raw(b"HTTP/1.1 200 OK\r\nX-Long: ")
    handler.drip(b"X")


def continuing(handler, seen):
    handler.drip(b"HTTP/1.1 100 Continue\r\n\r\n")


def chunk_size(handler, seen):
    handler.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    handler.drip(b"0")


def silence(handler, seen):
    handler.wire.closing.wait(10)


def silence_after_start(handler, seen):
    handler.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nBEGIN")
    handler.wire.closing.wait(10)


@pytest.mark.parametrize("behaviour", [start, header, continuing, chunk_size, silence, silence_after_start])
def test_whatever_the_server_does_the_reading_ends(wire, behaviour):
    wire.behaviour = behaviour
    began = time.monotonic()
    assert fault_of(reader_of(wire), f"{wire.url}/?s={TOKEN}").kind == "timeout"
    assert time.monotonic() - began < 3


def test_a_stalled_handshake_ends():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        limits = Limits(connect=0.3, read=0.3, total=0.5)
        assert fault_of(HttpFeedReader(private_origins=[url], limits=limits), url).kind == "timeout"


def test_a_name_server_that_is_silent_ends_too(wire):
    reader = HttpFeedReader(
        limits=Limits(total=0.3), resolver=lambda host, port: [] if wire.closing.wait(10) else ["8.8.8.8"]
    )
    assert fault_of(reader, "https://slow.example/a.ics").kind == "timeout"


# Breaking off


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "not_a_calendar"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nBEGIN:VCALENDAR\r\n", "truncated"),
        (b"HTTP/1.1 200 OK\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "truncated"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(CALENDAR, mtime=0)[:-9], "truncated"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nxxxx", "unreachable"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 200 + b"\r\n", "unreachable"),
    ],
)
def test_broken_answers(wire, data, kind):
    wire.behaviour = lambda handler, seen: handler.raw(data)
    assert fault_of(reader_of(wire), wire.url).kind == kind


def test_nobody_at_home():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert fault_of(HttpFeedReader(private_origins=[url], limits=SHORT), f"{url}/{TOKEN}").kind == "unreachable"


# What it says


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "refuses"),
        (403, "refuses"),
        (404, "no longer"),
        (410, "no longer"),
        (429, "too often"),
        (418, "no calendar"),
        (500, "problem of its own"),
        (502, "problem of its own"),
        (503, "problem of its own"),
        (204, "no calendar"),
    ],
)
def test_statuses_are_explained(wire, status, said):
    wire.behaviour = answering(status, b"", Retry_After="120")
    fault = fault_of(reader_of(wire), wire.url)
    assert (fault.kind, fault.status, fault.retry_after) == ("http_status", status, 120)
    assert said in fault.message
    assert str(status) in fault.message


def test_the_servers_words_are_quoted_without_the_secret(wire):
    wire.behaviour = answering(404, b'{"message":"no calendar %s for this room"}' % TOKEN.encode())
    fault = fault_of(reader_of(wire), f"{wire.url}/v1/export?t={TOKEN}")
    assert "no calendar … for this room" in fault.message


def test_an_html_error_of_a_proxy(wire):
    wire.behaviour = answering(502, b"<html><title>502 Bad Gateway</title></html>", Retry_After="soon")
    fault = fault_of(reader_of(wire), wire.url)
    assert "502 Bad Gateway" in fault.message
    assert fault.retry_after is None


def test_a_page_instead_of_a_calendar(wire):
    wire.behaviour = answering(200, b"<!doctype html><html><title>Log in</title>")
    fault = fault_of(reader_of(wire), wire.url)
    assert fault.kind == "not_a_calendar"
    assert "“Log in”" in fault.message


def test_an_error_cut_off_keeps_its_status(wire):
    wire.behaviour = lambda handler, seen: handler.raw(b"HTTP/1.1 500 Oops\r\nContent-Length: 900\r\n\r\n{")
    assert fault_of(reader_of(wire), wire.url).status == 500


def test_nothing_secret_is_logged(wire, caplog):
    wire.behaviour = answering(500)
    with caplog.at_level(logging.DEBUG):
        fault_of(reader_of(wire), f"{wire.url}/ical?s={TOKEN}")
    assert TOKEN not in caplog.text


# Where it goes


def test_three_redirects_are_followed(wire):
    def hop(handler, seen):
        number = int(seen.path[1:] or 0)
        if number == 3:
            return handler.answer(200, CALENDAR)
        return handler.answer((301, 302, 307)[number], b"x" * 10, Location=f"/{number + 1}")

    wire.behaviour = hop
    assert reader_of(wire).fetch(f"{wire.url}/0").final_url == f"{wire.url}/3"


def test_the_fourth_is_not(wire):
    wire.behaviour = lambda handler, seen: handler.answer(302, Location="/again")
    assert fault_of(reader_of(wire), wire.url).kind == "too_many_redirects"
    assert len(wire.seen) == 4


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:169.254.169.254]/",
        "//10.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://017700000001/",
        "file:///etc/passwd",
        "ftp://8.8.8.8/",
        "gopher://8.8.8.8/",
        "http://user:secret@8.8.8.8/",
        "http://8.8.8.8\\@127.0.0.1/",
        "http://[broken/",
        "http://8.8.8.8:99999/",
    ],
)
def test_redirects_into_the_house_are_refused(wire, target):
    wire.behaviour = lambda handler, seen: handler.answer(302, Location=target)
    assert fault_of(reader_of(wire), wire.url).kind == "forbidden_address"
    assert len(wire.seen) == 1
    with pytest.raises(FeedFault) as caught:
        HttpFeedReader(limits=SHORT).fetch("http:" + target if target.startswith("//") else target)
    assert caught.value.kind == "forbidden_address"


@pytest.mark.parametrize("url", ["", "https://", "http:///", "calendar", "mailto:a@b.example", "https://exa mple/"])
def test_what_is_no_address(url):
    assert fault_of(HttpFeedReader(limits=SHORT), url).kind == "forbidden_address"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest/", "refused_address"),
        ("http://10.0.0.1/a.ics", "refused_address"),
        ("http://127.0.0.1:8000/a.ics", "refused_address"),
        ("http://127.1/a.ics", "refused_address"),
        ("http://0x7f000001./a.ics", "refused_address"),
        ("http://999.1.1.1/a.ics", "refused_address"),
        ("http://①⑦②.16.0.1/a.ics", "refused_address"),
        ("webcal://192.168.0.10/a.ics", "refused_address"),
        ("https://[::1]/a.ics", "refused_address"),
        ("https://[fe80::1%25eth0]/a.ics", "refused_address"),
        ("http://localhost:5000/a.ics", "refused_address"),
        ("http://anything.localhost./a.ics", "refused_address"),
        ("http://exa mple.com/a.ics", "url"),
        ("https://-bad-.example/a.ics", "url"),
        ("https://bad..example/a.ics", "url"),
        ("https://" + "a" * 64 + ".example/a.ics", "url"),
        ("https://" + "a" * 250 + "!.example/a.ics", "url"),
        ("https://example.com:99999/a.ics", "url"),
        ("https://example.com:port/a.ics", "url"),
        ("https://user:password@example.com/a.ics", "url"),
        ("https://@example.com/a.ics", "url"),
        ("https://example.com/a.ics\r\nHost: other", "url"),
        ("https://exam\tple.com/a.ics", "url"),
        ("https://example.com/\x00a.ics", "url"),
        ("ftp://example.com/a.ics", "url"),
        ("https:///a.ics", "url"),
        ("https://[broken/a.ics", "url"),
    ],
)
def test_hopeless_addresses_are_known_without_asking_anybody(url, code):
    def nobody(host, port):
        raise AssertionError("no name is looked up")

    reader = HttpFeedReader(limits=SHORT, resolver=nobody)
    for use in (reader.check, reader.fetch):
        with pytest.raises(FeedFault) as caught:
            use(url)
        assert (caught.value.kind, caught.value.code) == ("forbidden_address", code)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.airbnb.com/calendar/ical/1.ics?t=0123",
        "webcal://example.com:8443/a b.ics",
        " https://bücher.example/a.ics\n",
        "http://my_host.example./a.ics",
        "https://8.8.8.8/a.ics",
        "https://[2606:4700:4700::1111]/a.ics",
        "http://127.0.0.1:9000/ota/airbnb/1.ics",
    ],
)
def test_what_may_be_an_address_is_taken(url):
    def nobody(host, port):
        raise AssertionError("no name is looked up")

    reader = HttpFeedReader(private_origins=["http://127.0.0.1:9000"], resolver=nobody)
    try:
        reader.check(url)
    except FeedFault as fault:
        pytest.fail(f"{url!r} is refused: {fault}")


def test_without_the_sandbox_this_very_server_is_refused(wire):
    assert fault_of(HttpFeedReader(limits=SHORT), wire.url).kind == "forbidden_address"
    other_port = f"http://127.0.0.1:{wire.port + 1}"
    assert fault_of(HttpFeedReader(private_origins=[other_port], limits=SHORT), wire.url).kind == "forbidden_address"
    assert wire.seen == []


def test_a_name_is_asked_for_once_and_that_answer_is_used(wire):
    """The second answer would lead elsewhere; nobody asks for it."""
    answers = iter([["127.0.0.1"], ["127.0.0.9"]])
    asked = []

    def rebinding(host, port):
        asked.append((host, port))
        return next(answers)

    wire.behaviour = answering()
    url = f"http://feeds.example:{wire.port}"
    reader = HttpFeedReader(private_origins=[url], limits=SHORT, resolver=rebinding)
    assert reader.fetch(f"{url}/a.ics").content == CALENDAR
    assert asked == [("feeds.example", wire.port)]
    assert wire.last.headers["host"] == f"feeds.example:{wire.port}"


def test_every_hop_is_judged_anew(wire):
    """The name leads to a permitted address first; at the redirect to the same name it has moved into the house."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    wire.behaviour = lambda handler, seen: handler.answer(302, Location="http://moving.example/")
    url = f"http://feeds.example:{wire.port}"
    reader = HttpFeedReader(private_origins=[url], limits=SHORT, resolver=lambda host, port: next(answers))
    assert fault_of(reader, url).kind == "forbidden_address"


def test_of_several_addresses_only_public_ones_count():
    reader = HttpFeedReader(limits=SHORT, resolver=lambda host, port: ["10.0.0.1", "::1", "fe80::1"])
    assert fault_of(reader, "https://mixed.example/").kind == "forbidden_address"


def test_the_next_address_is_tried_when_one_is_dead(wire):
    wire.behaviour = answering()
    url = f"http://feeds.example:{wire.port}"
    reader = HttpFeedReader(private_origins=[url], limits=SHORT, resolver=lambda host, port: ["127.0.0.7", "127.0.0.1"])
    assert reader.fetch(url).content == CALENDAR


def test_an_unknown_name():
    def unknown(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert (
        fault_of(HttpFeedReader(limits=SHORT, resolver=unknown), f"https://typo.example/{TOKEN}").kind == "unreachable"
    )


def test_international_names_are_asked_for_in_ascii():
    asked = []

    def remember(host, port):
        asked.append(host)
        return []

    assert fault_of(HttpFeedReader(limits=SHORT, resolver=remember), "https://Bücher.example/").kind == "unreachable"
    assert asked == ["xn--bcher-kva.example"]


# TLS: the connection goes to the checked address, the certificate must be the name's


def test_tls_is_verified_for_the_name_not_for_the_address(tmp_path):
    authority = certificate_for("feeds.example", tmp_path)
    with serving(authority.context) as secure:
        secure.behaviour = answering()
        right, wrong = (f"https://{name}:{secure.port}" for name in ("feeds.example", "other.example"))
        reader = HttpFeedReader(
            private_origins=[right, wrong],
            limits=Limits(connect=3.0, read=3.0, total=5.0),
            resolver=lambda host, port: ["127.0.0.1"],
            ca_file=authority.ca_file,
        )
        assert reader.fetch(f"{right}/a.ics").content == CALENDAR
        fault = fault_of(reader, f"{wrong}/a.ics")
        assert fault.kind == "unreachable"
        assert "certificate" in fault.message
        assert len(secure.seen) == 1


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path):
    authority = certificate_for("feeds.example", tmp_path)
    with serving(authority.context) as secure:
        url = f"https://feeds.example:{secure.port}"
        reader = HttpFeedReader(private_origins=[url], limits=SHORT, resolver=lambda host, port: ["127.0.0.1"])
        assert fault_of(reader, url).kind == "unreachable"
        assert secure.seen == []
