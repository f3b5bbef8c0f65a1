"""The manager's pages of what is sold, and the owner's answers to requests."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from webapp.core import versions
from webapp.core.errors import AppError
from webapp.core.stay_dates import ONE_DAY
from webapp.core.tenancy import one_of_hotel
from webapp.core.transaction import transaction
from webapp.hotels import queries as hotels
from webapp.hotels.presentation import shown_photos
from webapp.models import PriceOverride, RoomType, StayRestriction
from webapp.rates import queries as rates
from webapp.rates.terms import Terms
from webapp.web.auth import current_hotel, staff_page
from webapp.web.forms import show_error, with_ids
from webapp.web.htmx import render, see_other

from . import stock
from .room_photos import MOST_PHOTOS
from .stock_forms import PhotoForm, PriceForm, RestrictionForm, TermsForm, TypeForm, everything

blueprint = Blueprint("stock", __name__, template_folder="templates")
ACTIONS = {
    "type_added": lazy_gettext("Room type added"),
    "type_changed": lazy_gettext("Room type changed"),
    "photo_added": lazy_gettext("Photo added"),
    "photo_described": lazy_gettext("Photo described"),
    "photo_moved": lazy_gettext("Photos ordered"),
    "photo_removed": lazy_gettext("Photo removed"),
    "room_added": lazy_gettext("Room added"),
    "room_changed": lazy_gettext("Room changed"),
    "terms_changed": lazy_gettext("Terms changed"),
    "price_added": lazy_gettext("Price added"),
    "price_removed": lazy_gettext("Price removed"),
    "restriction_added": lazy_gettext("Restriction added"),
    "restriction_removed": lazy_gettext("Restriction removed"),
}


FIELDS = {
    "name": lazy_gettext("Name"),
    "code": lazy_gettext("Code"),
    "description": lazy_gettext("Description"),
    "beds": lazy_gettext("Beds"),
    "alt": lazy_gettext("What it shows"),
    "place": lazy_gettext("Place in the list"),
    "position": lazy_gettext("Place in the list"),
    "number": lazy_gettext("Number or name"),
    "floor": lazy_gettext("Floor"),
    "room_type_id": lazy_gettext("Room type"),
    "is_active": lazy_gettext("In use"),
    "max_occupancy": lazy_gettext("Most guests"),
    "base_occupancy": lazy_gettext("Guests in the price"),
    "base_price": lazy_gettext("Price of a night"),
    "price": lazy_gettext("Price of a night"),
    "extra_guest_price": lazy_gettext("Each further guest, a night"),
    "overbooking_allowance": lazy_gettext("May be sold beyond the rooms there are"),
    "sellable_limit": lazy_gettext("Sell at most this many a night"),
    "starts_on": lazy_gettext("From the night of"),
    "ends_on": lazy_gettext("Until before the night of"),
    "min_stay": lazy_gettext("Shortest stay, nights"),
    "max_stay": lazy_gettext("Longest stay, nights"),
    "closed_to_arrival": lazy_gettext("No arrivals"),
    "closed_to_departure": lazy_gettext("No departures"),
    "is_closed": lazy_gettext("Not for sale"),
    "note": lazy_gettext("Note"),
    "taxes": lazy_gettext("Taxes"),
    "prices_include_taxes": lazy_gettext("Prices are shown with the percentages in them"),
    "cancellation": lazy_gettext("Cancellation"),
    "deposit": lazy_gettext("Deposit"),
    "hold_minutes": lazy_gettext("Minutes that an unpaid booking is held"),
    "request_to_book": lazy_gettext("I decide about each booking of the website myself"),
    "request_hours": lazy_gettext("Hours that I have to decide"),
    "advance_days": lazy_gettext("Book at least this many days ahead"),
    "window_days": lazy_gettext("Book at most this many days ahead"),
}


def show_page(template: str, tab: str, status: int = 200, **context: Any) -> Any:
    hotel = current_hotel()
    pages = [
        ("types", _("Room types")),
        ("rooms", _("Rooms")),
        ("prices", _("Prices")),
        ("restrictions", _("Restrictions")),
        ("terms", _("Terms")),
    ]
    tabs = [
        {
            "label": label,
            "url": url_for(f"stock.stock_{name}", slug=hotel.slug),
            "current": name == tab,
        }
        for name, label in pages
    ]
    return render(
        template, status=status, hotel=hotel, tabs=tabs, history=stock.history(hotel), actions=ACTIONS, labels=FIELDS,
        types=rates.types_of(hotel.id), one_day=ONE_DAY, **context,
    )  # fmt: skip


def seen_word() -> str:
    """The word for what the form was made from."""
    return request.form.get("seen", "")[: versions.LONGEST]


def _newest_seen() -> int | None:
    text = seen_word()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def save_and_show(form: Any, act: Any, again: Any, page: str, done: str) -> Any:
    """Validate, act in a transaction, and show the page `page`; or the form again with what is wrong."""
    if not form.validate_on_submit():
        return again(form, 422)
    try:
        with transaction():
            act()
    except AppError as error:
        show_error(form, error)
        return again(form, error.status)
    flash(done, "success")
    return see_other(url_for(f"stock.stock_{page}", slug=current_hotel().slug))


@blueprint.get("/staff/<slug>/rates")
@staff_page("settings.manage")
def stock_types() -> Any:
    return show_page("booking/stock/types.html", "types", rooms=stock.rooms_by_type(current_hotel()))


def _type_page(kind: RoomType | None, **more: Any) -> Any:
    photos = shown_photos(current_hotel().slug, kind.name, hotels.photos_of([kind])[kind.id]) if kind else []
    context = {"kind": kind, "photos": list(zip(kind.photos, photos, strict=True)) if kind else [],
               "photo_form": PhotoForm(formdata=None), "most_photos": MOST_PHOTOS, **more}  # fmt: skip
    with_ids(context["photo_form"], "photo")
    return lambda form, status=200: show_page(
        "booking/stock/type.html", "types", status, form=form, seen=versions.seen_of(stock.type_facts(kind)) if kind else "",
        **context,
    )  # fmt: skip


def show_type(type_id: int, status: int = 200, **more: Any) -> Any:
    """The page of a type as it is, with what `more` says of its photos."""
    kind = one_of_hotel(RoomType, current_hotel().id, id=type_id)
    return _type_page(kind, **more)(TypeForm(formdata=None, obj=kind), status)


@blueprint.get("/staff/<slug>/rates/types/new")
@staff_page("settings.manage")
def new_type() -> Any:
    return _type_page(None)(TypeForm(formdata=None))


@blueprint.post("/staff/<slug>/rates/types/new")
@staff_page("settings.manage")
def add_type() -> Any:
    form, hotel = TypeForm(), current_hotel()
    return save_and_show(
        form,
        lambda: stock.save_type(hotel, None, form.values()),
        _type_page(None),
        "types",
        _("The room type is added."),
    )


@blueprint.get("/staff/<slug>/rates/types/<int:type_id>")
@staff_page("settings.manage")
def type_page(type_id: int) -> Any:
    return show_type(type_id)


@blueprint.post("/staff/<slug>/rates/types/<int:type_id>")
@staff_page("settings.manage")
def save_type(type_id: int) -> Any:
    form, hotel = TypeForm(), current_hotel()
    kind = one_of_hotel(RoomType, hotel.id, id=type_id)
    return save_and_show(
        form, lambda: stock.save_type(hotel, type_id, form.values(), seen_word()), _type_page(kind), "types", _("The room type is saved.")
    )  # fmt: skip


def _prices_page(form: PriceForm, status: int = 200) -> Any:
    hotel = current_hotel()
    prices = rates.overrides_of(hotel.id, hotel.business_date())
    return show_page(
        "booking/stock/prices.html", "prices", status, form=form, prices=prices, seen=stock.newest(prices)
    )  # fmt: skip


@blueprint.get("/staff/<slug>/rates/prices")
@staff_page("settings.manage")
def stock_prices() -> Any:
    return _prices_page(PriceForm(formdata=None).offering(rates.types_of(current_hotel().id)))


@blueprint.post("/staff/<slug>/rates/prices")
@staff_page("settings.manage")
def add_price() -> Any:
    hotel = current_hotel()
    form = PriceForm().offering(rates.types_of(hotel.id))
    return save_and_show(
        form,
        lambda: stock.add_price(hotel, form.values(), _newest_seen()),
        _prices_page,
        "prices",
        _("The price is set."),
    )


@blueprint.post("/staff/<slug>/rates/prices/<int:row_id>/remove")
@staff_page("settings.manage")
def remove_price(row_id: int) -> Any:
    with transaction():
        stock.remove(current_hotel(), PriceOverride, row_id)
    flash(_("The price is removed."), "success")
    return see_other(url_for("stock.stock_prices", slug=current_hotel().slug))


def _restrictions_page(form: RestrictionForm, status: int = 200) -> Any:
    hotel = current_hotel()
    rules = rates.restrictions_of(hotel.id, hotel.business_date())
    return show_page(
        "booking/stock/restrictions.html", "restrictions", status, form=form, restrictions=rules, seen=stock.newest(rules)
    )  # fmt: skip


@blueprint.get("/staff/<slug>/rates/restrictions")
@staff_page("settings.manage")
def stock_restrictions() -> Any:
    return _restrictions_page(RestrictionForm(formdata=None).offering(rates.types_of(current_hotel().id), everything()))


@blueprint.post("/staff/<slug>/rates/restrictions")
@staff_page("settings.manage")
def add_restriction() -> Any:
    hotel = current_hotel()
    form = RestrictionForm().offering(rates.types_of(hotel.id), everything())
    return save_and_show(
        form, lambda: stock.add_restriction(hotel, form.values(), _newest_seen()), _restrictions_page, "restrictions",
        _("The restriction is set."),
    )  # fmt: skip


@blueprint.post("/staff/<slug>/rates/restrictions/<int:row_id>/remove")
@staff_page("settings.manage")
def remove_restriction(row_id: int) -> Any:
    with transaction():
        stock.remove(current_hotel(), StayRestriction, row_id)
    flash(_("The restriction is removed."), "success")
    return see_other(url_for("stock.stock_restrictions", slug=current_hotel().slug))


def _terms_page(form: TermsForm, status: int = 200) -> Any:
    seen = versions.seen_of(Terms.of(current_hotel().settings).facts())
    return show_page("booking/stock/terms.html", "terms", status, form=form, seen=seen)


@blueprint.get("/staff/<slug>/rates/terms")
@staff_page("settings.manage")
def stock_terms() -> Any:
    return _terms_page(TermsForm.showing(Terms.of(current_hotel().settings)))


@blueprint.post("/staff/<slug>/rates/terms")
@staff_page("settings.manage")
def save_terms() -> Any:
    form, hotel = TermsForm(), current_hotel()
    return save_and_show(
        form,
        lambda: stock.save_terms(hotel, form.as_terms(), seen_word()),
        _terms_page,
        "terms",
        _("The terms are saved."),
    )
