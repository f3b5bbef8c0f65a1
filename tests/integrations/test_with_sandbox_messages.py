"""Mail and short messages against the emulators."""

from datetime import UTC, datetime

import pytest

from webapp.integrations.smtp import SmtpSender
from webapp.integrations.transport import Limits
from webapp.integrations.twilio import TwilioSender, TwilioVerifier
from webapp.messaging.ports import OutgoingMail, SendFailed, SendRejected

from .wire import serving

SID = "AC" + "0" * 32
GUEST = "+447700900123"


@pytest.fixture
def sms(sandbox):
    return TwilioSender(
        SID,
        "sandbox-token",
        from_number="+15005550006",
        base_url=f"{sandbox.http_url}/twilio",
        limits=Limits(read=1.0, total=2.0),
    )


def mail_sender(sandbox, **options):
    now = lambda: datetime(2026, 11, 20, 9, tzinfo=UTC)  # noqa: E731
    return SmtpSender("127.0.0.1", sandbox.smtp_port, sender="Inn <no-reply@inn.example>", now=now, **options)


def mail(**changes):
    return OutgoingMail(**({"to": "guest@example.com", "subject": "رمز الباب", "text": "482135"} | changes))


def test_a_message_arrives_and_its_states_come_back_signed(sms, control):
    verifier = TwilioVerifier("sandbox-token")
    with serving() as hook:
        url = f"{hook.url}/hooks/twilio/status?m=1"
        receipt = sms.send(GUEST, "आपका कोड 482135", url)
        assert control.flush()
        reports = list(hook.seen)
    (sent,) = control.sms(to=GUEST)
    assert (sent["sid"], sent["body"]) == (receipt.sid, "आपका कोड 482135")
    assert receipt.status == "queued"
    assert [report.form["MessageStatus"] for report in reports][-1] == "delivered"
    for report in reports:
        assert verifier.is_authentic(url, report.form, report.headers)
        assert not verifier.is_authentic(url, report.form | {"MessageStatus": "failed"}, report.headers)
        assert not TwilioVerifier("other").is_authentic(url, report.form, report.headers)


def test_an_inbound_message_is_authentic_with_its_empty_values(sms, control):
    with serving() as hook:
        control.inbound_sms(GUEST, "STOP ", url=f"{hook.url}/hooks/twilio/sms")
        assert control.flush()
        (seen,) = hook.seen
    assert TwilioVerifier("sandbox-token").is_authentic(f"{hook.url}/hooks/twilio/sms", seen.form, seen.headers)
    filled = {name: value for name, value in seen.form.items() if value}
    assert filled != seen.form
    assert not TwilioVerifier("sandbox-token").is_authentic(f"{hook.url}/hooks/twilio/sms", filled, seen.headers)
    with pytest.raises(SendRejected) as caught:
        sms.send(GUEST, "Are you still there?")
    assert caught.value.code == "21610"


@pytest.mark.parametrize(
    ("number", "code"), [("+15005550001", "21211"), ("+15005550003", "21408"), ("+15005550004", "21610")]
)
def test_numbers_that_never_work(sms, number, code):
    with pytest.raises(SendRejected) as caught:
        sms.send(number, "x")
    assert caught.value.code == code


def test_an_account_at_its_limit_is_asked_later(sms):
    with pytest.raises(SendFailed) as caught:
        sms.send("+15005550029", "x")
    assert caught.value.code == "20429"
    assert not caught.value.may_have_been_sent


def test_wrong_keys_do_not_lose_the_message(sandbox):
    wrong = TwilioSender(SID, "wrong", from_number="+15005550006", base_url=f"{sandbox.http_url}/twilio")
    with pytest.raises(SendFailed) as caught:
        wrong.send(GUEST, "x")
    assert caught.value.code == "20003"


@pytest.mark.parametrize("fault", [{"http": 502}, {"drop": True}, {"slow": 4}])
def test_a_lost_answer_is_known_to_be_unknown(sms, control, fault):
    control.fault("twilio", effect=True, times=1, **fault)
    with pytest.raises(SendFailed) as caught:
        sms.send("+447700900999", "x")  # a number of its own: the slow one is sent after the test
    assert caught.value.may_have_been_sent


def test_a_mail_arrives(sandbox, control):
    message_id = mail_sender(sandbox, username="sandbox", password="sandbox-password").send(
        mail(html="<p>482135</p>", from_name="Harbour House", language="ar")
    )
    (arrived,) = control.mails(to="guest@example.com", wait=2)
    assert arrived["message_id"] == message_id
    assert arrived["subject"] == "رمز الباب"
    assert arrived["from"] == "Harbour House <no-reply@inn.example>"
    assert arrived["text"].strip() == "482135"
    assert "<p>482135</p>" in arrived["html"]


@pytest.mark.parametrize("at", ["rcpt", "data"])
@pytest.mark.parametrize(
    ("code", "kind"), [(450, SendFailed), (421, SendFailed), (550, SendRejected), (554, SendRejected)]
)
def test_mails_that_are_refused(sandbox, control, at, code, kind):
    control.mail_rule("guest@example.com", code, at=at)
    with pytest.raises(kind) as caught:
        mail_sender(sandbox).send(mail())
    assert caught.value.code == str(code)
    assert control.mails() == []


@pytest.mark.parametrize("at", ["rcpt", "data"])
def test_a_mail_server_that_falls_silent(sandbox, control, at):
    control.mail_rule("guest@example.com", "timeout", at=at)
    with pytest.raises(SendFailed) as caught:
        mail_sender(sandbox, timeout=0.5).send(mail())
    assert (caught.value.code, caught.value.may_have_been_sent) == ("timeout", at == "data")


def test_wrong_sign_in_is_our_fault_not_the_mails(sandbox):
    with pytest.raises(SendFailed) as caught:
        mail_sender(sandbox, username="sandbox", password="wrong").send(mail())
    assert caught.value.code == "535"
