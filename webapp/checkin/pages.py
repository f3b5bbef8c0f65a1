"""What the guest's pages show: the language they speak, the hotel at their top, and the facts of each screen."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import request, session
from flask_babel import gettext as _
from markupsafe import Markup

from webapp.access.queries import CodeView, codes_of_stay
from webapp.core.clock import now
from webapp.models import CheckIn, Hotel, Reservation
from webapp.web.i18n import clock_time, instant, language, language_of_browser, speak, supported

from .domain import PARTS, STEPS
from .forms import country_name

LANGUAGE_COOKIE = "guest_language"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def speak_to_guest(stay: Reservation, checkin: CheckIn | None) -> str:
    """?lang, then what was chosen before, then the browser, then the stay."""
    if asked := supported(request.args.get("lang")):
        session[LANGUAGE_COOKIE] = asked
    chosen = session.get(LANGUAGE_COOKIE) or (checkin.language if checkin else None)
    speak(supported(chosen) or language_of_browser() or supported(stay.guest_language) or "en")
    return language()


def speak_to_stranger() -> None:
    """The language of a page without a stay: ?lang, then what was chosen on this phone before, then the browser."""
    chosen = supported(request.args.get("lang")) or session.get(LANGUAGE_COOKIE)
    speak(supported(chosen) or language_of_browser() or "en")


def hotel_facts(hotel: Hotel) -> dict[str, Any]:
    """The top and foot of the page."""
    photo = hotel.photo
    return {
        "name": hotel.name,
        "photo_url": photo if photo.startswith("https://") else f"/static/{photo}" if photo else "",
        "accent": hotel.accent_color if _COLOUR.fullmatch(hotel.accent_color) else "",
        "phone": hotel.phone,
        "email": hotel.email,
    }


def progress_of(step: str) -> tuple[list[str], int]:
    """Names of the stages and the number of the present one, from 1."""
    labels = [_("You"), _("Document"), _("Review"), _("Check in")]
    stage = {"document": 2, "review": 3, "rules": 3, "confirm": 4}.get(step, 1)
    return labels, stage


def step_number(step: str) -> tuple[int, int]:
    return STEPS.index(step) + 1, len(STEPS)


def house_rules(hotel: Hotel) -> list[str]:
    """In the guest's language, else in the hotel's, else in English."""
    for code in (language(), hotel.language, "en"):
        if rules := hotel.house_rules.get(code):
            return [str(rule) for rule in rules]
    return []


def house_info(hotel: Hotel) -> list[str]:
    """What guests in house may want to know: the hotel's setting `house_info`, {language: [line, …]}."""
    info = hotel.settings.get("house_info") or {}
    lines: list[Any] = next((info[code] for code in (language(), hotel.language, "en") if info.get(code)), [])
    return [str(line) for line in lines]


def map_url(hotel: Hotel) -> str:
    """A route to the hotel in whatever map the phone has."""
    has_place = hotel.latitude is not None and hotel.longitude is not None
    place = f"{hotel.latitude},{hotel.longitude}" if has_place else f"{hotel.name}, {hotel.address}"
    return "https://www.google.com/maps/dir/?" + urlencode({"api": 1, "destination": place})


def arrival_choices(hotel: Hotel) -> list[tuple[str, str]]:
    """From check-in time to the small hours, by the hour."""
    first = hotel.check_in_time.hour
    hours = [*range(first, 24), 0, 1, 2]
    earlier = [("early", _("Before %(time)s", time=clock_time(hotel.check_in_time)))]
    slots = [(f"{hour:02d}:00", _between(hour)) for hour in hours]
    return [("", _("I do not know yet")), *earlier, *slots]


def _between(hour: int) -> str:
    begin, end = dt.time(hour), dt.time((hour + 1) % 24)
    return _("%(begin)s to %(end)s", begin=clock_time(begin), end=clock_time(end))


def isolated(text: str | None, direction: str = "auto") -> Markup | str:
    """What a guest wrote, kept apart from the direction of the page around it."""
    return Markup('<bdi dir="{}">{}</bdi>').format(direction, text) if text else ""


def answers(checkin: CheckIn, hotel: Hotel) -> list[dict[str, Any]]:
    """What the guest said, for the review: groups with the step that changes them."""
    person, contact, arrival = ((checkin.details or {})[part] for part in PARTS)
    arrival_time = dict(arrival_choices(hotel)).get(arrival.get("arrival_time") or "", "")
    return [
        {"step": "person", "title": _("You"), "facts": [
            (_("Full name"), isolated(person["name"])), (_("Nationality"), country_name(person["nationality"])),
            (_("Guests"), person["guests"])]},
        {"step": "contact", "title": _("Contact"), "facts": [
            (_("Mobile number"), isolated(contact.get("phone"), "ltr")),
            (_("E-mail address"), isolated(contact.get("email"), "ltr")),
            (_("Home address"), isolated(contact.get("address")))]},
        {"step": "arrival", "title": _("Arrival"), "facts": [(_("Arrival time"), arrival_time)]},
    ]  # fmt: skip


def stay_moments(stay: Reservation, hotel: Hotel) -> dict[str, dt.datetime]:
    return {"arrives": hotel.check_in_instant(stay.check_in), "leaves": hotel.check_out_instant(stay.check_out)}


def key_state(stay: Reservation, hotel: Hotel, checkin: CheckIn | None) -> dict[str, Any]:
    """What the guest can know of the door codes, as one state with what it takes to say it in words.

    checkin: still to be done; waiting: no room yet; later: comes by itself; coming: on its way to the lock; ready; over.
    """
    moments = stay_moments(stay, hotel)
    codes = codes_of_stay(stay.id) if stay.status in ("CONFIRMED", "CHECKED_IN") else []
    ready = [code for code in codes if code.is_ready]
    is_checked_in = stay.status == "CHECKED_IN" or (checkin is not None and checkin.completed_at is not None)
    if stay.status == "COMPLETED" or moments["leaves"] <= now():
        state = "over"
    elif not is_checked_in:
        state = "checkin"
    elif ready:
        state = "ready"
    elif codes:
        state = "failed" if all(code.state == "failed" for code in codes) else "coming"
    else:
        state = "waiting" if stay.room_id is None else "later"
    return {
        "state": state,
        "codes": _same_pin(ready),
        "is_valid_now": any(c.valid_from <= now() for c in ready),
        **moments,
    }


def _same_pin(codes: list[CodeView]) -> list[dict[str, Any]]:
    """Doors that open with one PIN are shown as one."""
    groups: dict[str, dict[str, Any]] = {}
    for code in codes:
        group = groups.setdefault(
            code.pin,
            {"pin": code.pin, "doors": [], "is_verified": True, "from": code.valid_from, "until": code.valid_until},
        )
        group["doors"].append(_("Front door") if code.kind == "entrance" else code.lock_name)
        group["is_verified"] = group["is_verified"] and code.state == "verified"
    return list(groups.values())


def until_arrival(stay: Reservation, hotel: Hotel) -> str:
    """How far off the arrival is, as people say it."""
    days = (stay.check_in - hotel.business_date()).days
    if stay.status == "COMPLETED" or stay.check_out < hotel.business_date():
        return _("Your stay is over.")
    if days == 0 and stay.status != "CHECKED_IN":
        return _("You arrive today.")
    if days == 1:
        return _("You arrive tomorrow.")
    if days > 1:
        return _("You arrive in %(days)d days.", days=days)
    left = (stay.check_out - hotel.business_date()).days
    if left == 0:
        return _("You leave today.")
    return _("You leave tomorrow.") if left == 1 else _("%(nights)d more nights with us.", nights=left)


def said_instant(value: dt.datetime, hotel: Hotel) -> str:
    """ "today, 15:00", "tomorrow, 11:00", or the date, where the hotel is."""
    local = value.astimezone(ZoneInfo(hotel.timezone))
    days = (local.date() - hotel.business_date()).days
    if days in (0, 1):
        day = _("today") if days == 0 else _("tomorrow")
        return _("%(day)s, %(time)s", day=day, time=clock_time(local))
    return instant(value, hotel.timezone)
