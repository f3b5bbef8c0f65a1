"""Recurring work of the house itself: the sweep of the outbox, and the nightly clean-up."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete

from webapp.channels import history
from webapp.core import outbox, wiring
from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.events import LiveEvent
from webapp.core.outbox import OutboxMessage
from webapp.core.transaction import transaction
from webapp.models import AccountToken, EndedSession, FeedReading, IdempotencyKey, Quote, WebhookEvent

from .runner import job_context

KEEP_ENDED_SESSIONS = dt.timedelta(days=2)  # their cookies end within hours
KEEP_EVENTS = dt.timedelta(days=2)
KEEP_DONE = dt.timedelta(days=30)
KEEP_REPORTED = dt.timedelta(days=90)  # what providers told holds numbers and words of guests; none repeats it so late


def sweep_outbox() -> None:
    """Push every due row that a crash or a lost Redis left behind."""
    with job_context():
        due = outbox.due()
        if not due:
            return
        wiring.resolve(outbox.JobQueue).push(due)  # type: ignore[type-abstract]
        with transaction():
            outbox.note_pushed([row.id for row in due])


def clean_up() -> None:
    """Remove live events, quotes and idempotency keys of past days, done outbox rows of past months, and ended tokens."""
    with job_context(), transaction():
        db.session.execute(delete(LiveEvent).where(LiveEvent.at < now() - KEEP_EVENTS))
        db.session.execute(delete(FeedReading).where(FeedReading.at < now() - history.KEEP_ROWS))
        db.session.execute(
            delete(OutboxMessage).where(OutboxMessage.state == "done", OutboxMessage.finished_at < now() - KEEP_DONE)
        )
        db.session.execute(delete(EndedSession).where(EndedSession.ended_at < now() - KEEP_ENDED_SESSIONS))
        db.session.execute(delete(Quote).where(Quote.used_by.is_(None), Quote.expires_at < now() - KEEP_EVENTS))
        db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now() - KEEP_EVENTS))
        db.session.execute(delete(WebhookEvent).where(WebhookEvent.received_at < now() - KEEP_REPORTED))
        db.session.execute(delete(AccountToken).where(AccountToken.expires_at < now() - KEEP_DONE))
