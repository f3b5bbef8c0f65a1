"""Journal, pages and control: what people and tests see of the sandbox, and who may look."""

from __future__ import annotations

import smtplib
import socket
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
import requests

from webapp.sandbox import SandboxControl, SandboxServer
from webapp.sandbox.journal import redact, truncate

SCRIPT = "<script>alert(1)</script>"


def send_mail(server: SandboxServer, html: str = "<p>Welcome</p>", subject: str = "Welcome") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "desk@harbour.example", "guest@stay.example", subject
    message.set_content("Your link: http://127.0.0.1:8000/checkin/abc")
    message.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=5) as client:
        client.send_message(message)


class Page(HTMLParser):
    """Collects what a test asks of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def attributes(self, tag: str, name: str) -> list[str | None]:
        return [attrs.get(name) for found, attrs in self.tags if found == tag]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/journal/ttlock",
        "/journal/smtp",
        "/mail",
        "/sms",
        "/doors",
        "/feeds",
        "/feeds/ical/room",
        "/mail/{mail}",
        "/journal/entry/{entry}",
    ],
)
def test_pages_are_strict_escaped_and_without_foreign_assets(
    server: SandboxServer, http: requests.Session, control: SandboxControl, path: str
) -> None:
    send_mail(server, subject=f"Hello {SCRIPT}")
    control.put_feed("ical", "room", [{"start": "2030-01-01", "end": "2030-01-02", "name": SCRIPT}])
    http.post(f"{server.http_url}/ttlock/oauth2/token?x={SCRIPT}", data={"username": SCRIPT})
    numbers = {"mail": control.mails(wait=5)[0]["id"], "entry": control.journal("ttlock")[0]["id"]}
    answer = http.get(server.http_url + path.format(**numbers))
    page = Page(answer.text)
    assert answer.status_code == 200
    assert SCRIPT not in answer.text
    assert "script" not in [tag for tag, _ in page.tags]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin", "browsers must name the origin of our own forms"
    assert page.attributes("link", "href") == ["/assets/sandbox.css"]
    assert not any(attrs.get("style") for _, attrs in page.tags), "the policy allows no inline style"
    assert all((src or "").startswith("/") for src in page.attributes("iframe", "src"))


def test_assets_are_there(server: SandboxServer, http: requests.Session) -> None:
    answer = http.get(f"{server.http_url}/assets/sandbox.css")
    assert answer.headers["Content-Type"].startswith("text/css")


def test_mail_html_is_sandboxed(server: SandboxServer, http: requests.Session, control: SandboxControl) -> None:
    send_mail(server, html=f"<a href='http://127.0.0.1:8000/checkin/abc'>Check in</a>{SCRIPT}")
    number = control.mails(wait=5)[0]["id"]
    answer = http.get(f"{server.http_url}/mail/{number}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy
    page = Page(http.get(f"{server.http_url}/mail/{number}").text)
    assert page.attributes("iframe", "sandbox") == ["allow-popups allow-popups-to-escape-sandbox"]
    assert "http://127.0.0.1:8000/checkin/abc" in page.attributes("a", "href")
    raw = http.get(f"{server.http_url}/mail/{number}/raw")
    assert raw.headers["Content-Type"].startswith("text/plain")
    assert "Subject: Welcome" in raw.text


def test_a_guest_tries_the_door_on_the_page(server: SandboxServer, http: requests.Session) -> None:
    code = {"lockId": 7250101, "keyboardPwdId": 1, "keyboardPwd": "482913", "keyboardPwdName": f"BK-1 {SCRIPT}"}
    validity = {"keyboardPwdType": 3, "startDate": 0, "endDate": 4_000_000_000_000, "isCustom": 1}
    server.sandbox.storage.put("ttlock.door", "7250101/1", {**code, **validity, "firstUsed": None, "uses": 0})
    opened = http.post(f"{server.http_url}/doors/7250101", data={"pin": " 482913 "}).text
    assert "Opens: the code is on the lock" in " ".join(opened.split())
    shut = http.post(f"{server.http_url}/doors/7250102", data={"pin": "482913"}).text
    assert "Stays shut: no such code on the lock" in " ".join(shut.split())
    assert SCRIPT not in opened
    assert http.post(f"{server.http_url}/doors/1", data={"pin": "1"}).status_code == 404
    foreign = {"Origin": "http://evil.example"}
    assert http.post(f"{server.http_url}/doors/7250101", data={"pin": "1"}, headers=foreign).status_code == 403


def test_a_channel_is_played_on_the_page(
    server: SandboxServer, http: requests.Session, control: SandboxControl
) -> None:
    control.put_feed("vrbo", "room", [])
    page, calendar = f"{server.http_url}/feeds/vrbo/room", control.feed_url("vrbo", "room")
    today = datetime.now(UTC).date()
    start, end = today + timedelta(days=3), today + timedelta(days=5)
    added = http.post(page, data={"start": str(start), "end": str(end), "name": f"Ada {SCRIPT}"})
    assert added.status_code == 200
    assert SCRIPT not in added.text
    assert "SUMMARY:Reserved - Ada" in http.get(calendar).text
    assert http.post(page, data={"start": str(end), "end": str(start)}).status_code == 422
    assert http.post(page, data={"mode": "dreaming"}).status_code == 422
    http.post(page, data={"mode": "500"})
    assert http.get(calendar).status_code == 500
    http.post(page, data={"mode": "normal"})
    http.post(page, data={"cancel": control.call("GET", "/ota/vrbo/room")["events"][0]["id"]})
    assert "BEGIN:VEVENT" not in http.get(calendar).text
    assert "vrbo / room" in http.get(f"{server.http_url}/feeds").text


@pytest.mark.parametrize(
    "path", ["/mail/999999", "/mail/999999/html", "/journal/nobody", "/feeds/ical/none", "/journal/entry/999999"]
)
def test_unknown_pages(server: SandboxServer, http: requests.Session, path: str) -> None:
    assert http.get(server.http_url + path).status_code == 404


def test_sms_page_shows_messages_and_their_state(
    server: SandboxServer, http: requests.Session, control: SandboxControl
) -> None:
    url = f"{server.http_url}/twilio/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
    form = {"To": "+15005550033", "From": "+15005550006", "Body": f"Code 1 {SCRIPT}"}
    http.post(url, data=form, auth=("AC" + "0" * 32, "sandbox-token"))
    assert control.flush()
    text = http.get(f"{server.http_url}/sms").text
    assert "undelivered 30003" in text
    assert SCRIPT not in text


def test_journal_holds_both_directions_newest_first(
    server: SandboxServer, http: requests.Session, control: SandboxControl, hook: Any
) -> None:
    control.ttlock(callback_url=hook.url)
    control.try_door(7250101, "1357")
    assert control.flush()
    http.get(f"{server.http_url}/ttlock/v3/lock/list")
    entries = control.journal("ttlock")
    assert [entry["direction"] for entry in entries[:2]] == ["in", "out"]
    assert entries[0]["target"] == "/ttlock/v3/lock/list"
    assert '"errcode":-3' in entries[0]["response"].replace(" ", "")
    assert entries[0]["note"] == "errcode -3", "the status 200 does not say it"
    assert control.journal("ota") == []


def test_secrets_do_not_reach_the_journal(
    server: SandboxServer, http: requests.Session, control: SandboxControl
) -> None:
    form = {
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "username": "harbour",
        "password": "d41d8cd98f00b204e9800998ecf8427e",
    }
    http.post(f"{server.http_url}/ttlock/oauth2/token", data=form)
    http.get(f"{server.http_url}/ttlock/v3/lock/list?accessToken=hidden-token&clientId=sandbox-client")
    text = str(control.journal("ttlock"))
    for secret in ("sandbox-secret", "d41d8cd98f", "hidden-token"):
        assert secret not in text
    assert "sandbox-client" in text


def test_redact_and_truncate() -> None:
    assert redact('{"access_token": "abc", "uid": 1}') == '{"access_token": "•••", "uid": 1}'
    assert redact("a=1&clientSecret=abc&b=2") == "a=1&clientSecret=•••&b=2"
    assert redact('{"keyboardPwd":"482913"}') == '{"keyboardPwd":"482913"}'
    assert len(truncate("é" * 10_000).encode()) < 8 * 1024 + 100


def test_journal_is_bounded(server: SandboxServer, control: SandboxControl) -> None:
    for number in range(2010):
        server.sandbox.journal.record(
            "ota", direction="in", method="GET", target=f"/{number}", status=200, request="", response="x"
        )
    entries = control.journal("ota", limit=5000)
    assert len(entries) == 2000
    assert entries[0]["target"] == "/2009"


@pytest.mark.parametrize("path", ["/control/mail", "/mail", "/"])
@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_other_sites_may_not_look(server: SandboxServer, http: requests.Session, path: str, headers: Any) -> None:
    assert http.get(server.http_url + path, headers=headers).status_code == 403


def test_control_answers_errors_in_json(server: SandboxServer, http: requests.Session) -> None:
    answer = http.get(f"{server.http_url}/control/nothing")
    assert (answer.status_code, list(answer.json())) == (404, ["error"])
    assert http.post(f"{server.http_url}/control/ttlock/faults", json={"wrong": 1}).status_code == 400
    assert http.post(f"{server.http_url}/control/ttlock/faults", data="x").status_code == 400
    assert http.post(f"{server.http_url}/control/smtp/faults", json={"drop": True}).status_code == 404


def test_reset_forgets_everything_and_seeds_anew(server: SandboxServer, control: SandboxControl) -> None:
    before = [lock["lockMac"] for lock in control.locks()]
    send_mail(server)
    control.put_feed("ical", "room", [])
    control.add_lock(lockAlias="Extra")
    control.reset()
    assert control.mails() == []
    assert control.journal() == []
    assert [lock["lockMac"] for lock in control.locks()] == before


def test_reset_of_one_service(server: SandboxServer, control: SandboxControl) -> None:
    send_mail(server)
    control.put_feed("ical", "room", [])
    control.call("POST", "/reset", services="ota")
    assert control.call("GET", "/ota")["feeds"] == []
    assert len(control.mails()) == 1


def test_faults_of_other_services(server: SandboxServer, http: requests.Session, control: SandboxControl) -> None:
    control.put_feed("ical", "room", [])
    control.fault("ota", http=503, path="room", times=1)
    url = control.feed_url("ical", "room")
    assert http.get(url).status_code == 503
    control.fault("ota", drop=True, times=1)
    with pytest.raises(requests.ConnectionError):
        http.get(url)
    assert http.get(url).status_code == 200


def test_waiting_for_a_mail_ends_when_it_comes(server: SandboxServer, control: SandboxControl) -> None:
    assert control.mails("guest@stay.example", wait=0.05) == []
    send_mail(server)
    assert len(control.mails("guest@stay.example", wait=5)) == 1


def test_a_broken_request_line_does_not_stop_the_server(server: SandboxServer, http: requests.Session) -> None:
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=2) as raw:
        raw.sendall(b"\x16\x03\x01nonsense\r\n\r\n")
        raw.recv(1024)
    assert http.get(server.http_url).status_code == 200
