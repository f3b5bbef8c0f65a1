"""Live updates: the stream of a hotel's events as server-sent events, for staff boards and for the JSON API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import routes

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    app.register_blueprint(routes.blueprint)
