"""Short messages on the wire, refusals by kind, and every signature vector that is published."""

import json
import logging
from base64 import b64encode

import pytest

from webapp.integrations.transport import Limits
from webapp.integrations.twilio import TwilioSender, TwilioVerifier
from webapp.messaging.ports import SendFailed, SendRejected, SmsReceipt

SID = "AC" + "0" * 32
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
BODY = '{"property": "value", "boolean": true}'
BODY_URL = URL + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
SHARED = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"


def sender(url, **options):
    options = {"from_number": "+15005550006"} | options
    return TwilioSender(SID, "token", base_url=url, limits=Limits(connect=1.0, read=0.5, total=1.0), **options)


def says(wire, status, data):
    wire.behaviour = lambda handler, seen: handler.answer(status, json.dumps(data).encode())


def message(status="queued"):
    return {"sid": "SM" + "a" * 32, "status": status, "num_segments": "1", "price": None, "error_code": None}


def test_sending(wire):
    says(wire, 201, message())
    receipt = sender(wire.url + "/twilio").send("+447700900123", "Your code: 48213 ✓", "https://inn.example/hooks/x")
    assert receipt == SmsReceipt("SM" + "a" * 32, "queued")
    assert (wire.last.method, wire.last.path) == ("POST", f"/twilio/2010-04-01/Accounts/{SID}/Messages.json")
    assert wire.last.headers["authorization"] == "Basic " + b64encode(f"{SID}:token".encode()).decode()
    assert wire.last.form == {
        "To": "+447700900123",
        "From": "+15005550006",
        "Body": "Your code: 48213 ✓",
        "StatusCallback": "https://inn.example/hooks/x",
    }


def test_a_messaging_service_comes_before_a_number(wire):
    says(wire, 201, message("accepted"))
    receipt = sender(wire.url, messaging_service_sid="MG" + "1" * 32).send("+447700900123", "Hello")
    assert receipt.status == "accepted"
    assert wire.last.form == {"To": "+447700900123", "MessagingServiceSid": "MG" + "1" * 32, "Body": "Hello"}


def test_a_sender_is_needed():
    with pytest.raises(ValueError, match="TWILIO_FROM_NUMBER"):
        TwilioSender(SID, "token")


@pytest.mark.parametrize(
    ("to", "body", "code"),
    [
        ("07700900123", "x", "21211"),
        ("+44 7700", "x", "21211"),
        ("+447700900123\n", "x", "21211"),
        ("", "x", "21211"),
        ("+447700900123", "  ", "21602"),
        ("+447700900123", "x" * 1601, "21617"),
    ],
)
def test_what_twilio_would_refuse_is_not_sent(wire, to, body, code):
    with pytest.raises(SendRejected) as caught:
        sender(wire.url).send(to, body)
    assert caught.value.code == code
    assert wire.seen == []


@pytest.mark.parametrize("code", [21211, 21408, 21608, 21610, 21614, 21617, 30003, 30005, 30006, 30007, 30034, 21999])
def test_final_refusals(wire, code):
    says(wire, 400, {"code": code, "message": "to +447700900123", "more_info": "…", "status": 400})
    with pytest.raises(SendRejected) as caught:
        sender(wire.url).send("+447700900123", "x")
    assert caught.value.code == str(code)
    assert "+44" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "code"), [(429, 20429), (401, 20003), (429, 14107), (400, 21611), (503, 20503), (403, 20005)]
)
def test_passing_refusals(wire, status, code):
    says(wire, status, {"code": code, "message": "…", "status": status})
    with pytest.raises(SendFailed) as caught:
        sender(wire.url).send("+447700900123", "x")
    assert caught.value.code == str(code)
    assert caught.value.may_have_been_sent is (status == 503)


def test_errors_in_the_newer_form(wire):
    says(wire, 400, {"type": "https://…", "title": "Unsubscribed", "status": 400, "code": 21610})
    with pytest.raises(SendRejected) as caught:
        sender(wire.url).send("+447700900123", "x")
    assert caught.value.code == "21610"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (502, b"<html>Bad Gateway</html>", "502"),
        (500, b"", "500"),
        (201, b"<html>", "unreadable"),
        (201, b"", "unreadable"),
        (201, b"[]", "unreadable"),
        (201, b"{}", "unreadable"),
    ],
)
def test_answers_that_are_none(wire, status, body, code):
    wire.behaviour = lambda handler, seen: handler.answer(status, body)
    with pytest.raises(SendFailed) as caught:
        sender(wire.url).send("+447700900123", "x")
    assert caught.value.code == code
    assert caught.value.may_have_been_sent


def test_a_lost_answer_may_have_been_sent(wire):
    wire.behaviour = lambda handler, seen: None
    with pytest.raises(SendFailed) as caught:
        sender(wire.url).send("+447700900123", "x")
    assert caught.value.may_have_been_sent


def test_a_slow_answer_may_have_been_sent(wire):
    wire.behaviour = lambda handler, seen: handler.wire.closing.wait(10)
    with pytest.raises(SendFailed) as caught:
        sender(wire.url).send("+447700900123", "x")
    assert (caught.value.code, caught.value.may_have_been_sent) == ("timeout", True)


def test_without_a_connection_nothing_was_sent():
    with pytest.raises(SendFailed) as caught:
        sender("http://nowhere.example", resolver=lambda host, port: []).send("+447700900123", "x")
    assert not caught.value.may_have_been_sent


def test_nobody_and_nothing_is_logged(wire, caplog):
    says(wire, 201, message())
    with caplog.at_level(logging.DEBUG):
        sender(wire.url).send("+447700900123", "Your code: 48213")
    assert not [secret for secret in ("447700900123", "48213", "token") if secret in caplog.text]


def test_the_environment_does_not_move_the_region(wire, monkeypatch):
    monkeypatch.setenv("TWILIO_REGION", "au1")
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    says(wire, 201, message())
    assert sender(wire.url).send("+447700900123", "x").status == "queued"


# Signatures

VERIFIER = TwilioVerifier("12345", shared_keys={"webhooks_sharedkey_1": "12345"})
VECTORS = [
    (URL, PARAMS, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", ""),
    (URL, PARAMS | {"From": "+12349013030", "Caller": "+12349013030"}, "0/KCTR6DLpKmkAf8muzZqo1nDgQ=", ""),
    (URL, PARAMS, "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=", SHARED),
    (URL.replace(".com", ".com:443"), PARAMS, "kvajT1Ptam85bY51eRf/AJRuM3w=", ""),
    (URL, PARAMS, "kvajT1Ptam85bY51eRf/AJRuM3w=", ""),
    (URL.replace("https", "http").replace(".com", ".com:1234"), PARAMS, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", ""),
    (URL.replace("https", "http").replace(".com", ".com:80"), PARAMS, "0ZXoZLH/DfblKGATFgpif+LLRf4=", ""),
    (
        URL,
        {"Sid": "CA123", "SidAccount": "AC123", "Digits": ["5678", "1234"]},
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        "",
    ),
    (BODY_URL, BODY, "a9nBmqA0ju/hNViExpshrM61xv4=", ""),
]


def headers_of(signature, settings):
    extra = {"X-Twilio-Webhooks-Signature-Settings": settings} if settings else {}
    return {"x-twilio-signature": signature, **extra}


@pytest.mark.parametrize(("url", "params", "signature", "settings"), VECTORS)
def test_published_signatures_are_accepted(url, params, signature, settings):
    assert VERIFIER.is_authentic(url, params, headers_of(signature, settings))


@pytest.mark.parametrize(("url", "params", "signature", "settings"), VECTORS)
def test_and_only_those(url, params, signature, settings):
    right = headers_of(signature, settings)
    other = TwilioVerifier("54321", shared_keys={"webhooks_sharedkey_1": "54321"})
    changed = params + " " if isinstance(params, str) else {**params, "Extra": ""}
    assert not other.is_authentic(url, params, right)
    assert not VERIFIER.is_authentic(url.replace("foo=1", "foo=2"), params, right)
    assert not VERIFIER.is_authentic(url, changed, right)
    assert not VERIFIER.is_authentic(url, params, headers_of(signature[:-2] + "A=", settings))
    assert not VERIFIER.is_authentic(url, params, {})


@pytest.mark.parametrize(
    "settings",
    ["key=webhooks_sharedkey_2,algorithm=HMAC_SHA256", "algorithm=HMAC_SHA256", "algorithm=NONE", "key=,algorithm=MD5"],
)
def test_a_request_cannot_choose_what_we_do_not_hold(settings):
    for signature in ("033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=", "RSOYDt4T1cUTdK1PDd93/VVr8B8="):
        assert not VERIFIER.is_authentic(URL, PARAMS, headers_of(signature, settings))


def test_a_body_must_be_tied_to_the_signature():
    signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert not VERIFIER.is_authentic(URL, BODY, headers_of(signature, ""))
    assert not VERIFIER.is_authentic(URL + "&bodySHA256=", "", headers_of(signature, ""))


@pytest.mark.parametrize("url", ["http://[broken/", "https://x:99999/", ""])
def test_an_address_that_is_none_is_not_authentic(url):
    assert not VERIFIER.is_authentic(url, PARAMS, headers_of("RSOYDt4T1cUTdK1PDd93/VVr8B8=", ""))


def test_a_signature_outside_ascii_is_not_authentic():
    assert not VERIFIER.is_authentic(URL, PARAMS, headers_of("é" * 28, ""))
