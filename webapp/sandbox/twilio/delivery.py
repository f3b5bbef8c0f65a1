"""What happens to messages by themselves: delivery with its status callbacks, inbound SMS, opt-out replies."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from urllib.parse import urlencode

from webapp.sandbox.context import Sandbox
from webapp.sandbox.dispatcher import post
from webapp.sandbox.storage import Document
from webapp.sandbox.twilio import messages
from webapp.sandbox.twilio.errors import UNDELIVERED
from webapp.sandbox.twilio.signature import sign

_DELAY = 0.6  # seconds between two states when latency is real
_STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
_START = {"START", "YES", "UNSTOP"}
_HELP = {"HELP", "INFO"}
_REPLIES = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. "
    "Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


def start(sandbox: Sandbox, message: Document) -> None:
    """Let an accepted message run through its states: sent, then delivered or undelivered."""
    rule = sandbox.storage.get("twilio.number", message["to"]) or {}
    code = rule.get("undelivered") or UNDELIVERED.get(message["to"])
    steps: list[tuple[str, int | None]] = [("sent", None), ("undelivered", code) if code else ("delivered", None)]
    if rule.get("stuck"):
        steps = steps[:1]
    delay = _DELAY if sandbox.latency == "real" else 0.0
    _later(sandbox, delay, lambda: _advance(sandbox, message["sid"], steps, delay))


def _later(sandbox: Sandbox, delay: float, task: Callable[[], None]) -> None:
    sandbox.dispatcher.submit(delay, task)


def _advance(sandbox: Sandbox, sid: str, steps: list[tuple[str, int | None]], delay: float) -> None:
    """One step and its callback, then the rest. With `callback_order` "reversed" all callbacks come last, backwards."""
    reverse = sandbox.settings("twilio").get("callback_order") == "reversed"
    now, rest = (steps, []) if reverse else (steps[:1], steps[1:])
    done = [message for status, code in now if (message := messages.set_status(sandbox, sid, status, code))]
    for message in reversed(done):
        for _ in range(int(sandbox.settings("twilio").get("callback_repeat", 1))):
            send_status(sandbox, message)
    if rest:
        _later(sandbox, delay, lambda: _advance(sandbox, sid, rest, delay))


def send_status(sandbox: Sandbox, message: Document) -> None:
    """POST the present status to the message's StatusCallback, signed."""
    url = message["status_callback"]
    if not url:
        return
    params = [
        ("SmsSid", message["sid"]),
        ("SmsStatus", message["status"]),
        ("MessageStatus", message["status"]),
        ("To", message["to"]),
        ("MessageSid", message["sid"]),
        ("AccountSid", messages.ACCOUNT_SID),
        ("From", message["from"] or messages.OUR_NUMBER),
        ("ApiVersion", "2010-04-01"),
    ]
    if message["messaging_service_sid"]:
        params.append(("MessagingServiceSid", message["messaging_service_sid"]))
    if message["error_code"]:
        params.append(("ErrorCode", str(message["error_code"])))
    if message["status"] in ("delivered", "undelivered"):
        params.append(("RawDlrDoneDate", f"{sandbox.clock.now():%y%m%d%H%M}"))
    post_signed(sandbox, url, params)


def receive(sandbox: Sandbox, url: str, to: str, sender: str, body: str, media: list[tuple[str, str]]) -> Document:
    """An SMS from a guest: the signed webhook, its TwiML replies, and what Twilio itself does at STOP, START and HELP."""
    sid = ("MM" if media else "SM") + uuid.uuid4().hex
    message = messages.new_message(sandbox, to=to, sender=sender, body=body, status="received", direction="inbound")
    message["sid"] = sid
    messages.save(sandbox, message)
    keyword = _keyword(body)
    if keyword in ("STOP", "START"):
        messages.block(sandbox, to, sender, blocked=keyword == "STOP")
    status, text = post_signed(sandbox, url, _inbound_params(message, media))
    replies = _twiml_messages(text) if status == 200 else []
    if keyword:
        replies = [_REPLIES[keyword]]
    for reply in replies:
        answer = messages.new_message(
            sandbox, to=sender, sender=to, body=reply, status="delivered", direction="outbound-reply"
        )
        messages.save(sandbox, answer)
    return {"sid": sid, "status": status, "body": text, "replies": replies}


def post_signed(sandbox: Sandbox, url: str, params: list[tuple[str, str]]) -> tuple[int | None, str]:
    token = sandbox.settings("twilio").get("signing_token", messages.AUTH_TOKEN)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        "X-Twilio-Signature": sign(url, params, token),
    }
    return post(sandbox.journal, "twilio", url, urlencode(params).encode(), headers)


def _keyword(body: str) -> str | None:
    word = body.strip().upper()
    for name, words in (("STOP", _STOP), ("START", _START), ("HELP", _HELP)):
        if word in words:
            return name
    return None


def _inbound_params(message: Document, media: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The form that Twilio posts; its empty parameters are sent and signed too."""
    params = [
        ("ToCountry", "US"),
        ("ToState", ""),
        ("SmsMessageSid", message["sid"]),
        ("NumMedia", str(len(media))),
        ("ToCity", ""),
        ("FromZip", ""),
        ("SmsSid", message["sid"]),
        ("FromState", ""),
        ("SmsStatus", "received"),
        ("FromCity", ""),
        ("Body", message["body"]),
        ("FromCountry", "US"),
        ("To", message["to"]),
        ("ToZip", ""),
        ("NumSegments", str(messages.segments(message["body"]))),
        ("MessageSid", message["sid"]),
        ("AccountSid", messages.ACCOUNT_SID),
        ("From", message["from"]),
        ("ApiVersion", "2010-04-01"),
    ]
    for number, (url, content_type) in enumerate(media):
        params += [(f"MediaUrl{number}", url), (f"MediaContentType{number}", content_type)]
    return params


def _twiml_messages(text: str) -> list[str]:
    """The texts of a TwiML answer; none when it is not TwiML."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return []
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - from our own app, without a document type
    except ElementTree.ParseError:
        return []
    found = []
    for element in root.findall("Message"):
        body = element.find("Body")
        found.append("".join((element if body is None else body).itertext()))
    return found
