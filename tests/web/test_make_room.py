"""Making room in the drawer: shown before and after, applied by one press, taken back by another."""

from __future__ import annotations

import json
import re

import pytest

from tests import factories
from webapp.core.database import db

HX = {"HX-Request": "true", "HX-Target": "div#reservation"}


@pytest.fixture
def waiting(hotel):
    factories.make_stay(hotel, "101", 0, 2, guest_name="Anna")
    factories.make_stay(hotel, "102", 2, 2, guest_name="Bert")
    factories.make_stay(hotel, "103", 0, 4, guest_name="Carl")
    return factories.make_stay(hotel, None, 0, 4, guest_name="Nora")


def url(hotel, stay, page="make-room"):
    return f"/staff/{hotel.slug}/reservations/{stay.booking_id}/{page}"


def test_before_and_after_are_shown(hotel, desk, waiting):
    for headers in ({}, HX):
        page = desk.get(url(hotel, waiting), headers=headers)
        assert page.status_code == 200
        assert page.text.count('class="tape z7"') == 2
        assert "Room 102 becomes free" in page.text or "Room 101 becomes free" in page.text
        before, after = page.text.split("<figcaption>")[1:]
        assert "Nora" not in before
        assert "Nora" in after
    assert "make-room" in desk.get(url(hotel, waiting, "room"), headers=HX).text


def test_one_press_applies_and_one_takes_back(hotel, desk, waiting):
    page = desk.get(url(hotel, waiting), headers=HX).text
    fingerprint = re.search(r'name="fingerprint" value="(\w+)"', page)[1]
    applied = desk.post(url(hotel, waiting), data={"fingerprint": fingerprint}, headers=HX)
    assert applied.status_code == 200
    db.session.refresh(waiting)
    assert waiting.room_id is not None
    undo = json.loads(applied.headers["HX-Trigger"])["toast"]["undo"]
    assert desk.post(undo, headers=HX).status_code == 204
    db.session.refresh(waiting)
    assert waiting.room_id is None


def test_an_old_proposal_is_refused_in_words(hotel, desk, waiting):
    refused = desk.post(url(hotel, waiting), data={"fingerprint": "old"}, headers=HX)
    assert refused.status_code == 409
    assert "have changed" in refused.text


def test_nothing_possible_is_said(hotel, desk):
    for room in ("101", "102", "103"):
        factories.make_stay(hotel, room)
    stay = factories.make_stay(hotel, None, is_fact=True)
    page = desk.get(url(hotel, stay))
    assert "No set of moves" in page.text
    assert 'name="fingerprint"' not in page.text
