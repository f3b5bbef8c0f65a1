"""How often one address may do what costs us something, or what may be a guess."""

from __future__ import annotations

from webapp.web.throttle import Throttle

SEARCHES = Throttle("booking-searches", 600, 60)
BOOKINGS = Throttle("bookings", 60, 3600)
QUOTES = Throttle("quotes", 600, 3600)
LOOKUPS = Throttle("booking-lookups", 20, 900)
