"""Two guests on one link at the same time: each step is answered once, and nobody's answer is lost or overwritten unseen."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from tests import factories
from webapp.checkin import services
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage
from webapp.core.transaction import transaction
from webapp.messaging import announcements
from webapp.models import CheckIn, GuestLink, Message, Reservation
from webapp.stays.links import link_for

GUESTS = 6


def race(app, work):
    """Run `work(number)` in many threads at once, each in a transaction of its own; what each returned or raised."""
    start = threading.Barrier(GUESTS)

    def one(number: int):
        with app.app_context():
            db.session.execute(select(1))
            start.wait(10)
            try:
                with transaction():
                    return work(number)
            except Exception as error:
                return error

    with ThreadPoolExecutor(GUESTS) as pool:
        return list(pool.map(one, range(GUESTS)))


@pytest.fixture
def stay_id(own_database):
    with own_database.app_context():
        return factories.make_stay(factories.make_hotel(), arrives_in=3).id


def stay() -> Reservation:
    return db.session.scalars(select(Reservation)).one()


@pytest.mark.race
def test_one_answer_wins_and_the_others_are_told(own_database, stay_id):
    def answer(number: int) -> int:
        services.give_part(stay(), "person", {"name": f"Guest {number}"}, seen="", language="en")
        return number

    results = race(own_database, answer)
    winners = [r for r in results if isinstance(r, int)]
    assert len(winners) == 1
    assert all(isinstance(r, services.StepTaken) for r in results if not isinstance(r, int)), results
    with own_database.app_context():
        kept = db.session.scalars(select(CheckIn)).one()
        assert kept.details["person"]["name"] == f"Guest {winners[0]}"


@pytest.mark.race
def test_without_the_guard_answers_would_be_overwritten(own_database, stay_id, monkeypatch):
    """The negative control: when a form does not say what it saw, the last answer wins and nobody is told."""
    monkeypatch.setattr(services, "taken_at", lambda checkin, step: "")
    results = race(
        own_database,
        lambda n: services.give_part(stay(), "person", {"name": f"Guest {n}"}, seen="", language="en") and n,
    )
    assert len([r for r in results if isinstance(r, int)]) > 1


@pytest.mark.race
def test_a_check_in_is_completed_once(own_database, stay_id):
    with own_database.app_context(), transaction():
        checkin = services.begin(stay())
        checkin.details = {
            "person": {"name": "Ada", "nationality": "GB", "at": "1"}, "contact": {"email": "ada@example.com", "at": "1"},
            "arrival": {"at": "1"},
        }  # fmt: skip
        checkin.document_given_at = checkin.reviewed_at = checkin.rules_accepted_at = checkin.created_at
    results = race(own_database, lambda number: services.complete(stay()) and number)
    assert len([r for r in results if isinstance(r, int)]) == 1, results
    with own_database.app_context():
        asked = select(func.count()).where(
            OutboxMessage.job == "jobs.stays.after_change",
            OutboxMessage.arguments["action"].astext == "checked_in_online",
        )
        assert db.session.scalar(asked) == 1


@pytest.mark.race
def test_links_and_announcements_are_made_once(own_database, stay_id):
    results = race(own_database, lambda number: (link_for(stay(), "checkin").token, announcements.tell(stay_id)))
    assert len({token for token, _told in results}) == 1
    assert [told for _token, told in results].count(True) == 1
    with own_database.app_context():
        assert db.session.scalar(select(func.count()).select_from(GuestLink)) == 2
        assert db.session.scalar(select(func.count()).select_from(Message)) == 1
