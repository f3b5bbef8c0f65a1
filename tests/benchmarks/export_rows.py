"""A process of its own that takes one upload as far as it is told, and says what that cost: `python -m tests.benchmarks.export_rows
STEP FILE SLUG`. STEP is `parse` (the floor: the file becomes rows), or `apply` (received, planned, agreed to, carried out)."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config import Settings
from jobs import uploads as jobs
from webapp import create_app
from webapp.channels.upload_ports import ExportReader
from webapp.channels.uploads import services
from webapp.core import wiring
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Hotel, Upload


def parse(content: bytes, _slug: str) -> int:
    export = wiring.resolve(ExportReader).read(content, "", mapping=None, currency="GBP")  # type: ignore[type-abstract]
    return len(export.rows)


def apply(content: bytes, slug: str) -> int:
    """What a person and the worker do in turn. Each step has a session of its own, as requests and jobs have."""
    with transaction():
        upload_id = services.receive(_hotel(slug), "export", content).id
    db.session.remove()
    jobs.prepare(upload_id)
    db.session.remove()
    with transaction():
        services.request_apply(_hotel(slug), upload_id)
    db.session.remove()
    jobs.apply(upload_id)
    upload = db.session.get_one(Upload, upload_id)
    if upload.state != "applied":
        raise RuntimeError(f"{upload.state}: {upload.message}")
    return upload.lines


def _hotel(slug: str) -> Hotel:
    return db.session.query(Hotel).filter_by(slug=slug).one()


STEPS: dict[str, Callable[[bytes, str], int]] = {"parse": parse, "apply": apply}


def main() -> None:
    step, path, slug = sys.argv[1:]
    app = create_app(Settings.from_env(dict(os.environ)))
    with app.app_context():
        began, cpu = time.perf_counter(), time.process_time()
        rows = STEPS[step](Path(path).read_bytes(), slug)
        took, busy = time.perf_counter() - began, time.process_time() - cpu
    status = Path("/proc/self/status").read_text()  # getrusage would tell of the process that started this one, too
    peak = int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) // 1024
    sys.stdout.write(json.dumps({"rows": rows, "seconds": took, "cpu": busy, "peak_mb": peak}) + "\n")


if __name__ == "__main__":
    main()
