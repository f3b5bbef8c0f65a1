"""Channels: calendar feeds in and out, and what is concluded from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.web.desk import DeskLink, add_link

    from . import reasons
    from .cli import channels
    from .evidence.known_routes import blueprint as known
    from .evidence.pair_routes import blueprint as pairs
    from .mails.routes import blueprint as mails
    from .mails.routes import hooks as mail_hooks
    from .routes import blueprint
    from .rule_routes import blueprint as rules
    from .upkeep_routes import blueprint as upkeep
    from .uploads.routes import blueprint as uploads

    app.register_blueprint(blueprint)
    app.register_blueprint(rules)
    app.register_blueprint(uploads)
    app.register_blueprint(mails)
    app.register_blueprint(mail_hooks)
    app.register_blueprint(upkeep)
    app.register_blueprint(pairs)
    app.register_blueprint(known)
    app.jinja_env.filters["channel_reason"] = reasons.of_stored
    app.cli.add_command(channels)
    add_link(app, DeskLink(_("Channels"), "channels.channels", "globe", "channels.view", place=50, key="g c"))
