"""Finds what there is about a person: by the booking, or by the e-mail address wherever it occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Load, load_only

from webapp.core import encryption
from webapp.core.database import db
from webapp.core.errors import NotFound
from webapp.models import Client, Message, PartyMember, Reservation, User

SCANNED_AT_ONCE = 1000


@dataclass
class Subject:
    """The rows that are about one person. `letters`: messages that belong to no stay (of an account)."""

    label: str
    stays: Sequence[Reservation] = ()
    clients: Sequence[Client] = ()
    letters: Sequence[Message] = ()
    user: User | None = None
    member_of: list[PartyMember] = field(default_factory=list)  # in other people's bookings

    @property
    def is_nobody(self) -> bool:
        return not (self.stays or self.clients or self.letters or self.user or self.member_of)


def of_booking(booking_id: str) -> Subject:
    """The guest of one booking. Raises NotFound."""
    stay = db.session.scalar(select(Reservation).where(Reservation.booking_id == booking_id.strip().upper()))
    if stay is None:
        raise NotFound(f"There is no booking {booking_id}.")
    client = db.session.get(Client, stay.client_id) if stay.client_id else None
    return Subject(stay.booking_id, _with_merged([stay]), [client] if client else [])


def of_email(email: str) -> Subject:
    """Everything under an address: stays, the party of others' stays, the client, the account, letters. Raises NotFound."""
    address = email.strip().casefold()
    own = _with_merged([stay for stay in _stays_with(address) if address in _addresses(stay)])
    subject = Subject(
        label=address,
        stays=own,
        clients=_scan(Client, lambda row: _is(row.email, address), load_only(Client.email)),
        letters=_scan(
            Message,
            lambda row: row.reservation_id is None and _is(row.recipient, address),
            load_only(Message.recipient, Message.reservation_id),
        ),
        user=db.session.scalar(select(User).where(User.email == address)),
    )
    numbers = {stay.id for stay in own}
    members = _scan(PartyMember, lambda row: _is(row.email, address), load_only(PartyMember.email))
    subject.member_of = [member for member in members if member.reservation_id not in numbers]
    if subject.is_nobody:
        raise NotFound(f"There is nothing about {email}.")
    return subject


def _with_merged(stays: Sequence[Reservation]) -> list[Reservation]:
    """These records and those that proved to be the same stays: the person is in each of them."""
    found = {stay.id: stay for stay in stays}
    fresh = list(found.values())
    while fresh:
        ids = [stay.id for stay in fresh]
        into = [stay.merged_into_id for stay in fresh if stay.merged_into_id is not None]
        query = select(Reservation).where(or_(Reservation.merged_into_id.in_(ids), Reservation.id.in_(into)))
        fresh = [stay for stay in db.session.scalars(query.order_by(Reservation.id)) if stay.id not in found]
        found |= {stay.id: stay for stay in fresh}
    return [found[number] for number in sorted(found)]


def _stays_with(address: str) -> Sequence[Reservation]:
    """Those that may hold the address, by the blind index of their search."""
    each_word = [Reservation.search_tokens.overlap(hashes) for hashes in encryption.query_tokens(address)]
    return db.session.scalars(select(Reservation).where(and_(*each_word)).order_by(Reservation.id)).all()


def _addresses(stay: Reservation) -> set[str]:
    return {text.casefold() for text in (stay.guest_email, stay.booker_email) if text}


def _is(text: str | None, address: str) -> bool:
    return text is not None and text.casefold() == address


def _scan(model: Any, is_meant: Any, columns: Load | Any) -> list[Any]:
    """Rows whose sealed columns must be opened to be judged: all of them, so many at a time."""
    found: list[Any] = []
    last = 0
    while True:
        query = select(model).options(columns).where(model.id > last).order_by(model.id).limit(SCANNED_AT_ONCE)
        rows = db.session.scalars(query).all()
        found += [row for row in rows if is_meant(row)]
        if len(rows) < SCANNED_AT_ONCE:
            return found
        last = rows[-1].id
