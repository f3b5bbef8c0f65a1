"""Operator commands: `flask privacy …` and `flask security …`."""

from __future__ import annotations

import json
from pathlib import Path

import click
import structlog
from flask.cli import AppGroup

from webapp.core.actor import Actor, acting_as
from webapp.core.database import db
from webapp.core.errors import AppError
from webapp.core.transaction import transaction

from . import rotation
from .erasure import erase
from .export import export
from .subjects import Subject, of_booking, of_email

log = structlog.get_logger(__name__)
OPERATOR = Actor("system", "Operator")
privacy = AppGroup("privacy", help="What there is about a person.")
security = AppGroup("security", help="The keys under which personal data is sealed.")


def _subject(email: str | None, booking: str | None) -> Subject:
    if bool(email) == bool(booking):
        raise click.UsageError("Give either --email or --booking.")
    try:
        return of_email(email) if email else of_booking(booking or "")
    except AppError as error:
        raise click.ClickException(str(error.message)) from error


def _summary(subject: Subject) -> str:
    parts = [
        f"{len(subject.stays)} stays",
        f"{len(subject.clients)} profiles",
        f"{len(subject.letters)} letters",
        f"{len(subject.member_of)} places in other bookings",
    ]
    return ", ".join(parts) + (", 1 account" if subject.user else "")


@privacy.command("export")
@click.option("--email", help="Everything under this address.")
@click.option("--booking", help="One booking, by its id (BK-…).")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; the terminal when left out.")
def export_person(email: str | None, booking: str | None, output: Path | None) -> None:
    """Give out what there is about a person, as JSON. It is noted in the history of each stay."""
    if output is not None:
        _make_private(output)  # before it is noted that anything was given out
    with acting_as(OPERATOR), transaction():
        subject = _subject(email, booking)
        content = json.dumps(export(subject), ensure_ascii=False, indent=1)
        log.info("personal_data_exported", stays=len(subject.stays))
    if output is None:
        click.echo(content)
        return
    output.write_text(content + "\n")
    click.echo(f"Written to {output}: {_summary(subject)}.")


def _make_private(file: Path) -> None:
    """The file is there, and nobody else reads it."""
    try:
        file.touch(mode=0o600)
        file.chmod(0o600)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error


@privacy.command("erase")
@click.option("--email", help="Everything under this address.")
@click.option("--booking", help="One booking, by its id (BK-…).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def erase_person(email: str | None, booking: str | None, yes: bool, dry_run: bool) -> None:
    """Erase a person for good. Dates and amounts of their stays remain; backups keep what they have until they end."""
    subject = _subject(email, booking)
    if dry_run:
        click.echo(f"Would erase: {_summary(subject)}.")
        return
    if not yes:
        click.confirm(f"Erase for good: {_summary(subject)}?", abort=True)
    try:
        with acting_as(OPERATOR), transaction():
            db.session.expire_all()  # whoever was asked took their time: what counts is how it is now
            subject = _subject(email, booking)
            erase(subject)
    except AppError as error:
        raise click.ClickException(str(error.message)) from error
    log.info("personal_data_erased", stays=len(subject.stays))
    click.echo(f"Erased: {_summary(subject)}.")


@security.command("rotate-keys")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only count what is sealed with an older key.")
def rotate_keys(yes: bool, dry_run: bool) -> None:
    """Seal everything anew with the first key of ENCRYPTION_KEYS. May be stopped and run again at any time."""
    if dry_run:
        for progress in rotation.outdated():
            click.echo(f"{progress.table}: {progress.rewritten} to do")
        return
    if not yes:
        click.confirm("Seal everything anew with the first key of ENCRYPTION_KEYS?", abort=True)
    unreadable = 0
    with acting_as(OPERATOR):
        for progress in rotation.rotate():
            unreadable += progress.unreadable
            note = f", {progress.unreadable} unreadable" if progress.unreadable else ""
            click.echo(f"{progress.table}: {progress.rewritten} done{note}")
    log.info("keys_rotated", unreadable=unreadable)
    if unreadable:
        raise click.ClickException(f"{unreadable} rows are sealed with a key that is not in ENCRYPTION_KEYS.")
    click.echo("Everything is sealed with the first key; the others can go.")
