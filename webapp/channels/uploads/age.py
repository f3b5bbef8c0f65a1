"""Whether mails and calendars know of something that a file does not: then it was made before, and only fills gaps.

A file tells no day of its making, only the newest booking or cancellation in it; in a quiet house that may be days ago. So what
counts is what the file lacks of what was told after that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from webapp.channels.upload_ports import Export, ExportRow
from webapp.core.database import db
from webapp.models import ChannelDecision, ChannelMail, Feed, Hotel

from .plan import CANCELLED


@dataclass(frozen=True)
class News:
    """A booking, or its cancellation, that another source told. `arrival`: None where it was not told."""

    reference: str
    is_cancellation: bool
    arrival: dt.date | None


def lacks(rows: Sequence[ExportRow], news: Iterable[News]) -> bool:
    """Whether one of the news, all of them younger than the newest the rows tell, is not in the rows.

    A booking is missed only where the rows reach: a file of one month knows nothing of the next.
    """
    status = {row.reference: row.status for row in rows}
    arrivals = [row.check_in for row in rows if row.check_in is not None]
    if not arrivals:
        return False
    first, last = min(arrivals), max(arrivals)
    for one in news:
        if one.is_cancellation:
            if one.reference in status and status[one.reference] not in (None, *CANCELLED, "no_show"):
                return True
        elif one.reference not in status and one.arrival is not None and first <= one.arrival <= last:
            return True
    return False


def is_outdated(hotel: Hotel, export: Export, newest_at: dt.datetime | None) -> bool:
    """Whether an authentic mail, or a calendar that gives numbers, has told more than the file since its newest entry."""
    if newest_at is None or export.kind not in ("booking_reservations", "booking_group", "airbnb_reservations"):
        return False
    mails = db.session.execute(
        select(ChannelMail.reference, ChannelMail.kind, ChannelMail.arrival).where(
            ChannelMail.hotel_id == hotel.id, ChannelMail.provider == export.provider, ChannelMail.trust == "authentic",
            ChannelMail.kind.in_(("new", "cancelled")), ChannelMail.reference != "", ChannelMail.sent_at > newest_at,
        )
    ).all()  # fmt: skip
    told = db.session.execute(
        select(ChannelDecision.reference, ChannelDecision.starts_on)
        .join(Feed, Feed.id == ChannelDecision.feed_id)
        .where(
            ChannelDecision.hotel_id == hotel.id, Feed.provider == export.provider, ChannelDecision.decision == "created",
            ChannelDecision.reference.is_not(None), ChannelDecision.at > newest_at,
        )
    ).all()  # fmt: skip
    gone = {mail.reference for mail in mails if mail.kind == "cancelled"}
    news = [News(mail.reference, mail.kind == "cancelled", mail.arrival) for mail in mails if mail.kind == "cancelled" or mail.reference not in gone]  # fmt: skip
    return lacks(
        export.rows, [*news, *(News(row.reference, False, row.starts_on) for row in told if row.reference not in gone)]
    )
