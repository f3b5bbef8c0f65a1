"""Booking: the hotel's own shop. Search, quote, book, look up, change, cancel; on pages and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.web.api import register
    from webapp.web.desk import DeskLink, add_link

    from . import api, own_routes, photo_routes, request_routes, room_routes, routes, stock_routes  # noqa: F401  (some share a blueprint)

    register(app, api.blueprint)
    for pages in (routes, request_routes, stock_routes):
        app.register_blueprint(pages.blueprint)
    add_link(app, DeskLink(_("Requests"), "requests.requests", "send", "stays.view", place=25))
    add_link(app, DeskLink(_("Rates"), "stock.stock_types", "tag", "settings.manage", place=70, key="g p"))
