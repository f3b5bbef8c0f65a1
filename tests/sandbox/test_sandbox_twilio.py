"""The SMS emulator: bodies, errors, status callbacks, inbound messages and their signatures."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from twilio.request_validator import RequestValidator
from twilio.rest import Client as TwilioClient

from webapp.sandbox import SandboxControl, SandboxServer
from webapp.sandbox.twilio.signature import sign

SID, TOKEN = "AC" + "0" * 32, "sandbox-token"
FROM, TO = "+15005550006", "+447700900123"


@pytest.fixture
def messages_url(server: SandboxServer) -> str:
    return f"{server.http_url}/twilio/2010-04-01/Accounts/{SID}/Messages.json"


@pytest.fixture
def send(http: requests.Session, messages_url: str) -> Any:
    def send(**form: Any) -> requests.Response:
        data = {"To": TO, "From": FROM, "Body": "Hello", **form}
        kept = {k: v for k, v in data.items() if v is not None}
        return http.post(messages_url, data=kept, auth=(SID, TOKEN))

    return send


def test_created_message_has_the_documented_shape(send: Any) -> None:
    answer = send()
    message = answer.json()
    assert answer.status_code == 201
    assert (message["status"], message["direction"], message["num_segments"]) == ("queued", "outbound-api", "1")
    assert (message["num_media"], message["price"], message["error_code"]) == ("0", None, None)
    assert message["sid"].startswith("SM")
    assert len(message["sid"]) == 34
    assert message["uri"] == f"/2010-04-01/Accounts/{SID}/Messages/{message['sid']}.json"
    assert message["date_sent"] is None
    assert parsedate_to_datetime(message["date_created"]).tzinfo is not None
    assert message["date_created"].endswith("+0000")


def test_messaging_service_is_accepted_without_segments(send: Any) -> None:
    message = send(From=None, MessagingServiceSid="MG" + "1" * 32).json()
    assert (message["status"], message["num_segments"], message["from"]) == ("accepted", "0", None)


@pytest.mark.parametrize(
    ("body", "count"), [("a" * 160, "1"), ("a" * 161, "2"), ("€" * 81, "2"), ("ñ你" * 35, "1"), ("你" * 71, "2")]
)
def test_segments(send: Any, body: str, count: str) -> None:
    assert send(Body=body).json()["num_segments"] == count


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"To": "12345"}, 400, 21211),
        ({"To": "+15005550001"}, 400, 21211),
        ({"To": "+15005550004"}, 400, 21610),
        ({"To": "+15005550009"}, 400, 21614),
        ({"To": "+15005550029"}, 429, 20429),
        ({"To": None}, 400, 21604),
        ({"From": None}, 400, 21603),
        ({"From": "+1"}, 400, 21212),
        ({"Body": None}, 400, 21602),
        ({"Body": "x" * 1601}, 400, 21617),
    ],
)
def test_refusals(send: Any, form: dict[str, Any], status: int, code: int) -> None:
    answer = send(**form)
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert list(body) == ["code", "message", "more_info", "status"]


def test_1600_characters_are_allowed(send: Any) -> None:
    assert send(Body="x" * 1600).status_code == 201


def test_blacklist_message_is_the_real_one(send: Any) -> None:
    assert send(To="+15005550004").json()["message"] == "The message From/To pair violates a blacklist rule."


@pytest.mark.parametrize("auth", [None, (SID, "wrong"), ("AC" + "1" * 32, TOKEN)])
def test_wrong_credentials(http: requests.Session, messages_url: str, auth: Any) -> None:
    answer = http.post(messages_url, data={}, auth=auth)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_another_account_or_message_is_not_found(http: requests.Session, messages_url: str) -> None:
    other = messages_url.replace(SID, "AC" + "1" * 32)
    assert http.post(other, data={}, auth=(SID, TOKEN)).json()["code"] == 20404
    missing = messages_url.replace("Messages.json", "Messages/SM0.json")
    answer = http.get(missing, auth=(SID, TOKEN))
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_fetch_redact_and_delete(http: requests.Session, send: Any, messages_url: str, control: SandboxControl) -> None:
    sid = send().json()["sid"]
    assert control.flush()
    url = messages_url.replace("Messages.json", f"Messages/{sid}.json")
    message = http.get(url, auth=(SID, TOKEN)).json()
    assert message["status"] == "delivered"
    assert message["date_sent"] is not None
    assert http.post(url, data={"Body": ""}, auth=(SID, TOKEN)).json()["body"] == ""
    assert http.delete(url, auth=(SID, TOKEN)).status_code == 204
    assert http.get(url, auth=(SID, TOKEN)).status_code == 404


def test_status_callbacks_are_signed_and_skip_the_first_status(send: Any, hook: Any, control: SandboxControl) -> None:
    sid = send(StatusCallback=hook.url).json()["sid"]
    assert control.flush()
    seen = []
    for path, headers, body in hook.received:
        params = dict(parse_qsl(body, keep_blank_values=True))
        url = hook.url.replace("/hook?secret=1", path)
        assert RequestValidator(TOKEN).validate(url, params, headers["X-Twilio-Signature"])
        assert headers["User-Agent"] == "TwilioProxy/1.1"
        assert params["SmsSid"] == params["MessageSid"] == sid
        assert params["SmsStatus"] == params["MessageStatus"]
        assert "ErrorCode" not in params
        seen.append(params["MessageStatus"])
    assert seen == ["sent", "delivered"]
    assert len(params["RawDlrDoneDate"]) == 10
    assert control.sms(TO)[0]["history"] == ["queued", "sent", "delivered"]


def test_undelivered_carries_its_error_code(send: Any, hook: Any, control: SandboxControl) -> None:
    send(To="+15005550033", StatusCallback=hook.url)
    assert control.flush()
    last = dict(parse_qsl(hook.received[-1][2]))
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30003")


def test_callbacks_may_come_backwards_and_twice(send: Any, hook: Any, control: SandboxControl) -> None:
    control.twilio(callback_order="reversed", callback_repeat=2)
    send(StatusCallback=hook.url)
    assert control.flush()
    statuses = [dict(parse_qsl(body))["MessageStatus"] for _, _, body in hook.received]
    assert statuses == ["delivered", "delivered", "sent", "sent"]


def test_only_this_machine_is_called_back(send: Any, control: SandboxControl) -> None:
    send(StatusCallback="http://192.0.2.1/hook")
    assert control.flush()
    out = [entry for entry in control.journal("twilio") if entry["direction"] == "out"]
    assert {entry["status"] for entry in out} == {"no answer"}
    assert "only calls" in out[0]["response"]


def test_inbound_sms_is_signed_with_its_empty_parameters(hook: Any, control: SandboxControl) -> None:
    reply = '<?xml version="1.0" encoding="UTF-8"?><Response><Message><Body>Hi</Body></Message></Response>'
    hook.answer = (200, "text/xml", reply)
    result = control.inbound_sms(TO, "  Où est la clé? ", url=hook.url)
    assert (result["status"], result["replies"]) == (200, ["Hi"])
    _, headers, body = hook.received[0]
    params = dict(parse_qsl(body, keep_blank_values=True))
    assert RequestValidator(TOKEN).validate(hook.url, params, headers["X-Twilio-Signature"])
    assert params["ToCity"] == ""
    assert params["Body"] == "  Où est la clé? "
    assert (params["SmsStatus"], params["From"], params["To"]) == ("received", TO, FROM)
    assert control.sms(TO)[0]["body"] == "Hi"


def test_inbound_media(hook: Any, control: SandboxControl) -> None:
    control.inbound_sms(TO, "", url=hook.url, media=[["http://127.0.0.1/a.jpg", "image/jpeg"]])
    params = dict(parse_qsl(hook.received[0][2], keep_blank_values=True))
    assert params["MessageSid"].startswith("MM")
    assert (params["NumMedia"], params["MediaContentType0"]) == ("1", "image/jpeg")


def test_stop_blocks_the_pair_until_start(send: Any, hook: Any, control: SandboxControl) -> None:
    result = control.inbound_sms(TO, "Stop ", url=hook.url)
    assert len(hook.received) == 1, "the webhook still fires"
    assert "unsubscribed" in result["replies"][0]
    assert send().json()["code"] == 21610
    assert send(From="+15005550007").status_code == 201
    assert send(From=None, MessagingServiceSid="MG" + "1" * 32).json()["code"] == 21610
    control.inbound_sms(TO, "START", url=hook.url)
    assert send().status_code == 201


def test_rules_for_numbers_and_wrong_signing(send: Any, hook: Any, control: SandboxControl) -> None:
    control.number(TO, undelivered=30007)
    send(StatusCallback=hook.url)
    assert control.flush()
    assert dict(parse_qsl(hook.received[-1][2]))["ErrorCode"] == "30007"
    control.number(TO, error=21408)
    assert send().json()["code"] == 21408
    control.twilio(signing_token="other")
    control.inbound_sms("+447700900999", "Hi", url=hook.url)
    _, headers, body = hook.received[-1]
    params = dict(parse_qsl(body, keep_blank_values=True))
    assert not RequestValidator(TOKEN).validate(hook.url, params, headers["X-Twilio-Signature"])
    control.twilio(signing_token=None)
    control.inbound_sms("+447700900999", "Hi", url=hook.url)
    _, headers, body = hook.received[-1]
    params = dict(parse_qsl(body, keep_blank_values=True))
    assert RequestValidator(TOKEN).validate(hook.url, params, headers["X-Twilio-Signature"])


def test_the_provider_library_understands_the_answers(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = TwilioClient(SID, TOKEN)
    original = client.http_client.request

    def to_sandbox(method: str, uri: str, *args: Any, **kwargs: Any) -> Any:
        return original(method, uri.replace("https://api.twilio.com", f"{server.http_url}/twilio"), *args, **kwargs)

    monkeypatch.setattr(client.http_client, "request", to_sandbox)
    message = client.messages.create(to=TO, from_=FROM, body="Hello")
    assert message.status == "queued"
    assert message.date_created is not None
    assert client.messages(message.sid).fetch().sid == message.sid
    client.http_client.session.close()


URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
BASE = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
JSON_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


@pytest.mark.parametrize(
    ("url", "params", "algorithm", "expected"),
    [
        (URL, BASE.items(), "sha1", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (
            URL,
            {**BASE, "From": "+12349013030", "Caller": "+12349013030"}.items(),
            "sha1",
            "0/KCTR6DLpKmkAf8muzZqo1nDgQ=",
        ),
        (URL, BASE.items(), "sha256", "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="),
        (URL.replace(".com", ".com:443"), BASE.items(), "sha1", "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (
            URL.replace("https", "http").replace(".com", ".com:1234"),
            BASE.items(),
            "sha1",
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        ),
        (URL.replace("https", "http").replace(".com", ".com:80"), BASE.items(), "sha1", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (
            URL,
            [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")],
            "sha1",
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
        (f"{URL}&bodySHA256={JSON_HASH}", [], "sha1", "a9nBmqA0ju/hNViExpshrM61xv4="),
    ],
)
def test_signature_vectors(url: str, params: Any, algorithm: str, expected: str) -> None:
    assert sign(url, params, "12345", algorithm) == expected
