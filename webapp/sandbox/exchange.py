"""Around every call to an emulator: its fault, if it has one, and its line in the journal."""

from __future__ import annotations

import contextlib
import socket
import time

from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from webapp.sandbox.context import current_sandbox
from webapp.sandbox.faults import Faults
from webapp.sandbox.journal import SERVICES
from webapp.sandbox.storage import Document
from webapp.sandbox.ttlock import errors

_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"
_REASONS = {500: "500 Internal Server Error", 502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable"}


def install(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def service_of_request() -> str | None:
    """The emulator that a request is for; None for pages and control calls."""
    first = request.path.split("/", 2)[1]
    return first if first in SERVICES else None


def _begin() -> ResponseReturnValue | None:
    g.started = time.monotonic()
    g.fault = None
    service = service_of_request()
    if service is None:
        return None
    if not _is_multipart():
        request.get_data(cache=True)
    sandbox = current_sandbox()
    fault = Faults(sandbox.storage).take(service, request.path, request.values.get("lockId"))
    if fault is None:
        return None
    sandbox.wait(float(fault.get("slow", 0)))
    if not any(name in fault for name in ("errcode", "http", "drop")):
        return None
    g.fault = fault
    return None if fault.get("effect") else _spoiled(fault)


def _end(response: Response) -> Response:
    service = service_of_request()
    if service is None:
        return response
    fault: Document | None = g.get("fault")
    if fault is not None and fault.get("effect"):
        response = _spoiled(fault)
    current_sandbox().journal.record(
        service,
        direction="in",
        method=request.method,
        target=request.full_path.removesuffix("?"),
        status="dropped" if fault and fault.get("drop") else response.status_code,
        request=_told(),
        response=_answered(response),
        seconds=time.monotonic() - g.started,
        note=_error_number(response) if service == "ttlock" else "",
    )
    if fault is not None and fault.get("drop"):
        _cut_connection()
    return response


def _spoiled(fault: Document) -> Response:
    if "errcode" in fault:
        return jsonify(errors.body_of(fault["errcode"]))
    status = fault.get("http", 502)
    return Response(_PAGE.format(_REASONS.get(status, f"{status} Error")), status, mimetype="text/html")


def _cut_connection() -> None:
    """Close the client's socket without an answer."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _is_multipart() -> bool:
    return (request.mimetype or "").startswith("multipart/")


def _error_number(response: Response) -> str:
    """TTLock's error code, which comes with status 200."""
    answer = response.get_json(silent=True) if response.is_json else None
    code = answer.get("errcode", 0) if isinstance(answer, dict) else 0
    return f"errcode {code}" if code else ""


def _told() -> str:
    if not _is_multipart():
        return request.get_data(cache=True).decode(errors="replace")
    fields = [f"{name}={value}" for name, value in request.form.items(multi=True)]
    files = [f"{name}=<file {part.filename!r}, {part.content_type}>" for name, part in request.files.items(multi=True)]
    return "\n".join(fields + files)


def _answered(response: Response) -> str:
    if response.is_streamed:
        return "(streamed)"
    if not (response.mimetype or "").startswith(("text/", "application/json")):
        return f"({response.mimetype}, {response.content_length} bytes)"
    return response.get_data().decode(errors="replace")
