"""Gmail's API and IMAP behind one port, against the emulated mailbox over real sockets."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from webapp.channels.mail_ports import Batch, Mailbox, MailboxFault, MailFacts
from webapp.integrations.gmail import GmailMailbox, GoogleSignIn
from webapp.integrations.imap import ImapMailbox
from webapp.integrations.ota_mail import read_mail
from webapp.sandbox import SandboxControl, SandboxServer
from webapp.sandbox.context import Sandbox
from webapp.sandbox.imap import ImapServer

from .tls import certificate_for

NEW = "Booking.com - New booking! (55926523{:02d}, Saturday, 20 December 2025)"
NOW = dt.datetime(2026, 6, 15, 12, tzinfo=dt.UTC)
BACK = "http://127.0.0.1:1/back"


@pytest.fixture
def sign_in(sandbox: SandboxServer) -> GoogleSignIn:
    base = f"{sandbox.http_url}/gmail"
    return GoogleSignIn(
        "sandbox-google-client", "sandbox-google-secret", auth_url=f"{base}/o/oauth2/v2/auth", token_url=f"{base}/token"
    )


@pytest.fixture
def gmail(sandbox: SandboxServer, sign_in: GoogleSignIn) -> GmailMailbox:
    grant = sign_in.redeem(consent(sign_in)["code"][0], BACK)
    return GmailMailbox(sign_in, grant.refresh_token, base_url=f"{sandbox.http_url}/gmail")


@pytest.fixture
def imap(sandbox: SandboxServer) -> ImapMailbox:
    return imap_at(sandbox.imap_port)


def imap_at(port: int, **more) -> ImapMailbox:
    options = {"use_tls": False, "is_private_allowed": True, **more}
    return ImapMailbox(
        "127.0.0.1", "desk@harbour.example", "sandbox-imap-password", now=lambda: NOW, port=port, **options
    )


@pytest.fixture(params=["gmail", "imap"])
def mailbox(request: pytest.FixtureRequest) -> Mailbox:
    return request.getfixturevalue(request.param)


def consent(sign_in: GoogleSignIn) -> dict[str, list[str]]:
    """What comes back when a person goes where the sign-in sends them."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(sign_in.address(BACK, "the-state", "desk@harbour.example"), allow_redirects=False)
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def fault_of(call: Callable[[], object]) -> MailboxFault:
    with pytest.raises(MailboxFault) as raised:
        call()
    return raised.value


def references(batch: Batch) -> list[str]:
    found = [read_mail(message.raw, received_at=message.received_at) for message in batch.messages]
    return [facts.reference for facts in found if isinstance(facts, MailFacts)]


def arrive(control: SandboxControl, *numbers: int, **more) -> None:
    for number in numbers:
        control.add_mail(subject=NEW.format(number), at=f"2026-06-14T10:{number:02d}:00+00:00", **more)


# Both ----------------------------------------------------------------------------------------------------------------


def test_every_mail_comes_once_and_in_order(mailbox: Mailbox, control: SandboxControl):
    arrive(control, 1, 2, 3)
    first = mailbox.fetch_since(None)
    assert sorted(references(first)) == ["5592652301", "5592652302", "5592652303"]
    assert first.messages[0].received_at == dt.datetime(2026, 6, 14, 10, 1, tzinfo=dt.UTC)
    assert (first.has_more, first.was_reset) == (False, False)
    nothing = mailbox.fetch_since(first.next_cursor)
    assert nothing.messages == ()
    arrive(control, 4, 5)
    second = mailbox.fetch_since(nothing.next_cursor)
    assert references(second) == ["5592652304", "5592652305"]
    assert mailbox.fetch_since(second.next_cursor).messages == ()


def test_an_empty_mailbox(mailbox: Mailbox, control: SandboxControl):
    batch = mailbox.fetch_since(None)
    assert batch.messages == ()
    arrive(control, 1)
    assert references(mailbox.fetch_since(batch.next_cursor)) == ["5592652301"]


def test_many_mails_come_in_pages(mailbox: Mailbox, control: SandboxControl):
    arrive(control, *range(1, 8))
    cursor, seen, turns = None, [], 0
    while turns < 10:
        batch = mailbox.fetch_since(cursor, limit=3)
        assert len(batch.messages) <= 3
        seen += references(batch)
        cursor, turns = batch.next_cursor, turns + 1
        if not batch.has_more:
            break
    assert (sorted(seen), turns) == ([f"559265230{n}" for n in range(1, 8)], 3)


def test_the_same_cursor_gives_the_same_mails(mailbox: Mailbox, control: SandboxControl):
    cursor = mailbox.fetch_since(None).next_cursor
    arrive(control, 1, 2)
    assert [m.key for m in mailbox.fetch_since(cursor).messages] == [
        m.key for m in mailbox.fetch_since(cursor).messages
    ]


def test_private_mail_is_never_fetched(mailbox: Mailbox, control: SandboxControl):
    control.add_mail(
        sender="Aunt May <may@family.example>", subject="Sunday", text="private words", at="2026-06-14T10:00:00+00:00"
    )
    arrive(control, 1)
    control.add_mail(
        sender="owner@harbour.example", subject="Fwd: Booking.com - New booking!", at="2026-06-14T11:00:00+00:00"
    )
    assert len(mailbox.fetch_since(None).messages) == 2
    fetched = [entry for entry in control.journal("gmail") if "private words" in entry["response"]]
    assert fetched == []


def test_a_mail_that_is_too_large_is_named_and_left_out(mailbox: Mailbox, control: SandboxControl):
    arrive(control, 1, size=26 * 1024 * 1024)
    arrive(control, 2)
    batch = mailbox.fetch_since(None)
    assert references(batch) == ["5592652302"]
    assert len(batch.too_large) == 1


def test_a_broken_cursor_begins_anew(mailbox: Mailbox, control: SandboxControl):
    arrive(control, 1)
    for cursor in ("", "nonsense", "{}", '{"m": "history", "h": "x", "p": ""}', '{"v": "7"}', "[]", "null"):
        assert references(mailbox.fetch_since(cursor)) == ["5592652301"]


# Gmail ---------------------------------------------------------------------------------------------------------------


def test_signing_in_with_google(sign_in: GoogleSignIn, control: SandboxControl):
    address = parse_qs(urlsplit(sign_in.address(BACK, "s")).query)
    assert (address["access_type"], address["prompt"]) == (["offline"], ["consent"])
    answer = consent(sign_in)
    assert answer["state"] == ["the-state"]
    grant = sign_in.redeem(answer["code"][0], BACK)
    assert grant.refresh_token
    assert "1//" not in repr(grant)
    assert fault_of(lambda: sign_in.redeem(answer["code"][0], BACK)).kind == "sign_in_again"
    control.mailbox(consent=False)
    assert consent(sign_in)["error"] == ["access_denied"]


def test_an_access_token_that_ended_is_renewed(gmail: GmailMailbox, control: SandboxControl):
    control.mailbox(token_seconds=60)
    arrive(control, 1)
    cursor = gmail.fetch_since(None).next_cursor
    control.set_clock((dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)).isoformat())
    arrive(control, 2)
    assert references(gmail.fetch_since(cursor)) == ["5592652302"]


def test_a_revoked_permission_asks_for_a_new_sign_in(gmail: GmailMailbox, control: SandboxControl):
    cursor = gmail.fetch_since(None).next_cursor
    control.call("POST", "/gmail/revoke")
    assert fault_of(lambda: gmail.fetch_since(cursor)).kind == "sign_in_again"


def test_a_forgotten_history_reads_the_last_days_again(gmail: GmailMailbox, control: SandboxControl):
    arrive(control, 1)
    cursor = gmail.fetch_since(None).next_cursor
    arrive(control, 2)
    control.mailbox(history_floor=10**9)
    batch = gmail.fetch_since(cursor, limit=1)
    assert (batch.was_reset, batch.has_more) == (True, True)
    rest = gmail.fetch_since(batch.next_cursor, limit=1)
    assert sorted(references(batch) + references(rest)) == ["5592652301", "5592652302"]
    arrive(control, 3)
    control.mailbox(history_floor=0)
    assert references(gmail.fetch_since(rest.next_cursor)) == ["5592652303"]


def test_a_mail_deleted_in_between_is_left_out(gmail: GmailMailbox, control: SandboxControl):
    cursor = gmail.fetch_since(None).next_cursor
    arrive(control, 1, 2)
    control.call("DELETE", f"/gmail/messages/{_newest(control)}")
    assert references(gmail.fetch_since(cursor)) == ["5592652301"]


def _newest(control: SandboxControl) -> int:
    return int(control.add_mail(sender="a@b.example", subject="")["id"]) - 1


@pytest.mark.parametrize(
    ("error", "kind", "retry_after"),
    [
        ({"status": 429, "reason": "rateLimitExceeded", "retry_after": 30}, "quota", 30),
        ({"status": 403, "reason": "userRateLimitExceeded"}, "quota", None),
        ({"status": 403, "reason": "insufficientPermissions"}, "not_allowed", None),
        ({"status": 503, "reason": "backendError"}, "try_again", None),
    ],
)
def test_googles_errors(gmail: GmailMailbox, control: SandboxControl, error, kind, retry_after):
    control.mailbox(error=error)
    raised = fault_of(lambda: gmail.fetch_since(None))
    assert (raised.kind, raised.retry_after) == (kind, retry_after)
    control.mailbox(error=None)
    assert gmail.fetch_since(None).messages == ()


@pytest.mark.parametrize("fault", [{"http": 502}, {"drop": True}])
def test_a_gateway_page_or_a_cut_connection_is_tried_again(gmail: GmailMailbox, control: SandboxControl, fault):
    control.fault("gmail", **fault)
    assert fault_of(lambda: gmail.fetch_since(None)).kind == "try_again"


# IMAP ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["[Gmail]/Alle e-mail", "[Gmail]/Todos os e-mails", 'odd "quoted" name', ""])
def test_the_folder_of_all_mail_is_found_by_its_flag(imap: ImapMailbox, control: SandboxControl, name):
    control.mailbox(all_mail=name)
    arrive(control, 1)
    assert references(imap.fetch_since(None)) == ["5592652301"]
    opened = [entry["request"] for entry in control.journal("gmail") if entry["request"].startswith("EXAMINE")]
    quoted = (name or "INBOX").replace('"', '\\"')
    assert opened == [f'EXAMINE "{quoted}"']


def test_mails_numbered_anew_are_read_again(imap: ImapMailbox, control: SandboxControl):
    arrive(control, 1)
    cursor = imap.fetch_since(None).next_cursor
    control.mailbox(uidvalidity=78)
    batch = imap.fetch_since(cursor)
    assert (references(batch), batch.was_reset) == (["5592652301"], True)


def test_old_mail_is_not_read_at_the_beginning(imap: ImapMailbox, control: SandboxControl):
    control.add_mail(subject=NEW.format(9), at="2026-04-01T10:00:00+00:00")
    arrive(control, 1)
    assert references(imap.fetch_since(None)) == ["5592652301"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [("[AUTHENTICATIONFAILED] Invalid credentials", "sign_in_again"), ("[UNAVAILABLE] Temporary", "try_again"),
     ("[ALERT] Too many simultaneous connections", "quota")],
)  # fmt: skip
def test_refused_logins(imap: ImapMailbox, control: SandboxControl, said, kind):
    control.mailbox(imap_refuses=said)
    assert fault_of(lambda: imap.fetch_since(None)).kind == kind


def test_mail_is_read_over_tls_with_a_checked_certificate(tmp_path: Path):
    authority = certificate_for("localhost", tmp_path)
    sandbox = Sandbox()
    server = ImapServer(sandbox, "127.0.0.1", 0, tls=authority.context).start()
    try:

        def box(ca_file: str | None) -> ImapMailbox:
            return ImapMailbox("localhost", "desk@harbour.example", "sandbox-imap-password", now=lambda: NOW, port=server.port,
                               is_private_allowed=True, ca_file=ca_file)  # fmt: skip

        assert box(authority.ca_file).fetch_since(None).messages == ()
        assert fault_of(lambda: box(None).fetch_since(None)).kind == "not_allowed"
    finally:
        server.stop()
        sandbox.close()


def test_private_networks_and_open_lines_are_refused(sandbox: SandboxServer):
    assert (
        fault_of(lambda: imap_at(sandbox.imap_port, is_private_allowed=False, use_tls=True).fetch_since(None)).kind
        == "not_allowed"
    )
    assert (
        fault_of(lambda: imap_at(sandbox.imap_port, is_private_allowed=False).fetch_since(None)).kind == "not_allowed"
    )


@pytest.fixture
def talker() -> Iterator[Callable[[bytes], int]]:
    """A server that says the same to every connection, whatever it is asked; gives its port."""
    listeners: list[socket.socket] = []

    def start(said: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            try:
                connection, _address = listener.accept()
                with connection:
                    connection.sendall(said)
                    while connection.recv(4096):
                        pass
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"* BYE go away\r\n", b"\x00\x01\x02\r\n", b"* OK hi\r\n* LIST {999999999}\r\n", b"a" * 2_000_000 + b"\r\n"],
)  # fmt: skip
def test_a_server_that_talks_nonsense(talker, said):
    assert fault_of(lambda: imap_at(talker(said)).fetch_since(None)).kind == "try_again"


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert fault_of(lambda: imap_at(port).fetch_since(None)).kind == "try_again"
