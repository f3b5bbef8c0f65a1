"""`flask channels …` for the operator: what is unknown and why, empty bookings cleaned up, a hotel's bookings reset."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict

import click
from flask.cli import AppGroup
from sqlalchemy import select

from webapp.channels import analysis, upkeep
from webapp.channels import reset as resets
from webapp.channels.domain.explaining import FIELDS
from webapp.channels.enrichment import StayGap
from webapp.core.actor import Actor, acting_as
from webapp.core.database import db
from webapp.core.errors import AppError
from webapp.core.transaction import transaction
from webapp.models import Hotel
from webapp.models.channels import PROVIDERS

OPERATOR = Actor("system", "Operator")
_WHY = {"cancelled": "cancelled when its calendar no longer showed it", "not_shown": "stands, but no calendar shows it"}


def hotel_of(slug: str) -> Hotel:
    hotel = db.session.scalar(select(Hotel).where(Hotel.slug == slug))
    if hotel is None:
        raise click.ClickException(f"There is no hotel {slug!r}.")
    return hotel


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows in columns as wide as their longest word."""
    lines = [list(headers), *([str(cell if cell is not None else "-") for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _chosen(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="For programs."),
        click.option("--past", "with_past", is_flag=True, help="Also stays that are over."),
        click.option("--field", type=click.Choice(FIELDS), help="Only stays without this."),
        click.option("--channel", type=click.Choice(PROVIDERS), help="Only stays of this channel."),
        click.option("--hotel", "slug", required=True, help="Slug of the hotel."),
    ):
        command = option(command)
    return command


@click.command("unenriched")
@_chosen
def unenriched(slug: str, channel: str | None, field: str | None, with_past: bool, as_json: bool) -> None:
    """List the stays of channels without a name, a reference, a phone number or a price, and who is asked next."""
    found = analysis.unenriched(hotel_of(slug), channel, field, with_past)
    if as_json:
        for one in found:
            click.echo(json.dumps({name: value for name, value in one.as_json().items() if name != "why"}))
        return
    rows = [
        (g.booking_id, g.source, g.room_number, g.check_in, g.check_out, ", ".join(g.unknown), g.step, g.tries, _at(g))
        for g in (one.gap for one in found)
    ]
    if rows:
        table(("booking", "channel", "room", "arrival", "departure", "unknown", "next", "tries", "not before"), rows)
    click.echo(f"{len(rows)} stays are not complete.")


def _at(gap: StayGap) -> str | None:
    return f"{gap.next_try_at:%Y-%m-%d %H:%MZ}" if gap.next_try_at else None


@click.command("analyse-unenriched")
@_chosen
def analyse(slug: str, channel: str | None, field: str | None, with_past: bool, as_json: bool) -> None:
    """Say of each stay that is not complete why: who could have told it, and what kept them from it."""
    found = analysis.unenriched(hotel_of(slug), channel, field, with_past)
    if as_json:
        for one in found:
            click.echo(json.dumps(one.as_json()))
        click.echo(json.dumps({"totals": {"stays": len(found), **analysis.summary(found)}}))
        return
    for one in found:
        gap = one.gap
        click.echo(
            f"{gap.booking_id}  {gap.source}, room {gap.room_number or '-'}, {gap.check_in} – {gap.check_out}; next: {gap.step}"
        )
        for name, reasons in one.why.items():
            click.echo(f"  {name}: {'; '.join(analysis.WORDS[reason] for reason in reasons)}")
    for title, numbers in analysis.summary(found).items():
        for name, number in numbers.items():
            click.echo(f"{number:>6}  {analysis.WORDS.get(name, f'{title}: {name}')}")
    click.echo(f"{len(found)} stays are not complete.")


@click.command("cleanup")
@click.option("--hotel", "slug", required=True, help="Slug of the hotel.")
@click.option("--apply", "is_applied", is_flag=True, help="Really remove them; otherwise they are only listed.")
@click.option("--dry-run", is_flag=True, help="Only list them, which is what happens without --apply.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each booking.")
def cleanup(slug: str, is_applied: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove empty bookings: told by a calendar that shows them no more, and nothing else known of them.

    Never one that anybody has touched, that a mail, a file, a message or a code belongs to, or whose guest is in house.
    """
    if is_applied and dry_run:
        raise click.UsageError("Give either --apply or --dry-run.")
    found = upkeep.empty_bookings(hotel_of(slug))
    if is_applied and found:
        if not yes:
            click.confirm(f"Remove {len(found)} empty bookings of {slug}?", abort=True)
        with acting_as(OPERATOR), transaction():
            found = upkeep.clean_up(hotel_of(slug))
    if as_json:
        for one in found:
            click.echo(json.dumps(one.as_json()))
        return
    if found:
        rows = [(o.booking_id, o.source, o.room, o.check_in, o.check_out, o.status, _WHY[o.why]) for o in found]
        table(("booking", "channel", "room", "arrival", "departure", "status", "why"), rows)
    done = "removed" if is_applied else "would be removed; nothing was changed (--apply removes them)"
    click.echo(f"{len(found)} empty bookings {done}.")


@click.command("reset")
@click.argument("slug")
@click.option("--confirm", "typed", metavar="SLUG", help="The slug once more, instead of typing it when asked.")
@click.option("--yes", is_flag=True, help="Do not ask whether; the slug must still be given with --confirm.")
@click.option("--include-in-house", is_flag=True, help="Also the bookings of guests who are in house now.")
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
def reset(slug: str, typed: str | None, yes: bool, include_in_house: bool, dry_run: bool) -> None:
    """Remove EVERY booking of the hotel SLUG and read its calendars and mails from the beginning.

    Door codes are taken back from their locks. No guest is written to. It cannot be undone: back up first.
    """
    hotel = hotel_of(slug)
    _tell(resets.counts(hotel), "Would remove" if dry_run else "Will remove")
    if dry_run:
        return
    if typed is None and yes:
        raise click.UsageError("--yes needs --confirm with the slug of the hotel.")
    if typed is None:
        typed = click.prompt("Type the slug of the hotel to remove all its bookings", default="", show_default=False)
    if typed != hotel.slug:
        raise click.ClickException("That is not the slug of this hotel. Nothing was changed.")
    try:
        with acting_as(OPERATOR), transaction():
            found = resets.reset(hotel_of(slug), include_in_house=include_in_house)
    except AppError as error:
        if error.code == "GUESTS_IN_HOUSE":
            raise click.ClickException(
                "There are guests in house. Nothing was changed (see --include-in-house)."
            ) from None
        raise click.ClickException(str(error.message)) from error
    _tell(found, "Removed")


def _tell(found: resets.Counts, word: str) -> None:
    names = {
        "bookings": "bookings", "in_house": "of them in house now", "door_codes": "door codes to take back",
        "blocks": "blocks set by calendars", "uploads": "uploaded files", "mails": "mails to read again",
        "feeds": "calendars to read from the beginning",
    }  # fmt: skip
    click.echo(f"{word}:")
    for name, number in asdict(found).items():
        click.echo(f"  {number:>6}  {names[name]}")


def add_to(group: AppGroup) -> None:
    for command in (unenriched, analyse, cleanup, reset):
        group.add_command(command)
