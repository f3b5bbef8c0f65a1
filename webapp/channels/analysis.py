"""Why something is still unknown of a stay: who could have told it, and what kept them from it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select

from webapp.channels import enrichment
from webapp.channels.domain.explaining import FILES_TELL, GUESTS_TELL, MAILS_TELL
from webapp.channels.enrichment import StayGap
from webapp.core.database import db
from webapp.core.tenancy import of_hotel
from webapp.models import ChannelMail, Hotel, MailAccount, Upload

Why = Literal["no_mailbox", "mailbox_failing", "mail_awaited", "mail_did_not_tell", "mails_never_tell", "no_upload", "upload_too_old",
              "upload_did_not_tell", "no_files", "guest_not_asked"]  # fmt: skip
WORDS: dict[str, str] = {
    "no_mailbox": "no mailbox is connected",
    "mailbox_failing": "the mailbox cannot be read",
    "mail_awaited": "no mail has spoken of it yet",
    "mail_did_not_tell": "its mail did not tell it",
    "mails_never_tell": "mails of this channel never tell it",
    "no_upload": "no file of this channel was uploaded",
    "upload_too_old": "the last file is older than the booking",
    "upload_did_not_tell": "the last file did not tell it",
    "no_files": "files of this channel cannot be read",
    "guest_not_asked": "the guest can tell it when checking in",
}


@dataclass(frozen=True)
class Explained:
    """A stay with what is unknown of it: field → why nobody has told it, in the order in which they would be asked."""

    gap: StayGap
    why: dict[str, tuple[Why, ...]]

    def as_json(self) -> dict[str, Any]:
        gap = self.gap
        return {
            "booking_id": gap.booking_id, "channel": gap.source, "reference": gap.reference, "room": gap.room_number,
            "check_in": gap.check_in.isoformat(), "check_out": gap.check_out.isoformat(), "status": gap.status,
            "unknown": list(gap.unknown), "step": gap.step, "tries": gap.tries,
            "next_try_at": gap.next_try_at.isoformat().replace("+00:00", "Z") if gap.next_try_at else None,
            "why": {field: list(reasons) for field, reasons in self.why.items()},
        }  # fmt: skip


def explain(hotel: Hotel, gaps: Iterable[StayGap]) -> list[Explained]:
    """Say of each of these stays why it is not complete yet. Four reads, however many there are."""
    sources = _Sources(hotel)
    return [Explained(gap, {field: sources.why(gap, field) for field in gap.unknown}) for gap in gaps]


def summary(explained: Iterable[Explained]) -> dict[str, dict[str, int]]:
    """How many stays wait for which step, lack which field, and how often each reason is met."""
    steps, unknown, reasons = Counter[str](), Counter[str](), Counter[str]()
    for one in explained:
        steps[one.gap.step] += 1
        unknown.update(one.gap.unknown)
        reasons.update({reason for found in one.why.values() for reason in found})
    return {"steps": dict(steps), "unknown": dict(unknown), "why": dict(reasons.most_common())}


class _Sources:
    """What could tell of a hotel's stays, read once."""

    def __init__(self, hotel: Hotel) -> None:
        mailboxes = db.session.scalars(of_hotel(MailAccount, hotel.id).where(MailAccount.is_active)).all()
        self.has_mailbox = bool(mailboxes)
        self.is_failing = bool(mailboxes) and all(box.failing_since is not None for box in mailboxes)
        of_stays = of_hotel(ChannelMail, hotel.id).where(ChannelMail.reservation_id.is_not(None))
        self.told = set(db.session.scalars(of_stays.with_only_columns(ChannelMail.reservation_id)))
        applied = select(Upload.provider, func.max(Upload.created_at)).where(
            Upload.hotel_id == hotel.id, Upload.state == "applied"
        )
        rows = db.session.execute(applied.group_by(Upload.provider)).all()
        self.uploads: dict[str, dt.datetime] = {row[0]: row[1] for row in rows}

    def why(self, gap: StayGap, field: str) -> tuple[Why, ...]:
        found: list[Why] = [self._of_mails(gap, field), self._of_files(gap, field)]
        if field in GUESTS_TELL:
            found.append("guest_not_asked")
        return tuple(found)

    def _of_mails(self, gap: StayGap, field: str) -> Why:
        if field not in MAILS_TELL.get(gap.source, frozenset()):
            return "mails_never_tell"
        if not self.has_mailbox:
            return "no_mailbox"
        if gap.reservation_id in self.told:
            return "mail_did_not_tell"
        return "mailbox_failing" if self.is_failing else "mail_awaited"

    def _of_files(self, gap: StayGap, field: str) -> Why:
        if field not in FILES_TELL.get(gap.source, frozenset()):
            return "no_files"
        at = self.uploads.get(gap.source)
        if at is None:
            return "no_upload"
        return "upload_did_not_tell" if at >= gap.created_at else "upload_too_old"


def unenriched(hotel: Hotel, source: str | None, field: str | None, with_past: bool) -> list[Explained]:
    """Every stay of which something is unknown, by arrival, with the reasons."""
    gaps, total = enrichment.unenriched(hotel, source=source, field=field, with_past=with_past)
    for page in range(2, -(-total // 500) + 1):
        gaps += enrichment.unenriched(hotel, source=source, field=field, with_past=with_past, page=page)[0]
    return explain(hotel, gaps)
