"""Door codes against the emulated locks: what opens the door is what counts, not what the cloud lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests import factories
from tests.worker import Worker
from webapp.access import commands, conversation, queries
from webapp.access import services as access
from webapp.core import clock, outbox
from webapp.core.database import db
from webapp.core.stay_dates import StayDates
from webapp.core.transaction import transaction
from webapp.models import AccessCode, Alert, Hotel, Lock, LockAccount, Reservation
from webapp.sandbox.client import SandboxControl
from webapp.sandbox.server import SandboxServer
from webapp.stays import services as stays

NOON = dt.datetime(2026, 6, 10, 12, 0, tzinfo=dt.UTC)  # 13:00 in London


@dataclass
class House:
    """A hotel whose doors are the emulated locks of `harbour`, at 2026-06-10 13:00 its time."""

    app: Flask
    worker: Worker
    control: SandboxControl
    hotel_id: int

    def stay(self, **values: Any) -> int:
        with self.app.app_context():
            return factories.make_stay(db.session.get_one(Hotel, self.hotel_id), **values).id

    def act(self, reservation_id: int, act: Any, *arguments: Any, **named: Any) -> None:
        with self.app.app_context(), transaction():
            act(db.session.get_one(Reservation, reservation_id), *arguments, **named)

    def codes(self, reservation_id: int) -> list[queries.CodeView]:
        with self.app.app_context():
            return queries.codes_of_stay(reservation_id, with_removed=True)

    def open_codes(self, reservation_id: int) -> list[queries.CodeView]:
        return [code for code in self.codes(reservation_id) if code.state in ("requested", "sent", "verified")]

    def opens(self, code: queries.CodeView, at: dt.datetime) -> bool:
        with self.app.app_context():
            lock_id = int(db.session.get_one(Lock, code.lock_id).provider_lock_id)
        return bool(self.control.try_door(lock_id, code.pin, at.isoformat())["opens"])

    def alerts(self) -> set[str]:
        with self.app.app_context():
            return set(db.session.scalars(select(Alert.kind).where(Alert.resolved_at.is_(None))))


@pytest.fixture
def house(own_database: Flask, sandbox: SandboxServer) -> Iterator[House]:
    sandbox.control.reset()
    worker = Worker(own_database, sandbox, NOON)
    with own_database.app_context(), transaction():
        hotel = factories.make_hotel()
        access.connect_account(hotel, "harbour", "harbour-lock-demo")
        hotel_id = hotel.id
    worker.run()
    yield House(own_database, worker, sandbox.control, hotel_id)
    worker.close()
    sandbox.control.reset()


def test_locks_are_found_and_put_on_their_doors(house):
    with house.app.app_context():
        locks = {view.lock.name: (view.lock.kind, view.room_number) for view in queries.locks_of(house.hotel_id)}
    assert len(locks) == 13
    assert ("entrance", None) in locks.values()
    assert ("room", "101") in locks.values()


def test_a_guest_in_house_opens_room_and_front_door_from_check_in_to_check_out(house):
    stay = house.stay(room="101", nights=2)
    house.worker.run()
    assert house.codes(stay) == [], "no code before the guest has checked in"
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    codes = house.codes(stay)
    assert [code.state for code in codes] == ["verified", "verified"]
    assert {code.kind for code in codes} == {"entrance", "room"}
    assert len({code.pin for code in codes}) == 1, "one PIN for all doors"
    check_in, check_out = dt.datetime(2026, 6, 10, 14, tzinfo=dt.UTC), dt.datetime(2026, 6, 12, 10, tzinfo=dt.UTC)
    minute = dt.timedelta(minutes=1)
    for code in codes:
        assert (code.valid_from, code.valid_until) == (check_in, check_out)
        assert house.opens(code, check_in + minute)
        assert house.opens(code, check_out - minute)
        assert not house.opens(code, check_in - minute)
        assert not house.opens(code, check_out + minute)


def test_after_departure_the_code_is_gone_from_the_lock(house):
    stay = house.stay(room="101", nights=2)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    code = house.codes(stay)[0]
    house.worker.move_to(NOON + dt.timedelta(hours=3))
    assert house.opens(code, clock.now())
    house.act(stay, stays.check_out_guest)
    house.worker.run()
    assert {code.state for code in house.codes(stay)} == {"removed"}
    assert not house.opens(code, clock.now())


def test_a_reset_of_the_house_takes_the_codes_out_of_the_locks(house):
    stay, other = house.stay(room="101", nights=2), house.stay(room="102", nights=2)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    code = house.codes(stay)[0]
    house.worker.move_to(NOON + dt.timedelta(hours=3))
    assert house.opens(code, clock.now())
    with house.app.app_context():
        slug = db.session.get_one(Hotel, house.hotel_id).slug
        answer = house.app.test_cli_runner().invoke(
            args=["channels", "reset", slug, "--confirm", slug, "--include-in-house"]
        )
        assert answer.exit_code == 0, answer.output
        assert db.session.scalars(select(Reservation.id)).all() == [stay]
        assert other != stay
    assert "jobs.access.apply_code" in house.worker.run()
    assert {code.state for code in house.codes(stay)} == {"removed"}
    assert not house.opens(code, clock.now())
    assert house.alerts() == set()


def test_an_extension_in_house_keeps_the_pin(house):
    stay = house.stay(room="101", nights=1)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    before = house.codes(stay)
    today = NOON.date()
    house.act(stay, stays.change_dates, StayDates(today, today + dt.timedelta(days=3)))
    house.worker.run()
    after = house.codes(stay)
    assert [(c.code_id, c.pin) for c in after] == [(c.code_id, c.pin) for c in before]
    assert {c.state for c in after} == {"verified"}
    assert house.opens(after[0], dt.datetime(2026, 6, 13, 9, tzinfo=dt.UTC))


def test_a_cancelled_stay_loses_its_codes(house):
    stay = house.stay(room="101", nights=1)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    house.act(stay, stays.undo_check_in)
    house.act(stay, stays.cancel, "mistake")
    house.worker.run()
    assert {code.state for code in house.codes(stay)} == {"removed"}


def test_a_day_without_two_oclock_still_begins_at_check_in_time(house):
    with house.app.app_context(), transaction():
        hotel = db.session.get_one(Hotel, house.hotel_id)
        hotel.check_in_time, hotel.check_out_time = dt.time(15), dt.time(11)
    house.worker.move_to(dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC))
    stay = house.stay(room="101", nights=1)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    code = house.codes(stay)[0]
    assert code.valid_from == dt.datetime(2026, 10, 24, 14, tzinfo=dt.UTC)
    assert code.valid_until == dt.datetime(2026, 10, 25, 11, tzinfo=dt.UTC), "the clocks went back in the night"


def test_a_lock_company_that_is_down_for_an_hour_costs_nothing_but_the_hour(house):
    stay = house.stay(room="101", nights=2)
    house.control.fault("ttlock", http=502)
    house.act(stay, stays.check_in_guest)
    house.worker.run(dt.timedelta(hours=1))
    assert {code.state for code in house.codes(stay)} == {"requested"}
    assert "door_code_late" in house.alerts()
    house.control.clear_faults("ttlock")
    house.worker.run(dt.timedelta(minutes=30))
    assert {code.state for code in house.codes(stay)} == {"verified"}
    assert "door_code_late" not in house.alerts()


def test_a_gateway_that_is_offline_marks_the_lock_and_recovers(house):
    stay = house.stay(room="101", nights=2)
    house.control.fault("ttlock", errcode=-3002)
    house.act(stay, stays.check_in_guest)
    house.worker.run(dt.timedelta(minutes=4))
    with house.app.app_context():
        offline = [view.lock.name for view in queries.locks_of(house.hotel_id) if view.lock.offline_since]
    assert len(offline) == 2
    house.control.clear_faults("ttlock")
    house.worker.run(dt.timedelta(minutes=30))
    with house.app.app_context():
        assert not [view for view in queries.locks_of(house.hotel_id) if view.lock.offline_since]
    assert {code.state for code in house.codes(stay)} == {"verified"}


def test_an_account_that_was_refused_for_a_while_is_called_well_again(house):
    stay = house.stay(room="101", nights=2)
    house.control.fault("ttlock", errcode=10001, path="keyboardPwd/add")
    house.act(stay, stays.check_in_guest)
    house.worker.run(dt.timedelta(minutes=4))
    assert house.alerts() == {"lock_account_refused"}
    house.control.clear_faults("ttlock")
    house.worker.run(dt.timedelta(hours=1))
    assert {code.state for code in house.codes(stay)} == {"verified"}
    assert house.alerts() == set()
    with house.app.app_context():
        assert [account.fault for account in queries.accounts_of(house.hotel_id)] == [None]


def test_a_pin_that_the_lock_refuses_is_replaced(house):
    stay = house.stay(room="101", nights=2)
    house.control.fault("ttlock", errcode=-3007, path="keyboardPwd/add", times=1)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    codes = house.codes(stay)
    assert {code.state for code in codes} == {"verified"}
    assert all(house.opens(code, NOON + dt.timedelta(hours=3)) for code in codes)


def test_a_lock_that_refuses_every_pin_is_told_on_the_board_and_asked_less_often(house):
    stay = house.stay(room="101", nights=2)
    house.control.fault("ttlock", errcode=-3007, path="keyboardPwd/add")
    house.act(stay, stays.check_in_guest)
    ran = house.worker.run(dt.timedelta(minutes=4))
    assert {code.state for code in house.codes(stay)} == {"requested"}
    assert house.alerts() == {"door_code_late"}
    assert ran.count("jobs.access.apply_code") < 20, "two doors, and pauses that grow"
    house.control.clear_faults("ttlock")
    house.worker.run(dt.timedelta(minutes=10))
    codes = house.codes(stay)
    assert {code.state for code in codes} == {"verified"}
    assert all(house.opens(code, NOON + dt.timedelta(hours=3)) for code in codes)
    assert house.alerts() == set()


def test_an_answer_that_got_lost_makes_no_second_code(house):
    stay = house.stay(room="101", nights=2)
    house.control.fault("ttlock", drop=True, path="keyboardPwd/add", effect=True, times=2)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    assert {code.state for code in house.codes(stay)} == {"verified"}
    names = [
        code["keyboardPwdName"]
        for lock in house.control.locks()
        for code in house.control.lock(lock["lockId"])["cloud"]
    ]
    assert len(names) == len(set(names)) == 2


def test_a_second_account_and_a_retry_change_nothing(house):
    stay = house.stay(room="101", nights=2)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    before = house.codes(stay)
    for _time in range(2):
        with house.app.app_context(), transaction():
            access.reconcile_codes(stay)
        house.worker.run()
    assert house.codes(stay) == before


def test_moving_to_another_room_moves_the_code(house):
    stay = house.stay(room="101", nights=2)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    house.act(stay, stays.undo_check_in)
    with house.app.app_context(), transaction():
        room = factories.room_of(db.session.get_one(Hotel, house.hotel_id), "102")
        stays.assign_room(db.session.get_one(Reservation, stay), room)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    opening = house.open_codes(stay)
    assert len(opening) == 2
    assert {code.state for code in opening} == {"verified"}
    assert len({code.pin for code in opening}) == 1


def test_two_stays_never_share_a_pin_on_a_door(house):
    ids = [house.stay(room=room, nights=1) for room in ("101", "102", "103")]
    for stay in ids:
        house.act(stay, stays.check_in_guest)
    house.worker.run()
    with house.app.app_context():
        rows = db.session.execute(select(AccessCode.physical_lock, AccessCode.pin_fingerprint)).all()
    assert len(rows) == len(set(rows)) == 6


def test_codes_go_when_their_time_is_over_whatever_the_desk_forgot(house):
    stay = house.stay(room="101", nights=1)
    house.act(stay, stays.check_in_guest)
    house.worker.run()
    house.worker.move_to(NOON + dt.timedelta(days=1, hours=2))
    with house.app.app_context(), transaction():
        access.remove_ended_codes()
    house.worker.run()
    assert {code.state for code in house.codes(stay)} == {"removed"}


def _ask_to_open_the_front_door(house: House) -> None:
    with house.app.app_context(), transaction():
        lock = db.session.scalars(select(Lock).where(Lock.kind == "entrance").limit(1)).one()
        access.request_unlock(lock)


def _times_opened(house: House) -> int:
    return sum("lock/unlock" in str(entry) for entry in house.control.journal("ttlock"))


def test_a_door_is_opened_at_once_or_not_at_all(house):
    _ask_to_open_the_front_door(house)
    house.worker.run()
    assert _times_opened(house) == 1
    _ask_to_open_the_front_door(house)
    house.worker.move_to(clock.now() + dt.timedelta(minutes=10))  # no worker was there
    house.worker.run()
    assert _times_opened(house) == 1
    assert "unlock_failed" in house.alerts()


def test_a_door_waits_for_its_gateway_like_every_command(house):
    with house.app.app_context():
        lock = db.session.scalars(select(Lock).where(Lock.kind == "entrance").limit(1)).one()
        gateway = f"{lock.account_id}:{lock.gateway}"
    _ask_to_open_the_front_door(house)
    with house.app.app_context(), conversation.gateway_to_ourselves(gateway):
        assert set(house.worker.run(dt.timedelta(seconds=10))) == {"jobs.access.unlock"}
        assert _times_opened(house) == 0
    house.worker.run()
    assert _times_opened(house) == 1


def test_waiting_for_a_gateway_is_no_attempt(house):
    stay = house.stay(room="101", nights=2)
    house.act(stay, stays.check_in_guest)
    with house.app.app_context():
        codes = db.session.scalars(select(AccessCode).order_by(AccessCode.id)).all()
        locks = [db.session.get_one(Lock, code.lock_id) for code in codes]
        gateways = sorted({f"{lock.account_id}:{lock.gateway}" for lock in locks})
        ids = [code.id for code in codes]
    with house.app.app_context(), ExitStack() as held:
        for gateway in gateways:
            held.enter_context(conversation.gateway_to_ourselves(gateway))
        house.worker.run(dt.timedelta(seconds=10))
        for code_id in ids:
            with pytest.raises(outbox.RetryLater, match="at work"):
                commands.apply_code(code_id)
    with house.app.app_context():
        assert set(db.session.scalars(select(AccessCode.attempts))) == {0}
    house.worker.run()
    with house.app.app_context():
        assert set(db.session.scalars(select(AccessCode.state))) == {"verified"}


def test_tokens_are_renewed_once_and_no_row_is_held_meanwhile(house, monkeypatch):
    with house.app.app_context():
        account = db.session.scalars(select(LockAccount)).one()
        account_id, stale = account.id, account.access_token
        real, calls = conversation._refresh_or_sign_in, []

        def renew(*arguments):
            with db.engine.connect() as other:  # somebody connects the account anew: nothing is in the way
                other.execute(text("SET lock_timeout = '2s'"))
                other.execute(text("UPDATE lock_account SET fault = 'x' WHERE id = :id"), {"id": account_id})
                other.rollback()
            calls.append(arguments[0])
            return real(*arguments)

        monkeypatch.setattr(conversation, "_refresh_or_sign_in", renew)
        first = conversation._renew(account_id, stale)
        second = conversation._renew(account_id, stale)
        assert calls == [account_id]
        assert first.access_token == second.access_token != stale


def test_a_code_that_the_lock_does_not_show_is_told_on_the_board_and_sent_again(house):
    stay = house.stay(room="101", nights=2)
    house.act(stay, stays.check_in_guest)
    house.worker.run(dt.timedelta(seconds=2))
    assert {code.state for code in house.codes(stay)} == {"sent"}
    with house.app.app_context():
        delete = conversation.provider().delete_code
        for code in db.session.scalars(select(AccessCode)).all():
            tokens = conversation._tokens(code.lock.account_id)
            delete(tokens, code.lock.provider_lock_id, code.provider_code_id or "")
    house.worker.run()
    with house.app.app_context():
        assert set(db.session.scalars(select(Alert.kind))) == {"door_code_late"}
    assert house.alerts() == set()
    assert {code.state for code in house.codes(stay)} == {"verified"}


def test_an_account_that_looks_alike_is_another_account(hotel):
    names = ("+447700900117", "+447712345617", "+447700900117")
    with transaction():
        ids = [access.connect_account(hotel, name, "a password").id for name in names]
    assert ids[0] == ids[2] != ids[1]
    hints = {account.username_hint for account in queries.accounts_of(hotel.id)}
    assert hints == {"+44…17", "+44…17 (2)"}
