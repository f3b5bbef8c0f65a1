"""Upload, destroy and delivery under /cloudinary, and the control of its failures."""

from __future__ import annotations

import base64
import binascii
import uuid

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from webapp.sandbox.cloudinary import assets
from webapp.sandbox.cloudinary.signature import ALGORITHMS, delivery_signatures, sign, string_to_sign
from webapp.sandbox.context import Sandbox, current_sandbox
from webapp.sandbox.guards import json_body

CLOUD_NAME = "sandbox"
API_KEY = "sandbox-key"
API_SECRET = "sandbox-secret"  # noqa: S105
_SIZE_LIMIT = 30 * 1024 * 1024
_HOUR = 3600

blueprint = Blueprint("cloudinary", __name__)


class CloudinaryError(Exception):
    """A refusal: HTTP status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@blueprint.errorhandler(CloudinaryError)
def show_error(error: CloudinaryError) -> ResponseReturnValue:
    headers = {"X-Cld-Error": error.message, "x-request-id": uuid.uuid4().hex}
    return jsonify({"error": {"message": error.message}}), error.status, headers


@blueprint.post("/cloudinary/v1_1/<cloud>/<any(image, raw):resource>/upload")
def upload(cloud: str, resource: str) -> ResponseReturnValue:
    sandbox = current_sandbox()
    algorithm = _authorise(sandbox, cloud)
    content, filename = _file()
    try:
        asset = assets.keep(sandbox, resource, request.form, content, filename)
    except assets.NotAnImage:
        raise CloudinaryError(400, "Invalid image file") from None
    return jsonify(assets.shown(asset, f"{request.host_url}cloudinary/{CLOUD_NAME}", API_SECRET, algorithm))


@blueprint.post("/cloudinary/v1_1/<cloud>/<any(image, raw):resource>/destroy")
def destroy(cloud: str, resource: str) -> ResponseReturnValue:
    sandbox = current_sandbox()
    _authorise(sandbox, cloud)
    public_id = request.form.get("public_id")
    if not public_id:
        raise CloudinaryError(400, "Missing required parameter - public_id")
    found = assets.delete(sandbox, resource, request.form.get("type") or "upload", public_id)
    return jsonify({"result": "ok" if found else "not found"})


@blueprint.get("/cloudinary/<cloud>/<any(image, raw):resource>/<kind>/<path:rest>")
def deliver(cloud: str, resource: str, kind: str, rest: str) -> ResponseReturnValue:
    """An uploaded asset; one of type private or authenticated only with its URL signature."""
    parts = rest.split("/")
    signature = parts.pop(0) if parts[0].startswith("s--") else ""
    if parts and parts[0][:1] == "v" and parts[0][1:].isdecimal():
        parts.pop(0)
    name = "/".join(parts)
    public_id = name.rsplit(".", 1)[0] if resource == "image" else name
    asset = assets.find(current_sandbox(), resource, kind, public_id)
    if cloud != CLOUD_NAME or asset is None:
        raise CloudinaryError(404, f"Resource not found - {name}")
    if kind != "upload" and signature not in delivery_signatures(name, API_SECRET):
        raise CloudinaryError(401, "Unauthorized")
    extension = asset.get("format", "")
    mimetype = f"image/{'jpeg' if extension == 'jpg' else extension}" if extension else "application/octet-stream"
    answer = Response(assets.content_of(asset), mimetype=mimetype)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.patch("/control/cloudinary")
def change_settings() -> ResponseReturnValue:
    """`error`: {"status", "message"} for every call (status 200 too, as the real one may), or null."""
    return jsonify(current_sandbox().change_settings("cloudinary", json_body({"error"})))


@blueprint.get("/control/cloudinary/assets")
def list_assets() -> ResponseReturnValue:
    return jsonify({"assets": assets.every(current_sandbox())})


def _authorise(sandbox: Sandbox, cloud: str) -> str:
    """Check cloud, key, time and signature; returns the algorithm of the signature."""
    forced = sandbox.settings("cloudinary").get("error")
    if forced:
        raise CloudinaryError(int(forced.get("status", 500)), str(forced.get("message", "General Error")))
    form = request.form
    if cloud != CLOUD_NAME:
        raise CloudinaryError(401, f"Invalid cloud_name {cloud}")
    if not form.get("api_key"):
        raise CloudinaryError(400, "Missing required parameter - api_key")
    if form["api_key"] != API_KEY:
        raise CloudinaryError(401, f"Unknown API key {form['api_key']}")
    _check_time(sandbox, form.get("timestamp", ""))
    texts = [string_to_sign(form, version) for version in (2, 1)]
    for algorithm in ALGORITHMS:
        if form.get("signature") in [sign(text, API_SECRET, algorithm) for text in texts]:
            return algorithm
    message = f"Invalid Signature {form.get('signature', '')}. String to sign - '{texts[0]}'."
    raise CloudinaryError(401, message)


def _check_time(sandbox: Sandbox, timestamp: str) -> None:
    if not timestamp.isdecimal():
        raise CloudinaryError(400, "Missing required parameter - timestamp")
    if abs(sandbox.clock.now().timestamp() - int(timestamp)) > _HOUR:
        raise CloudinaryError(400, f"Stale request - reported time is {timestamp} which is more than 1 hour ago")


def _file() -> tuple[bytes, str]:
    """The uploaded bytes and their name: a part of the form, or a data URI. Addresses are not fetched."""
    part = request.files.get("file")
    if part is not None:
        content, filename = part.read(), part.filename or "file"
    else:
        text = request.form.get("file", "")
        if not text.startswith("data:") or ";base64," not in text:
            raise CloudinaryError(400, "Missing required parameter - file")
        try:
            content, filename = base64.b64decode(text.split(";base64,", 1)[1]), "file"
        except binascii.Error:
            raise CloudinaryError(400, "Invalid data URI") from None
    if len(content) > _SIZE_LIMIT:
        raise CloudinaryError(400, f"File size too large. Got {len(content)}. Maximum is {_SIZE_LIMIT}.")
    return content, filename
