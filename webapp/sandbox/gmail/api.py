"""`/gmail/...`: the sign-in page, the token endpoint and the API, with Google's bodies and errors."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from webapp.sandbox import inbox
from webapp.sandbox.context import Sandbox, current_sandbox
from webapp.sandbox.gmail import pushes
from webapp.sandbox.storage import Document

CLIENT_ID, CLIENT_SECRET = "sandbox-google-client", "sandbox-google-secret"
_TOKENS = "gmail.token"
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
}
blueprint = Blueprint("gmail", __name__, url_prefix="/gmail")


@blueprint.get("/o/oauth2/v2/auth")
def consent() -> ResponseReturnValue:
    """Everybody says yes at once; with the setting `consent` False everybody says no."""
    sandbox, back = current_sandbox(), request.args.get("redirect_uri", "")
    if request.args.get("client_id") != CLIENT_ID or urlsplit(back).hostname not in ("127.0.0.1", "localhost"):
        return Response("Error 400: redirect_uri_mismatch", 400, mimetype="text/plain")
    answer = {"state": request.args.get("state", "")}
    if sandbox.settings("gmail").get("consent") is False:
        return redirect(f"{back}?{urlencode({**answer, 'error': 'access_denied'})}")
    code = f"4/0{sandbox.storage.next_id('gmail.code'):06d}"
    sandbox.storage.put(_TOKENS, f"code/{code}", {"redirect_uri": back})
    return redirect(f"{back}?{urlencode({**answer, 'code': code, 'scope': request.args.get('scope', '')})}")


@blueprint.post("/token")
def token() -> ResponseReturnValue:
    sandbox, form = current_sandbox(), request.form
    if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        return _token_error("invalid_client", "The OAuth client was not found.", 401)
    if form.get("grant_type") == "authorization_code":
        kept = sandbox.storage.get(_TOKENS, f"code/{form.get('code')}")
        if kept is None or kept["redirect_uri"] != form.get("redirect_uri"):
            return _token_error("invalid_grant", "Malformed auth code.")
        sandbox.storage.delete(_TOKENS, f"code/{form.get('code')}")
        refresh = f"1//0sandbox-{sandbox.storage.next_id('gmail.refresh'):06d}"
        sandbox.storage.put(_TOKENS, f"refresh/{refresh}", {})
        return jsonify({**_access(sandbox), "refresh_token": refresh})
    if sandbox.storage.get(_TOKENS, f"refresh/{form.get('refresh_token')}") is None:
        return _token_error("invalid_grant", "Token has been expired or revoked.")
    return jsonify(_access(sandbox))


@blueprint.get("/gmail/v1/users/me/profile")
def profile() -> ResponseReturnValue:
    sandbox = current_sandbox()
    refusal = _refusal(sandbox)
    count = len(inbox.every(sandbox))
    body = {
        "emailAddress": inbox.ADDRESS,
        "messagesTotal": count,
        "historyId": str(inbox.newest_history(sandbox) + 1000),
    }
    return refusal or jsonify(body)


@blueprint.get("/gmail/v1/users/me/messages")
def messages() -> ResponseReturnValue:
    """Newest first. Of `q` only `from:` words in braces are understood; everything else matches."""
    sandbox = current_sandbox()
    refusal = _refusal(sandbox)
    if refusal:
        return refusal
    found = [
        {"id": inbox.gmail_id(m["id"]), "threadId": inbox.gmail_id(m["id"])} for m in reversed(inbox.every(sandbox))
    ]
    return jsonify(_page("messages", found) | {"resultSizeEstimate": len(found)})


@blueprint.get("/gmail/v1/users/me/messages/<identifier>")
def message(identifier: str) -> ResponseReturnValue:
    sandbox = current_sandbox()
    refusal = _refusal(sandbox)
    number = inbox.number_of(identifier)
    found = inbox.find(sandbox, number) if number is not None else None
    if refusal or found is None:
        return refusal or _error(404, "notFound", "Requested entity was not found.")
    return jsonify(_message(found, request.args.get("format", "full")))


@blueprint.get("/gmail/v1/users/me/history")
def history() -> ResponseReturnValue:
    sandbox = current_sandbox()
    refusal = _refusal(sandbox)
    if refusal:
        return refusal
    start = request.args.get("startHistoryId", "")
    if not start.isdecimal():
        return _error(400, "invalidArgument", "Invalid startHistoryId")
    if int(start) < sandbox.settings("gmail").get("history_floor", 0) + 1000:
        return _error(404, "notFound", "Requested entity was not found.")
    records = [record for record in sandbox.storage.all(inbox.HISTORY) if record["id"] + 1000 > int(start)]
    listed = []
    for record in records:
        about = {
            "id": inbox.gmail_id(record["message"]),
            "threadId": inbox.gmail_id(record["message"]),
            "labelIds": ["INBOX"],
        }
        listed.append({"id": str(record["id"] + 1000), "messages": [about], "messagesAdded": [{"message": about}]})
    return jsonify(_page("history", listed) | {"historyId": str(inbox.newest_history(sandbox) + 1000)})


@blueprint.post("/gmail/v1/users/me/watch")
def watch() -> ResponseReturnValue:
    """New mails are told to the topic for seven days."""
    sandbox = current_sandbox()
    refusal = _refusal(sandbox)
    if refusal:
        return refusal
    topic = (request.get_json(silent=True) or {}).get("topicName", "")
    if not re.fullmatch(r"projects/[^/]+/topics/[^/]+", str(topic)):
        return _error(400, "invalidArgument", "Invalid topicName does not match projects/*/topics/*")
    ends = sandbox.clock.milliseconds() + pushes.LASTS
    sandbox.storage.put(pushes.WATCH, "me", {"topic": topic, "ends": ends})
    return jsonify({"historyId": str(inbox.newest_history(sandbox) + 1000), "expiration": str(ends)})


def _page(name: str, found: list[Any]) -> dict[str, Any]:
    """One page; the key is absent when nothing is on it."""
    size = max(1, min(request.args.get("maxResults", 100, type=int), 500))
    token_ = request.args.get("pageToken", "")
    start = int(token_.removeprefix("page-")) if token_ else 0
    body: dict[str, Any] = {name: found[start : start + size]} if found[start:] else {}
    return body | ({"nextPageToken": f"page-{start + size}"} if len(found) > start + size else {})


def _message(found: Document, kind: str) -> dict[str, Any]:
    content = inbox.content_of(found)
    body: dict[str, Any] = {
        "id": inbox.gmail_id(found["id"]), "threadId": inbox.gmail_id(found["id"]), "labelIds": ["INBOX"], "snippet": "",
        "historyId": str(found["id"] + 1000), "internalDate": str(_milliseconds(found["at"])), "sizeEstimate": found["size"],
    }  # fmt: skip
    if kind == "raw":
        body["raw"] = base64.urlsafe_b64encode(content).decode().rstrip("=")
    else:
        wanted = {name.lower() for name in request.args.getlist("metadataHeaders")}
        headers = [{"name": n, "value": v} for n, v in inbox.headers_of(found) if not wanted or n.lower() in wanted]
        body["payload"] = {"mimeType": "text/plain", "headers": headers}
    return body


def _milliseconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1000)


def _access(sandbox: Sandbox) -> dict[str, Any]:
    name = f"ya29.sandbox-{sandbox.storage.next_id('gmail.access'):06d}"
    seconds = sandbox.settings("gmail").get("token_seconds", 3599)
    ends = sandbox.clock.milliseconds() + seconds * 1000
    sandbox.storage.put(_TOKENS, f"access/{name}", {"ends": ends})
    return {
        "access_token": name,
        "expires_in": seconds,
        "scope": "https://www.googleapis.com/auth/gmail.readonly",
        "token_type": "Bearer",
    }


def _refusal(sandbox: Sandbox) -> ResponseReturnValue | None:
    """The error that this call meets: no token, or the one that a control call has set."""
    kept = sandbox.storage.get(_TOKENS, f"access/{request.headers.get('Authorization', '').removeprefix('Bearer ')}")
    if kept is None or kept["ends"] <= sandbox.clock.milliseconds():
        return _error(401, "authError", "Request had invalid authentication credentials.")
    with sandbox.storage.lock:
        wanted = sandbox.settings("gmail").get("error")
        if not wanted:
            return None
        left = wanted.get("for", 0) - 1
        sandbox.change_settings(
            "gmail", {"error": None if left == 0 else {**wanted, "for": left} if left > 0 else wanted}
        )
    return _error(wanted["status"], wanted.get("reason", ""), "The request was refused.", wanted.get("retry_after"))


def _error(status: int, reason: str, text: str, retry_after: int | None = None) -> Response:
    body = {"error": {"code": status, "message": text, "errors": [{"message": text, "domain": "global", "reason": reason}],
                      "status": _STATUS.get(status, "UNAVAILABLE")}}  # fmt: skip
    response = jsonify(body)
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _token_error(name: str, text: str, status: int = 400) -> ResponseReturnValue:
    return jsonify({"error": name, "error_description": text}), status
