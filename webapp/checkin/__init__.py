"""Online check-in and the portal of the stay: what a guest does on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from .routes import blueprint
    from .staff_routes import blueprint as desk

    app.register_blueprint(blueprint)
    app.register_blueprint(desk)
