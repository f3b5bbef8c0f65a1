"""The house as it is: calendars, mails and files go through the services, on a database, under the clock of the world.

Only the ways in are held in memory: a calendar is handed to `sync_feed` as the bytes that its provider would have sent, a mailbox
gives raw mails, a file is CSV.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from sqlalchemy import select

from tests import factories
from tests.channel_year.audit import Audit, Belief
from tests.channel_year.papers import Line, Mail, export_row, listing
from tests.channel_year.truth import Happening, Life, instant
from tests.channel_year.voices import Feed
from tests.integrations.export_files import HEADERS, booking_row
from webapp.channels import services, sync
from webapp.channels.mail_ports import Batch, MailboxOpener, MailMessage
from webapp.channels.mails import services as mails
from webapp.channels.ports import Body, FeedFault, FeedReader
from webapp.channels.uploads import services as uploads
from webapp.core import clock, wiring
from webapp.core.calendars import FeedEvent
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.models import ChannelDecision, Hotel, MailAccount, Reservation, RoomAlias
from webapp.models import Feed as FeedRow
from webapp.stays import services as stays

_numbers = count(1)


class Wires:
    """The ways in."""

    def __init__(self) -> None:
        self.calendars: dict[str, bytes | None] = {}
        self.letters: list[MailMessage] = []

    def fetch(self, url: str, etag: str | None = None, last_modified: str | None = None) -> Body:
        content = self.calendars[url]
        if content is None:
            raise FeedFault("timeout", "The provider took too long to answer.")
        return Body(content, None, None, url)

    def open(self, kind: str, secrets: dict[str, Any]) -> Wires:
        return self

    def receivers(self, kind: str, secrets: dict[str, Any], typed: str) -> tuple[str, ...]:
        return ("mx.google.com",)

    def fetch_since(self, cursor: str | None, limit: int = 50) -> Batch:
        begin = int(cursor or 0)
        part = tuple(self.letters[begin : begin + limit])
        return Batch(part, str(begin + len(part)), has_more=begin + len(part) < len(self.letters))


@contextmanager
def wired(wires: Wires) -> Iterator[None]:
    """The services read from `wires` for a while."""
    ports = (FeedReader, MailboxOpener)
    before = [wiring.resolve(port) for port in ports]  # type: ignore[type-abstract]
    for port in ports:
        wiring.bind(port, lambda: wires)
    try:
        yield
    finally:
        for port, usual in zip(ports, before, strict=True):
            wiring.bind(port, lambda usual=usual: usual)


class System:
    def __init__(self, wires: Wires) -> None:
        self.wires = wires

    def begin(self, life: Life, feeds: list[Feed], audit: Audit) -> None:
        self.life, self.audit = life, audit
        self.now = instant(0)
        self.known: dict[int, str] = {}
        self.of_stay: dict[int, int] = {}
        with clock.frozen(self.now), transaction():
            self._found(feeds)

    def _found(self, feeds: list[Feed]) -> None:
        hotel = Hotel(slug=f"year-{next(_numbers)}", name="Year", timezone="Europe/Rome", currency="EUR")
        db.session.add(hotel)
        db.session.flush()
        self.hotel_id, self.rooms, self.types = hotel.id, {}, {}
        for room in self.life.rooms:
            kind = factories.make_room_type(hotel, f"R{room.number}", f"Kind {room.number}")
            made = factories.make_room(kind, str(100 + room.number))
            self.rooms[made.id], self.types[kind.id] = room.number, room.number
            for provider in ("booking", "airbnb"):
                name = listing(room.number)
                db.session.add(RoomAlias(hotel_id=hotel.id, provider=provider, name_key=name.casefold(), name=name, room_type_id=kind.id, room_id=made.id))  # fmt: skip
        self.room_ids = {number: room_id for room_id, number in self.rooms.items()}
        self.feed_ids = {feed: self._connect(hotel, feed) for feed in feeds}
        account = MailAccount(hotel_id=hotel.id, kind="imap", secrets={}, cursor="0")
        db.session.add(account)
        db.session.flush()
        self.account_id = account.id

    def _connect(self, hotel: Hotel, feed: Feed) -> int:
        url = f"https://{hotel.slug}.example/{feed.room.number}/{feed.channel}.ics"
        row = FeedRow(hotel_id=hotel.id, room_id=self.room_ids[feed.room.number], provider=feed.channel, url=url, is_active=True, failures=0)  # fmt: skip
        db.session.add(row)
        db.session.flush()
        return row.id

    @property
    def hotel(self) -> Hotel:
        return db.session.get_one(Hotel, self.hotel_id)

    def hour(self, tick: int) -> None:
        self.now = instant(tick)

    def wants(self) -> Iterable[Feed]:
        """Those that must be looked at again; the others cost one read, which is tried elsewhere."""
        pending = set(db.session.scalars(select(FeedRow.id).where(FeedRow.hotel_id == self.hotel_id, FeedRow.content_hash.is_(None))))  # fmt: skip
        return [feed for feed, feed_id in self.feed_ids.items() if feed_id in pending]

    # What comes in

    def read(self, feed: Feed, events: list[FeedEvent] | None) -> None:
        feed_id = self.feed_ids[feed]
        url = db.session.get_one(FeedRow, feed_id).url
        self.wires.calendars[url] = None if events is None else calendar(events)
        with clock.frozen(self.now):
            sync.sync_feed(feed_id)
        db.session.expire_all()
        self._compare()

    def desk(self, happening: Happening) -> None:
        stay = happening.stay
        with clock.frozen(self.now), transaction():
            if happening.kind == "new":
                kind = (
                    db.session.get_one(Reservation, self.of_stay[stay.number]) if stay.number in self.of_stay else None
                )
                assert kind is None
                room_id = self.room_ids[stay.room]
                type_id = next(t for t, number in self.types.items() if number == stay.room)
                new = stays.NewStay(room_type_id=type_id, room_id=room_id, dates=StayDates(stay.start, stay.end), guest_name=stay.guest)  # fmt: skip
                self.of_stay[stay.number] = stays.create_stay(self.hotel, new, is_fact=True).id
            else:
                row = db.session.get_one(Reservation, self.of_stay[stay.number])
                if happening.kind == "cancelled":
                    stays.cancel(row)
                else:
                    stays.change_dates(row, StayDates(stay.start, stay.end), is_fact=True)
                services.review_after(row.id, "changed")
            services.review_after(self.of_stay[stay.number], "created")

    def mail(self, mail: Mail) -> None:
        self.wires.letters.append(letter(mail, len(self.wires.letters), self.now))
        with clock.frozen(self.now):
            mails.scan(self.account_id)
            with transaction():
                mails.resolve_waiting()
        self._compare()

    def settle(self) -> None:
        """Mails that wait are tried once more."""
        with clock.frozen(self.now + dt.timedelta(hours=7)), transaction():
            mails.resolve_waiting()

    def file(self, channel: str, lines: list[Line], made_at: int) -> None:
        content = file_content(channel, lines)
        with clock.frozen(self.now):
            try:
                with transaction():
                    upload = uploads.receive(self.hotel, "export.csv", content)
            except Conflict as refused:  # nothing has happened since the last file
                if refused.code != "DUPLICATE_UPLOAD":
                    raise
                return
            upload_id = upload.id
            with transaction():
                uploads.prepare(upload_id)
            if upload.state == "preview":
                with transaction():
                    uploads.request_apply(self.hotel, upload_id)
                with transaction():
                    uploads.apply(upload_id)
            assert upload.state in ("applied", "refused"), (upload.state, upload.message)
        db.session.expire_all()
        self._compare()

    # What is believed

    def _rows(self) -> list[Any]:
        r = Reservation
        columns = (r.id, r.status, r.source, r.room_id, r.room_type_id, r.check_in, r.check_out, r.channel_reference, r.guest_name, r.total)  # fmt: skip
        return list(db.session.execute(select(*columns).where(r.hotel_id == self.hotel_id, r.source != "desk")))

    def beliefs(self) -> dict[Any, Belief]:
        return {row.id: self._belief(row) for row in self._rows()}

    def _belief(self, row: Any) -> Belief:
        room = self.rooms.get(row.room_id) if row.room_id else self.types.get(row.room_type_id)
        return Belief(row.id, room, row.source, row.check_in, row.check_out, row.status == "CONFIRMED", row.channel_reference, row.guest_name, row.total)  # fmt: skip

    def _compare(self) -> None:
        """Tell the audit what was made, ended and restored since the last look."""
        r = Reservation
        rows = db.session.execute(select(r.id, r.status).where(r.hotel_id == self.hotel_id, r.source != "desk"))
        statuses = {row.id: row.status for row in rows}
        differing = {key for key, status in statuses.items() if self.known.get(key) != status}
        if not differing:
            return
        found = {row.id: row for row in self._rows() if row.id in differing}
        for key in sorted(differing, key=lambda key: (statuses[key] != "CANCELLED", key)):
            belief, was = self._belief(found[key]), self.known.get(key)
            self.known[key] = statuses[key]
            if statuses[key] == "CANCELLED":
                self.audit.ended(belief)
            elif was is None:
                self.audit.made(belief, is_provisional=self._is_provisional(key))
            elif was == "CANCELLED":
                self.audit.restored(belief)

    def _is_provisional(self, stay_id: int) -> bool:
        codes = select(ChannelDecision.code).where(ChannelDecision.reservation_id == stay_id)
        return "provisional" in set(db.session.scalars(codes))


def calendar(events: list[FeedEvent]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Year//EN"]
    for event in events:
        text = event.description.replace("\n", "\\n")
        lines += [
            "BEGIN:VEVENT", f"UID:{event.uid}", f"DTSTART;VALUE=DATE:{event.start:%Y%m%d}", f"DTEND;VALUE=DATE:{event.end:%Y%m%d}",
            f"SUMMARY:{event.summary}", *([f"DESCRIPTION:{text}"] if text else []), "END:VEVENT",
        ]  # fmt: skip
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def letter(mail: Mail, number: int, now: dt.datetime) -> MailMessage:
    """The mail as the mailbox gives it: Booking.com's says number and arrival only, Airbnb's much more."""
    stay, sent = mail.stay, instant(mail.sent_at)
    day = f"{mail.arrival:%A, %d %B %Y}"
    word = {"new": "New booking", "modified": "Modified booking", "cancelled": "Cancelled booking"}[mail.kind]
    sender, body = "noreply@booking.com", "Open the extranet to see it."
    subject = f"Booking.com - {word}! ({stay.code}, {day})"
    if stay.channel == "airbnb":
        sender = "automated@airbnb.com"
        subject, body = {
            "new": (f"Reservation confirmed - {stay.guest} arrives {mail.arrival:%b %d}", _confirmed(mail)),
            "modified": ("Your reservation change was accepted", f"CONFIRMATION CODE\n{stay.code}\n"),
            "cancelled": (f"Canceled: Reservation {stay.code} for {mail.arrival:%b %d} – {mail.departure:%b %d, %Y}", f"Reservation {stay.code}"),
        }[mail.kind]  # fmt: skip
    head = f"From: {sender}\nSubject: {subject}\n"
    if mail.trust == "forwarded":
        body, sender, subject = (
            f"---------- Forwarded message ---------\n{head}\n{body}",
            "owner@hotel.example",
            f"Fwd: {subject}",
        )
    domain = sender.partition("@")[2]
    raw = (
        f"Authentication-Results: mx.google.com; dkim=pass header.i=@{domain}; spf=pass smtp.mailfrom={sender}; dmarc=pass header.from={domain}\r\n"
        f"From: {sender}\r\nTo: desk@hotel.example\r\nSubject: {subject}\r\nDate: {sent:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        f"Message-ID: <{stay.number}.{mail.kind}.{mail.sent_at}.{mail.copy}@{domain}>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    )  # fmt: skip
    return MailMessage(str(number), raw.encode(), now)


def _confirmed(mail: Mail) -> str:
    return (
        f"NEW BOOKING CONFIRMED!\n{listing(mail.stay.room)}\nCheck-in      Checkout\n{mail.arrival:%a, %b %d}   {mail.departure:%a, %b %d}\n"
        f"2 adults\nCONFIRMATION CODE\n{mail.stay.code}\nYOU EARN   €{mail.stay.price}\n"
    )  # fmt: skip


def file_content(channel: str, lines: list[Line]) -> bytes:
    table: list[list[Any]] = [HEADERS]
    rows = [export_row(number, line) for number, line in enumerate(lines, 2)]
    if channel == "booking":
        for row in rows:
            table.append(booking_row(
                row.reference, check_in=str(row.check_in), check_out=str(row.check_out), booked_on=str(row.booked_at),
                status="ok" if row.status == "confirmed" else "cancelled_by_guest", price=f"{row.price[0]} EUR", unit_type=row.unit_text,  # type: ignore[index]
                cancellation_date=str(row.cancelled_at or ""), phone_number="",
            ))  # fmt: skip
            table[-1][1] = table[-1][2] = row.guest_name
    else:
        table = [["Confirmation code", "Status", "Guest name", "Contact", "# of adults", "# of children", "# of infants", "Start date", "End date", "# of nights", "Booked", "Listing", "Earnings"]]  # fmt: skip
        for row in rows:
            assert row.price is not None
            table.append([
                row.reference, "Confirmed" if row.status == "confirmed" else "Canceled by guest", row.guest_name, "", 2, 0, 0,
                f"{row.check_in:%-m/%-d/%Y}", f"{row.check_out:%-m/%-d/%Y}", (row.check_out - row.check_in).days, f"{row.booked_at:%Y-%m-%d}",
                row.unit_text, f"€{row.price[0]}",
            ])  # fmt: skip
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return text.getvalue().encode()
