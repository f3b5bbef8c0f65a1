"""`python -m webapp.sandbox`: the emulators as a process of their own.

Prints one JSON line with the ports once it listens; ends on SIGTERM or SIGINT. Exit code 2 when it refuses to start.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from webapp.sandbox.server import SandboxServer


def main(arguments: list[str] | None = None) -> int:
    if os.environ.get("INNKEEP_ENV") == "production":
        print("The sandbox emulates other companies; it does not start with INNKEEP_ENV=production.", file=sys.stderr)  # noqa: T201
        return 2
    options = _parse(arguments)
    server = SandboxServer(
        host=options.host,
        http_port=options.http_port,
        smtp_port=options.smtp_port,
        imap_port=options.imap_port,
        data_dir=options.data_dir,
        seed=options.seed,
        latency=options.latency,
    )
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        server.start()
    except OSError as error:
        print(f"The sandbox cannot listen on {options.host}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(json.dumps({"http": server.http_port, "smtp": server.smtp_port, "imap": server.imap_port}), flush=True)  # noqa: T201
    ended.wait()
    server.stop()
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m webapp.sandbox", description="Emulated providers on this machine.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--http-port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--smtp-port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--imap-port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--data-dir", type=Path, help="keeps the state over restarts; without it, in memory")
    parser.add_argument("--seed", type=int, default=1, help="of ids and battery levels of the seeded locks")
    parser.add_argument("--latency", choices=("real", "none"), default="real")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
