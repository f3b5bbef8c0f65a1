"""A provider that serves one calendar for each room, without conditional answers, as the big ones do. `/turn/<n>` changes them all."""

from __future__ import annotations

import datetime as dt
import http.server
import sys
from typing import Any

STAYS = 20


def calendar(number: int, turn: int, today: dt.date) -> bytes:
    """The feed of room `number`: with each turn the last stay is a day longer, and the DTSTAMP is new every time."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN", "CALSCALE:GREGORIAN", "VERSION:2.0"]
    for n in range(STAYS):
        start = today + dt.timedelta(days=10 + n * 17 + number % 7)
        end = start + dt.timedelta(days=3 + (turn if n == STAYS - 1 else 0))
        lines += [
            "BEGIN:VEVENT", f"DTEND;VALUE=DATE:{end:%Y%m%d}", f"DTSTART;VALUE=DATE:{start:%Y%m%d}", f"DTSTAMP:{stamp}",
            f"UID:1418fb94e984-{number:024d}{n:08d}@airbnb.com", "SUMMARY:Reserved",
            f"DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/details/HM{number:04d}{n:04d}\\n"
            f" \\nPhone Number (Last 4 Digits): {number:04d}",
            "END:VEVENT",
        ]  # fmt: skip
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    turn = 0

    def do_GET(self) -> None:
        if self.path.startswith("/turn/"):
            Handler.turn = int(self.path.rsplit("/", 1)[1])
            body = b"turned"
        else:
            body = calendar(
                int(self.path.strip("/").removesuffix(".ics")), Handler.turn, dt.datetime.now(dt.UTC).date()
            )
        self.send_response(200)
        self.send_header("Content-Type", "text/calendar; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Silent."""


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
