"""Control of the SMS emulator: what was sent, what guests answer, which numbers fail."""

from __future__ import annotations

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from webapp.sandbox.context import current_sandbox
from webapp.sandbox.guards import json_body
from webapp.sandbox.twilio import delivery, messages

blueprint = Blueprint("twilio_control", __name__, url_prefix="/control")
_SETTINGS = {"inbound_url", "callback_order", "callback_repeat", "signing_token"}


@blueprint.patch("/twilio")
def change_settings() -> ResponseReturnValue:
    return jsonify(current_sandbox().change_settings("twilio", json_body(_SETTINGS)))


@blueprint.put("/twilio/numbers/<number>")
def change_number(number: str) -> ResponseReturnValue:
    """What happens to messages to a number: `error` (a code, refused), `undelivered` (a code) or `stuck` (stays sent)."""
    rule = json_body({"error", "undelivered", "stuck"})
    current_sandbox().storage.put("twilio.number", number, rule)
    return jsonify({"number": number, **rule})


@blueprint.post("/twilio/inbound")
def receive_message() -> ResponseReturnValue:
    """An SMS of a guest: `from`, `body`, and optionally `to`, `url`, `media` ([[url, content type], …])."""
    sandbox, given = current_sandbox(), json_body({"from", "body", "to", "url", "media"})
    url = given.get("url") or sandbox.settings("twilio").get("inbound_url")
    if not url or "from" not in given:
        abort(400, "needs from and url (or inbound_url set before)")
    media = [(str(address), str(kind)) for address, kind in given.get("media", [])]
    to = given.get("to", messages.OUR_NUMBER)
    return jsonify(delivery.receive(sandbox, url, to, given["from"], given.get("body", ""), media))


@blueprint.get("/sms")
def list_messages() -> ResponseReturnValue:
    """Messages, newest first; `wait` (seconds) waits until `count` (1) of them are there."""
    sandbox, to = current_sandbox(), request.args.get("to")
    limit, count = request.args.get("limit", 100, type=int), request.args.get("count", 1, type=int)
    wait = min(request.args.get("wait", 0.0, type=float), 30.0)
    sandbox.storage.wait_for(lambda: len(messages.recent(sandbox, to, count)) >= count, wait)
    return jsonify({"sms": messages.recent(sandbox, to, limit)})
