"""Innkeep. `create_app(settings)` makes a wired application; importing the package costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings

FEATURES = (
    "accounts",
    "rates",
    "hotels",
    "availability",
    "stays",
    "board",
    "channels",
    "checkin",
    "access",
    "messaging",
    "booking",
    "operations",
    "privacy",
    "demo",
)


def create_app(settings: Settings) -> Flask:
    """The web application of these settings: kernel, extensions, HTTP kit, outside companies, features, in this order."""
    from importlib import import_module

    from flask import Flask

    from webapp import extensions, live, web, wiring

    app = Flask("webapp", instance_path=str(settings.instance_path))
    app.extensions["settings"] = settings
    extensions.init_app(app, settings)
    web.init_app(app, settings)
    live.init_app(app)
    wiring.init_app(app, settings)
    for feature in FEATURES:
        import_module(f"webapp.{feature}").init_app(app)
    return app
