"""Messages to guests and staff: templates, delivery and its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.web import api as json_kit
    from webapp.web.desk import DeskLink, add_link

    from . import api
    from .routes import blueprint

    app.register_blueprint(blueprint)
    json_kit.register(app, api.blueprint)
    add_link(app, DeskLink(_("Messages"), "messaging.messages", "message-square", "messages.view", 50, "g m"))
