"""What there is about a person, as one JSON document for that person."""

from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import inspect, select

from webapp.checkin import documents
from webapp.core import audit
from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import (
    AccessCode,
    ChannelMail,
    CheckIn,
    FeedItem,
    Hotel,
    Message,
    PartyMember,
    Reservation,
    UploadEntry,
)

from .subjects import Subject

# Ours, not the person's: keys, hashes, what only steers the program.
_OURS = frozenset(("search_tokens", "version", "password_hash", "totp_secret", "totp_last_step", "session_epoch", "pin",
                   "pin_fingerprint", "email_fingerprint", "key", "content", "storage_key", "physical_lock"))  # fmt: skip


def export(subject: Subject) -> dict[str, Any]:
    """Everything about `subject`; that it was given out is in the history of each stay."""
    for stay in subject.stays:
        audit.record(stay.hotel_id, "personal_data_exported", stay)
    return {
        "about": subject.label,
        "exported_at": _plain(now()),
        "stays": [_stay(stay) for stay in subject.stays],
        "profiles": [_row(client) for client in subject.clients],
        "account": _row(subject.user) if subject.user else None,
        "letters": [_row(letter) for letter in subject.letters],
        "named_in_other_bookings": [_row(member) for member in subject.member_of],
    }


def _stay(stay: Reservation) -> dict[str, Any]:
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    return {
        "hotel": hotel.name,
        **_row(stay),
        "party": _rows(PartyMember, stay),
        "check_in_online": _rows(CheckIn, stay),
        "documents": [
            {**_row(document), "content": base64.b64encode(documents.content_of(document)).decode()}
            for document in documents.documents_of_stay(stay.id)
        ],
        "messages": _rows(Message, stay),
        "door_codes": _rows(AccessCode, stay),
        "said_by_calendars": _rows(FeedItem, stay),
        "said_by_mails": _rows(ChannelMail, stay),
        "said_by_files": _rows(UploadEntry, stay),
    }


def _rows(model: Any, stay: Reservation) -> list[dict[str, Any]]:
    return [_row(row) for row in db.session.scalars(select(model).filter_by(reservation_id=stay.id).order_by(model.id))]


def _row(row: Any) -> dict[str, Any]:
    names = [column.key for column in inspect(type(row)).column_attrs if column.key not in _OURS]
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date | dt.time | Decimal):
        return str(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
