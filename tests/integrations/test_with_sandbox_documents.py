"""The document store against the emulated Cloudinary."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from webapp.checkin.ports import DocumentMissing, DocumentStoreError
from webapp.integrations.cloudinary import CloudinaryStore
from webapp.integrations.transport import Limits


def store_of(sandbox, total=5.0, **changes):
    options = {"cloud_name": "sandbox", "api_key": "sandbox-key", "api_secret": "sandbox-secret"}
    options |= {"now": lambda: datetime.now(UTC), "limits": Limits(total=total)}
    return CloudinaryStore(base_url=f"{sandbox.http_url}/cloudinary", **(options | changes))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_document_goes_there_and_back_and_away(sandbox, algorithm):
    store, ciphertext = store_of(sandbox, algorithm=algorithm), os.urandom(300_000)
    key = store.put("document-1", ciphertext, "application/octet-stream")
    assert store.get(key) == ciphertext
    store.delete(key)
    store.delete(key)
    with pytest.raises(DocumentMissing):
        store.get(key)


def test_the_same_document_again_replaces_it(sandbox):
    store = store_of(sandbox)
    first, second = store.put("document-1", b"one", "image/jpeg"), store.put("document-1", b"two", "image/jpeg")
    assert store.get(second) == b"two"
    assert first.partition("/")[2] == second.partition("/")[2]


@pytest.mark.parametrize(
    "changes",
    [{"api_secret": "wrong"}, {"api_key": "wrong"}, {"now": lambda: datetime.now(UTC) - timedelta(hours=2)}],
)
def test_wrong_keys_and_wrong_clocks_are_told(sandbox, changes):
    with pytest.raises(DocumentStoreError, match="Cloudinary answered with status 4") as caught:
        store_of(sandbox, **changes).put("document-1", b"x", "image/jpeg")
    assert caught.value.is_permanent
    assert "public_id" not in caught.value.message


def test_without_the_secret_nothing_is_shown(sandbox):
    key = store_of(sandbox).put("document-1", b"x", "image/jpeg")
    with pytest.raises(DocumentStoreError):
        store_of(sandbox, api_secret="wrong").get(key)


@pytest.mark.parametrize("status", [200, 420, 500])
def test_errors_of_any_status(sandbox, control, status):
    control.call("PATCH", "/cloudinary", {"error": {"status": status, "message": "General Error"}})
    with pytest.raises(DocumentStoreError, match="General Error") as caught:
        store_of(sandbox).put("document-1", b"x", "image/jpeg")
    assert not caught.value.is_permanent


@pytest.mark.parametrize("fault", [{"http": 502}, {"drop": True}, {"slow": 3}])
def test_a_store_that_is_away_is_away_for_now(sandbox, control, fault):
    control.fault("cloudinary", times=1, **fault)
    with pytest.raises(DocumentStoreError) as caught:
        store_of(sandbox, total=0.5).put("document-9", b"x", "image/jpeg")
    assert not caught.value.is_permanent
