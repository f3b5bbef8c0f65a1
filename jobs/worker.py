"""The worker process: takes jobs from the queue, one at a time, in a process of its own each. `python -m jobs.worker`."""

from __future__ import annotations

from typing import Any

from rq import Queue, Worker, worker_registration
from rq.job import Job

from webapp.core import redis
from webapp.core.database import db
from webapp.web.queue import QUEUES_IN_ORDER

from .app import app


class InnkeepWorker(Worker):
    """Forks for each job with the application already loaded; the child opens its own database connections."""

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        with app().app_context():
            db.engine.dispose(close=False)
        super().main_work_horse(job, queue)

    def heartbeat(self, *arguments: Any, **options: Any) -> None:
        """Also be counted again, after a Redis that lost everything: RQ registers a worker only when it starts."""
        super().heartbeat(*arguments, **options)
        worker_registration.register(self)


def main() -> None:
    app()
    connection = redis.client()
    queues = [Queue(name, connection=connection) for name in QUEUES_IN_ORDER]
    InnkeepWorker(queues, connection=connection).work(with_scheduler=True, logging_level="WARNING")


if __name__ == "__main__":
    main()
