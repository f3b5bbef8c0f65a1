"""The channels pages of the staff, and the calendars that the channels read."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from wtforms import SelectChoice

from webapp.core.errors import Invalid
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.core.transaction import transaction
from webapp.extensions import db, limiter
from webapp.models import Feed, Room
from webapp.stays.domain import SOURCE_LABELS
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page

from . import exports, history, labels, queries, reasons, services
from .forms import FeedChangeForm, FeedForm

blueprint = Blueprint("channels", __name__, template_folder="templates")


@blueprint.get("/staff/<slug>/channels")
@staff_page("channels.view")
def channels() -> Any:
    return _list()


def _list() -> Response:
    hotel = current_hotel()
    rooms = queries.rooms_with_feeds(hotel)
    return htmx.render(
        "channels/channels.html",
        "feeds",
        hotel=hotel,
        rooms=rooms,
        sources=SOURCE_LABELS,
        labels=labels,
        reasons=reasons,
    )


@blueprint.get("/staff/<slug>/channels/rooms/<int:room_id>")
@staff_page("channels.view")
def room(room_id: int) -> Any:
    hotel = current_hotel()
    entry = one_of_hotel(Room, hotel.id, id=room_id)
    return htmx.render("channels/room.html", hotel=hotel, room=entry, sources=SOURCE_LABELS)


@blueprint.get("/staff/<slug>/channels/feeds/new")
@staff_page("channels.manage")
def new_feed() -> Any:
    return _new(_with_rooms(FeedForm(room_id=request.args.get("room_id", type=int))))


@blueprint.post("/staff/<slug>/channels/feeds/new")
@limiter.limit("60 per hour")
@staff_page("channels.manage")
def add_feed() -> Any:
    form = _with_rooms(FeedForm())
    if not form.validate_on_submit():
        return _new(form, 422)
    try:
        with transaction():
            feed = services.add_feed(
                current_hotel(),
                form.room_id.data,
                form.provider.data,
                form.url.data or "",
                is_active=form.is_active.data,
            )
            if not feed.is_active:
                services.request_probe(feed)
    except Invalid as error:
        return _new(_with_error(form, error), 422)
    return htmx.see_other(_feed_url(feed.id))


def _with_rooms(form: FeedForm) -> FeedForm:
    rooms = db.session.scalars(of_hotel(Room, current_hotel().id).order_by(Room.position, Room.number))
    form.room_id.choices = [SelectChoice(room.id, _("Room %(number)s", number=room.number)) for room in rooms]
    return form


def _with_error(form: Any, error: Invalid) -> Any:
    field = getattr(form, error.field or "url")
    field.errors = [*field.errors, str(error.message)]
    return form


def _new(form: FeedForm, status: int = 200) -> Response:
    return htmx.render("channels/feed_form.html", "form", status=status, hotel=current_hotel(), form=form, view=None)


@blueprint.get("/staff/<slug>/channels/feeds/<int:feed_id>")
@staff_page("channels.view")
def feed(feed_id: int) -> Any:
    return _feed(feed_id)


def _feed(feed_id: int) -> Response:
    hotel = current_hotel()
    view = queries.feed_view(hotel, feed_id)
    return htmx.render(
        "channels/feed.html", "feed", hotel=hotel, view=view, probe=queries.last_probe(view.feed),
        alarm=queries.open_alarm(view.feed), items=queries.items_of(view.feed, hotel.business_date()),
        decisions=queries.decisions_of(view.feed, request.args.get("page", 1, type=int)), sources=SOURCE_LABELS, labels=labels,
        reasons=reasons, health=history.health_of(view.feed),
    )  # fmt: skip


@blueprint.get("/staff/<slug>/channels/feeds/<int:feed_id>/edit")
@staff_page("channels.manage")
def edit_feed(feed_id: int) -> Any:
    view = queries.feed_view(current_hotel(), feed_id)
    return _edit(view, FeedChangeForm(provider=view.feed.provider, is_active=view.feed.is_active))


@blueprint.post("/staff/<slug>/channels/feeds/<int:feed_id>/edit")
@staff_page("channels.manage")
def change_feed(feed_id: int) -> Any:
    form = FeedChangeForm()
    view = queries.feed_view(current_hotel(), feed_id)
    if not form.validate_on_submit():
        return _edit(view, form, 422)
    try:
        with transaction():
            services.change_feed(
                current_hotel(),
                feed_id,
                provider=form.provider.data,
                url=form.url.data or None,
                is_active=form.is_active.data,
            )
    except Invalid as error:
        return _edit(view, _with_error(form, error), 422)
    return htmx.see_other(_feed_url(feed_id))


def _edit(view: queries.FeedView, form: FeedChangeForm, status: int = 200) -> Response:
    return htmx.render("channels/feed_form.html", "form", status=status, hotel=current_hotel(), form=form, view=view)


@blueprint.post("/staff/<slug>/channels/feeds/<int:feed_id>/sync")
@limiter.limit("60 per hour")
@staff_page("channels.manage")
def sync_now(feed_id: int) -> Any:
    with transaction():
        services.request_sync(one_of_hotel(Feed, current_hotel().id, id=feed_id))
    return _back(feed_id, _("The calendar is being read."))


@blueprint.post("/staff/<slug>/channels/sync")
@limiter.limit("20 per hour")
@staff_page("channels.manage")
def sync_all() -> Any:
    hotel = current_hotel()
    with transaction():
        services.request_sync_of_hotel(hotel)
    if htmx.is_fragment():
        return htmx.with_toast(_list(), _("The calendars are being read."))
    return htmx.see_other(url_for("channels.channels", slug=hotel.slug))


@blueprint.post("/staff/<slug>/channels/feeds/<int:feed_id>/test")
@limiter.limit("60 per hour")
@staff_page("channels.manage")
def test_feed(feed_id: int) -> Any:
    with transaction():
        services.request_probe(one_of_hotel(Feed, current_hotel().id, id=feed_id))
    return _back(feed_id, _("The calendar is being tried."))


@blueprint.post("/staff/<slug>/channels/feeds/<int:feed_id>/switch")
@staff_page("channels.manage")
def switch_feed(feed_id: int) -> Any:
    is_active = request.form.get("is_active") == "1"
    with transaction():
        services.switch_feed(current_hotel(), feed_id, is_active)
    return _back(feed_id, _("The calendar is switched on.") if is_active else _("The calendar is switched off."))


@blueprint.post("/staff/<slug>/channels/feeds/<int:feed_id>/accept-loss")
@staff_page("channels.manage")
def accept_loss(feed_id: int) -> Any:
    with transaction():
        services.accept_loss(current_hotel(), feed_id)
    return _back(feed_id, _("What the calendar no longer shows has been cancelled."))


@blueprint.post("/staff/<slug>/channels/feeds/<int:feed_id>/remove")
@staff_page("channels.manage")
def remove_feed(feed_id: int) -> Any:
    with transaction():
        services.remove_feed(current_hotel(), feed_id)
    return htmx.see_other(url_for("channels.channels", slug=current_hotel().slug))


def _back(feed_id: int, message: str) -> Response:
    """The page that asked, as it is now: the list when the list asked, else the feed."""
    if htmx.is_fragment():
        page = _list() if request.headers.get("HX-Target", "").endswith("feeds") else _feed(feed_id)
        return htmx.with_toast(page, message)
    return htmx.see_other(_feed_url(feed_id))


def _feed_url(feed_id: int) -> str:
    return url_for("channels.feed", slug=current_hotel().slug, feed_id=feed_id)


@blueprint.get("/calendars/<token>.ics")
@limiter.limit("1200 per minute")
def room_calendar(token: str) -> Response:
    """What is taken in a room, all sources."""
    return _calendar(token, None)


@blueprint.get("/calendars/<token>/<channel>.ics")
@limiter.limit("1200 per minute")
def room_calendar_for(token: str, channel: str) -> Response:
    """What is taken in a room, without what this channel told us."""
    return _calendar(token, channel)


def _calendar(token: str, channel: str | None) -> Response:
    calendar = exports.room_calendar(token, channel)
    response = Response(calendar.content, content_type="text/calendar; charset=utf-8")
    response.set_etag(calendar.etag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Disposition"] = "inline; filename=calendar.ics"
    response.make_conditional(request)
    return response
