"""The push subscription of the topic that Gmail tells of new mails."""

from __future__ import annotations

import base64
import json

from webapp.sandbox import inbox
from webapp.sandbox.context import Sandbox
from webapp.sandbox.dispatcher import post

WATCH = "gmail.watch"
LASTS = 7 * 86_400 * 1000  # milliseconds


def push(sandbox: Sandbox) -> None:
    """Tell the setting `push_url` that the mailbox has changed, while it is watched. In the background, like the real one."""
    watch, url = sandbox.storage.get(WATCH, "me"), sandbox.settings("gmail").get("push_url")
    if not url or watch is None or watch["ends"] <= sandbox.clock.milliseconds():
        return
    told = {"emailAddress": inbox.ADDRESS, "historyId": inbox.newest_history(sandbox) + 1000}
    number = sandbox.storage.next_id("gmail.push")
    message = {
        "data": base64.b64encode(json.dumps(told).encode()).decode(), "messageId": f"{70000000000000 + number}",
        "publishTime": sandbox.clock.now().isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    subscription = watch["topic"].replace("/topics/", "/subscriptions/")
    body = json.dumps({"message": message, "subscription": subscription}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "CloudPubSub-Google"}
    sandbox.dispatcher.submit(0, lambda: _send(sandbox, url, body, headers))


def _send(sandbox: Sandbox, url: str, body: bytes, headers: dict[str, str]) -> None:
    post(sandbox.journal, "gmail", url, body, headers)
