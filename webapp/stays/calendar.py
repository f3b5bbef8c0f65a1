"""The stay as an event for the guest's own calendar."""

from __future__ import annotations

from flask_babel import gettext as _
from icalendar import Calendar, Event

from webapp.core.clock import now
from webapp.models import Hotel, Reservation


def calendar_of(stay: Reservation, hotel: Hotel) -> bytes:
    """text/calendar with one event from check-in to check-out, a late one where it was allowed. It names no person and holds no code."""
    event = Event()
    event.add("uid", f"{stay.booking_id}@innkeep")
    event.add("dtstamp", now())
    event.add("dtstart", hotel.check_in_instant(stay.check_in))
    event.add("dtend", hotel.check_out_instant(stay.check_out, stay.late_departure))
    event.add("summary", _("Stay at %(hotel)s", hotel=hotel.name))
    if hotel.address:
        event.add("location", hotel.address)
    if hotel.latitude is not None and hotel.longitude is not None:
        event.add("geo", (hotel.latitude, hotel.longitude))
    event.add("description", _("Confirmation number: %(number)s", number=stay.confirmation_number))
    calendar = Calendar()
    calendar.add("prodid", "-//Innkeep//Stay//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
