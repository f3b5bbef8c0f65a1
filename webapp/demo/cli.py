"""Operator commands: `flask demo …`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.core.errors import AppError
from webapp.core.transaction import transaction
from webapp.sandbox.client import ControlError

from . import outside, services

if TYPE_CHECKING:
    from flask import Flask

group = AppGroup("demo", help="Two hotels to look around in.")


def _refuse_in_production() -> None:
    if current_app.extensions["settings"].is_production:
        raise click.ClickException("The demo's passwords and links are public; it is not for production.")


def _load() -> None:
    """The hotels in one transaction; what is outside in a second, so that a silent sandbox costs only the feeds and locks."""
    with transaction():
        services.load()
    try:
        with transaction():
            outside.connect(current_app.extensions["settings"])
    except (OSError, ControlError) as error:
        click.echo(f"The sandbox does not answer, so the demo has no feeds and no locks: {error}", err=True)


def _tell() -> None:
    for line in services.sign_ins():
        click.echo(line)


@group.command("load")
@click.option("--if-empty", is_flag=True, help="Do nothing where there is a hotel already.")
def load(if_empty: bool) -> None:
    """Make the demo hotels, and print who can sign in."""
    _refuse_in_production()
    if not (if_empty and services.has_hotels()):
        try:
            _load()
        except AppError as error:
            raise click.ClickException(str(error.message)) from error
    _tell()


@group.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def reset(yes: bool, dry_run: bool) -> None:
    """Remove the demo hotels with everything in them, and make them anew."""
    _refuse_in_production()
    if dry_run:
        click.echo("Would remove harbour-house and cliff-cottage with all their stays, and make them anew.")
        return
    if not yes:
        click.confirm("Remove harbour-house and cliff-cottage with all their stays, and make them anew?", abort=True)
    with transaction():
        services.remove()
    _load()
    _tell()


def init_app(app: Flask) -> None:
    app.cli.add_command(group)
