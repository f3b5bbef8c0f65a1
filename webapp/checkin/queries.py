"""Reads of check-ins."""

from __future__ import annotations

from functools import lru_cache

import segno
from sqlalchemy import select

from webapp.core.database import db
from webapp.models import CheckIn


def checkin_of(reservation_id: int) -> CheckIn | None:
    """How far the online check-in of a stay is, read anew."""
    query = select(CheckIn).where(CheckIn.reservation_id == reservation_id).execution_options(populate_existing=True)
    return db.session.scalars(query).one_or_none()


@lru_cache(maxsize=512)
def qr_svg(text: str) -> str:
    """A QR code as inline SVG, without style attributes; its colours come from the page."""
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_inline(border=2, svgclass="qr", lineclass="qr-line", omitsize=True))
