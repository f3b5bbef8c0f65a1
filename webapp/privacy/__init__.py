"""Personal data as a whole: what there is about a person, given out and erased; and the keys under which it is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from . import cli

    app.cli.add_command(cli.privacy)
    app.cli.add_command(cli.security)
