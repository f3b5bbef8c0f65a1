"""Why and how: reasons and faults in the reader's words, and the health of a calendar over its last readings."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from tests import factories
from webapp.channels import domain, history, reasons, services, sync
from webapp.channels.domain import classify
from webapp.core import clock, redis
from webapp.core.calendars import FeedEvent, ProblemCode
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.integrations import feeds
from webapp.models import ChannelDecision, FeedReading

DOMAIN, READER = (Path(module.__file__ or "").parent for module in (domain, feeds))
NEVER_TOLD = {"marked_cancelled", "free_time"}  # left out before anything is concluded


@pytest.fixture
def feed(hotel, sandbox):
    key, today = uuid4().hex, clock.now().date()
    sandbox.control.put_feed(
        "airbnb", key, [{"kind": "stay", "start": str(today + timedelta(9)), "end": str(today + timedelta(11))}]
    )
    with transaction():
        return services.add_feed(
            hotel, factories.room_of(hotel, "101").id, "airbnb", sandbox.control.feed_url("airbnb", key)
        )


def test_every_reason_has_a_sentence(app):
    told = set()
    for path in DOMAIN.glob("*.py"):
        text = path.read_text()
        told |= set(re.findall(r'Verdict\(\s*"\w+",\s*"(\w+)"', text))
        told |= set(re.findall(r'(?:decide|_decide)\(\s*"\w+",\s*\w+,\s*"(\w+)"', text))
        told |= set(re.findall(r'_keep\(\w+, "(\w+)"', text)) | set(re.findall(r'return reason, "(\w+)"', text))
    assert {"dates", "vanished", "many_vanished", "closed", "swallowed", "linked"} <= told
    assert told - NEVER_TOLD - set(reasons.DECISIONS) == set()
    assert set(ProblemCode.__args__) == set(reasons.PROBLEMS)


def test_every_fault_has_a_sentence(app):
    told = set()
    for path in READER.glob("*.py"):
        text = path.read_text()
        told |= set(re.findall(r'code, message = \(?\s*"(\w+)"', text)) | set(
            re.findall(r'", "(\w+)", (?:""|message)$', text, re.M)
        )
        told |= set(re.findall(r'^    "(\w+)": \(', text, re.M))
    assert {"status_gone", "xml", "error_answer", "tls"} - told == set()
    assert told - set(reasons.FAULTS) == set()


def test_reasons_are_filled_and_old_rows_still_read(app):
    event = FeedEvent(uid="x", start=date(2030, 1, 1), end=date(2030, 6, 1), summary="CLOSED")
    verdict = classify(event, "booking", date(2029, 12, 1))
    row = ChannelDecision(code=verdict.code, params=dict(verdict.params), reason=verdict.reason)
    with force_locale("en"):
        assert reasons.of_decision(row) == verdict.reason == "151 nights are too long for a stay: a closure."
        moved = {"was_in": "2026-01-01", "was_out": "2026-01-03", "check_in": "2026-01-02", "check_out": "2026-01-04"}
        told = reasons.of_decision(ChannelDecision(code="dates", params=moved, reason="old"))
        assert told.startswith("The calendar moved it from Thu 1 Jan")
        assert reasons.of_decision(ChannelDecision(code="", params={}, reason="In old words.")) == "In old words."
        assert reasons.of_decision(ChannelDecision(code="dates", params={}, reason="Incomplete.")) == "Incomplete."
        assert reasons.of_fault(SimpleNamespace(fault_details=None, fault_message="Old.")) == "Old."
        details = {"code": "status_provider", "status": 500, "said": "100 % down"}
        assert reasons.worded_fault(details, "") == (
            "The provider has a problem of its own. It is tried again at the next turn. (Status 500.) It says: “100 % down”"
        )


def test_what_a_calendar_left_behind_is_read_in_the_readers_language(app):
    today = date(2029, 12, 1)
    texts = [("airbnb", "Airbnb (Not available)", 3), ("vrbo", "Blocked", 3), ("expedia", "Unavailable on Expedia", 3), ("booking", "CLOSED", 200),
             ("ical", "Long", 200), ("ical", "", 3), ("ical", "Tentative", 3), ("vrbo", "Provisoire - X", 3), ("vrbo", "Brzl", 3)]  # fmt: skip
    told = []
    for provider, summary, nights in texts:
        event = FeedEvent(uid="x", start=date(2030, 1, 1), end=date(2030, 1, 1) + timedelta(nights), summary=summary)
        verdict = classify(event, provider, today)
        assert verdict.kind in ("block", "unknown"), (provider, summary, verdict)
        told.append(verdict.reason)
    told += [
        "It was missing from 4 complete fetches in a row over 3.5 hours.",
        "The booking site wrote that it was cancelled.",
    ]
    for text in told:
        assert any(pattern.fullmatch(text) for pattern, _code in reasons._STORED), text
    with force_locale("en"):
        assert reasons.of_stored(told[-2]) == "It was missing from 4 complete readings in a row over 3.5 hours."
        assert reasons.of_stored("She called: 4 nights are too long.") == "She called: 4 nights are too long."


def test_the_last_readings_are_shown_with_what_followed(hotel, manager, sandbox, feed):
    page = f"/staff/{hotel.slug}/channels/feeds/{feed.id}"
    assert 'id="health"' not in manager.get(page).text
    assert [sync.sync_feed(feed.id).outcome for _time in range(3)] == ["changed", "unchanged", "unchanged"]
    sandbox.control.feed("airbnb", feed.url.rsplit("/", 1)[1].partition(".")[0], mode="500")
    assert sync.sync_feed(feed.id).outcome == "failed"
    health = history.health_of(feed)
    assert dict(health.counts) == {"failed": 1, "unchanged": 2, "changed": 1}
    assert (health.share_read, health.readings[-1].decisions, health.readings[0].fault["code"]) == (
        75, {"created": 1}, "status_provider",
    )  # fmt: skip
    text = manager.get(page).text
    assert text.count("<rect ") == 4
    assert "New stay × 1" in text
    assert "The provider has a problem of its own" in text
    assert len(db.session.scalars(select(FeedReading)).all()) == 2  # what brought no news wrote no row
    redis.client().flushdb()
    assert dict(history.health_of(feed).counts) == {"failed": 1, "changed": 1}
