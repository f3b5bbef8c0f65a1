"""The board: today, the tape chart, search and the reservation drawer, all live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _

from webapp.web.desk import DeskLink, add_link

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from . import routes

    app.register_blueprint(routes.blueprint)
    add_link(app, DeskLink(_("Board"), "board.board", "calendar-days", "board.view", 10, "g b"))
