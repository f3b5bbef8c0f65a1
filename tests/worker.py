"""Plays the worker over real commits, with time: pauses of jobs pass at once because the clock is moved on."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack

from flask import Flask
from sqlalchemy import select

from jobs import runner
from webapp.core import clock
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage
from webapp.sandbox.server import SandboxServer


class Worker:
    """Runs outbox rows of `app` in order of their time. The clock of this process and of the emulators goes along."""

    def __init__(self, app: Flask, sandbox: SandboxServer, start: dt.datetime) -> None:
        self._app = app
        self._sandbox = sandbox
        self._stack = ExitStack()
        self.ran: list[str] = []
        self.move_to(start)

    def move_to(self, instant: dt.datetime) -> None:
        self._stack.close()
        self._stack.enter_context(clock.frozen(instant))
        self._sandbox.control.set_clock(instant.isoformat())

    def close(self) -> None:
        self._stack.close()
        self._sandbox.control.set_clock(None)

    def run(self, horizon: dt.timedelta = dt.timedelta(minutes=10)) -> list[str]:
        """Run everything that is due within `horizon` from now. Returns the names of the jobs that ran."""
        end = clock.now() + horizon
        ran: list[str] = []
        for _round in range(500):
            with self._app.app_context():
                due = select(OutboxMessage).where(OutboxMessage.state == "pending", OutboxMessage.available_at <= end)
                message = db.session.scalars(due.order_by(OutboxMessage.available_at, OutboxMessage.id)).first()
                if message is None:
                    self.ran += ran
                    return ran
                outbox_id, job, at = message.id, message.job, message.available_at
            if at > clock.now():
                self.move_to(at)
            with self._app.app_context():
                runner.deliver(outbox_id)
            ran.append(job)
        raise AssertionError(f"jobs go on for ever: {ran[-10:]}")
