"""The calls of Twilio's REST API under /twilio."""

from __future__ import annotations

import hmac

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from webapp.sandbox.context import current_sandbox
from webapp.sandbox.storage import Document
from webapp.sandbox.twilio import delivery, messages
from webapp.sandbox.twilio.errors import TwilioError

blueprint = Blueprint("twilio", __name__, url_prefix="/twilio/2010-04-01/Accounts/<account>")


@blueprint.before_request
def authenticate() -> None:
    """HTTP Basic with the account's SID and token; another account's path does not exist."""
    given = request.authorization
    name, password = (given.username or "", given.password or "") if given else ("", "")
    right = hmac.compare_digest(name.encode(), messages.ACCOUNT_SID.encode())
    if not (hmac.compare_digest(password.encode(), messages.AUTH_TOKEN.encode()) and right):
        raise TwilioError(20003)
    if (request.view_args or {}).get("account") != messages.ACCOUNT_SID:
        raise _not_found()


@blueprint.errorhandler(TwilioError)
def show_error(error: TwilioError) -> ResponseReturnValue:
    headers = {"Twilio-Request-Id": "RQ" + "0" * 32}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return jsonify(error.body()), error.status, headers


@blueprint.post("/Messages.json")
def create_message(account: str) -> ResponseReturnValue:
    sandbox = current_sandbox()
    message = messages.create(sandbox, request.form)
    delivery.start(sandbox, message)
    return jsonify(messages.shown(message)), 201


@blueprint.get("/Messages/<sid>.json")
def show_message(account: str, sid: str) -> ResponseReturnValue:
    return jsonify(messages.shown(_message(sid)))


@blueprint.post("/Messages/<sid>.json")
def change_message(account: str, sid: str) -> ResponseReturnValue:
    """`Body=` (empty) redacts the text; nothing else can change."""
    message = _message(sid)
    if request.form.get("Body") == "":
        messages.save(current_sandbox(), {**message, "body": ""})
    return jsonify(messages.shown(_message(sid)))


@blueprint.delete("/Messages/<sid>.json")
def delete_message(account: str, sid: str) -> ResponseReturnValue:
    _message(sid)
    messages.delete(current_sandbox(), sid)
    return "", 204


def _message(sid: str) -> Document:
    message = messages.find(current_sandbox(), sid)
    if message is None:
        raise _not_found()
    return message


def _not_found() -> TwilioError:
    return TwilioError(20404, path=request.path.removeprefix("/twilio"))
