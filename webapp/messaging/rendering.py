"""Makes the words of a message from its templates, in the language of who reads it.

A mail named "messaging/emails/checkin_link" has a `.html` (with the block `subject_line`) and a `.txt`; a short message only
a `.txt`. All get the context of the caller, `mail_hotel` when a hotel writes, and `public_url`.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template
from flask_babel import force_locale
from jinja2_fragments.flask import render_block

from webapp.models import Hotel

from .domain import readable_on_white

SMS_CHARACTERS = 1_000


@dataclass(frozen=True)
class Words:
    subject: str
    text: str
    html: str | None


def mail_words(template: str, language: str, hotel: Hotel | None, context: dict[str, Any]) -> Words:
    values = _context(hotel, context)
    with force_locale(language):
        subject = html.unescape(render_block(f"{template}.html", "subject_line", **values))
        text = render_template(f"{template}.txt", **values)
        page = render_template(f"{template}.html", **values)
    return Words(" ".join(subject.split()), text.strip() + "\n", page)


def sms_words(template: str, language: str, hotel: Hotel | None, context: dict[str, Any]) -> Words:
    with force_locale(language):
        text = render_template(f"{template}.txt", **_context(hotel, context))
    return Words("", " ".join(text.split())[:SMS_CHARACTERS], None)


def public_url() -> str:
    return str(current_app.extensions["settings"].public_url)


def callback_url(path: str) -> str | None:
    """Where the SMS provider can reach us; None where it cannot, since it refuses a message with such an address."""
    settings = current_app.extensions["settings"]
    is_emulated = settings.twilio is not None and settings.twilio.base_url.startswith(
        settings.sandbox_url or "https://none"
    )
    return settings.public_url + path if is_emulated or settings.public_url.startswith("https://") else None


def _context(hotel: Hotel | None, context: dict[str, Any]) -> dict[str, Any]:
    values = {"public_url": public_url(), **context}
    if hotel is not None:
        values["mail_hotel"] = {
            "name": hotel.name,
            "accent": readable_on_white(hotel.accent_color),
            "address": hotel.address,
            "phone": hotel.phone,
            "url": f"{values['public_url']}/hotels/{hotel.slug}/",
        }
    return values
