"""The uploaded assets: what is kept of one and how the answer to its upload shows it."""

from __future__ import annotations

import base64
import hashlib
import io
import secrets
import uuid
from collections.abc import Mapping

from PIL import Image, UnidentifiedImageError

from webapp.sandbox.cloudinary.signature import sign
from webapp.sandbox.context import Sandbox
from webapp.sandbox.storage import Document

KEEP = 500
_KIND = "cloudinary.asset"
_FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}


class NotAnImage(ValueError):
    """The file of an image upload cannot be read as one."""


def keep(sandbox: Sandbox, resource: str, form: Mapping[str, str], content: bytes, filename: str) -> Document:
    """Store an upload, replacing the asset of the same resource type, type and public id. Raises NotAnImage."""
    folder = form.get("folder")
    name = form.get("public_id") or secrets.token_hex(10)
    now = sandbox.clock.now()
    asset: Document = {
        "public_id": f"{folder}/{name}" if folder else name,
        "resource_type": resource,
        "asset_id": uuid.uuid4().hex,
        "version": int(now.timestamp()),
        "created_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "tags": [tag for tag in form.get("tags", "").split(",") if tag],
        "type": form.get("type") or "upload",
        "folder": folder,
        "original_filename": filename.rsplit(".", 1)[0],
        "content": base64.b64encode(content).decode(),
    }
    if resource == "image":
        asset.update(_measure(content))
    sandbox.storage.put(_KIND, _key(resource, asset["type"], asset["public_id"]), asset)
    sandbox.storage.trim(_KIND, KEEP)
    return asset


def find(sandbox: Sandbox, resource: str, kind: str, public_id: str) -> Document | None:
    return sandbox.storage.get(_KIND, _key(resource, kind, public_id))


def delete(sandbox: Sandbox, resource: str, kind: str, public_id: str) -> bool:
    return sandbox.storage.delete(_KIND, _key(resource, kind, public_id))


def every(sandbox: Sandbox) -> list[Document]:
    """All assets without their bytes, newest first."""
    return [
        {name: value for name, value in asset.items() if name != "content"}
        for asset in sandbox.storage.newest(_KIND, KEEP)
    ]


def content_of(asset: Document) -> bytes:
    return base64.b64decode(asset["content"])


def shown(asset: Document, root: str, secret: str, algorithm: str) -> Document:
    """The answer to an upload; `root` is the delivery address of the cloud. Its signature is always of version 1."""
    content = content_of(asset)
    extension = f".{asset['format']}" if asset.get("format") else ""
    path = f"v{asset['version']}/{asset['public_id']}{extension}"
    url = f"{root}/{asset['resource_type']}/{asset['type']}/{path}"
    signed = f"public_id={asset['public_id']}&version={asset['version']}"
    answer: Document = {
        "asset_id": asset["asset_id"],
        "public_id": asset["public_id"],
        "version": asset["version"],
        "version_id": hashlib.md5(path.encode(), usedforsecurity=False).hexdigest(),
        "signature": sign(signed, secret, algorithm),
        **{name: asset[name] for name in ("width", "height", "format") if name in asset},
        "resource_type": asset["resource_type"],
        "created_at": asset["created_at"],
        "tags": asset["tags"],
        "bytes": len(content),
        "type": asset["type"],
        "etag": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "placeholder": False,
        "url": url,
        "secure_url": url,
        "original_filename": asset["original_filename"],
    }
    return {**answer, "folder": asset["folder"]} if asset["folder"] else answer


def _key(resource: str, kind: str, public_id: str) -> str:
    return f"{resource}/{kind}/{public_id}"


def _measure(content: bytes) -> Document:
    try:
        with Image.open(io.BytesIO(content)) as image:
            kind = image.format or ""
            return {"width": image.width, "height": image.height, "format": _FORMATS.get(kind, kind.lower())}
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAnImage from None
