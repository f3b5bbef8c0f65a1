"""Reads the mailboxes every two minutes, and tries mails again that wait for their stay."""

from __future__ import annotations

from webapp.channels.mails import pushes, services
from webapp.core.transaction import transaction

from .runner import job_context


def tick() -> None:
    """Ask for a scan of every mailbox; work what waits."""
    with job_context():
        with transaction():
            services.request_scans()
        with transaction():
            services.resolve_waiting()


def renew_watches() -> None:
    """Gmail ends a watch after seven days; a missed day changes nothing."""
    with job_context(), transaction():
        pushes.request_watches()


def watch(account_id: int) -> None:
    """Have Gmail tell of new mails in one mailbox. Runs from the outbox."""
    pushes.watch(account_id)


def scan(account_id: int) -> None:
    """Read one mailbox. Runs from the outbox."""
    services.scan(account_id)
