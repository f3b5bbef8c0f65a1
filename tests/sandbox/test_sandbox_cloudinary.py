"""The upload emulator: signatures, error shapes, delivery."""

from __future__ import annotations

import base64
import hashlib
import io
import time
from typing import Any

import pytest
import requests
from PIL import Image

from webapp.sandbox import SandboxControl, SandboxServer
from webapp.sandbox.cloudinary.signature import sign, string_to_sign


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def call(http: requests.Session, server: SandboxServer) -> Any:
    def call(
        action: str, content: bytes | None = None, cloud: str = "sandbox", resource: str = "image", **change: str
    ) -> requests.Response:
        params = {"timestamp": str(int(time.time())), **{k: v for k, v in change.items() if k not in ("signature",)}}
        signature = change.get("signature") or sign(string_to_sign(params), "sandbox-secret")
        data = {"api_key": "sandbox-key", "signature": signature, **params}
        files = {"file": ("id.png", content)} if content is not None else None
        return http.post(f"{server.http_url}/cloudinary/v1_1/{cloud}/{resource}/{action}", data=data, files=files)

    return call


def test_vector_of_the_documentation() -> None:
    params = {
        "timestamp": "1315060510",
        "public_id": "sample_image",
        "eager": "w_400,h_300,c_pad|w_260,h_200,c_crop",
        "api_key": "1234",
        "file": "x",
        "folder": "",
    }
    assert sign(string_to_sign(params), "abcd") == "bfd09f95f331f558cbd1320e67aa8d488770583e"


def test_ampersand_cannot_smuggle_a_parameter() -> None:
    assert string_to_sign({"public_id": "a&tags=b"}) == "public_id=a%26tags=b"
    assert string_to_sign({"public_id": "a&tags=b"}, version=1) == "public_id=a&tags=b"


def test_upload_delivery_and_destroy(call: Any, http: requests.Session) -> None:
    content = png()
    body = call("upload", content, public_id="passport", folder="ids", tags="a,b").json()
    assert (body["public_id"], body["width"], body["height"], body["format"]) == ("ids/passport", 4, 3, "png")
    assert (body["bytes"], body["resource_type"], body["type"], body["tags"]) == (
        len(content),
        "image",
        "upload",
        ["a", "b"],
    )
    expected = f"public_id=ids/passport&version={body['version']}sandbox-secret"
    assert body["signature"] == hashlib.sha1(expected.encode(), usedforsecurity=False).hexdigest()
    answer = http.get(body["secure_url"])
    assert (answer.content, answer.headers["Content-Type"]) == (content, "image/png")
    assert call("destroy", public_id="ids/passport").json() == {"result": "ok"}
    assert call("destroy", public_id="ids/passport").json() == {"result": "not found"}
    assert http.get(body["secure_url"]).status_code == 404


def test_data_uri_upload(call: Any) -> None:
    body = call("upload", file="data:image/png;base64," + base64.b64encode(png()).decode()).json()
    assert body["format"] == "png"


@pytest.mark.parametrize(("algorithm", "length"), [("sha1", 8), ("sha256", 32)])
def test_authenticated_raw_assets_need_a_signed_url(
    call: Any, http: requests.Session, server: SandboxServer, algorithm: str, length: int
) -> None:
    body = call("upload", b"cipher", resource="raw", public_id="innkeep/1", type="authenticated").json()
    assert (body["bytes"], body["resource_type"], body["type"]) == (6, "raw", "authenticated")
    assert "width" not in body
    assert http.get(body["secure_url"]).status_code == 401
    digest = hashlib.new(algorithm, b"innkeep/1sandbox-secret").digest()
    signature = f"s--{base64.urlsafe_b64encode(digest).decode()[:length]}--"
    path = f"sandbox/raw/authenticated/{signature}/v{body['version']}/innkeep/1"
    assert http.get(f"{server.http_url}/cloudinary/{path}").content == b"cipher"
    assert call("destroy", resource="raw", public_id="innkeep/1").json() == {"result": "not found"}
    assert call("destroy", resource="raw", public_id="innkeep/1", type="authenticated").json() == {"result": "ok"}


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"signature": "abc"}, 401, "Invalid Signature abc. String to sign - '"),
        ({"cloud": "other"}, 401, "Invalid cloud_name other"),
        ({"api_key": "other"}, 401, "Unknown API key other"),
        ({"timestamp": "1315060510"}, 400, "Stale request"),
        ({"content": b"<svg/>"}, 400, "Invalid image file"),
        ({"content": None}, 400, "Missing required parameter - file"),
    ],
)
def test_refusals(call: Any, change: dict[str, Any], status: int, text: str) -> None:
    answer = call("upload", **{"content": png(), **change})
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(text)
    assert "x-request-id" in answer.headers


def test_sha256_accounts(call: Any) -> None:
    params = {"timestamp": str(int(time.time())), "public_id": "x"}
    signature = sign(string_to_sign(params), "sandbox-secret", "sha256")
    assert call("destroy", signature=signature, **params).json() == {"result": "not found"}


def test_an_error_may_come_with_status_200(call: Any, control: SandboxControl) -> None:
    control.call("PATCH", "/cloudinary", {"error": {"status": 200, "message": "General Error"}})
    answer = call("upload", png())
    assert (answer.status_code, answer.json()) == (200, {"error": {"message": "General Error"}})
    control.call("PATCH", "/cloudinary", {"error": None})
    assert call("upload", png()).status_code == 200
    assert len(control.call("GET", "/cloudinary/assets")["assets"]) == 1
