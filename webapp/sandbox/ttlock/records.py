"""Lock records pushed to the callback URL, as the platform does when a gateway reports what happened at a door."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from webapp.sandbox.context import Sandbox
from webapp.sandbox.dispatcher import post
from webapp.sandbox.storage import Document

PASSCODE_UNLOCK, GATEWAY_UNLOCK, LOCK_BY_APP = 4, 12, 11
_CLOCK_DRIFT = 6157  # the lock's clock runs ahead: lockDate lies after serverDate


def push(
    sandbox: Sandbox, lock: Document, record_type: int, *, success: bool, at: int, pin: str = "", name: str = ""
) -> None:
    """Send one record in the background; nothing happens while no callback URL is set."""
    url = sandbox.settings("ttlock").get("callback_url")
    if not url:
        return
    record: Document = {
        "lockId": lock["lockId"],
        "electricQuantity": lock["electricQuantity"],
        "serverDate": at,
        "recordTypeFromLock": record_type,
        "recordType": record_type,
        "success": 1 if success else 0,
        "lockMac": lock["lockMac"],
        "keyboardPwd": pin,
        "lockDate": at + _CLOCK_DRIFT,
        "username": name,
    }
    form = {
        "lockId": lock["lockId"],
        "notifyType": 1,
        "records": json.dumps([record], separators=(",", ":"), ensure_ascii=False),
        "admin": lock["owner"],
        "lockMac": lock["lockMac"],
    }
    body = urlencode(form).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "okhttp/3.14.9"}
    sandbox.dispatcher.submit(0, lambda: _send(sandbox, url, body, headers))


def _send(sandbox: Sandbox, url: str, body: bytes, headers: dict[str, str]) -> None:
    status, text = post(sandbox.journal, "ttlock", url, body, headers)
    accepted = status == 200 and text.strip() == "success"
    sandbox.storage.append("ttlock.callback", {"url": url, "status": status, "accepted": accepted}, keep=200)
