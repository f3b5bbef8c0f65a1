"""The shop: search, offer, guest. Every page works without a script."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, request, session, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from webapp.availability.domain import Party
from webapp.core.clock import now
from webapp.core.errors import AppError, Conflict, Gone
from webapp.core.transaction import transaction
from webapp.hotels import queries as hotels
from webapp.models import Hotel, Quote
from webapp.rates.domain import Catalogue
from webapp.rates.queries import current_catalogue
from webapp.web.forms import show_error
from webapp.web.htmx import render, see_other
from webapp.web.i18n import speak, supported

from . import pages, policies, queries, quoting, services
from .forms import GuestForm, SearchForm, rooms_wanted
from .links import page_of
from .wording import cancellation_sentence, party_sentence

blueprint = Blueprint("booking", __name__, template_folder="templates")


@blueprint.before_request
def keep_language() -> None:
    """The language once chosen is spoken on every page of the shop."""
    if chosen := supported(request.args.get("lang")):
        if session.get("language") != chosen:
            session["language"] = chosen
    elif kept := supported(session.get("language")):
        speak(kept)


@blueprint.get("/hotels/<slug>/book")
def search(slug: str) -> Any:
    """The calendar, and for chosen dates the rooms."""
    policies.SEARCHES.attempt(request.remote_addr or "unknown")
    hotel, catalogue = hotels.hotel_of_slug(slug), current_catalogue(slug)
    asked = MultiDict({"adults": "2", "children": "0", **request.args.to_dict()})
    form = SearchForm(asked) if request.args.get("check_in") else SearchForm(formdata=None)
    context = {
        **pages.frame(hotel),
        "card": pages.card(hotel, catalogue),
        "form": form,
        "catalogue": catalogue,
        **pages.calendar(catalogue, form),
    }
    if request.args.get("check_out"):
        if form.validate():
            context["found"], problem = pages.rooms(hotel, form)
            if problem is not None:
                show_error(form, problem)
        if form.errors:
            context["found"] = None
    return render("booking/search.html", "calendar", **context)


@blueprint.post("/hotels/<slug>/book/quote")
def quote(slug: str) -> Any:
    """Ask for an offer of one room type, and show it."""
    return _offered(slug, "", lambda form: [(request.form.get("room_type_code", ""), pages.party_of(form))])


@blueprint.post("/hotels/<slug>/book/quotes")
def quote_several(slug: str) -> Any:
    """Ask for offers of several rooms at once, and show them together. Each type has its count and its party per room."""
    return _offered(slug, "#several", lambda _form: rooms_wanted(request.form, current_catalogue(slug)))


def _offered(slug: str, part: str, wanted: Callable[[SearchForm], list[tuple[str, Party]]]) -> Any:
    """To the offer of what is wanted; or back to (a part of) the search, with the reason why there is none."""
    policies.QUOTES.attempt(request.remote_addr or "unknown")
    form = SearchForm(request.form)
    again = pages.search_url(slug, request.form)
    if not form.validate():
        return see_other(again)
    promo_code = (request.form.get("promo_code") or "").strip()[:40] or None
    try:
        rooms = wanted(form)
        with transaction():
            made = [
                quoting.make_quote(slug, code, form.check_in.data, form.check_out.data, party, promo_code)
                for code, party in rooms
            ]
    except AppError as error:
        flash(str(error.message), "error")
        return see_other(f"{again}{part}")
    return see_other(url_for("booking.offer", slug=slug, token=pages.token_of_all(made)))


@blueprint.get("/hotels/<slug>/book/offer/<token>")
def offer(slug: str, token: str) -> Any:
    """The offer, or several of them, with its price, and the form of the guest."""
    hotel, catalogue, found = _quoted(slug, token)
    if any(one.expires_at <= now() or one.used_by is not None for one in found):
        return _asked_too_late(slug, found)
    return _offer_page(hotel, catalogue, found, _guest_form(hotel, found, formdata=None))


@blueprint.post("/hotels/<slug>/book/offer/<token>")
def book(slug: str, token: str) -> Any:
    """Book what was offered. A second press finds the booking that the first one made."""
    hotel, catalogue, found = _quoted(slug, token)
    form = _guest_form(hotel, found)
    if not form.validate_on_submit():
        return _offer_page(hotel, catalogue, found, form, 422)
    policies.BOOKINGS.attempt(request.remote_addr or "unknown")
    try:
        with transaction():
            made, _catalogue = services.book_together(
                slug, [form.as_booking(one.token, room) for room, one in enumerate(found)]
            )
    except Gone:
        return _asked_too_late(slug, found)
    except Conflict as error:
        if earlier := queries.booking_by_quote(found[0].token, (form.email.data or "").strip()):
            return see_other(page_of(earlier))
        flash(str(error.message), "error")
        return see_other(pages.search_url(slug, pages.dates_of(found[0])))
    except AppError as error:
        show_error(form, error)
        return _offer_page(hotel, catalogue, found, form, error.status)
    return see_other(page_of(made[0]))


def _guest_form(hotel: Hotel, found: list[Quote], **given: Any) -> GuestForm:
    return GuestForm.of([Party(one.adults, one.children) for one in found], hotel.country or "", **given)


def _quoted(slug: str, token: str) -> tuple[Hotel, Catalogue, list[Quote]]:
    catalogue = current_catalogue(slug)
    return hotels.hotel_of_slug(slug), catalogue, queries.quotes_of(catalogue.id, pages.tokens_in(token))


def _asked_too_late(slug: str, found: list[Quote]) -> Any:
    flash(_("This offer has ended. Here are the prices of today."), "warning")
    return see_other(pages.search_url(slug, pages.dates_of(found[0])))


def _offer_page(hotel: Hotel, catalogue: Catalogue, found: list[Quote], form: GuestForm, status: int = 200) -> Any:
    first, today = found[0], hotel.business_date()
    rooms = [
        {
            "quote": one, "sold": catalogue.by_id.get(one.room_type_id), "summary": pages.lines_of(one.lines),
            "party": party_sentence(one.adults, one.children), "companions": form.lines_of(number),
        }
        for number, one in enumerate(found)
    ]  # fmt: skip
    return render(
        "booking/offer.html", status=status, form=form, quote=first, rooms=rooms, token=pages.token_of_all(found),
        nights=(first.check_out - first.check_in).days, total=sum((one.total for one in found), Decimal(0)),
        deposit=sum((quoting.deposit_of(one.terms) for one in found), Decimal(0)),
        cancellation=cancellation_sentence(first.terms, first.check_in, today), is_request=catalogue.terms.request_to_book,
        minutes=max(1, int((min(one.expires_at for one in found) - now()) / dt.timedelta(minutes=1))),
        back=pages.search_url(hotel.slug, pages.dates_of(first)), **pages.frame(hotel),
    )  # fmt: skip
