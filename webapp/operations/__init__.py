"""Operations: tasks, housekeeping, rooms out of order, and the alerts of the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _

from webapp.web.desk import DeskLink, add_link

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from . import routes, wording

    app.register_blueprint(routes.blueprint)
    app.jinja_env.filters["task_title"] = wording.title_of
    add_link(app, DeskLink(_("Housekeeping"), "operations.housekeeping", "brush-cleaning", "rooms.clean", 30, "g h"))
    add_link(app, DeskLink(_("Tasks"), "operations.tasks", "badge-check", "tasks.manage", 35, "g t"))
    add_link(app, DeskLink(_("Closed rooms"), "operations.closed_rooms", "wrench", "stays.manage", 37))
