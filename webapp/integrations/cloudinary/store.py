"""Keeps ciphertext at Cloudinary as raw, authenticated assets: nobody gets one without a signature, and who does gets noise.

The storage key is `v<version>/<public id>`; the public id is `innkeep/<document id>`.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from webapp.checkin.ports import DocumentMissing, DocumentStoreError

from ..transport import Answer, Limits, Resolver, Transport, TransportError, system_resolver
from .signing import Algorithm, Value, delivery_signature, sign

CLOUDINARY_API = "https://api.cloudinary.com"
CLOUDINARY_DELIVERY = "https://res.cloudinary.com"
DOCUMENT_LIMITS = Limits(connect=5.0, read=30.0, total=60.0, max_bytes=30 * 1024 * 1024)
FOLDER = "innkeep"

_KEY = re.compile(r"v([0-9]{1,20})/(innkeep/[A-Za-z0-9_-]{1,100})")
_DOCUMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class CloudinaryStore:
    """Implements checkin.ports.DocumentStore. `now` must be the true time: a signature is good for an hour.

    `delivery_url` is only needed where it is not Cloudinary's own, as with an emulator (then `base_url` by default).
    """

    def __init__(
        self,
        cloud_name: str,
        api_key: str,
        api_secret: str,
        *,
        now: Callable[[], datetime],
        base_url: str = CLOUDINARY_API,
        delivery_url: str = "",
        algorithm: Algorithm = "sha1",
        limits: Limits = DOCUMENT_LIMITS,
        resolver: Resolver = system_resolver,
        ca_file: str | None = None,
    ) -> None:
        self._cloud_name = cloud_name
        self._api_key = api_key
        self._api_secret = api_secret
        self._now = now
        self._base_url = base_url.rstrip("/")
        is_real = self._base_url == CLOUDINARY_API
        self._delivery_url = delivery_url.rstrip("/") or (CLOUDINARY_DELIVERY if is_real else self._base_url)
        self._algorithm = algorithm
        self._transport = Transport(limits, resolver=resolver, ca_file=ca_file)

    def put(self, document_id: str, content: bytes, media_type: str) -> str:
        if not _DOCUMENT_ID.fullmatch(document_id):
            raise DocumentStoreError("A document id has letters, digits, - and _ only.", is_permanent=True)
        public_id = f"{FOLDER}/{document_id}"
        data = self._call(
            "upload", {"public_id": public_id, "type": "authenticated", "overwrite": True, "invalidate": True}, content
        )
        version = data.get("version")
        is_version = isinstance(version, int) and 0 < version < 10**15
        if data.get("public_id") != public_id or not is_version or data.get("bytes") != len(content):
            raise DocumentStoreError("Cloudinary did not confirm the upload.")
        expected = sign({"public_id": public_id, "version": version}, self._api_secret, self._algorithm, version=1)
        if data.get("signature", expected) != expected:
            raise DocumentStoreError("Cloudinary's answer is not signed with our secret.")
        return f"v{version}/{public_id}"

    def get(self, storage_key: str) -> bytes:
        version, public_id = _parsed(storage_key)
        signature = delivery_signature(public_id, self._api_secret, self._algorithm)
        path = f"{self._cloud_name}/raw/authenticated/{signature}/v{version}/{public_id}"
        answer = self._exchange("GET", f"{self._delivery_url}/{path}", {}, None)
        if answer.status == 404:
            raise DocumentMissing
        if answer.status != 200:
            raise _failure(answer, answer.header("x-cld-error") or "")
        return answer.content

    def delete(self, storage_key: str) -> None:
        _, public_id = _parsed(storage_key)
        data = self._call("destroy", {"public_id": public_id, "type": "authenticated", "invalidate": True})
        if data.get("result") not in ("ok", "not found"):
            raise DocumentStoreError("Cloudinary did not confirm the deletion.")

    def _call(self, action: str, parameters: dict[str, Value], file: bytes | None = None) -> dict[str, Any]:
        signed: dict[str, Value] = {**parameters, "timestamp": int(self._now().timestamp())}
        fields = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in signed.items()}
        fields["api_key"] = self._api_key
        fields["signature"] = sign(signed, self._api_secret, self._algorithm)
        boundary = uuid.uuid4().hex
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/json"}
        url = f"{self._base_url}/v1_1/{self._cloud_name}/raw/{action}"
        answer = self._exchange("POST", url, headers, multipart(fields, file, boundary))
        try:
            data = json.loads(answer.content)
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict) and data.get("error"):  # also with status 200
            error = data["error"]
            raise _failure(answer, str(error.get("message", "")) if isinstance(error, dict) else str(error))
        if answer.status != 200 or not isinstance(data, dict):
            raise _failure(answer, "")
        return data

    def _exchange(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        try:
            return self._transport.exchange(method, url, headers={"User-Agent": "Innkeep/1.0", **headers}, body=body)
        except TransportError as error:
            raise DocumentStoreError(f"Cloudinary: {error}.") from None


def multipart(fields: dict[str, str], file: bytes | None, boundary: str) -> bytes:
    """A multipart/form-data body. Names and values are ours and hold no quotes or line breaks."""
    parts = []
    for name, value in fields.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        parts.append(head.encode() + value.encode() + b"\r\n")
    if file is not None:
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="document.bin"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        parts.append(head.encode() + file + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def _parsed(storage_key: str) -> tuple[str, str]:
    found = _KEY.fullmatch(storage_key)
    if not found:
        raise DocumentStoreError("This is not a storage key of Cloudinary.", is_permanent=True)
    return found.group(1), found.group(2)


def _failure(answer: Answer, said: str) -> DocumentStoreError:
    """420 and 429 are limits, 5xx and an error without a status of its own may pass; the rest will not change."""
    is_permanent = 400 <= answer.status < 500 and answer.status not in (408, 420, 429)
    # Cloudinary quotes the string that was to be signed; it is cut off since it helps nobody here.
    text = " ".join(said.split()).partition(" String to sign")[0][:200]
    message = f"Cloudinary answered with status {answer.status}" + (f": {text}" if text else "")
    return DocumentStoreError(message, is_permanent=is_permanent)
