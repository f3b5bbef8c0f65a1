"""Which company fills which port, by the settings. Nowhere else is an implementation chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webapp.access.ports import LockProvider
from webapp.channels.mail_ports import MailboxOpener, MailReader
from webapp.channels.ports import FeedReader
from webapp.channels.upload_ports import ExportReader
from webapp.checkin.ports import DocumentStore
from webapp.core import clock, wiring
from webapp.core.calendars import CalendarFormat
from webapp.integrations.cloudinary import CloudinaryStore
from webapp.integrations.exports import ExportFiles
from webapp.integrations.feeds import HttpFeedReader
from webapp.integrations.gmail import GoogleSignIn
from webapp.integrations.ical.format import ICalendar
from webapp.integrations.mailboxes import Mailboxes
from webapp.integrations.ota_mail import OtaMail
from webapp.integrations.smtp import SmtpSender
from webapp.integrations.ttlock import TTLockClient
from webapp.integrations.twilio import TwilioSender, TwilioVerifier
from webapp.messaging.ports import MailSender, SmsSender, SmsWebhookVerifier

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Bind the ports of the configured providers; a provider without settings stays unbound."""
    _bind_feeds(settings)
    _bind_mailboxes(settings)
    _bind_mail(settings)
    _bind_sms(settings)
    _bind_locks(settings)
    _bind_documents(settings)


def _bind_feeds(settings: Settings) -> None:
    origins = [_origin(settings.sandbox_url)] if settings.sandbox_url else []
    reader = HttpFeedReader(private_origins=origins)
    wiring.bind(FeedReader, lambda: reader)
    wiring.bind(CalendarFormat, ICalendar)
    wiring.bind(ExportReader, ExportFiles)
    wiring.bind(MailReader, OtaMail)


def _bind_mailboxes(settings: Settings) -> None:
    google, sign_in, api_url, push_topic = settings.google, None, "", ""
    if google is not None:
        sign_in = GoogleSignIn(
            google.client_id, google.client_secret, auth_url=google.auth_url, token_url=google.token_url
        )
        api_url, push_topic = google.api_url, google.push_topic
    is_private_allowed = settings.sandbox_url is not None
    mailboxes = Mailboxes(
        now=clock.now, sign_in=sign_in, api_url=api_url, push_topic=push_topic, is_private_allowed=is_private_allowed
    )
    wiring.bind(MailboxOpener, lambda: mailboxes)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _bind_mail(settings: Settings) -> None:
    mail = settings.mail
    sender = SmtpSender(
        mail.host, mail.port, sender=mail.sender, now=clock.now, username=mail.username, password=mail.password,
        use_starttls=mail.use_starttls, use_ssl=mail.use_ssl,
    )  # fmt: skip
    wiring.bind(MailSender, lambda: sender)


def _bind_sms(settings: Settings) -> None:
    twilio = settings.twilio
    if twilio is None:
        wiring.unbind(SmsSender)
        wiring.unbind(SmsWebhookVerifier)
        return
    sender = TwilioSender(
        twilio.account_sid, twilio.auth_token, from_number=twilio.from_number,
        messaging_service_sid=twilio.messaging_service_sid, base_url=twilio.base_url,
    )  # fmt: skip
    verifier = TwilioVerifier(twilio.auth_token)
    wiring.bind(SmsSender, lambda: sender)
    wiring.bind(SmsWebhookVerifier, lambda: verifier)


def _bind_locks(settings: Settings) -> None:
    ttlock = settings.ttlock
    if ttlock is None:
        wiring.unbind(LockProvider)
        return
    client = TTLockClient(ttlock.client_id, ttlock.client_secret, ttlock.base_url, now=clock.now)
    wiring.bind(LockProvider, lambda: client)


def _bind_documents(settings: Settings) -> None:
    cloudinary = settings.cloudinary
    if cloudinary is None:
        wiring.unbind(DocumentStore)
        return
    store = CloudinaryStore(
        cloudinary.cloud_name, cloudinary.api_key, cloudinary.api_secret, now=clock.now, base_url=cloudinary.base_url
    )
    wiring.bind(DocumentStore, lambda: store)
