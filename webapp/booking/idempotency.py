"""One answer for each key that a client gives its request, however often it sends it, and even at the same moment.

The key is written first: a second request waits for the transaction of the first, and then finds its answer. A request that is
refused leaves no key behind, so that it may be repeated once what stood in its way is gone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from webapp.core.clock import now
from webapp.core.database import db
from webapp.core.errors import Conflict, Malformed
from webapp.models import IdempotencyKey

LONGEST_KEY = 255


def once(hotel_id: int, key: str, request: dict[str, Any], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer of `make()`, or the one that an equal request with this key was given before.

    Raises Conflict IDEMPOTENCY_KEY_REUSED when the key came with another request.
    """
    if not key.strip() or len(key) > LONGEST_KEY:
        raise Malformed(_("An Idempotency-Key has 1 to 255 characters."), field="Idempotency-Key")
    key_hash, request_hash = _hash(key), _hash(json.dumps(request, sort_keys=True, default=str))
    values = {"hotel_id": hotel_id, "key_hash": key_hash, "request_hash": request_hash, "created_at": now()}
    statement = insert(IdempotencyKey).values(values).on_conflict_do_nothing().returning(IdempotencyKey.id)
    key_id = db.session.execute(statement).scalar_one_or_none()
    if key_id is None:
        return _earlier(hotel_id, key_hash, request_hash)
    answer = make()
    db.session.execute(update(IdempotencyKey).where(IdempotencyKey.id == key_id).values(response=answer))
    return answer


def _earlier(hotel_id: int, key_hash: bytes, request_hash: bytes) -> dict[str, Any]:
    query = select(IdempotencyKey.request_hash, IdempotencyKey.response)
    row = db.session.execute(query.filter_by(hotel_id=hotel_id, key_hash=key_hash)).one()
    if row.request_hash != request_hash:
        raise Conflict(
            _("This Idempotency-Key was used for another request."), "IDEMPOTENCY_KEY_REUSED", field="Idempotency-Key"
        )
    return dict(row.response)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
