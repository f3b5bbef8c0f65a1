"""The TTLock client against the emulator: what matters is what opens the door."""

import hashlib
import threading
from datetime import UTC, datetime, timedelta

import pytest

from webapp.access.ports import (
    AuthExpired,
    AuthRejected,
    CodeMissing,
    LockBusy,
    LockError,
    LockOffline,
    LockRefused,
    PinRejected,
    StorageFull,
)
from webapp.integrations.transport import Limits
from webapp.integrations.ttlock import TTLockClient

FRONT_DOOR, ROOM_101, ROOM_102, ROOM_112 = 7250100, 7250101, 7250102, 7250112
GROUND_FLOOR = 910001
START = datetime.now(UTC).replace(second=0, microsecond=0)
END = START + timedelta(days=2)
MD5 = hashlib.md5(b"harbour-lock-demo", usedforsecurity=False).hexdigest()


def client_of(sandbox, total=10.0, **changes):
    options = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "now": lambda: datetime.now(UTC)}
    return TTLockClient(base_url=f"{sandbox.http_url}/ttlock", limits=Limits(total=total), **(options | changes))


@pytest.fixture
def client(sandbox):
    return client_of(sandbox)


@pytest.fixture
def tokens(client):
    return client.authorise("harbour", MD5)


def add(client, tokens, pin="482135", lock=ROOM_101):
    return client.add_code(tokens, str(lock), pin, "BK-2026-0001", START, END)


def opens(control, pin, lock=ROOM_101, at=START + timedelta(hours=1)):
    return control.try_door(lock, pin, at.isoformat())["opens"]


def test_a_code_opens_from_its_start_to_its_end_and_then_is_gone(client, control, tokens):
    code_id = add(client, tokens)
    assert not opens(control, "482135", at=START - timedelta(seconds=1))
    assert opens(control, "482135", at=START)
    assert opens(control, "482135", at=END - timedelta(seconds=1))
    assert not opens(control, "482135", at=END)
    (listed,) = client.list_codes(tokens, str(ROOM_101))
    assert (listed.provider_code_id, listed.pin, listed.name) == (code_id, "482135", "BK-2026-0001")
    assert (listed.valid_from, listed.valid_until, listed.is_custom) == (START, END, True)
    client.delete_code(tokens, str(ROOM_101), code_id)
    assert not opens(control, "482135")
    assert client.list_codes(tokens, str(ROOM_101)) == []


def test_an_extended_code_keeps_its_pin(client, control, tokens):
    code_id = add(client, tokens)
    later = END + timedelta(days=1)
    client.change_code(tokens, str(ROOM_101), code_id, "BK-2026-0001", None, START, later)
    assert opens(control, "482135", at=END + timedelta(hours=1))
    client.change_code(tokens, str(ROOM_101), code_id, "BK-2026-0001", "971402", START, later)
    assert not opens(control, "482135")
    assert opens(control, "971402")


def test_a_random_code_needs_no_gateway(client, control, tokens):
    control.gateway(GROUND_FLOOR, isOnline=0)
    code = client.random_code(tokens, str(ROOM_101), "BK-2026-0001", START, START + timedelta(hours=5))
    assert opens(control, code.pin)


def test_locks_and_gateways_of_the_account(client, tokens):
    locks = client.list_locks(tokens)
    assert [lock.name for lock in locks][:2] == ["Front door", "Room 101"]
    assert all(lock.has_gateway and lock.battery_percent for lock in locks)
    ground, first = client.list_gateways(tokens)
    assert (ground.gateway_id, ground.is_online, first.name) == (str(GROUND_FLOOR), True, "Gateway first floor")
    (near,) = client.gateways_of_lock(tokens, str(FRONT_DOOR))
    assert near.gateway_id == str(GROUND_FLOOR)
    assert near.rssi < -50


def test_unlocking_from_afar(client, control, tokens):
    client.unlock(tokens, str(FRONT_DOOR))
    assert control.lock(FRONT_DOOR)["state"] == 1


def test_one_lists_page_after_page(client, control, tokens):
    for number in range(5):
        client.random_code(tokens, str(ROOM_102), f"BK-{number}", START, START + timedelta(hours=number + 1))
    assert len(client.list_codes(tokens, str(ROOM_102))) == 5


# Errors as they really come about


def test_signing_in_goes_wrong(sandbox, client):
    with pytest.raises(AuthRejected) as caught:
        client.authorise("harbour", "0" * 32)
    assert caught.value.errcode == 10007
    with pytest.raises(AuthRejected):
        client_of(sandbox, client_secret="wrong").authorise("harbour", MD5)
    with pytest.raises(AuthRejected) as caught:
        client.refresh("no-such-token")
    assert caught.value.errcode == 10011


def test_ended_tokens_are_renewed(client, control, tokens):
    control.call("POST", "/ttlock/tokens/expire", {"username": "harbour"})
    with pytest.raises(AuthExpired):
        client.list_locks(tokens)
    renewed = client.refresh(tokens.refresh_token)
    assert client.list_locks(renewed)
    with pytest.raises(LockError):
        client.list_locks(tokens)


def test_a_wrong_clock_is_named(sandbox, tokens):
    late = client_of(sandbox, now=lambda: datetime.now(UTC) + timedelta(minutes=7))
    with pytest.raises(LockRefused, match="clock"):
        late.list_locks(tokens)


def test_somebody_elses_lock(client, tokens):
    with pytest.raises(LockRefused) as caught:
        add(client, tokens, lock=7350100)
    assert caught.value.errcode == 20002
    with pytest.raises(LockRefused) as caught:
        add(client, tokens, lock=1)
    assert caught.value.errcode == -1003


def test_pins_that_the_lock_refuses(client, tokens):
    add(client, tokens)
    for pin in ("482135", "123456", "7777"):
        with pytest.raises(PinRejected):
            add(client, tokens, pin)


def test_a_code_that_is_not_there(client, tokens):
    with pytest.raises(CodeMissing):
        client.delete_code(tokens, str(ROOM_101), "1")
    with pytest.raises(CodeMissing):
        client.change_code(tokens, str(ROOM_101), "1", "x", None, START, END)


def test_gateways_that_are_off_or_busy(client, control, tokens):
    control.gateway(GROUND_FLOOR, busy=True)
    with pytest.raises(LockBusy) as caught:
        add(client, tokens)
    assert (caught.value.errcode, caught.value.is_outcome_unknown) == (-3003, False)
    control.gateway(GROUND_FLOOR, busy=False, isOnline=0)
    with pytest.raises(LockOffline):
        add(client, tokens)
    control.gateway(GROUND_FLOOR, isOnline=1, locks={})
    with pytest.raises(LockOffline):
        add(client, tokens)


def test_two_commands_at_once_meet_a_busy_gateway(client, control, tokens):
    control.ttlock(latency=0.6)
    answers = []

    def command(pin, lock):
        try:
            answers.append(add(client, tokens, pin, lock))
        except LockBusy as error:
            answers.append(error.errcode)

    threads = [threading.Thread(target=command, args=pair) for pair in (("482135", ROOM_101), ("971402", ROOM_102))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert -3003 in answers
    assert len(control.lock(ROOM_101)["on_lock"]) + len(control.lock(ROOM_102)["on_lock"]) == 1


def test_a_full_lock(client, control, tokens):
    control.fault("ttlock", errcode=-3009, lockId=ROOM_101, times=1)
    with pytest.raises(StorageFull):
        add(client, tokens)
    assert add(client, tokens)


@pytest.mark.parametrize("fault", [{"http": 502}, {"drop": True}, {"slow": 3}])
def test_a_lost_answer_after_the_deed_is_seen_in_the_list(sandbox, control, tokens, fault):
    client = client_of(sandbox, total=0.5)
    control.fault("ttlock", path="keyboardPwd/add", effect=True, times=1, **fault)
    with pytest.raises(LockBusy) as caught:
        add(client, tokens, lock=ROOM_112)  # a lock of its own: a slow command is carried out after the test
    assert caught.value.is_outcome_unknown
    if "slow" not in fault:
        assert [code.pin for code in client_of(sandbox).list_codes(tokens, str(ROOM_112))] == ["482135"]


@pytest.mark.parametrize("errcode", [90000, -3037, 30007, -2018, -3036, 10003])
def test_any_code_can_come_at_any_time(client, control, tokens, errcode):
    control.fault("ttlock", errcode=errcode, times=1)
    with pytest.raises(LockError) as caught:
        client.list_locks(tokens)
    assert caught.value.errcode == errcode
