"""Operator commands: `flask accounts …`."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup
from sqlalchemy import select

from webapp.core.database import db
from webapp.core.errors import AppError
from webapp.core.transaction import transaction
from webapp.models import Hotel, User

from .domain import STAFF_ROLES, normal_email
from .services import one_time_codes, passwords, signing_in, team

if TYPE_CHECKING:
    from flask import Flask

group = AppGroup("accounts", help="People who sign in.")


def _user(email: str) -> User:
    user = db.session.scalar(select(User).where(User.email == normal_email(email)))
    if user is None:
        raise click.ClickException(f"There is no account with the address {email}.")
    return user


def _hotel(slug: str) -> Hotel:
    hotel = db.session.scalar(select(Hotel).where(Hotel.slug == slug))
    if hotel is None:
        raise click.ClickException(f"There is no hotel {slug!r}.")
    return hotel


@group.command("create-user")
@click.argument("email")
@click.option("--name", default="", help="As colleagues see it; the address when left out.")
@click.option("--hotel", "slug", help="Slug of the hotel to work in.")
@click.option("--role", type=click.Choice(STAFF_ROLES), default="manager", show_default=True)
@click.option("--administrator", is_flag=True, help="May do everything in every hotel.")
@click.option("--password", help="Asked for when left out; `-` makes one and prints it.")
def create_user(email: str, name: str, slug: str | None, role: str, administrator: bool, password: str | None) -> None:
    """Create an account, and make it a member of a hotel."""
    chosen, is_made = _chosen(password)
    try:
        with transaction():
            user = team.create_user(email, name, chosen, is_administrator=administrator)
            if slug:
                team.add_member(_hotel(slug), user, role)
    except AppError as error:
        raise click.ClickException(str(error.message)) from error
    click.echo(f"Created {user.email}." + (f" Password: {chosen}" if is_made else ""))


@group.command("reset-password")
@click.argument("email")
@click.option("--password", help="Asked for when left out; `-` makes one and prints it.")
@click.option("--without-codes", is_flag=True, help="Also switch one-time codes off, for a lost telephone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def reset_password(email: str, password: str | None, without_codes: bool, yes: bool, dry_run: bool) -> None:
    """Set a new password and end every session of the account."""
    user = _user(email)
    if dry_run:
        click.echo(f"Would set a new password for {user.email} and sign out every device.")
        return
    if not yes:
        click.confirm(f"Set a new password for {user.email} and sign out every device?", abort=True)
    chosen, is_made = _chosen(password)
    try:
        with transaction():
            passwords.set_password(user, chosen)
            if without_codes:
                one_time_codes.switch_off(user)
            signing_in.sign_out_everywhere(user)
    except AppError as error:
        raise click.ClickException(str(error.message)) from error
    click.echo(f"Done for {user.email}." + (f" Password: {chosen}" if is_made else ""))


def _chosen(password: str | None) -> tuple[str, bool]:
    """(password, whether we made it)"""
    if password == "-":  # noqa: S105
        return secrets.token_urlsafe(15), True
    return password or click.prompt("Password", hide_input=True, confirmation_prompt=True), False


def init_app(app: Flask) -> None:
    app.cli.add_command(group)
