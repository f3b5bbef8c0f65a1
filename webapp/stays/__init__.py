"""Stays: reservations at the desk, from confirmation to departure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _

from webapp.web.desk import DeskLink, add_link

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.web import api as json_kit

    from . import api, cancel_routes, change_routes, move_routes, price_routes, routes, sale_routes  # noqa: F401  (pages of one blueprint)

    app.register_blueprint(routes.blueprint)
    app.register_blueprint(move_routes.blueprint)
    json_kit.register(app, api.blueprint)
    add_link(app, DeskLink(_("Reservations"), "stays.reservations", "list-checks", "stays.view", 20, "g r"))
