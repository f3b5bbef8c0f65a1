"""The document store against a server that checks signatures as Cloudinary does."""

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from webapp.checkin.ports import DocumentMissing, DocumentStoreError
from webapp.integrations.cloudinary import CloudinaryStore
from webapp.integrations.cloudinary.signing import delivery_signature, sign
from webapp.integrations.transport import Limits

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECRET = "abcd"
CIPHERTEXT = bytes(range(256)) * 40 + b"\r\n--boundary"


def store_at(url, **options):
    return CloudinaryStore(
        "demo", "key1", SECRET, now=lambda: NOW, base_url=url, limits=Limits(read=0.5, total=1.0), **options
    )


def parts_of(seen):
    document = message_from_bytes(b"Content-Type: " + seen.headers["content-type"].encode() + b"\r\n\r\n" + seen.body)
    return {
        part.get_param("name", header="Content-Disposition"): part.get_payload(decode=True)
        for part in document.get_payload()
    }


class Assets:
    """What the server keeps, by public id and version."""

    def __init__(self):
        self.kept = {}

    def __call__(self, handler, seen):
        if seen.method == "GET":
            return self.deliver(handler, seen)
        fields = {name: value if name == "file" else value.decode() for name, value in parts_of(seen).items()}
        signed = sorted(f"{n}={v}" for n, v in fields.items() if n not in ("file", "api_key", "signature"))
        right = hashlib.sha1(("&".join(signed) + SECRET).encode()).hexdigest()
        if fields["signature"] != right or fields["timestamp"] != str(int(NOW.timestamp())):
            text = f"Invalid Signature {fields['signature']}. String to sign - '{'&'.join(signed)}'."
            return self.say(handler, {"error": {"message": text}}, 401)
        assert (fields["type"], fields["api_key"]) == ("authenticated", "key1")
        public_id = fields["public_id"]
        if seen.path == "/v1_1/demo/raw/destroy":
            gone = self.kept.pop(public_id, None)
            return self.say(handler, {"result": "ok" if gone is not None else "not found"})
        assert seen.path == "/v1_1/demo/raw/upload"
        self.kept[public_id] = fields["file"]
        signature = hashlib.sha1(f"public_id={public_id}&version=1795165200{SECRET}".encode()).hexdigest()
        answer = {"public_id": public_id, "version": 1795165200, "signature": signature, "bytes": len(fields["file"])}
        return self.say(handler, answer)

    def deliver(self, handler, seen):
        _, cloud, resource, kind, signature, version, public_id = seen.path.split("/", 6)
        right = urlsafe_b64encode(hashlib.sha1((public_id + SECRET).encode()).digest()).decode()[:8]
        assert (cloud, resource, kind, version) == ("demo", "raw", "authenticated", "v1795165200")
        if signature != f"s--{right}--":
            return handler.answer(401, b"", X_Cld_Error="Invalid signature")
        return handler.answer(200, self.kept[public_id]) if public_id in self.kept else handler.answer(404)

    def say(self, handler, data, status=200):
        handler.answer(status, json.dumps(data).encode())


@pytest.fixture
def assets(wire):
    wire.behaviour = Assets()
    return wire.behaviour


def test_a_document_goes_there_and_back_and_away(wire, assets):
    store = store_at(wire.url)
    key = store.put("0198-abc_D", CIPHERTEXT, "application/octet-stream")
    assert key == "v1795165200/innkeep/0198-abc_D"
    assert assets.kept == {"innkeep/0198-abc_D": CIPHERTEXT}
    assert store.get(key) == CIPHERTEXT
    assert store.delete(key) is None
    assert store.delete(key) is None
    with pytest.raises(DocumentMissing):
        store.get(key)


def test_a_wrong_secret_is_told_without_the_string_to_sign(wire, assets):
    store = CloudinaryStore("demo", "key1", "wrong", now=lambda: NOW, base_url=wire.url)
    with pytest.raises(DocumentStoreError, match="Invalid Signature") as caught:
        store.put("d1", b"x", "image/jpeg")
    assert caught.value.is_permanent
    assert "public_id" not in caught.value.message
    with pytest.raises(DocumentStoreError, match="Invalid signature"):
        store.get("v1795165200/innkeep/d1")


def test_the_published_vector():
    parameters = {
        "eager": ["w_400,h_300,c_pad|w_260,h_200,c_crop"],
        "public_id": "sample_image",
        "timestamp": 1315060510,
        "file": "x",
        "api_key": "y",
        "folder": "",
        "tags": None,
    }
    assert sign(parameters, "abcd") == "bfd09f95f331f558cbd1320e67aa8d488770583e"


def test_a_value_cannot_smuggle_a_parameter():
    smuggled = {"public_id": "a&type=upload"}
    honest = {"public_id": "a", "type": "upload"}
    assert sign(smuggled, "abcd", version=1) == sign(honest, "abcd", version=1)
    assert sign(smuggled, "abcd") != sign(honest, "abcd")


def test_values_of_all_kinds_are_signed_alike():
    text = "invalidate=true&overwrite=false&tags=a,b&timestamp=5abcd"
    parameters = {"tags": ["a", "b"], "invalidate": True, "overwrite": False, "timestamp": 5}
    assert sign(parameters, "abcd") == hashlib.sha1(text.encode()).hexdigest()
    assert sign(parameters, "abcd", "sha256") == hashlib.sha256(text.encode()).hexdigest()


def test_delivery_signatures_by_algorithm():
    assert len(delivery_signature("a", "b")) == len("s----") + 8
    assert len(delivery_signature("a", "b", "sha256")) == len("s----") + 32


@pytest.mark.parametrize(
    ("status", "body", "is_permanent"),
    [
        (200, b'{"error":{"message":"Resource is invalid"}}', False),
        (200, b'{"error":"odd"}', False),
        (200, b"<html>", False),
        (200, b"{}", False),
        (200, b'{"public_id":"innkeep/other","version":1,"bytes":1}', False),
        (200, b'{"public_id":"innkeep/d1","version":1,"bytes":9}', False),
        (200, b'{"public_id":"innkeep/d1","version":1,"bytes":1,"signature":"forged"}', False),
        (400, b'{"error":{"message":"Bad"}}', True),
        (404, b"no such cloud", True),
        (420, b'{"error":{"message":"Rate limited"}}', False),
        (502, b"<html>", False),
        (302, b"", False),
    ],
)
def test_what_is_no_confirmation(wire, status, body, is_permanent):
    wire.behaviour = lambda handler, seen: handler.answer(status, body)
    with pytest.raises(DocumentStoreError) as caught:
        store_at(wire.url).put("d1", b"x", "image/jpeg")
    assert caught.value.is_permanent is is_permanent
    with pytest.raises(DocumentStoreError):
        store_at(wire.url).delete("v1/innkeep/d1")


@pytest.mark.parametrize(
    "key", ["", "v1/other/d1", "vx/innkeep/d1", "v1/innkeep/../../x", "/etc/passwd", "v1/innkeep/a\n"]
)
def test_keys_of_another_store_are_refused(wire, key):
    for call in (store_at(wire.url).get, store_at(wire.url).delete):
        with pytest.raises(DocumentStoreError) as caught:
            call(key)
        assert caught.value.is_permanent
    assert wire.seen == []


@pytest.mark.parametrize("document_id", ["", "a/b", "a&type=upload", "a b"])
def test_odd_ids_are_refused(wire, document_id):
    with pytest.raises(DocumentStoreError):
        store_at(wire.url).put(document_id, b"x", "image/jpeg")
    assert wire.seen == []


def test_a_store_that_is_away_is_away_for_now(wire):
    wire.behaviour = lambda handler, seen: None
    for call in (lambda: store_at(wire.url).get("v1/innkeep/d1"), lambda: store_at(wire.url).put("d1", b"x", "a/b")):
        with pytest.raises(DocumentStoreError) as caught:
            call()
        assert not caught.value.is_permanent
