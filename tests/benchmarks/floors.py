"""What this server can do at all: an empty page, an empty JSON answer, a page behind the sign-in."""

from __future__ import annotations

from .registry import Bench, Figures, row


@row("page floor (empty Flask route)")
def page(bench: Bench) -> Figures:
    return bench.get("/bench/empty", times=1000)


@row("API floor (empty JSON route)")
def api(bench: Bench) -> Figures:
    return bench.get("/bench/empty.json", times=1000)
