"""What mails and weekly files tell of the truth: mostly at once, sometimes late, twice, forwarded, or never."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from tests.channel_year.truth import Happening, Life, Stay, instant, local_day
from webapp.channels.upload_ports import ExportRow

WEEK = 7 * 24
TELLS = ("booking", "airbnb")  # the channels whose mails and files are read


@dataclass(frozen=True)
class Mail:
    """`sent_at`: a tick. `trust`: authentic or forwarded."""

    kind: str
    stay: Stay
    arrival: dt.date
    departure: dt.date
    sent_at: int
    trust: str = "authentic"
    copy: int = 0


@dataclass(frozen=True)
class Line:
    """A stay as a file has it."""

    stay: Stay
    start: dt.date
    end: dt.date
    is_cancelled: bool


class Post:
    """Delivers mails."""

    def __init__(self, seed: int, life: Life) -> None:
        self.rng = random.Random(f"post {seed}")
        self.life = life
        self.due: dict[int, list[tuple[bool, Mail]]] = {}

    def write(self, happening: Happening) -> None:
        """What becomes of the mail about something: 5 in 100 never come, 8 are late, 3 come twice, 2 are forwarded besides."""
        stay, rng = happening.stay, self.rng
        roll = rng.random()
        if stay.channel not in TELLS or roll < 0.05:
            return
        late = rng.randint(2, 72) if roll < 0.13 else 0
        mail = Mail(happening.kind, stay, stay.start, stay.end, happening.tick)
        self._put(happening.tick + late, mail)
        if roll > 0.97:
            self._put(happening.tick + late + rng.randint(0, 5), Mail(mail.kind, stay, mail.arrival, mail.departure, mail.sent_at, copy=1))  # fmt: skip
        elif roll > 0.95:
            forwarded = Mail(mail.kind, stay, mail.arrival, mail.departure, mail.sent_at, "forwarded", 2)
            self._put(happening.tick + late + rng.randint(0, 48), forwarded)

    def _put(self, tick: int, mail: Mail) -> None:
        self.due.setdefault(tick, []).append((self.rng.random() < 0.5, mail))

    def bring(self, tick: int) -> tuple[list[Mail], list[Mail]]:
        """The mails of this hour: those that come before the calendars are read, and those that come after."""
        mails = self.due.pop(tick, [])
        return [mail for is_first, mail in mails if is_first], [mail for is_first, mail in mails if not is_first]


def file_of(life: Life, channel: str, made_at: int) -> list[Line]:
    """What the channel's file of all bookings says that was made at `made_at`."""
    since = local_day(made_at) - dt.timedelta(days=14)
    lines = []
    for room in life.rooms:
        for stay in room.stays:
            if stay.channel == channel and stay.booked_at <= made_at:
                start, end = stay.dates_at(made_at)
                if end > since:
                    lines.append(Line(stay, start, end, not stay.is_on(made_at)))
    return sorted(lines, key=lambda line: line.stay.number)


def listing(room: int) -> str:
    """What the channels call a room."""
    return f"Sea room {room}"


def export_row(number: int, line: Line) -> ExportRow:
    stay = line.stay
    zone = dt.timedelta(hours=1)
    booked = instant(stay.booked_at).replace(tzinfo=None) + zone
    cancelled = (
        instant(stay.cancelled_at).replace(tzinfo=None) + zone
        if line.is_cancelled and stay.cancelled_at is not None
        else None
    )
    return ExportRow(
        number, stay.code, "cancelled_by_guest" if line.is_cancelled else "confirmed", line.start, line.end, guest_name=stay.guest,
        booked_at=booked, cancelled_at=cancelled, rooms=(listing(stay.room),), unit_text=listing(stay.room), room_count=1, adults=2,
        price=(stay.price, "EUR"),
    )  # fmt: skip
