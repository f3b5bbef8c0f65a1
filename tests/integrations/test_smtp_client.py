"""Mail over real SMTP: what arrives, and what each refusal becomes."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import socketserver
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from webapp.integrations.smtp import SmtpSender
from webapp.messaging.ports import Attachment, OutgoingMail, SendFailed, SendRejected

from .tls import certificate_for

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MAIL = OutgoingMail(to="guest@example.com", subject="Your stay", text="Hello", html="<p>Hello</p>", message_key="m1")


class Postbox:
    """Keeps what it is sent, or answers as it is told."""

    def __init__(self):
        self.envelopes = []
        self.refuse_rcpt = None
        self.answer = "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if self.refuse_rcpt:
            return self.refuse_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append(envelope)
        return self.answer

    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.envelopes[-1].original_content, policy=email.policy.default)


@contextmanager
def mail_server(handler, ssl_context=None, **options):
    """An SMTP server on a free port, in a thread of its own."""
    loop = asyncio.new_event_loop()

    async def start():
        return await loop.create_server(lambda: SMTP(handler, loop=loop, **options), "127.0.0.1", 0, ssl=ssl_context)

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(start(), loop).result(5)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(finish(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def finish(server):
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@pytest.fixture
def postbox():
    return Postbox()


@pytest.fixture
def port(postbox):
    with mail_server(postbox, enable_SMTPUTF8=True) as number:
        yield number


def sender_at(port, host="127.0.0.1", **options):
    options = {"sender": "Innkeep <no-reply@innkeep.example>", "timeout": 2.0} | options
    return SmtpSender(host, port, now=lambda: NOW, **options)


def send(port, **changes):
    return sender_at(port).send(OutgoingMail(**{"to": "guest@example.com", "subject": "S", "text": "T"} | changes))


def test_a_mail_with_everything(postbox, port):
    picture = Attachment("door code.png", "image/png", b"\x89PNG\x00\xff")
    mail = OutgoingMail(
        to="guest@example.com",
        to_name="Zoë, “O'Neil” <x>",
        from_name="Harbour House",
        reply_to="desk@harbour.example",
        subject="欢迎 – your code",
        text="Grüße\n.\nend",
        html="<p>Grüße</p>",
        language="zh",
        message_key="message-1",
        attachments=(picture,),
    )
    message_id = sender_at(port).send(mail)
    envelope, message = postbox.envelopes[0], postbox.message()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@innkeep.example", ["guest@example.com"])
    assert message["From"].addresses[0].display_name == "Harbour House"
    assert message["From"].addresses[0].addr_spec == "no-reply@innkeep.example"
    assert message["To"].addresses[0].display_name == mail.to_name
    assert message["Reply-To"] == "desk@harbour.example"
    assert message["Subject"] == "欢迎 – your code"
    assert message["Message-ID"] == message_id
    assert message_id.endswith("@innkeep.example>")
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "zh"
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == "Grüße\n.\nend\n"
    assert message.get_body(("html",)).get_content().strip() == "<p>Grüße</p>"
    attached = next(message.iter_attachments())
    assert (attached.get_filename(), attached.get_content_type()) == ("door code.png", "image/png")
    assert attached.get_content() == b"\x89PNG\x00\xff"
    assert max(len(line) for line in envelope.original_content.split(b"\r\n")) <= 998


def test_the_same_key_makes_the_same_message_id(port):
    assert send(port, message_key="a") == send(port, message_key="a")
    assert send(port, message_key="a") != send(port, message_key="b")
    assert send(port) != send(port)


def test_no_value_becomes_a_header(postbox, port):
    evil = "x\r\nBcc: victim@example.com\r\n\r\nbody\u2028\x00\ud800"
    send(port, subject=evil, to_name=evil, from_name=evil, language=evil, attachments=(Attachment(evil, evil, b"x"),))
    message = postbox.message()
    assert message["Bcc"] is None
    assert message["Content-Language"] is None
    assert postbox.envelopes[0].rcpt_tos == ["guest@example.com"]
    assert message["Subject"].startswith("x Bcc: victim@example.com body")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "guest",
        "guest@",
        "@example.com",
        "a@b@example.com",
        "a b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com, b@example.com",
        "Guest <a@example.com>",
        "a@exa mple.com",
        "a@-example.com",
        "a..b@example.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".com",
        "a@exam_ple\u202e.com",
    ],
)
def test_what_is_no_address_is_final(postbox, port, address):
    with pytest.raises(SendRejected) as caught:
        send(port, to=address)
    assert caught.value.code == "address"
    assert postbox.envelopes == []


def test_international_domains_are_written_in_ascii(postbox, port):
    send(port, to="gast@Bücher.example")
    assert postbox.envelopes[0].rcpt_tos == ["gast@xn--bcher-kva.example"]
    assert postbox.message()["To"] == "gast@xn--bcher-kva.example"


def test_international_names_need_a_server_that_knows_them(postbox, port):
    send(port, to="josé@example.com")
    assert postbox.envelopes[0].rcpt_tos == ["josé@example.com"]
    with mail_server(postbox, enable_SMTPUTF8=False) as plain, pytest.raises(SendRejected) as caught:
        send(plain, to="josé@example.com")
    assert caught.value.code == "smtputf8"


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("550 5.1.1 <guest@example.com>: unknown", SendRejected, "550"),
        ("554 5.7.1 spam", SendRejected, "554"),
        ("450 4.2.1 mailbox busy guest@example.com", SendFailed, "450"),
        ("421 4.3.2 shutting down", SendFailed, "421"),
        ("530 5.7.0 sign in first", SendFailed, "530"),
    ],
)
def test_refused_recipients_and_contents(postbox, port, answer, kind, code):
    postbox.refuse_rcpt = answer
    with pytest.raises(kind) as caught:
        send(port)
    assert caught.value.code == code
    assert "guest@example.com" not in str(caught.value)
    postbox.refuse_rcpt, postbox.answer = None, answer
    with pytest.raises(kind) as caught:
        send(port)
    assert caught.value.code == code
    if kind is SendFailed:
        assert not caught.value.may_have_been_sent


# A server that says exactly what it is told


@contextmanager
def scripted(*answers: bytes):
    """After the greeting, each line of the client takes one answer; b"" closes, None stays silent."""
    closing = threading.Event()

    class Script(socketserver.StreamRequestHandler):
        def handle(self):
            for answer in answers:
                if answer is None:
                    closing.wait(10)
                if not answer:
                    return
                self.wfile.write(answer + b"\r\n")
                line = self.rfile.readline()
                while answer.startswith(b"354") and line not in (b".\r\n", b""):
                    line = self.rfile.readline()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Script) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            closing.set()
            server.shutdown()
            thread.join()


GO = (b"220 hi", b"250 hello", b"250 sender", b"250 recipient", b"354 go on")


@pytest.mark.parametrize(
    ("answers", "code", "may_have_been_sent"),
    [
        ((), "connection", False),
        ((b"554 no service for you",), "554", False),
        ((b"421 too busy",), "421", False),
        ((b"220 hi", b"250 hello", b"250 sender", b""), "connection", False),
        ((*GO, b""), "connection", True),
        ((*GO, None), "timeout", True),
        ((b"220 hi", None), "timeout", False),
        ((b"220 hi", b"250 hello", b"nonsense"), "-1", False),
    ],
)
def test_connections_that_break(answers, code, may_have_been_sent):
    with scripted(*answers) as number, pytest.raises(SendFailed) as caught:
        sender_at(number, timeout=0.5).send(MAIL)
    assert caught.value.code == code
    assert caught.value.may_have_been_sent is may_have_been_sent


def test_taken_is_taken_even_if_the_goodbye_fails():
    with scripted(*GO, b"250 taken", b"") as number:
        assert sender_at(number).send(MAIL).startswith("<")


def test_nobody_at_home():
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    with pytest.raises(SendFailed) as caught:
        sender_at(number).send(MAIL)
    assert caught.value.code == "connection"


# Encryption and sign-in


def test_starttls_and_sign_in(postbox, tmp_path):
    authority = certificate_for("localhost", tmp_path)
    seen = []

    def authenticator(server, session, envelope, mechanism, auth_data):
        seen.append((auth_data.login, auth_data.password))
        return AuthResult(success=auth_data.password == b"right", handled=False)

    options = {"tls_context": authority.context, "require_starttls": True, "auth_required": True}
    with mail_server(postbox, authenticator=authenticator, **options) as number:
        secure = {"use_starttls": True, "ca_file": authority.ca_file, "username": "inn"}
        sender_at(number, "localhost", password="right", **secure).send(MAIL)
        assert seen == [(b"inn", b"right")]
        assert len(postbox.envelopes) == 1
        with pytest.raises(SendFailed) as caught:
            sender_at(number, "localhost", password="wrong", **secure).send(MAIL)
        assert caught.value.code == "535"
        with pytest.raises(SendFailed) as caught:
            sender_at(number, "localhost", password="right", use_starttls=True, username="inn").send(MAIL)
        assert caught.value.code == "tls"
        with pytest.raises(SendFailed) as caught:
            sender_at(number).send(MAIL)
        assert caught.value.code == "530"


def test_tls_from_the_first_byte(postbox, tmp_path):
    authority = certificate_for("localhost", tmp_path)
    with mail_server(postbox, ssl_context=authority.context) as number:
        sender_at(number, "localhost", use_ssl=True, ca_file=authority.ca_file).send(MAIL)
    assert len(postbox.envelopes) == 1


def test_encryption_that_was_asked_for_is_never_given_up(postbox, port):
    with pytest.raises(SendFailed):
        sender_at(port, use_starttls=True, username="inn", password="secret").send(MAIL)
    assert postbox.envelopes == []


def test_the_sender_must_be_an_address():
    with pytest.raises(ValueError, match="MAIL_FROM"):
        sender_at(25, sender="Innkeep")
