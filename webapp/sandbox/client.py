"""A small client of the control API, for tests, the demo and pages that show what was sent."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

Json = dict[str, Any]
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ControlError(RuntimeError):
    """The sandbox refused a control call; the message is its explanation."""


class SandboxControl:
    """Methods for the usual calls; `call` for all others. Nothing is kept between calls."""

    def __init__(self, http_url: str, timeout: float = 35.0) -> None:
        self.http_url = http_url.rstrip("/")
        self.timeout = timeout

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Json:
        """One control call, `path` without `/control`. Bytes are sent as they are, anything else as JSON."""
        asked = {name: value for name, value in query.items() if value is not None}
        url = f"{self.http_url}/control{path}" + (f"?{urlencode(asked)}" if asked else "")
        is_bytes = isinstance(body, bytes)
        data = body if is_bytes else None if body is None else json.dumps(body).encode()
        kind = "text/calendar; charset=utf-8" if is_bytes else "application/json"
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind})  # noqa: S310
        try:
            with _OPENER.open(request, timeout=self.timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from None

    def reset(self) -> None:
        self.call("POST", "/reset")

    def flush(self, seconds: float = 10.0) -> bool:
        """Wait until all callbacks under way are answered."""
        return bool(self.call("POST", "/flush", seconds=seconds)["idle"])

    def set_clock(self, at: str | None) -> None:
        self.call("PUT", "/clock", {"at": at})

    def journal(self, service: str | None = None, limit: int = 100) -> list[Json]:
        return self.call("GET", "/journal", service=service, limit=limit)["journal"]

    def mails(self, to: str | None = None, wait: float = 0.0, count: int = 1, limit: int = 100) -> list[Json]:
        """Newest first."""
        return self.call("GET", "/mail", to=to, wait=wait, count=count, limit=limit)["mail"]

    def sms(self, to: str | None = None, wait: float = 0.0, count: int = 1, limit: int = 100) -> list[Json]:
        """Newest first."""
        return self.call("GET", "/sms", to=to, wait=wait, count=count, limit=limit)["sms"]

    def mail_rule(self, recipient: str, code: int | str, **more: Any) -> Json:
        return self.call("PUT", "/smtp/rules", {"recipient": recipient, "code": code, **more})

    def fault(self, service: str, **fields: Any) -> Json:
        """`errcode`, `http`, `drop`, `slow`, `lockId`, `path`, `effect`; `times` limits it to that many calls."""
        if "times" in fields:
            fields["for"] = fields.pop("times")
        return self.call("POST", f"/{service}/faults", fields)

    def clear_faults(self, service: str) -> None:
        self.call("DELETE", f"/{service}/faults")

    def ttlock(self, **settings: Any) -> Json:
        """Set `latency`, `callback_url`, `token_seconds`."""
        return self.call("PATCH", "/ttlock", settings)

    def locks(self) -> list[Json]:
        return self.call("GET", "/ttlock/locks")["locks"]

    def lock(self, lock_id: int) -> Json:
        """A lock with `cloud` (listed codes) and `on_lock` (codes that open)."""
        return self.call("GET", f"/ttlock/locks/{lock_id}")

    def add_lock(self, **fields: Any) -> Json:
        return self.call("POST", "/ttlock/locks", fields)

    def gateway(self, gateway_id: int, **changes: Any) -> Json:
        return self.call("PATCH", f"/ttlock/gateways/{gateway_id}", changes)

    def try_door(self, lock_id: int, pin: str, at: str | None = None) -> Json:
        return self.call("POST", f"/ttlock/door/{lock_id}/try", {"pin": pin, "at": at})

    def twilio(self, **settings: Any) -> Json:
        """Set `inbound_url`, `callback_order`, `callback_repeat`, `signing_token`."""
        return self.call("PATCH", "/twilio", settings)

    def number(self, number: str, **rule: Any) -> Json:
        return self.call("PUT", f"/twilio/numbers/{quote(number)}", rule)

    def inbound_sms(self, sender: str, body: str, **more: Any) -> Json:
        return self.call("POST", "/twilio/inbound", {"from": sender, "body": body, **more})

    def mailbox(self, **settings: Any) -> Json:
        """Set what the emulated mailbox does: see `PATCH /control/gmail`."""
        return self.call("PATCH", "/gmail", settings)

    def add_mail(self, **mail: Any) -> Json:
        """A mail arrives in the emulated mailbox; `sender` is its From."""
        if "sender" in mail:
            mail["from"] = mail.pop("sender")
        return self.call("POST", "/gmail/messages", mail)

    def feed_url(self, provider: str, key: str) -> str:
        return f"{self.http_url}/ota/{provider}/{key}.ics"

    def put_feed(self, provider: str, key: str, events: Iterable[Json], **more: Any) -> Json:
        return self.call("PUT", f"/ota/{provider}/{key}", {"events": list(events), **more})

    def put_raw_feed(self, provider: str, key: str, body: bytes, status: int = 200) -> Json:
        return self.call("PUT", f"/ota/{provider}/{key}/raw", body, status=status)

    def feed(self, provider: str, key: str, **behaviour: Any) -> Json:
        """Set `mode` and what it takes; `times` limits it to that many requests."""
        if "times" in behaviour:
            behaviour["for"] = behaviour.pop("times")
        return self.call("PATCH", f"/ota/{provider}/{key}", behaviour)

    def add_event(self, provider: str, key: str, **event: Any) -> Json:
        return self.call("POST", f"/ota/{provider}/{key}/events", event)

    def remove_event(self, provider: str, key: str, event_id: str) -> None:
        self.call("DELETE", f"/ota/{provider}/{key}/events/{quote(event_id, safe='')}")
