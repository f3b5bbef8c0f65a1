"""Rates: what a night costs, what is taxed, and under which terms and restrictions nights are sold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Nothing to register yet."""
