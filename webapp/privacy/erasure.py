"""Erases a person: the stay and its money remain as a skeleton, who it was is gone, from the trail too."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete, or_, select, text, update

from webapp.checkin import documents
from webapp.core import audit
from webapp.core.audit import AuditEntry
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.messaging.domain import as_e164
from webapp.models import (
    AccountToken,
    ChannelMail,
    CheckIn,
    Client,
    Document,
    Feed,
    FeedItem,
    FeedSnapshot,
    GuestLink,
    Hotel,
    IdempotencyKey,
    Membership,
    Message,
    PartyMember,
    Reservation,
    StayMerge,
    Upload,
    UploadEntry,
    User,
    WebhookEvent,
)
from webapp.stays import services as stays

from .subjects import Subject

_ONGOING = ("PENDING_PAYMENT", "CONFIRMED", "CHECKED_IN")
REDACTED = {"redacted": True}
# Every table with sealed columns is in one of these; a test sees to it that a new one is thought about.
ERASED = frozenset(("audit_entry", "channel_mail", "check_in", "client", "document", "feed_item", "guest_link", "idempotency_key",
                    "message", "party_member", "reservation", "stay_merge", "upload", "upload_entry", "user_account",
                    "webhook_event"))  # fmt: skip
NOT_OF_GUESTS = frozenset(
    ("access_code", "feed", "lock_account", "mail_account", "room")
)  # PINs that open nothing any more; secrets of the hotel


def erase(subject: Subject) -> None:
    """Forget the person. Raises Conflict while a stay of theirs is not over, or while they work in a hotel."""
    _refuse_too_early(subject)
    db.session.execute(text("SET LOCAL innkeep.rewrite_trail = 'yes'"))
    phones = {number for stay in subject.stays for number in _numbers_of(stay)}
    for stay in subject.stays:
        _erase_stay(stay)
    for member in subject.member_of:
        _redact_trail(member.hotel_id, "party_member", [member.id])
        db.session.delete(member)
    for letter in subject.letters:
        _blank(letter)
    for client in subject.clients:
        _erase_client(client)
    if subject.user is not None:
        _erase_account(subject.user)
    _erase_events(phones)
    db.session.flush()


def _refuse_too_early(subject: Subject) -> None:
    ongoing = [stay.booking_id for stay in subject.stays if stay.status in _ONGOING]
    if ongoing:
        raise Conflict(f"These stays are not over: {', '.join(ongoing)}.", "STAY_NOT_OVER")
    user = subject.user
    if user is not None and db.session.scalar(select(Membership.id).filter_by(user_id=user.id).limit(1)) is not None:
        raise Conflict("This account belongs to a hotel's team. Remove it from the team first.", "STILL_ON_TEAM")


def _numbers_of(stay: Reservation) -> set[str]:
    """The stay's telephone numbers as providers write them, however they were typed here."""
    country = db.session.get_one(Hotel, stay.hotel_id).country
    written = [number for number in (stay.guest_phone, stay.booker_phone) if number]
    return {as_e164(number, country) or number for number in written}


def _erase_stay(stay: Reservation) -> None:
    _forget_mails_and_files(stay)
    stay.guest_name = stay.guest_email = stay.guest_phone = None
    stay.booker_name = stay.booker_email = stay.booker_phone = stay.booker_company = stay.special_requests = None
    stay.channel_reference, stay.assignment_notes, stay.cancellation_reason = None, "", ""
    stays.refresh_search(stay)
    related: dict[str, list[int]] = {"reservation": [stay.id]}
    for model in (PartyMember, CheckIn, Document, Message):
        rows = db.session.scalars(select(model.id).where(model.reservation_id == stay.id)).all()
        related[model.__tablename__] = list(rows)
    for document in documents.documents_of_stay(stay.id):
        documents.remove(document, "erased")
    for message in db.session.scalars(select(Message).filter_by(reservation_id=stay.id)):
        _blank(message)
    db.session.execute(delete(PartyMember).where(PartyMember.reservation_id == stay.id))
    db.session.execute(delete(GuestLink).where(GuestLink.reservation_id == stay.id))
    db.session.execute(update(CheckIn).where(CheckIn.reservation_id == stay.id).values(details=None))
    of_stay = or_(StayMerge.kept_id == stay.id, StayMerge.gone_id == stay.id)
    db.session.execute(update(StayMerge).where(of_stay).values(undo=None))  # the two stay one for ever
    _forget_feed_words(stay)
    _forget_answers(stay)
    db.session.flush()
    for kind, numbers in related.items():
        _redact_trail(stay.hotel_id, kind, numbers)
    audit.record(stay.hotel_id, "personal_data_erased", stay)


def _forget_feed_words(stay: Reservation) -> None:
    """What calendars said of the guest. Old snapshots of these calendars go; the present one is the channel's own word."""
    items = db.session.scalars(select(FeedItem).filter_by(reservation_id=stay.id)).all()
    for item in items:
        kept = {name: value for name, value in (item.details or {}).items() if name in ("has_stable_uid", "code")}
        item.details, item.reference = kept, None
    for feed_id in {item.feed_id for item in items}:
        present = select(Feed.content_hash).where(Feed.id == feed_id).scalar_subquery()
        old = delete(FeedSnapshot).where(FeedSnapshot.feed_id == feed_id, FeedSnapshot.content_hash != present)
        db.session.execute(old.execution_options(synchronize_session=False))


def _forget_mails_and_files(stay: Reservation) -> None:
    """What mails and files said of the guest. A file that waits to be applied is put aside: the whole of it is kept until then."""
    number = stay.channel_reference or None

    def about(model: Any) -> Any:
        return model.hotel_id == stay.hotel_id, or_(model.reservation_id == stay.id, model.reference == number)

    for mail in db.session.scalars(select(ChannelMail).where(*about(ChannelMail))):
        mail.facts, mail.reference = None, ""
    digests = select(ChannelMail).where(ChannelMail.hotel_id == stay.hotel_id, ChannelMail.kind == "digest")
    for mail in db.session.scalars(digests) if number else ():
        facts = mail.facts or {}
        named = facts.get("digest", [])
        others = [one for one in named if one.get("reference") != number]
        if len(others) < len(named):
            mail.facts = {**facts, "digest": others}
    lines = db.session.scalars(select(UploadEntry).where(*about(UploadEntry))).all()
    for line in lines:
        line.details, line.undo, line.reference = None, None, ""
    for upload in db.session.scalars(select(Upload).where(Upload.id.in_({line.upload_id for line in lines}))):
        upload.columns = []
        if upload.content is not None:
            upload.state, upload.content = "discarded", None
    db.session.flush()


def _forget_answers(stay: Reservation) -> None:
    """What the booking client was answered about this stay."""
    for key in db.session.scalars(select(IdempotencyKey).filter_by(hotel_id=stay.hotel_id)):
        if stay.booking_id in json.dumps(key.response):
            db.session.delete(key)


def _blank(message: Message) -> None:
    message.recipient, message.body, message.subject, message.html, message.extras = "", "", None, None, None


def _redact_trail(hotel_id: int | None, kind: str, numbers: list[int]) -> None:
    told = or_(AuditEntry.before.is_not(None), AuditEntry.after.is_not(None), AuditEntry.reason.is_not(None))
    statement = update(AuditEntry).where(
        AuditEntry.entity_type == kind, AuditEntry.entity_id.in_(numbers), AuditEntry.hotel_id == hotel_id, told
    )
    values: dict[str, Any] = {"before": REDACTED, "after": REDACTED, "reason": None}
    db.session.execute(statement.values(values).execution_options(synchronize_session=False))


def _erase_client(client: Client) -> None:
    client.name = client.email = client.phone = client.email_fingerprint = None
    client.erased_at = now()


def _erase_account(user: User) -> None:
    db.session.execute(delete(AccountToken).where(AccountToken.user_id == user.id))
    user.email, user.name = f"erased-{user.id}@erased.invalid", "Erased"
    user.password_hash = user.totp_secret = user.totp_confirmed_at = user.totp_last_step = None
    user.is_active_account = False
    user.session_epoch += 1
    renamed = update(AuditEntry).where(AuditEntry.actor_id == user.id).values(actor_label="Erased")
    db.session.execute(renamed.execution_options(synchronize_session=False))
    statement = update(AuditEntry).where(AuditEntry.entity_type == "user_account", AuditEntry.entity_id == user.id)
    db.session.execute(statement.values(before=None, after=None).execution_options(synchronize_session=False))
    audit.record(None, "personal_data_erased", user)


def _erase_events(phones: set[str]) -> None:
    """What providers of short messages told us about these numbers."""
    if not phones:
        return
    for event in db.session.scalars(select(WebhookEvent)).yield_per(500):
        payload = event.payload if isinstance(event.payload, dict) else {}
        if phones & {str(payload.get("From")), str(payload.get("To"))}:
            event.payload = {}
