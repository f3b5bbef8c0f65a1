"""Hotels: their public pages, their settings, and the chooser of those who work in several."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.web import api as kit
    from webapp.web.desk import DeskLink, add_link

    from . import api, routes, settings_routes  # noqa: F401  (routes register themselves)

    app.register_blueprint(routes.blueprint)
    kit.register(app, api.blueprint)
    add_link(app, DeskLink(_("Settings"), "hotels.settings", "settings", "settings.manage", place=90))
