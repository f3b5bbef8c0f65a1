"""The desk's list of stays over the JSON API: every filter, search and order of it, on its first page and deep within."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import re
from statistics import median
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import event

from webapp.core.clock import now
from webapp.core.database import db
from webapp.models import User
from webapp.stays.schemas import ORDERINGS
from webapp.web.auth import issue_access_token

from .data import BenchHotel
from .registry import Bench, Figures, row

MOST_QUERIES = 4
SUSPECTS, TIMES = 30, 9  # of all lists, asked once each, the slowest are asked again so often


@row("staff list, 100,000 stays, the slowest of all", goal="server < 30 ms, at most 4 queries")
def slowest(bench: Bench) -> Figures:
    hotel, token = bench.big, token_of(bench.big)
    asked = _lists(bench, hotel, token)
    connection = http.client.HTTPConnection("127.0.0.1", bench.port)
    once = {arguments: _server_time(connection, path_of(hotel, arguments), token) for arguments in asked}
    suspects = sorted(asked, key=once.__getitem__)[-SUSPECTS:]
    times = {
        arguments: [_server_time(connection, path_of(hotel, arguments), token) for _time in range(TIMES)]
        for arguments in suspects
    }
    connection.close()
    worst = max(times, key=lambda arguments: median(times[arguments]))
    queries = max(
        _queries(bench, path_of(hotel, arguments), token) for arguments in asked[:: 20 if bench.is_quick else 1]
    )
    if queries > MOST_QUERIES:
        raise RuntimeError(f"a list took {queries} queries")
    typical = median(once.values())
    note = f"{len(asked)} lists, typical {typical * 1000:.1f} ms, {queries} queries; slowest {worst}"
    return Figures(times[worst], 1 / typical, note)


def path_of(hotel: BenchHotel, arguments: str) -> str:
    return f"/api/staff/hotel/{hotel.slug}/room-bookings/?{arguments}"


def token_of(hotel: BenchHotel) -> str:
    user = db.session.get_one(User, int(hotel.user_session.split(".")[0]))
    return issue_access_token(user)


def _lists(bench: Bench, hotel: BenchHotel, token: str) -> list[str]:
    """Every filter in every order: the first page, and the last of those that have many."""
    orders = [f"{sign}{order}" for order in ORDERINGS for sign in ("", "-")]
    client, found = bench.house.app.test_client(), []
    for filters in _filters():
        count = client.get(path_of(hotel, urlencode(filters)), headers={"Authorization": f"Bearer {token}"}).json[
            "count"
        ]
        pages = [1] if count < 2_000 else [1, count // 100, count // 50]  # the middle is the farthest from both ends
        found += [urlencode(filters | {"ordering": order, "page": page}) for order in orders for page in pages]
    return found


def _filters() -> list[dict[str, Any]]:
    today, month = now().date(), dt.timedelta(days=30)
    return [
        {}, {"status": "CONFIRMED"}, {"status": "CANCELLED"}, {"status": "CHECKED_IN"},
        {"status": "PENDING_PAYMENT,CONFIRMED", "has_room_assigned": "false"}, {"source": "airbnb"},
        {"source": "booking,vrbo"}, {"date_from": today}, {"date_to": today},
        {"date_from": today, "date_to": today + month}, {"date_from": today + 9 * month}, {"room_number": "505"},
        {"has_room_assigned": "true"}, {"has_room_assigned": "false"}, {"guest_name": "na"}, {"guest_name": "naka haruto"},
        {"guest_name": "nobody"}, {"search": "ma"}, {"search": "2026"}, {"search": "tana bk"},
        {"status": "CONFIRMED", "source": "airbnb", "date_from": today, "guest_name": "ma"},
    ]  # fmt: skip


def _server_time(connection: http.client.HTTPConnection, path: str, token: str) -> float:
    """Seconds that the application took, by its own account."""
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    answer.read()
    found = re.search(r"dur=([\d.]+)", answer.headers.get("Server-Timing", ""))
    if answer.status != 200 or found is None:
        raise RuntimeError(f"{path} answered {answer.status}")
    return float(found[1]) / 1000


def _queries(bench: Bench, path: str, token: str) -> int:
    """All of the request, with those for who asks."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        answer = bench.house.app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    json.loads(answer.data)
    return len(seen)
