"""Our own clients against the emulators: the same code and the same wire as in the demo."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from webapp.access.ports import AuthExpired, CodeMissing, LockBusy, LockOffline, PinRejected, Tokens
from webapp.channels.ports import Body, FeedFault, NotModified
from webapp.checkin.ports import DocumentMissing
from webapp.integrations.cloudinary.store import CloudinaryStore
from webapp.integrations.feeds.reader import HttpFeedReader
from webapp.integrations.smtp.sender import SmtpSender
from webapp.integrations.transport import Limits
from webapp.integrations.ttlock.client import TTLockClient
from webapp.integrations.twilio.sender import TwilioSender
from webapp.integrations.twilio.webhook import TwilioVerifier
from webapp.messaging.ports import OutgoingMail, SendFailed, SendRejected
from webapp.sandbox import SandboxControl, SandboxServer

ROOM = "7250101"
SID, TOKEN = "AC" + "0" * 32, "sandbox-token"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def locks(server: SandboxServer) -> TTLockClient:
    return TTLockClient("sandbox-client", "sandbox-secret", f"{server.http_url}/ttlock", now=now)


@pytest.fixture
def tokens(locks: TTLockClient) -> Tokens:
    return locks.authorise("harbour", hashlib.md5(b"harbour-lock-demo", usedforsecurity=False).hexdigest())


def test_a_code_from_its_addition_to_its_removal(locks: TTLockClient, tokens: Tokens, control: SandboxControl) -> None:
    assert len(locks.list_locks(tokens)) == 13
    assert [gateway.is_online for gateway in locks.gateways_of_lock(tokens, ROOM)] == [True]
    start, end = now() - timedelta(hours=1), now() + timedelta(hours=1)
    number = locks.add_code(tokens, ROOM, "482913", "BK-1", start, end)
    assert control.try_door(int(ROOM), "482913")["opens"] is True
    assert [(code.pin, code.name) for code in locks.list_codes(tokens, ROOM)] == [("482913", "BK-1")]
    with pytest.raises(PinRejected):
        locks.add_code(tokens, ROOM, "482913", "BK-2", start, end)
    locks.change_code(tokens, ROOM, number, "BK-1", None, start, end + timedelta(days=1))
    later = (end + timedelta(hours=1)).isoformat()
    assert control.try_door(int(ROOM), "482913", later)["opens"] is True
    locks.delete_code(tokens, ROOM, number)
    assert control.try_door(int(ROOM), "482913")["opens"] is False
    with pytest.raises(CodeMissing):
        locks.delete_code(tokens, ROOM, number)


def test_lock_troubles_have_their_classes(locks: TTLockClient, tokens: Tokens, control: SandboxControl) -> None:
    control.gateway(910001, busy=True)
    with pytest.raises(LockBusy):
        locks.unlock(tokens, ROOM)
    control.gateway(910001, busy=False, isOnline=0)
    with pytest.raises(LockOffline):
        locks.unlock(tokens, ROOM)
    control.gateway(910001, isOnline=1)
    control.fault("ttlock", http=502, times=1)
    with pytest.raises(LockBusy):
        locks.list_locks(tokens)
    control.fault("ttlock", drop=True, effect=True, times=1)
    with pytest.raises(LockBusy) as lost:
        locks.add_code(tokens, ROOM, "482913", "BK-1", now(), now() + timedelta(hours=1))
    assert lost.value.is_outcome_unknown
    assert [code.pin for code in locks.list_codes(tokens, ROOM)] == ["482913"]
    control.call("POST", "/ttlock/tokens/expire", {})
    with pytest.raises(AuthExpired):
        locks.list_locks(tokens)
    assert len(locks.list_locks(locks.refresh(tokens.refresh_token))) == 13


def test_short_messages(server: SandboxServer, control: SandboxControl, hook: object) -> None:
    sender = TwilioSender(SID, TOKEN, from_number="+15005550006", base_url=f"{server.http_url}/twilio")
    url = hook.url  # type: ignore[attr-defined]
    receipt = sender.send("+447700900123", "Bonjour", url)
    assert receipt.status == "queued"
    assert control.flush()
    assert control.sms("+447700900123")[0]["status"] == "delivered"
    _, headers, body = hook.received[-1]  # type: ignore[attr-defined]
    params = dict(pair.split("=", 1) for pair in body.split("&"))
    decoded = {name: value.replace("%2B", "+") for name, value in params.items()}
    assert TwilioVerifier(TOKEN).is_authentic(url, decoded, headers)
    assert not TwilioVerifier("other").is_authentic(url, decoded, headers)
    for number, code in (("+15005550004", "21610"), ("+15005550009", "21614")):
        with pytest.raises(SendRejected) as refused:
            sender.send(number, "Bonjour")
        assert refused.value.code == code
    with pytest.raises(SendFailed):
        sender.send("+15005550029", "Bonjour")


def test_mails(server: SandboxServer, control: SandboxControl) -> None:
    sender = SmtpSender("127.0.0.1", server.smtp_port, sender="Innkeep <no-reply@innkeep.example>", now=now)
    mail = OutgoingMail("guest@stay.example", "Votre arrivée", "Bonjour", "<p>Bonjour</p>", from_name="Harbour House")
    message_id = sender.send(mail)
    kept = control.mails("guest@stay.example", wait=5)[0]
    assert (kept["message_id"], kept["subject"]) == (message_id, "Votre arrivée")
    control.mail_rule("guest@stay.example", 550, **{"for": 1})
    with pytest.raises(SendRejected):
        sender.send(mail)
    control.mail_rule("guest@stay.example", 451)
    with pytest.raises(SendFailed):
        sender.send(mail)


def test_feeds(server: SandboxServer, control: SandboxControl) -> None:
    limits = Limits(connect=1, read=0.3, total=0.6, max_bytes=10 * 1024 * 1024)
    reader = HttpFeedReader(private_origins=[server.http_url], limits=limits)
    events = [{"kind": "stay", "start": "2030-09-01", "end": "2030-09-05", "name": "Ada"}]
    control.put_feed("ical", "room", events, today="2030-08-01")
    url = control.feed_url("ical", "room")
    answer = reader.fetch(url)
    assert isinstance(answer, Body)
    assert isinstance(reader.fetch(url, answer.etag), NotModified)
    for behaviour, kind in (
        ({"mode": "500"}, "http_status"),
        ({"mode": "json500", "status": 200}, None),
        ({"mode": "html"}, None),
        ({"mode": "truncated"}, "truncated"),
        ({"mode": "huge", "bytes": 12 * 1024 * 1024}, "too_large"),
        ({"mode": "slow", "seconds": 30}, "timeout"),
        ({"mode": "slow", "seconds": 30, "drip": True}, "timeout"),
        ({"mode": "redirect", "location": "http://169.254.169.254/latest/"}, "forbidden_address"),
        ({"mode": "redirect", "location": url}, "too_many_redirects"),
    ):
        control.feed("ical", "room", **behaviour)
        with pytest.raises(FeedFault) as fault:
            reader.fetch(url)
        assert kind in (None, fault.value.kind)


def test_documents(server: SandboxServer, control: SandboxControl) -> None:
    base = f"{server.http_url}/cloudinary"
    store = CloudinaryStore("sandbox", "sandbox-key", "sandbox-secret", now=now, base_url=base)
    content = base64.b64encode(b"ciphertext")
    key = store.put("document-1", content, "application/octet-stream")
    assert store.get(key) == content
    store.delete(key)
    with pytest.raises(DocumentMissing):
        store.get(key)
    store.delete(key)
    assert control.call("GET", "/cloudinary/assets")["assets"] == []
