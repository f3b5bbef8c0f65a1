"""Access: locks and the codes that open them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.web.desk import DeskLink, add_link

    from .routes import blueprint

    app.register_blueprint(blueprint)
    add_link(app, DeskLink(_("Locks"), "access.locks", "lock", "locks.view", place=60))
