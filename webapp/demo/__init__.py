"""The demo: two hotels, their people, and ninety days of stays around today."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from . import cli

    cli.init_app(app)
