"""Control calls that concern the whole sandbox: journal, mails, clock, faults, reset."""

from __future__ import annotations

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from webapp.sandbox import mailbox
from webapp.sandbox.clock import parse_instant
from webapp.sandbox.context import current_sandbox
from webapp.sandbox.faults import Faults
from webapp.sandbox.guards import json_body
from webapp.sandbox.journal import SERVICES
from webapp.sandbox.ttlock.seed import seed

blueprint = Blueprint("control", __name__, url_prefix="/control")


@blueprint.app_errorhandler(HTTPException)
def show_error(error: HTTPException) -> ResponseReturnValue:
    """Control calls explain their refusals in JSON; everything else keeps werkzeug's page."""
    if request.path.startswith("/control"):
        return jsonify({"error": error.description}), error.code or 500
    return error


@blueprint.get("/journal")
def list_journal() -> ResponseReturnValue:
    limit = request.args.get("limit", 100, type=int)
    return jsonify({"journal": current_sandbox().journal.entries(request.args.get("service"), limit)})


@blueprint.get("/mail")
def list_mail() -> ResponseReturnValue:
    """Mails, newest first; `wait` (seconds) waits until `count` (1) of them are there."""
    sandbox, to = current_sandbox(), request.args.get("to")
    wait = min(request.args.get("wait", 0.0, type=float), 30.0)
    mailbox.wait(sandbox, to, request.args.get("count", 1, type=int), wait)
    return jsonify({"mail": mailbox.recent(sandbox, to, request.args.get("limit", 100, type=int))})


@blueprint.put("/smtp/rules")
def put_mail_rule() -> ResponseReturnValue:
    """`recipient` (or "*"), `code` (451, 550, … or "timeout"), `at` ("rcpt" or "data"), `for` (that many times)."""
    try:
        return jsonify(mailbox.set_rule(current_sandbox(), json_body({"recipient", "code", "at", "for"})))
    except ValueError as error:
        abort(400, str(error))


@blueprint.delete("/smtp/rules/<recipient>")
def delete_mail_rule(recipient: str) -> ResponseReturnValue:
    return jsonify({"deleted": mailbox.delete_rule(current_sandbox(), recipient)})


@blueprint.get("/clock")
def show_clock() -> ResponseReturnValue:
    return jsonify({"now": current_sandbox().clock.now().isoformat()})


@blueprint.put("/clock")
def set_clock() -> ResponseReturnValue:
    """`{"at": <ISO instant>}` stops the sandbox's clock there; `{"at": null}` lets it run."""
    at = json_body({"at"}).get("at")
    sandbox = current_sandbox()
    try:
        sandbox.clock.set(parse_instant(at) if at else None)
    except ValueError as error:
        abort(400, str(error))
    return jsonify({"now": sandbox.clock.now().isoformat()})


@blueprint.get("/<service>/faults")
def list_faults(service: str) -> ResponseReturnValue:
    return jsonify({"faults": Faults(current_sandbox().storage).active(_service(service))})


@blueprint.post("/<service>/faults")
def add_fault(service: str) -> ResponseReturnValue:
    """See `webapp.sandbox.faults` for the fields."""
    try:
        return jsonify(Faults(current_sandbox().storage).add(_service(service), json_body(None))), 201
    except ValueError as error:
        abort(400, str(error))


@blueprint.delete("/<service>/faults")
def clear_faults(service: str) -> ResponseReturnValue:
    Faults(current_sandbox().storage).clear(_service(service))
    return jsonify({"faults": []})


@blueprint.post("/flush")
def flush() -> ResponseReturnValue:
    """Wait until all callbacks that are under way have been answered."""
    return jsonify({"idle": current_sandbox().dispatcher.flush(request.args.get("seconds", 10.0, type=float))})


@blueprint.post("/reset")
def reset() -> ResponseReturnValue:
    """Forget everything, or only the `?services=a,b` named, and seed the locks anew."""
    sandbox = current_sandbox()
    sandbox.dispatcher.flush(5)
    names = request.args.get("services")
    for service in names.split(",") if names else (*SERVICES, "clock", "journal"):
        sandbox.storage.forget(service)
    seed(sandbox)
    return jsonify({"reset": True})


def _service(name: str) -> str:
    if name not in SERVICES or name == "smtp":
        abort(404, f"faults are for {', '.join(s for s in SERVICES if s != 'smtp')}; mail has /control/smtp/rules")
    return name
