"""The work of learning more of each stay: what was found is noted, the next step is taken with growing pauses, and where only a file
can help the house is asked for one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import structlog
from flask_babel import gettext as _
from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from webapp.channels import guests
from webapp.channels.domain.explaining import (
    ASKED_OF,
    FILES_TELL,
    GUESTS_TELL,
    Asked,
    Step,
    next_step,
    pause_before,
)
from webapp.channels.enrichment import CHANNELS, LIVING, has_mailbox, unknown_of
from webapp.channels.mails import services as mails
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict, Invalid
from webapp.core.tenancy import one_of_hotel
from webapp.messaging import services as messaging
from webapp.models import (
    Alert,
    ChannelMail,
    Enrichment,
    EnrichmentAttempt,
    FeedItem,
    Hotel,
    Membership,
    Reservation,
    User,
)
from webapp.operations import services as operations

log = structlog.get_logger(__name__)
ASK_AFTER_HOURS = 6.0  # so long a stay may wait for its mail before a file is asked for
ALERT_KEY = "upload-wanted"
PAUSE_AFTER_TROUBLE = dt.timedelta(hours=1)
_TELLERS = {"email": "mail", "export": "upload", "feed": "feed", "guest": "guest"}
_SOURCE_OF = {"name": "guest_name", "reference": "channel_reference", "phone": "guest_phone", "price": "total"}
_ASKED_FOR = ("reference", "name")  # what a stay cannot do without


def look_again(reservation_id: int) -> None:
    """Compare what is unknown of a stay with what was unknown before; note what was found and who told it. Safe to run twice."""
    stay = db.session.get(Reservation, reservation_id)
    if stay is None or stay.source not in CHANNELS:
        return
    state = _state(stay)
    unknown = unknown_of(stay)
    found = [name for name in state.unknown if name not in unknown]
    for teller, names in _by_teller(stay, found).items():
        _note(stay, teller, "found", names)
    if found:
        state.tries = 0
    _plan(stay, state, unknown)
    db.session.flush()


def _state(stay: Reservation) -> Enrichment:
    """The state of a stay, locked. Of a new one nothing is known yet."""
    statement = insert(Enrichment).values(
        reservation_id=stay.id, hotel_id=stay.hotel_id, unknown=list(ASKED_OF[stay.source]), step="none", tries=0,
        next_try_at=None, changed_at=now(),
    )  # fmt: skip
    db.session.execute(statement.on_conflict_do_nothing(index_elements=["reservation_id"]))
    return db.session.get_one(Enrichment, stay.id, with_for_update=True, populate_existing=True)


def _by_teller(stay: Reservation, found: list[str]) -> dict[str, list[str]]:
    tellers: dict[str, list[str]] = {}
    for name in found:
        said_by = stay.field_sources.get(_SOURCE_OF[name])
        first = "feed" if "dates" in stay.field_sources else "desk"  # who brought the stay
        tellers.setdefault(_TELLERS.get(said_by, "desk") if said_by else first, []).append(name)
    return tellers


def _note(stay: Reservation, step: str, code: str, found: Sequence[str] = ()) -> None:
    db.session.add(
        EnrichmentAttempt(
            hotel_id=stay.hotel_id, reservation_id=stay.id, at=now(), step=step, code=code, found=list(found)
        )
    )


def _plan(stay: Reservation, state: Enrichment, unknown: tuple[str, ...], *, is_tried: bool = False) -> None:
    """Choose the next step and its time. A time that is set already stands unless the step is another one, or was just taken."""
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    is_over = stay.check_out <= hotel.business_date() or stay.status not in LIVING
    asked = _asked(hotel, stay, unknown)
    step = next_step(
        unknown, stay.source, state.tries, has_mailbox=has_mailbox(stay.hotel_id), is_over=is_over, asked=asked
    )
    if is_tried or step != state.step or state.next_try_at is None:
        state.next_try_at = _time_of(hotel, step, state.tries, asked)
    if list(unknown) != state.unknown or step != state.step:
        state.unknown, state.step, state.changed_at = list(unknown), step, now()


def _asked(hotel: Hotel, stay: Reservation, unknown: tuple[str, ...]) -> Asked:
    """What was asked already; looked up only where the guest can tell something."""
    if not GUESTS_TELL & set(unknown):
        return Asked()
    counts = guests.asked_so_far(stay.id)
    is_reachable = guests.may_ask_by_itself(hotel) and guests.contact_of(stay) is not None
    return Asked(counts.get("upload", 0), counts.get("guest", 0), is_reachable)


def _time_of(hotel: Hotel, step: Step, tries: int, asked: Asked) -> dt.datetime | None:
    """When the step is taken. Where there is no way to the guest yet, it is looked for again every day."""
    if step == "guest" and not guests.may_ask_by_itself(hotel):
        return None
    pause = pause_before(step, asked.guest if step == "guest" else tries)
    if pause is None:
        return None
    return guests.next_daylight(hotel, now() + pause) if step == "guest" else now() + pause


def work_due(limit: int = 200) -> int:
    """Take the next step of every stay that is due. Returns how many were looked at. One that we stumble over keeps no other
    waiting: it is tried again later."""
    due = (
        select(Enrichment)
        .where(Enrichment.next_try_at <= now())
        .order_by(Enrichment.next_try_at, Enrichment.reservation_id)
    )
    states = db.session.scalars(due.limit(limit).with_for_update(skip_locked=True)).all()
    for state in states:
        try:
            with db.session.begin_nested():
                _try(state)
        except SQLAlchemyError:
            raise
        except Exception:
            log.exception("stay_not_looked_into", reservation_id=state.reservation_id)
            state.next_try_at = now() + PAUSE_AFTER_TROUBLE
            db.session.flush()
    return len(states)


def _try(state: Enrichment) -> None:
    stay = db.session.get_one(Reservation, state.reservation_id)
    step = state.step
    if step == "guest" and (by_day := _daylight(stay)) > now():
        state.next_try_at = by_day
        db.session.flush()
        return
    if step == "mail":
        _ask_mails(stay)
    unknown = unknown_of(stay)
    found = [name for name in state.unknown if name not in unknown]
    if found:
        look_again(stay.id)
        return
    if step == "guest":
        _try_guest(stay, unknown)
    else:
        _note(stay, step, "asked" if step == "upload" else "nothing")
        state.tries += 1
    _plan(stay, state, unknown, is_tried=True)
    db.session.flush()


def _daylight(stay: Reservation) -> dt.datetime:
    """Now, or the next morning at the hotel."""
    return guests.next_daylight(db.session.get_one(Hotel, stay.hotel_id), now())


def _try_guest(stay: Reservation, unknown: tuple[str, ...]) -> None:
    """Ask the guest, unless nobody may by now. That no way is known is noted once, not every day."""
    hotel = db.session.get_one(Hotel, stay.hotel_id)
    if stay.status not in LIVING or not guests.may_ask_by_itself(hotel):
        return
    contact = guests.contact_of(stay)
    if contact is not None and guests.ask(stay, unknown, contact):
        return
    if guests.last_code(stay.id) != "no_contact":
        guests.note(stay, "no_contact")


def ask_guest(hotel: Hotel, booking_id: str) -> None:
    """A person wants the guest asked now; the next question by itself waits accordingly longer. Raises NotFound, Invalid, Conflict."""
    stay = one_of_hotel(Reservation, hotel.id, booking_id=booking_id)
    if stay.source not in CHANNELS:
        raise Conflict(_("There is nothing to ask this guest."), "NOTHING_TO_ASK")
    state = _state(stay)
    unknown, contact = guests.check_may_ask(stay)
    if not guests.ask(stay, unknown, contact):
        raise Invalid(_("No address and no mobile number of this guest is known."), "NO_ADDRESS")
    _plan(stay, state, unknown_of(stay), is_tried=state.step == "guest")
    db.session.flush()


def _ask_mails(stay: Reservation) -> None:
    """Try the mails again that wait for a stay with this arrival or number."""
    about = or_(
        ChannelMail.arrival == stay.check_in,
        and_(ChannelMail.reference != "", ChannelMail.reference == (stay.channel_reference or "-")),
    )
    waiting = select(ChannelMail).where(
        ChannelMail.hotel_id == stay.hotel_id, ChannelMail.provider == stay.source, ChannelMail.state == "waiting", about
    )  # fmt: skip
    for mail in db.session.scalars(waiting.order_by(ChannelMail.id).limit(20).with_for_update(skip_locked=True)).all():
        mails.work(db.session.get_one(Hotel, mail.hotel_id), mail)
    db.session.flush()


def take_up(limit: int = 500) -> int:
    """Begin with stays that have no state yet. Returns how many."""
    has_state = exists().where(Enrichment.reservation_id == Reservation.id)
    query = select(Reservation.id).where(
        Reservation.source.in_(CHANNELS), Reservation.status.in_(LIVING), Reservation.merged_into_id.is_(None),
        Reservation.check_out >= now().date(), ~has_state,
    )  # fmt: skip
    ids = db.session.scalars(query.order_by(Reservation.id).limit(limit)).all()
    for reservation_id in ids:
        look_again(reservation_id)
    return len(ids)


# Asking for a file


def waiting_for_upload(hotel: Hotel) -> int:
    """Stays that a calendar shows, that no mail has explained for hours, and that a file of their channel would explain."""
    is_told = exists().where(
        FeedItem.reservation_id == Reservation.id, FeedItem.state.in_(("present", "missing", "suspected"))
    )
    query = select(func.count()).select_from(Reservation).where(
        Reservation.hotel_id == hotel.id, Reservation.source.in_(sorted(FILES_TELL)), Reservation.status.in_(LIVING),
        Reservation.merged_into_id.is_(None), Reservation.check_out > hotel.business_date(),
        Reservation.created_at <= now() - dt.timedelta(hours=ask_after_hours(hotel)),
        or_(Reservation.guest_name.is_(None), Reservation.channel_reference.is_(None)), is_told,
    )  # fmt: skip
    return db.session.scalar(query) or 0


def ask_after_hours(hotel: Hotel) -> float:
    """The hotel's own `settings["channels"]["ask_after_hours"]`, or the usual time."""
    chosen: Any = (hotel.settings.get("channels") or {}).get("ask_after_hours")
    is_number = isinstance(chosen, int | float) and not isinstance(chosen, bool)
    return float(chosen) if is_number and 0.5 <= chosen <= 240 else ASK_AFTER_HOURS


def remind(hotel: Hotel) -> int:
    """Ask on the board for a file while one is missing, and by mail once a day; take the question back when it is answered."""
    count = waiting_for_upload(hotel)
    if not count:
        operations.resolve_alert(hotel.id, ALERT_KEY)
        return 0
    if not operations.raise_alert(hotel.id, "upload_wanted", ALERT_KEY, {"count": count}):
        alert = db.session.scalars(
            select(Alert).where(Alert.hotel_id == hotel.id, Alert.key == ALERT_KEY, Alert.resolved_at.is_(None))
        ).first()
        if alert is not None and alert.details.get("count") != count:
            alert.details = {"count": count}
    _write_to_managers(hotel, count)
    db.session.flush()
    return count


def _write_to_managers(hotel: Hotel, count: int) -> None:
    today = hotel.business_date()
    people = select(User).join(Membership, Membership.user_id == User.id).where(
        Membership.hotel_id == hotel.id, Membership.role.in_(("owner", "manager")), User.is_active_account
    )  # fmt: skip
    for user in db.session.scalars(people.order_by(User.id)):
        messaging.queue_mail(
            hotel_id=hotel.id, recipient=user.email, language=user.language, template="channels/emails/upload_wanted",
            context={"name": user.name, "count": count, "slug": hotel.slug},
            key=f"upload-wanted:{hotel.id}:{user.id}:{today}",
        )  # fmt: skip
