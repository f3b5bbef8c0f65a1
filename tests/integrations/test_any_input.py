"""Whatever arrives from outside becomes an answer or an error of the port, never anything else."""

import email
import email.policy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from webapp.access.ports import LockError, Tokens
from webapp.channels.ports import Body, FeedFault
from webapp.checkin.ports import DocumentStoreError
from webapp.integrations.cloudinary import CloudinaryStore
from webapp.integrations.feeds import HttpFeedReader
from webapp.integrations.feeds.contents import check_calendar
from webapp.integrations.smtp.letter import compose
from webapp.integrations.transport import Limits
from webapp.integrations.ttlock import TTLockClient
from webapp.integrations.twilio import TwilioSender
from webapp.messaging.ports import Attachment, OutgoingMail, SendError, SendRejected, SmsReceipt

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
LIMITS = Limits(connect=2.0, read=2.0, total=4.0, max_bytes=100_000)
TOKENS = Tokens("access", "refresh", NOW)
with_server = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
pure = settings(max_examples=200, deadline=None, derandomize=True)

statuses = st.sampled_from(
    [b"200 OK", b"304 Not Modified", b"302 Found", b"500 Oops", b"abc", b"99999 X", b"100 Go on"]
)
header_lines = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"Transfer-Encoding: chunked",
                b"Content-Encoding: gzip",
                b"Content-Encoding: deflate",
                b"Content-Length: 10",
                b"Content-Length: -1",
                b"Content-Length: x",
                b"Location: http://[",
                b"Location: \xff\xfe",
                b"Location: //",
                b"Retry-After: 99999999999999999999",
                b"ETag: \xe9",
            ]
        ),
        st.binary(max_size=20),
    ),
    max_size=4,
)
bodies = st.one_of(
    st.binary(max_size=200), st.just(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), st.just(b"5\r\nhello\r\n0\r\n\r\n")
)
numbers = st.one_of(st.integers(), st.floats(), st.just(10**30), st.just("9" * 30), st.just("-1e9"))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
TTLOCK = "errcode errmsg list pages lockId gatewayId keyboardPwdId keyboardPwd startDate expires_in access_token uid"
OTHERS = "refresh_token electricQuantity rssi status sid code error message public_id version bytes signature result"


def outcome(kind, call):
    """What the call gives, or the error of the port that it raises."""
    try:
        return call()
    except kind as error:
        return error


def documents(names):
    flat = st.dictionaries(st.sampled_from(names.split()), values, max_size=6)
    with_list = st.builds(lambda one, rows: one | {"list": rows}, flat, st.lists(flat, max_size=2))
    return st.one_of(values, flat, with_list)


@with_server
@given(status=statuses, headers=header_lines, body=bodies)
def test_any_answer_to_a_feed(wire, status, headers, body):
    answer = b"HTTP/1.1 " + status + b"\r\n" + b"".join(line + b"\r\n" for line in headers) + b"\r\n" + body
    wire.behaviour = lambda handler, seen: handler.raw(answer)
    reader = HttpFeedReader(private_origins=[wire.url], limits=LIMITS)
    assert isinstance(outcome(FeedFault, lambda: reader.fetch(wire.url)), Body | FeedFault)


@pure
@given(url=st.one_of(st.text(max_size=40), st.text(max_size=20).map(lambda text: f"http://{text}")))
def test_any_address_of_a_feed(url):
    reader = HttpFeedReader(limits=LIMITS, resolver=lambda host, port: ["127.0.0.1"])
    with pytest.raises(FeedFault):
        reader.fetch(url)


@pure
@given(
    content=st.one_of(
        st.binary(max_size=300), st.text(max_size=100).map(lambda text: ("<title>" + text).encode("utf-8", "replace"))
    )
)
def test_any_content_of_a_feed(content):
    fault = outcome(FeedFault, lambda: check_calendar(content))
    if fault is None:
        assert b"begin:vcalendar" in content.lower()
    else:
        assert fault.message.isprintable()


@with_server
@given(data=documents(TTLOCK + " " + OTHERS), status=st.sampled_from([200, 400, 502]))
def test_any_json_from_ttlock(wire, data, status):
    wire.behaviour = lambda handler, seen: handler.answer(status, json.dumps(data).encode())
    client = TTLockClient("c", "s", wire.url, now=lambda: NOW, limits=LIMITS)
    calls = [
        lambda: client.authorise("u", "0" * 32),
        lambda: client.random_code(TOKENS, "1", "x", NOW, NOW.replace(day=22)),
        lambda: client.list_codes(TOKENS, "1"),
        lambda: client.list_locks(TOKENS),
        lambda: client.list_gateways(TOKENS),
        lambda: client.add_code(TOKENS, "1", "48213", "x", NOW, NOW.replace(day=22)),
        lambda: client.unlock(TOKENS, "1"),
    ]
    for call in calls:
        assert isinstance(outcome(LockError, call), LockError) or status == 200


@with_server
@given(data=documents(OTHERS + " errcode title type"), status=st.sampled_from([200, 201, 400, 429, 502]))
@example(data={"code": "21610"}, status=400)
def test_any_json_from_twilio(wire, data, status):
    wire.behaviour = lambda handler, seen: handler.answer(status, json.dumps(data).encode())
    sender = TwilioSender("AC1", "token", from_number="+15005550006", base_url=wire.url, limits=LIMITS)
    found = outcome(SendError, lambda: sender.send("+447700900123", "x"))
    assert isinstance(found, SmsReceipt if status < 300 and not isinstance(found, SendError) else SendError)


@with_server
@given(data=documents(OTHERS), status=st.sampled_from([200, 404, 420]))
def test_any_json_from_cloudinary(wire, data, status):
    wire.behaviour = lambda handler, seen: handler.answer(status, json.dumps(data).encode())
    store = CloudinaryStore("demo", "key", "secret", now=lambda: NOW, base_url=wire.url, limits=LIMITS)
    for call in (lambda: store.put("d1", b"x", "a/b"), lambda: store.delete("v1/innkeep/d1")):
        assert isinstance(outcome(DocumentStoreError, call), DocumentStoreError) or status == 200


FIXED = ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"]
BODY = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Language"]


@pure
@given(
    subject=st.text(max_size=120),
    name=st.text(max_size=60),
    text=st.text(max_size=200),
    language=st.text(max_size=6),
    filename=st.text(max_size=30),
    to=st.one_of(st.just("guest@example.com"), st.text(max_size=20), st.emails()),
)
def test_any_text_in_a_mail(subject, name, text, language, filename, to):
    mail = OutgoingMail(
        to=to,
        to_name=name,
        from_name=name,
        subject=subject,
        text=text,
        html=text,
        language=language,
        reply_to="desk@example.com",
        attachments=(Attachment(filename, "image/png", b"x"),),
    )
    letter = outcome(SendRejected, lambda: compose(mail, "Inn <no-reply@inn.example>", NOW))
    if isinstance(letter, SendRejected):
        assert letter.code == "address"
        return
    read = email.message_from_bytes(letter.as_bytes(), policy=email.policy.default)
    assert set(read.keys()) <= set(FIXED + BODY)
    assert len(read.keys()) == len(set(read.keys()))
    assert [address.addr_spec for address in read["From"].addresses] == ["no-reply@inn.example"]
    assert len(read["To"].addresses) == 1
    assert [part.get_content_type() for part in read.iter_attachments()] == ["image/png"]


@pytest.mark.parametrize("number", ["1" + "0" * 30, "9" * 6000, "-5", "NaN", "Infinity", '"x"', "1e400"])
def test_numbers_beyond_any_calendar(wire, number):
    token = f'{{"access_token": "a", "refresh_token": "r", "expires_in": {number}}}'
    wire.behaviour = lambda handler, seen: handler.answer(200, token.encode())
    client = TTLockClient("c", "s", wire.url, now=lambda: NOW, limits=LIMITS)
    found = outcome(LockError, lambda: client.refresh("r"))
    assert isinstance(found, LockError | Tokens)
    codes = f'{{"list": [{{"keyboardPwdId": {number}, "startDate": {number}}}]}}'
    wire.behaviour = lambda handler, seen: handler.answer(200, codes.encode())
    assert outcome(LockError, lambda: client.list_codes(TOKENS, "1"))


def test_json_without_a_bottom(wire):
    wire.behaviour = lambda handler, seen: handler.answer(201, b'{"sid":' + b"[" * 90_000)
    sender = TwilioSender("AC1", "token", from_number="+15005550006", base_url=wire.url, limits=LIMITS)
    assert outcome(SendError, lambda: sender.send("+447700900123", "x")).code == "unreadable"
