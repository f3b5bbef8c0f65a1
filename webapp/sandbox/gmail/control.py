"""Control calls of the emulated mailbox."""

from __future__ import annotations

from flask import Blueprint, abort, jsonify
from flask.typing import ResponseReturnValue

from webapp.sandbox import inbox
from webapp.sandbox.context import current_sandbox
from webapp.sandbox.gmail import pushes
from webapp.sandbox.guards import json_body

blueprint = Blueprint("gmail_control", __name__, url_prefix="/control/gmail")
_SETTINGS = {
    "token_seconds",
    "history_floor",
    "error",
    "consent",
    "uidvalidity",
    "all_mail",
    "imap_refuses",
    "push_url",
}


@blueprint.patch("")
def change() -> ResponseReturnValue:
    """`token_seconds`, `history_floor` (older places are 404), `error` {"status", "reason", "for", "retry_after"}, `consent`,
    `push_url` (where the topic's subscription pushes to);
    for IMAP `uidvalidity`, `all_mail` (its folder's name, "" for none), `imap_refuses` (the words of a refused login)."""
    return jsonify(current_sandbox().change_settings("gmail", json_body(_SETTINGS)))


@blueprint.post("/messages")
def add() -> ResponseReturnValue:
    """A mail arrives: see `inbox.add`."""
    given = json_body({"raw", "from", "subject", "text", "html", "headers", "authentic", "at", "message_id", "size"})
    try:
        added = inbox.add(current_sandbox(), given)
    except ValueError as error:
        abort(400, str(error))
    pushes.push(current_sandbox())
    return jsonify(added), 201


@blueprint.delete("/messages/<int:number>")
def remove(number: int) -> ResponseReturnValue:
    return jsonify({"deleted": inbox.remove(current_sandbox(), number)})


@blueprint.post("/revoke")
def revoke() -> ResponseReturnValue:
    """All tokens end, as when a person takes the permission back."""
    current_sandbox().storage.forget("gmail.token")
    return jsonify({"revoked": True})
