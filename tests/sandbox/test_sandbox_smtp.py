"""The mail server: keeps mails, refuses and stalls as told."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from webapp.sandbox import ControlError, SandboxControl, SandboxServer

TO = "guest@stay.example"


@pytest.fixture
def smtp(server: SandboxServer) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=5) as client:
        yield client


def mail(to: str = TO) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Harbour House <desk@harbour.example>"
    message["To"] = to
    message["Subject"] = "Votre arrivée"
    message["Message-ID"] = "<1@harbour.example>"
    message.set_content("Bonjour, http://127.0.0.1:8000/checkin/abc")
    message.add_alternative("<p>Bonjour <script>alert(1)</script></p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="invoice.pdf")
    return message


def test_mail_is_kept_with_its_parts(smtp: smtplib.SMTP, control: SandboxControl) -> None:
    smtp.send_message(mail())
    kept = control.mails(TO, wait=5)[0]
    assert (kept["subject"], kept["mail_from"], kept["rcpt_tos"]) == ("Votre arrivée", "desk@harbour.example", [TO])
    assert kept["text"].startswith("Bonjour, http")
    assert "<p>Bonjour" in kept["html"]
    assert kept["message_id"] == "<1@harbour.example>"
    assert kept["attachments"] == [{"filename": "invoice.pdf", "content_type": "application/pdf", "size": 4}]
    assert control.mails("GUEST@stay.example")
    assert control.mails("other@stay.example") == []
    assert control.journal("smtp")[0]["target"] == TO


@pytest.mark.parametrize(("code", "stage"), [(451, "rcpt"), (550, "rcpt"), (451, "data"), (554, "data")])
def test_refusals(smtp: smtplib.SMTP, control: SandboxControl, code: int, stage: str) -> None:
    control.mail_rule(TO, code, at=stage, **{"for": 1})
    with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)) as refusal:
        smtp.send_message(mail())
    error = refusal.value
    status = error.recipients[TO][0] if isinstance(error, smtplib.SMTPRecipientsRefused) else error.smtp_code
    assert status == code
    assert control.mails(TO) == []
    smtp.send_message(mail())
    assert len(control.mails(TO)) == 1


def test_only_the_named_recipient_is_refused(smtp: smtplib.SMTP, control: SandboxControl) -> None:
    control.mail_rule(TO, 550)
    refused = smtp.send_message(mail(f"{TO}, other@stay.example"))
    assert list(refused) == [TO]
    assert control.mails()[0]["rcpt_tos"] == ["other@stay.example"]
    control.call("DELETE", f"/smtp/rules/{TO}")
    assert smtp.send_message(mail()) == {}


def test_timeout(server: SandboxServer, control: SandboxControl) -> None:
    control.mail_rule(TO, "timeout")
    client = smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=0.2)
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        client.send_message(mail())
    client.close()
    assert control.journal("smtp")[0]["status"] == "timeout"


def test_sign_in_is_optional_and_checked(smtp: smtplib.SMTP) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError):
        smtp.login("sandbox", "wrong")
    assert smtp.login("sandbox", "sandbox-password")[0] == 235


def test_unknown_code_is_refused(control: SandboxControl) -> None:
    with pytest.raises(ControlError, match="400"):
        control.mail_rule(TO, 999)
