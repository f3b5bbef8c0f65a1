"""What the tests of the desk's JSON share: a caller with a token of a role, and short ways to its addresses."""

from __future__ import annotations

from typing import Any

from flask import Flask

from tests import factories
from webapp.models import Hotel, Reservation, User
from webapp.web.auth import issue_access_token


class Caller:
    """Speaks to the API of one hotel with the token of one person."""

    def __init__(self, app: Flask, hotel: Hotel, role: str = "desk", user: User | None = None) -> None:
        self.client = app.test_client()
        self.hotel = hotel
        self.user = user or factories.make_user(hotel, role)
        self.headers = {"Authorization": f"Bearer {issue_access_token(self.user)}"}
        self.root = f"/api/staff/hotel/{hotel.slug}"

    def get(self, path: str = "", **query: Any) -> Any:
        return self.client.get(f"{self.root}{path}", query_string=query, headers=self.headers)

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"{self.root}{path}", json={} if body is None else body, headers=self.headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(f"{self.root}{path}", headers=self.headers)

    def stays(self, **query: Any) -> Any:
        return self.get("/room-bookings/", **query)

    def detail(self, stay: Reservation) -> Any:
        return self.get(of(stay)).json

    def act(self, stay: Reservation, action: str, **body: Any) -> Any:
        return self.post(of(stay, action), body)


def of(stay: Reservation, *parts: str) -> str:
    return "/".join(["/room-bookings", stay.booking_id, *parts, ""])


def error(answer: Any) -> tuple[int, str]:
    """(status, code) of a refusal, whose message must be a sentence."""
    body = answer.json["error"]
    assert body["message"][:1].isupper() or body["field"], body
    assert len(body["message"]) > 10, body
    return answer.status_code, body["code"]
