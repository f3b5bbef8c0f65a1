"""The client's words on the wire, and what it makes of TTLock's answers."""

import json
import logging
from datetime import UTC, datetime, timedelta, timezone

import pytest

from webapp.access.ports import (
    AuthExpired,
    AuthRejected,
    ChangeRefused,
    CodeMissing,
    LockBusy,
    LockError,
    LockOffline,
    LockRefused,
    PinRejected,
    QuotaExceeded,
    StorageFull,
    Tokens,
)
from webapp.integrations.transport import Limits
from webapp.integrations.ttlock import POLICIES, TTLockClient, error_for

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FROM = datetime(2026, 11, 20, 15, 0, 42, tzinfo=UTC)
UNTIL = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=1)))
TOKENS = Tokens("39caac89b0b51c980aa61ad4264b693b", "1bd2a21a7df889630f444364813738d7", NOW)
DONE = {"errcode": 0, "errmsg": "none error message or means yes", "description": "表示成功或是"}
MD5 = "e10adc3949ba59abbe56e057f20f883e"


@pytest.fixture
def client(wire):
    return TTLockClient(
        "client", "app-secret", wire.url + "/", now=lambda: NOW, limits=Limits(connect=1.0, read=0.5, total=1.0)
    )


def says(wire, data, status=200):
    wire.behaviour = lambda handler, seen: handler.answer(status, json.dumps(data).encode())


def add(client, pin="48213"):
    return client.add_code(TOKENS, "7252408", pin, "BK-2026-0001", FROM, UNTIL)


def test_signing_in(client, wire):
    says(wire, {"access_token": "a", "uid": 2340, "refresh_token": "r", "expires_in": 7776000})
    tokens = client.authorise("+8618966498228", MD5)
    assert tokens == Tokens("a", "r", NOW + timedelta(days=90), "2340")
    assert (wire.last.method, wire.last.path) == ("POST", "/oauth2/token")
    assert wire.last.headers["content-type"] == "application/x-www-form-urlencoded"
    expected = {"clientId": "client", "clientSecret": "app-secret", "username": "+8618966498228", "password": MD5}
    assert expected.items() <= wire.last.form.items()


@pytest.mark.parametrize("password", ["123456", MD5.upper(), MD5 + "0", ""])
def test_only_an_md5_is_sent_as_password(client, wire, password):
    with pytest.raises(AuthRejected):
        client.authorise("user", password)
    assert wire.seen == []


def test_refreshing(client, wire):
    says(wire, {"access_token": "a2", "refresh_token": "r2", "expires_in": "60"})
    assert client.refresh("r1") == Tokens("a2", "r2", NOW + timedelta(minutes=1))
    assert wire.last.form["grant_type"] == "refresh_token"
    assert wire.last.form["refresh_token"] == "r1"


def test_tokens_are_not_shown():
    assert "39caac" not in repr(TOKENS)
    assert "1bd2a2" not in repr(TOKENS)


def test_a_code_is_added_through_the_gateway(client, wire):
    says(wire, {"keyboardPwdId": 112233})
    assert add(client) == "112233"
    assert wire.last.path == "/v3/keyboardPwd/add"
    assert wire.last.form == {
        "clientId": "client",
        "accessToken": TOKENS.access_token,
        "date": "1795165200000",
        "lockId": "7252408",
        "keyboardPwd": "48213",
        "keyboardPwdName": "BK-2026-0001",
        "keyboardPwdType": "3",
        "addType": "2",
        "startDate": "1795186800000",  # 15:00:00, the seconds cut off
        "endDate": "1795345200000",  # 12:00 at +1 is 11:00 UTC
    }


def test_a_code_is_changed_through_the_gateway_with_both_dates(client, wire):
    says(wire, DONE)
    client.change_code(TOKENS, "7", "99", "BK-1", None, FROM, UNTIL)
    assert wire.last.path == "/v3/keyboardPwd/change"
    assert wire.last.form["changeType"] == "2"
    assert {"startDate", "endDate", "keyboardPwdName"} <= wire.last.form.keys()
    assert "newKeyboardPwd" not in wire.last.form
    client.change_code(TOKENS, "7", "99", "BK-1", "55667", FROM, UNTIL)
    assert wire.last.form["newKeyboardPwd"] == "55667"


def test_a_code_is_deleted_through_the_gateway(client, wire):
    says(wire, DONE)
    client.delete_code(TOKENS, "7", "99")
    assert wire.last.path == "/v3/keyboardPwd/delete"
    assert {"lockId": "7", "keyboardPwdId": "99", "deleteType": "2"}.items() <= wire.last.form.items()


def test_unlocking(client, wire):
    says(wire, DONE)
    client.unlock(TOKENS, "7")
    assert (wire.last.method, wire.last.path) == ("POST", "/v3/lock/unlock")


def test_a_random_code(client, wire):
    says(wire, {"keyboardPwd": "5582913", "keyboardPwdId": 5})
    code = client.random_code(TOKENS, "7", "BK-1", FROM, UNTIL)
    assert (code.provider_code_id, code.pin) == ("5", "5582913")
    assert "5582913" not in repr(code)
    assert wire.last.form["keyboardPwdType"] == "3"


def test_lists_are_read_page_by_page(client, wire):
    def page(handler, seen):
        number = int(seen.query["pageNo"])
        row = {
            "lockId": number,
            "lockAlias": f"Room {number}",
            "lockMac": "AA",
            "electricQuantity": 90,
            "hasGateway": 1,
        }
        handler.answer(200, json.dumps({"list": [row], "pageNo": number, "pages": 3, "total": 3}).encode())

    wire.behaviour = page
    assert [lock.name for lock in client.list_locks(TOKENS)] == ["Room 1", "Room 2", "Room 3"]
    assert (wire.last.method, wire.last.path, wire.last.query["pageSize"]) == ("GET", "/v3/lock/list", "1000")


def test_locks_with_fields_missing(client, wire):
    rows = [{"lockId": 1, "lockName": "S31", "electricQuantity": None}, {"lockId": "2", "electricQuantity": "101"}]
    says(wire, {"list": rows})
    first, second = client.list_locks(TOKENS)
    assert (first.lock_id, first.name, first.battery_percent, first.has_gateway) == ("1", "S31", None, False)
    assert (second.name, second.battery_percent) == ("2", None)


def test_gateways(client, wire):
    says(wire, {"list": [{"gatewayId": 3, "gatewayName": "Hall", "isOnline": 1}, {"gatewayId": 4, "rssi": -80}]})
    hall, other = client.list_gateways(TOKENS)
    assert (hall.gateway_id, hall.name, hall.is_online) == ("3", "Hall", True)
    assert (other.is_online, other.rssi) == (None, -80)
    client.gateways_of_lock(TOKENS, "7")
    assert (wire.last.path, wire.last.query["lockId"]) == ("/v3/gateway/listByLock", "7")


def test_codes_of_a_lock(client, wire):
    custom = {
        "keyboardPwdId": 9,
        "lockId": 7,
        "keyboardPwd": "48213",
        "keyboardPwdName": "BK-1",
        "keyboardPwdType": "3",
        "startDate": 1795186800000,
        "endDate": "1795345200000",
        "isCustom": 1,
        "status": 4,
    }
    says(wire, {"list": [custom, {"keyboardPwdId": 10, "endDate": 0, "isCustom": 0}]})
    first, second = client.list_codes(TOKENS, "7")
    assert (first.provider_code_id, first.pin, first.state, first.is_custom) == ("9", "48213", "adding", True)
    assert first.valid_from == FROM.replace(second=0)
    assert first.valid_until == UNTIL
    assert (second.lock_id, second.valid_until, second.state, second.is_custom) == ("7", None, "unknown", False)
    assert "48213" not in repr(first)


@pytest.mark.parametrize("pin", ["123", "1234567890", "12a4", "", "١٢٣٤", "1234\n"])
def test_a_pin_that_no_lock_takes_is_not_sent(client, wire, pin):
    with pytest.raises(LockRefused):
        add(client, pin)
    assert wire.seen == []


def test_a_code_ends_after_it_begins(client):
    with pytest.raises(ValueError, match="after"):
        client.add_code(TOKENS, "7", "48213", "x", FROM, FROM + timedelta(seconds=10))
    with pytest.raises(ValueError, match="time zone"):
        client.add_code(TOKENS, "7", "48213", "x", FROM.replace(tzinfo=None), UNTIL)


CLASSES = {
    LockBusy: [1, 90000, -3003, -3037],
    LockOffline: [-2012, -3002, -3034, -3035, -3036, -4037],
    PinRejected: [-3007, -2032],
    CodeMissing: [-1008, -2009],
    StorageFull: [-3009, -4056],
    AuthExpired: [10003, 10004],
    AuthRejected: [10000, 10001, 10007, 10011, 30005],
    QuotaExceeded: [30006, 30007],
    ChangeRefused: [-3008],
    LockRefused: [
        20002,
        30002,
        30003,
        30004,
        30008,
        80000,
        80002,
        -3,
        -1003,
        -1007,
        -1026,
        -2018,
        -2025,
        -3006,
        -3046,
        -4043,
    ],
}


@pytest.mark.parametrize(("kind", "errcode"), [(kind, code) for kind, codes in CLASSES.items() for code in codes])
def test_every_code_has_its_policy(client, wire, kind, errcode):
    says(wire, {"errcode": errcode, "errmsg": "said", "description": "…"})
    with pytest.raises(LockError) as caught:
        client.delete_code(TOKENS, "7", "99")
    assert type(caught.value) is kind
    assert caught.value.errcode == errcode


def test_no_code_is_left_out():
    assert sorted(POLICIES) == sorted(code for codes in CLASSES.values() for code in codes)


def test_which_failures_may_have_been_carried_out():
    unknown = {code for code in CLASSES[LockBusy] if error_for(code, "", NOW).is_outcome_unknown}
    assert unknown == {1, 90000}


def test_a_code_we_do_not_know_is_tried_again(client, wire):
    says(wire, {"errcode": "-9999", "errmsg": f"odd\n thing about {TOKENS.access_token} and 48213"})
    with pytest.raises(LockBusy) as caught:
        add(client)
    assert caught.value.message == "TTLock answered: odd thing about … and …"
    assert caught.value.is_outcome_unknown


@pytest.mark.parametrize(
    ("errcode", "now", "resets_at"),
    [
        (30007, NOW, datetime(2026, 11, 30, 16, tzinfo=UTC)),
        (30007, datetime(2026, 12, 31, 15, 59, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)),
        (30007, datetime(2026, 12, 31, 16, 1, tzinfo=UTC), datetime(2027, 1, 31, 16, tzinfo=UTC)),
        (30006, NOW, NOW + timedelta(hours=1)),
    ],
)
def test_the_quota_returns_on_the_first_in_beijing(errcode, now, resets_at):
    assert error_for(errcode, "", now).resets_at == resets_at


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"<html>502 Bad Gateway</html>"),
        (200, b"<html>maintenance</html>"),
        (200, b""),
        (200, b"[]"),
        (200, b"[" * 60000),
        (200, b'{"errcode": "many"}'),
        (200, b'{"errcode": null}'),
        (200, b"{}"),
        (503, b"{}"),
        (404, b"not here"),
        (302, b""),
    ],
)
def test_answers_that_are_none(client, wire, status, body):
    wire.behaviour = lambda handler, seen: handler.answer(status, body)
    for call in (lambda: add(client), lambda: client.delete_code(TOKENS, "7", "99")):
        with pytest.raises(LockBusy) as caught:
            call()
        assert caught.value.is_outcome_unknown


@pytest.mark.parametrize("data", [{}, {"list": None}, {"list": [{}]}, {"list": [None]}, {"list": "x"}])
def test_lists_that_are_none(client, wire, data):
    says(wire, data)
    with pytest.raises(LockBusy):
        client.list_locks(TOKENS)


def test_a_dropped_connection_leaves_the_outcome_open(client, wire):
    wire.behaviour = lambda handler, seen: None
    with pytest.raises(LockBusy) as caught:
        add(client)
    assert caught.value.is_outcome_unknown


@pytest.mark.parametrize("behaviour", ["silent", "dripping"])
def test_a_slow_answer_leaves_the_outcome_open(client, wire, behaviour):
    def slow(handler, seen):
        if behaviour == "silent":
            handler.wire.closing.wait(10)
        handler.raw(b"HTTP/1.1 200 OK\r\n\r\n")
        handler.drip(b" ")

    wire.behaviour = slow
    with pytest.raises(LockBusy, match="in time") as caught:
        add(client)
    assert caught.value.is_outcome_unknown


def test_without_a_connection_nothing_was_done():
    client = TTLockClient("c", "s", "http://nowhere.example", now=lambda: NOW, resolver=lambda host, port: [])
    with pytest.raises(LockBusy) as caught:
        add(client)
    assert not caught.value.is_outcome_unknown


def test_secrets_are_neither_logged_nor_told(client, wire, caplog):
    wire.behaviour = lambda handler, seen: handler.answer(500, b"oops")
    with caplog.at_level(logging.DEBUG):
        for call in (lambda: add(client), lambda: client.list_codes(TOKENS, "7"), lambda: client.authorise("u", MD5)):
            with pytest.raises(LockBusy) as caught:
                call()
            told = caplog.text + str(caught.value) + repr(caught.value)
            assert not [secret for secret in (TOKENS.access_token, "48213", "app-secret", MD5) if secret in told]
