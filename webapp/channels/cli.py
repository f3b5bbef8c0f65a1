"""`flask channels …`: read calendars now, and play a host's own history through the real rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import structlog
from flask.cli import AppGroup
from sqlalchemy import select

from webapp.channels import cli_upkeep, sync
from webapp.channels import replay as replays
from webapp.core.database import db
from webapp.models import Feed, Room
from webapp.models.channels import PROVIDERS

log = structlog.get_logger(__name__)
channels = AppGroup("channels", help="Calendars of the booking channels.")


cli_upkeep.add_to(channels)


@channels.command("sync")
@click.option("--feed", "feed_id", type=int, help="Only this feed, by its number.")
@click.option("--hotel", "slug", help="Every active feed of this hotel.")
@click.option("--room", "number", help="With --hotel: only the active feeds of this room.")
def sync_now(feed_id: int | None, slug: str | None, number: str | None) -> None:
    """Read calendars now and say what each one said. Ends with status 1 when one of them could not be read."""
    if (feed_id is None) == (slug is None) or (number is not None and slug is None):
        raise click.UsageError("Give either --feed, or --hotel with or without --room.")
    rows = _feeds(feed_id, slug, number)
    if not rows:
        raise click.ClickException("There is no such feed.")
    failed = 0
    for row in rows:
        try:
            report = sync.sync_feed(row.id, is_manual=True)
        except Exception as error:  # one calendar that we cannot work with does not keep the others waiting
            log.exception("feed_not_understood", feed_id=row.id)
            report = sync.SyncReport("failed", f"It could not be worked with: {type(error).__name__}.")
        failed += report.outcome == "failed"
        counts = ", ".join(f"{number} {kind}" for kind, number in sorted((report.decisions or {}).items()))
        click.echo(f"{row.id}\t{row.number}\t{row.provider}\t{report.outcome}\t{report.message or counts}")
    if failed:
        raise click.exceptions.Exit(1)


def _feeds(feed_id: int | None, slug: str | None, number: str | None) -> Sequence[Any]:
    query = select(Feed.id, Feed.provider, Room.number).join(Room, Room.id == Feed.room_id).order_by(Feed.id)
    if slug is None:
        return db.session.execute(query.where(Feed.id == feed_id)).all()
    hotel = cli_upkeep.hotel_of(slug)
    query = query.where(Feed.hotel_id == hotel.id, Feed.is_active)
    return db.session.execute(query if number is None else query.where(Room.number == number)).all()


@channels.command("replay")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--provider", type=click.Choice(PROVIDERS), required=True)
@click.option("--timezone", required=True, help="Where the house is, e.g. Europe/Rome.")
@click.option("--per-feed", is_flag=True, help="Each folder in DIRECTORY is a feed of its own, with a room of its own.")
def replay(directory: Path, provider: str, timezone: str, per_feed: bool) -> None:
    """Play the snapshots in DIRECTORY, named by their UTC instant (20260414T223700Z.ics), through the real rules.

    Writes one JSON line for each decision and a last one of totals, which also names what could not be read or was left out. Nothing
    is kept: it happens in a scratch hotel.
    """
    if not _is_time_zone(timezone):
        raise click.BadParameter(f"{timezone} is no time zone; Europe/Rome is one.", param_hint="--timezone")
    try:
        found = replays.find_snapshots(directory, per_feed)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    if not found.snapshots:
        hint = f" There are some in {', '.join(found.folders)}: give --per-feed." if found.folders else ""
        raise click.ClickException(f"No snapshot named like 20260414T223700Z.ics was found.{hint}")
    replays.play(found, provider, timezone, click.echo)


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True
