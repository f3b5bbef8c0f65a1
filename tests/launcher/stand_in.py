"""Small processes that behave as the house's own do, for tests of the launcher: `stand_in.py <role> …`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Health(BaseHTTPRequestHandler):
    """Answers every address with what the environment says."""

    def do_GET(self) -> None:
        body = json.dumps(
            {name: os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL", "SANDBOX_URL", "MAIL_PORT")}
        )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing: the tests read the output."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def web() -> None:
    server = ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Health)
    say("web is up")
    server.serve_forever()


def broken_web() -> None:
    say("the reason why")
    sys.exit(3)


def worker() -> None:
    say(f"worker {os.getpid()}")
    signal.pause()


def scheduler() -> None:
    signal.pause()


def stubborn_worker() -> None:
    """Ignores SIGTERM, and has a child in another process group that does the same."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, __file__, "stray"], start_new_session=True)
    say(f"worker {os.getpid()} stray {child.pid}")
    while True:
        time.sleep(60)


def stray() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)


def sandbox() -> None:
    options = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
    assert options["--http-port"] == "0"
    assert Path(options["--data-dir"]).name == "sandbox"
    say(json.dumps({"http": 4011, "smtp": 4012}))
    signal.pause()


def migrate() -> None:
    say("migrated")


def demo() -> None:
    say("manager@harbour.example with the word of the day")


if __name__ == "__main__":
    globals()[sys.argv[1]]()
