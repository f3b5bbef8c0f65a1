"""The lock emulator: every wire fact that a client can trip over, through HTTP."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from webapp.sandbox import SandboxControl, SandboxServer
from webapp.sandbox.client import ControlError

HOUR = 3_600_000
FRONT_DOOR, ROOM_101, ROOM_112 = 7250100, 7250101, 7250112
GATEWAY_1, GATEWAY_2 = 910001, 910002


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Client:
    """Calls as the Home Assistant client makes them: auth in the query, the rest in the body."""

    def __init__(self, http: requests.Session, url: str) -> None:
        self.http, self.url = http, f"{url}/ttlock"
        self.token = ""

    def sign_in(self, username: str = "harbour", password: str = "harbour-lock-demo") -> dict[str, Any]:
        answer = self.oauth(username=username, password=md5(password))
        self.token = answer["access_token"]
        return answer

    def oauth(self, **form: str) -> dict[str, Any]:
        client = {"clientId": "sandbox-client", "clientSecret": "sandbox-secret"}
        answer = self.http.post(f"{self.url}/oauth2/token", data={**client, **form})
        assert answer.status_code == 200
        return answer.json()

    def auth(self, **change: Any) -> dict[str, Any]:
        now = int(time.time() * 1000)
        return {"clientId": "sandbox-client", "accessToken": self.token, "date": now, **change}

    def post(self, name: str, **form: Any) -> dict[str, Any]:
        answer = self.http.post(f"{self.url}/v3/{name}", params=self.auth(), data=form)
        assert answer.status_code == 200
        return answer.json()

    def get(self, name: str, **query: Any) -> dict[str, Any]:
        answer = self.http.get(f"{self.url}/v3/{name}", params={**self.auth(), **query})
        assert answer.status_code == 200
        return answer.json()

    def add(self, pin: str = "482913", lock: int = ROOM_101, **more: Any) -> dict[str, Any]:
        now = int(time.time() * 1000)
        form = {"lockId": lock, "keyboardPwd": pin, "startDate": now - HOUR, "endDate": now + HOUR, "addType": 2}
        return self.post("keyboardPwd/add", **{**form, **more})


@pytest.fixture
def client(server: SandboxServer, http: requests.Session) -> Client:
    client = Client(http, server.http_url)
    client.sign_in()
    return client


def test_token_has_the_documented_shape(client: Client) -> None:
    answer = client.sign_in()
    assert list(answer) == ["access_token", "uid", "refresh_token", "expires_in"]
    assert len(answer["access_token"]) == 32
    assert answer["expires_in"] == 7_776_000
    assert isinstance(answer["uid"], int)


def test_token_takes_both_spellings_of_the_client(server: SandboxServer, http: requests.Session) -> None:
    form = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "username": "cliff"}
    answer = http.post(f"{server.http_url}/ttlock/oauth2/token", data={**form, "password": md5("cliff-lock-demo")})
    assert "access_token" in answer.json()


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"username": "harbour", "password": "harbour-lock-demo"}, 30005),
        ({"username": "harbour", "password": md5("harbour-lock-demo").upper()}, 30005),
        ({"username": "harbour", "password": md5("wrong")}, 10007),
        ({"username": "nobody", "password": md5("harbour-lock-demo")}, 10007),
        ({"username": "harbour", "password": md5("harbour-lock-demo"), "clientId": "other"}, 10000),
        ({"username": "harbour", "password": md5("harbour-lock-demo"), "clientSecret": "other"}, 10001),
        ({"grant_type": "refresh_token", "refresh_token": "0" * 32}, 10011),
        ({"username": "harbour"}, -3),
    ],
)
def test_token_errors(client: Client, form: dict[str, str], code: int) -> None:
    answer = client.oauth(**form)
    assert answer["errcode"] == code
    assert set(answer) == {"errcode", "errmsg", "description"}


def test_refresh_gives_a_new_pair_without_uid_and_ends_the_old_one(client: Client) -> None:
    old = client.sign_in()
    new = client.oauth(grant_type="refresh_token", refresh_token=old["refresh_token"])
    assert set(new) == {"access_token", "refresh_token", "expires_in"}
    assert client.get("lock/list")["errcode"] == 10004
    assert client.oauth(grant_type="refresh_token", refresh_token=old["refresh_token"])["errcode"] == 10011
    client.token = new["access_token"]
    assert client.get("lock/list")["total"] == 13


def test_tokens_expire(client: Client, control: SandboxControl) -> None:
    control.call("POST", "/ttlock/tokens/expire", {"username": "harbour"})
    assert client.get("lock/list")["errcode"] == 10004
    client.token = "f" * 32
    assert client.get("lock/list")["errcode"] == 10003
    control.ttlock(token_seconds=0)
    assert client.sign_in()["expires_in"] == 0
    assert client.get("lock/list")["errcode"] == 10004


@pytest.mark.parametrize("minutes", [-6, 6])
def test_date_must_be_within_five_minutes(client: Client, minutes: int) -> None:
    skewed = client.auth(date=int(time.time() * 1000) + minutes * 60_000)
    answer = client.http.get(f"{client.url}/v3/lock/list", params=skewed)
    assert answer.status_code == 200
    assert answer.json()["errcode"] == 80000


def test_common_parameters_are_accepted_in_the_body(client: Client) -> None:
    answer = client.http.post(f"{client.url}/v3/lock/list", data=client.auth())
    assert answer.json()["total"] == 13


def test_lock_list_pages_and_filters(client: Client) -> None:
    answer = client.get("lock/list", pageNo=2, pageSize=10)
    assert "errcode" not in answer
    assert (answer["pageNo"], answer["pageSize"], answer["pages"], answer["total"]) == (2, 10, 2, 13)
    assert [lock["lockAlias"] for lock in answer["list"]] == ["Room 110", "Room 111", "Room 112"]
    assert {"lockId", "lockName", "lockMac", "electricQuantity", "hasGateway", "lockData"} <= set(answer["list"][0])
    assert [lock["lockId"] for lock in client.get("lock/list", lockAlias="front")["list"]] == [FRONT_DOOR]
    assert client.get("lock/list", pageSize=1001)["errcode"] == -3


def test_each_account_sees_only_its_own_locks(client: Client) -> None:
    client.sign_in("cliff", "cliff-lock-demo")
    assert client.get("lock/list")["total"] == 4
    assert client.get("lock/detail", lockId=ROOM_101)["errcode"] == 20002
    assert client.get("lock/detail", lockId=1)["errcode"] == -1003
    assert client.get("lock/detail")["errcode"] == -3


def test_lock_detail_and_a_battery_that_is_not_known(client: Client, control: SandboxControl) -> None:
    detail = client.get("lock/detail", lockId=ROOM_101)
    assert "errcode" not in detail
    assert detail["lockAlias"] == "Room 101"
    assert {"adminPwd", "noKeyPwd", "aesKeyStr", "lockKey", "timezoneRawOffset", "keyboardPwdVersion"} <= set(detail)
    control.call("PATCH", f"/ttlock/locks/{ROOM_101}", {"electricQuantity": None})
    assert client.get("lock/detail", lockId=ROOM_101)["electricQuantity"] is None


def test_a_code_added_through_the_gateway_opens_the_door(client: Client, control: SandboxControl) -> None:
    added = client.add("482913", keyboardPwdName="BK-1")
    assert list(added) == ["keyboardPwdId"]
    assert control.try_door(ROOM_101, "482913")["opens"] is True
    assert control.try_door(ROOM_101, "482914") == {
        "opens": False,
        "why": "no such code on the lock",
        "keyboardPwdId": None,
        "name": "",
    }


def test_add_type_one_is_only_in_the_cloud(client: Client, control: SandboxControl) -> None:
    now = int(time.time() * 1000)
    form = {"lockId": ROOM_101, "keyboardPwd": "482913", "startDate": now - HOUR, "endDate": now + HOUR}
    added = client.post("keyboardPwd/add", **form)
    assert "keyboardPwdId" in added
    assert client.get("lock/listKeyboardPwd", lockId=ROOM_101)["list"][0]["keyboardPwd"] == "482913"
    assert control.try_door(ROOM_101, "482913")["opens"] is False


def test_delete_type_one_leaves_the_code_on_the_lock(client: Client, control: SandboxControl) -> None:
    number = client.add("482913")["keyboardPwdId"]
    assert client.post("keyboardPwd/delete", lockId=ROOM_101, keyboardPwdId=number)["errcode"] == 0
    assert client.get("lock/listKeyboardPwd", lockId=ROOM_101)["total"] == 0
    assert control.try_door(ROOM_101, "482913")["opens"] is True


def test_delete_type_two_takes_the_code_off_the_lock(client: Client, control: SandboxControl) -> None:
    number = client.add("482913")["keyboardPwdId"]
    answer = client.post("keyboardPwd/delete", lockId=ROOM_101, keyboardPwdId=number, deleteType=2)
    assert answer == {
        "errcode": 0,
        "errmsg": "none error message or means yes",
        "description": "表示成功或是",
    }
    assert control.try_door(ROOM_101, "482913")["opens"] is False
    again = client.post("keyboardPwd/delete", lockId=ROOM_101, keyboardPwdId=number, deleteType=2)
    assert again["errcode"] == -2009


def test_a_period_code_opens_only_within_its_minutes(client: Client, control: SandboxControl) -> None:
    start = 1_780_000_000_000 // 60_000 * 60_000
    client.add("482913", startDate=start + 59_999, endDate=start + HOUR)
    assert control.lock(ROOM_101)["on_lock"][0]["startDate"] == start
    at = "2026-05-28T20:26:40+00:00"
    assert control.try_door(ROOM_101, "482913", at)["opens"] is True
    assert control.try_door(ROOM_101, "482913", "2026-05-28T20:25:59+00:00")["why"] == "not valid yet"
    assert control.try_door(ROOM_101, "482913", "2026-05-28T21:26:00+00:00")["why"] == "no longer valid"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pin": "123"}, -3006),
        ({"pin": "1234567890"}, -3006),
        ({"pin": "12a4"}, -3),
        ({"pin": "1234"}, -2032),
        ({"pin": "987654"}, -2032),
        ({"pin": "7777"}, -2032),
        ({"startDate": 2, "endDate": 1}, -3),
        ({"endDate": ""}, -3),
        ({"keyboardPwdType": 5}, -3),
        ({"addType": 3}, -3),
        ({"addType": 4}, -4043),
        ({"lock": 1}, -1003),
    ],
)
def test_add_refuses(client: Client, change: dict[str, Any], code: int) -> None:
    assert client.add(**change)["errcode"] == code


def test_the_same_code_twice_on_one_lock_is_refused(client: Client) -> None:
    client.add("482913")
    answer = client.add("482913")
    assert answer["errcode"] == -3007
    assert answer["errmsg"] == "The same passcode already exists. Please use another one."
    assert "keyboardPwdId" in client.add("482913", lock=ROOM_112)


def test_a_lock_holds_250_custom_codes(client: Client, server: SandboxServer) -> None:
    client.add("482913")
    code = server.control.lock(ROOM_101)["cloud"][0]
    for number in range(249):
        server.sandbox.storage.put("ttlock.code", f"{ROOM_101}/{number}", {**code, "keyboardPwd": str(number)})
    assert client.add("482914")["errcode"] == -3009


def test_change_without_a_start_has_no_effect_on_validity(client: Client, control: SandboxControl) -> None:
    number = client.add("482913")["keyboardPwdId"]
    before = control.lock(ROOM_101)["on_lock"][0]
    form = {"lockId": ROOM_101, "keyboardPwdId": number, "changeType": 2, "endDate": before["endDate"] + 24 * HOUR}
    assert client.post("keyboardPwd/change", **form)["errcode"] == 0
    assert control.lock(ROOM_101)["on_lock"][0]["endDate"] == before["endDate"]
    assert client.post("keyboardPwd/change", startDate=before["startDate"], **form)["errcode"] == 0
    assert control.lock(ROOM_101)["on_lock"][0]["endDate"] == before["endDate"] + 24 * HOUR


def test_change_type_one_changes_only_the_cloud(client: Client, control: SandboxControl) -> None:
    number = client.add("482913")["keyboardPwdId"]
    form = {"lockId": ROOM_101, "keyboardPwdId": number, "newKeyboardPwd": "555123"}
    assert client.post("keyboardPwd/change", **form)["errcode"] == 0
    assert control.lock(ROOM_101)["cloud"][0]["keyboardPwd"] == "555123"
    assert control.try_door(ROOM_101, "555123")["opens"] is False
    assert control.try_door(ROOM_101, "482913")["opens"] is True


def test_change_through_the_gateway(client: Client, control: SandboxControl) -> None:
    number = client.add("482913")["keyboardPwdId"]
    client.add("777555")
    form = {"lockId": ROOM_101, "keyboardPwdId": number, "changeType": 2}
    assert client.post("keyboardPwd/change", newKeyboardPwd="777555", **form)["errcode"] == -3007
    assert client.post("keyboardPwd/change", newKeyboardPwd="12", **form)["errcode"] == -3006
    assert client.post("keyboardPwd/change", newKeyboardPwd="555123", **form)["errcode"] == 0
    assert control.try_door(ROOM_101, "555123")["opens"] is True
    assert control.try_door(ROOM_101, "482913")["opens"] is False


def test_list_of_codes_pages_searches_and_gives_types_as_text(client: Client) -> None:
    for pin, name in (("482913", "BK-2"), ("482914", "BK-1"), ("482915", "BK-3")):
        client.add(pin, keyboardPwdName=name)
    answer = client.get("lock/listKeyboardPwd", lockId=ROOM_101, pageNo=1, pageSize=2, orderBy=0)
    assert [code["keyboardPwdName"] for code in answer["list"]] == ["BK-1", "BK-2"]
    assert (answer["pages"], answer["total"]) == (2, 3)
    assert answer["list"][0]["keyboardPwdType"] == "3"
    assert answer["list"][0]["isCustom"] == 1
    assert answer["list"][0]["senderUsername"] == "harbour"
    found = client.get("lock/listKeyboardPwd", lockId=ROOM_101, searchStr="BK-3")["list"]
    assert [code["keyboardPwd"] for code in found] == ["482915"]
    assert client.get("lock/listKeyboardPwd", lockId=ROOM_101, pageSize=201)["errcode"] == -3


def test_random_codes_need_no_gateway_and_are_cut_to_whole_hours(client: Client, control: SandboxControl) -> None:
    control.gateway(GATEWAY_1, isOnline=0)
    start = 1_780_000_000_000
    form = {"lockId": ROOM_101, "keyboardPwdType": 3, "startDate": start, "endDate": start + 48 * HOUR}
    answer = client.post("keyboardPwd/get", **form)
    assert set(answer) == {"keyboardPwd", "keyboardPwdId"}
    assert 6 <= len(answer["keyboardPwd"]) <= 9
    assert control.lock(ROOM_101)["on_lock"][0]["startDate"] % HOUR == 0
    assert control.try_door(ROOM_101, answer["keyboardPwd"], "2026-05-29T01:00:00Z")["opens"] is True
    client.post("keyboardPwd/delete", lockId=ROOM_101, keyboardPwdId=answer["keyboardPwdId"])
    assert client.post("keyboardPwd/get", **form)["errcode"] == -1026


def test_random_code_is_suspended_when_not_used_within_a_day(client: Client, control: SandboxControl) -> None:
    start = 1_780_000_000_000
    form = {"lockId": ROOM_101, "keyboardPwdType": 3, "startDate": start, "endDate": start + 72 * HOUR}
    pin = client.post("keyboardPwd/get", **form)["keyboardPwd"]
    result = control.try_door(ROOM_101, pin, "2026-05-30T08:00:00Z")
    assert result["opens"] is False
    assert "suspended" in result["why"]


def test_one_time_and_weekday_codes(client: Client, control: SandboxControl) -> None:
    start = 1_779_998_400_000  # Thursday 2026-05-28 20:00
    once = client.post("keyboardPwd/get", lockId=ROOM_101, keyboardPwdType=1, startDate=start)["keyboardPwd"]
    assert control.try_door(ROOM_101, once, "2026-05-28T21:00:00Z")["opens"] is True
    assert control.try_door(ROOM_101, once, "2026-05-28T21:01:00Z")["why"] == "one-time code already used"
    form = {"lockId": ROOM_101, "keyboardPwdType": 5, "startDate": start, "endDate": start + 72 * HOUR}
    weekend = client.post("keyboardPwd/get", **form)["keyboardPwd"]
    assert control.try_door(ROOM_101, weekend, "2026-05-29T20:30:00Z")["why"] == "not valid on this day of the week"
    assert client.post("keyboardPwd/get", lockId=ROOM_101, keyboardPwdType=4, startDate=start)["errcode"] == -4043


def test_never_used_random_code_cannot_be_changed(client: Client) -> None:
    now = int(time.time() * 1000)
    form = {"lockId": ROOM_101, "keyboardPwdType": 3, "startDate": now, "endDate": now + 48 * HOUR}
    number = client.post("keyboardPwd/get", **form)["keyboardPwdId"]
    change = {"lockId": ROOM_101, "keyboardPwdId": number, "changeType": 2, "newKeyboardPwd": "555123"}
    assert client.post("keyboardPwd/change", **change)["errcode"] == -3008


def test_unlock_lock_and_state_go_through_the_gateway(client: Client, control: SandboxControl) -> None:
    assert client.get("lock/queryOpenState", lockId=ROOM_101) == {"state": 0}
    assert client.get("lock/unlock", lockId=ROOM_101)["errcode"] == 0
    assert client.get("lock/queryOpenState", lockId=ROOM_101) == {"state": 1}
    assert client.post("lock/lock", lockId=ROOM_101)["errcode"] == 0
    assert client.get("lock/queryOpenState", lockId=ROOM_101) == {"state": 0}
    control.call("PATCH", f"/ttlock/locks/{ROOM_101}", {"remoteUnlock": False})
    assert client.get("lock/unlock", lockId=ROOM_101)["errmsg"] == "failed or means no"
    control.call("PATCH", f"/ttlock/locks/{ROOM_101}", {"remoteUnlock": True, "isFrozen": 1})
    assert client.get("lock/unlock", lockId=ROOM_101)["errcode"] == -2025


def test_gateway_states(client: Client, control: SandboxControl) -> None:
    control.gateway(GATEWAY_1, isOnline=0)
    assert client.add()["errcode"] == -3002
    control.gateway(GATEWAY_1, isOnline=1, busy=True)
    answer = client.add()
    assert (answer["errcode"], answer["errmsg"]) == (-3003, "The gateway is currently busy")
    control.gateway(GATEWAY_1, busy=False, locks={})
    assert client.add()["errcode"] == -2012
    assert "keyboardPwdId" in client.add(lock=ROOM_112)


def test_one_command_at_a_time_per_gateway(client: Client, control: SandboxControl, server: SandboxServer) -> None:
    control.gateway(GATEWAY_1, hold=True)

    def add_from_elsewhere() -> dict[str, Any]:
        with requests.Session() as session:
            session.trust_env = False
            other = Client(session, server.http_url)
            other.token = client.token
            return other.add()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(add_from_elsewhere)
        storage = server.sandbox.storage
        assert storage.wait_for(lambda: storage.get("ttlock.command", GATEWAY_1) is not None, 10)
        assert client.add(lock=FRONT_DOOR)["errcode"] == -3003
        assert "keyboardPwdId" in client.add(lock=ROOM_112), "another gateway is not concerned"
        assert control.try_door(ROOM_101, "482913")["opens"] is False, "not yet on the lock"
        control.gateway(GATEWAY_1, hold=False)
        assert "keyboardPwdId" in first.result(10)
    assert control.try_door(ROOM_101, "482913")["opens"] is True
    assert "keyboardPwdId" in client.add(lock=FRONT_DOOR)


def test_latency_can_be_set(client: Client, control: SandboxControl) -> None:
    control.ttlock(latency=[0.05, 0.06])
    started = time.monotonic()
    client.get("lock/list")
    client.add()
    assert time.monotonic() - started >= 0.05
    assert control.journal("ttlock", 1)[0]["seconds"] >= 0.05


@pytest.mark.parametrize("latency", ["slow", "1", [1], [2, 1], ["a", "b"], [1, 2, 3], -1, True, {"low": 1}])
def test_what_is_no_latency_is_refused(client: Client, control: SandboxControl, latency: object) -> None:
    with pytest.raises(ControlError, match="400"):
        control.ttlock(latency=latency)
    assert client.get("lock/list")["total"] > 0


def test_gateway_lists(client: Client, control: SandboxControl) -> None:
    answer = client.get("gateway/list", pageNo=1, pageSize=20)
    assert [(g["gatewayId"], g["isOnline"], g["lockNum"]) for g in answer["list"]] == [
        (GATEWAY_1, 1, 7),
        (GATEWAY_2, 1, 6),
    ]
    near = client.get("gateway/listLock", gatewayId=GATEWAY_1)["list"]
    assert near[0]["lockId"] == FRONT_DOOR
    assert set(near[0]) == {"lockId", "lockMac", "lockName", "lockAlias", "rssi", "updateDate"}
    assert client.get("gateway/listByLock", lockId=ROOM_112)["list"][0]["gatewayId"] == GATEWAY_2
    assert client.get("gateway/listLock", gatewayId=920001)["errcode"] == -4037


def test_an_offline_gateway_lists_its_locks_for_half_an_hour(client: Client, control: SandboxControl) -> None:
    control.set_clock("2026-05-28T20:00:00+00:00")
    control.gateway(GATEWAY_1, isOnline=0)
    client.sign_in()

    def listed(at: str) -> int:
        control.set_clock(at)
        from datetime import datetime

        date = int(datetime.fromisoformat(at).timestamp() * 1000)
        query = {**client.auth(date=date), "gatewayId": GATEWAY_1}
        return len(client.http.get(f"{client.url}/v3/gateway/listLock", params=query).json()["list"])

    assert listed("2026-05-28T20:29:00+00:00") == 7
    assert listed("2026-05-28T20:31:00+00:00") == 0


def test_records_are_pushed_as_the_platform_does(client: Client, control: SandboxControl, hook: Any) -> None:
    control.ttlock(callback_url=hook.url)
    client.add("482913", keyboardPwdName="BK-7")
    control.try_door(ROOM_101, "482913")
    assert control.flush()
    path, headers, body = hook.received[0]
    form = parse_qs(body)
    record = json.loads(form["records"][0])[0]
    assert path == "/hook?secret=1"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (form["notifyType"], form["lockId"]) == (["1"], [str(ROOM_101)])
    assert (record["recordType"], record["success"], record["username"]) == (4, 1, "BK-7")
    assert record["lockDate"] > record["serverDate"]
    assert control.call("GET", "/ttlock/callbacks")["callbacks"][0]["accepted"] is True
    hook.answer = (200, "text/plain", "thanks")
    control.call("POST", "/ttlock/records", {"lockId": ROOM_101, "recordType": 48, "success": False})
    assert control.flush()
    assert control.call("GET", "/ttlock/callbacks")["callbacks"][0]["accepted"] is False


def test_faults_by_code_lock_and_count(client: Client, control: SandboxControl) -> None:
    control.fault("ttlock", errcode=-3002, lockId=ROOM_101, times=2)
    assert client.add(lock=ROOM_112, pin="111222")["keyboardPwdId"]
    assert client.add()["errcode"] == -3002
    assert client.add()["errcode"] == -3002
    assert "keyboardPwdId" in client.add()
    control.fault("ttlock", errcode=30007)
    assert client.get("lock/list")["errcode"] == 30007
    control.clear_faults("ttlock")
    assert client.get("lock/list")["total"] == 13


def test_fault_with_html_and_status(client: Client, control: SandboxControl) -> None:
    control.fault("ttlock", http=502, path="lock/list", times=1)
    answer = client.http.get(f"{client.url}/v3/lock/list", params=client.auth())
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert "502 Bad Gateway" in answer.text
    assert client.get("lock/list")["total"] == 13


def test_connection_drop_after_the_work_was_done(client: Client, control: SandboxControl) -> None:
    control.fault("ttlock", drop=True, effect=True, path="keyboardPwd/add", times=1)
    with pytest.raises(requests.ConnectionError):
        client.add("482913")
    assert control.try_door(ROOM_101, "482913")["opens"] is True
    assert control.journal("ttlock", 1)[0]["status"] == "dropped"


def test_slow_fault(client: Client, control: SandboxControl) -> None:
    control.fault("ttlock", slow=5, times=1)
    with pytest.raises(requests.ReadTimeout):
        client.http.get(f"{client.url}/v3/lock/list", params=client.auth(), timeout=0.1)


def test_locks_and_gateways_can_be_made(client: Client, control: SandboxControl) -> None:
    lock = control.add_lock(lockAlias="Annex", gatewayId=GATEWAY_1)
    assert client.get("lock/list", lockAlias="annex")["total"] == 1
    assert "keyboardPwdId" in client.add(lock=lock["lockId"])
    control.call("POST", "/ttlock/accounts", {"username": "new", "password": "secret"})
    client.sign_in("new", "secret")
    assert client.get("lock/list")["total"] == 0
