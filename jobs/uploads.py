"""Reads uploaded files, applies them and takes them back. Run from the outbox, each in one transaction, in the name of the person
who asked for it."""

from __future__ import annotations

from typing import Any

from jobs.runner import when_given_up
from webapp.channels.uploads import services
from webapp.core import actor
from webapp.core.transaction import transaction


def prepare(upload_id: int, asked_by: dict[str, Any] | None = None) -> None:
    with _as(asked_by), transaction():
        services.prepare(upload_id)


def apply(upload_id: int, asked_by: dict[str, Any] | None = None) -> None:
    with _as(asked_by), transaction():
        services.apply(upload_id)


def undo(upload_id: int, asked_by: dict[str, Any] | None = None) -> None:
    with _as(asked_by), transaction():
        services.undo(upload_id)


@when_given_up("jobs.uploads.prepare", "jobs.uploads.apply", "jobs.uploads.undo")
def give_up(upload_id: int, asked_by: dict[str, Any] | None = None) -> None:
    with _as(asked_by):
        services.give_up(upload_id)


def _as(asked_by: dict[str, Any] | None) -> Any:
    return actor.acting_as(actor.Actor(**asked_by) if asked_by else actor.SYSTEM)
