"""Two people who save one thing: the later one must not silently undo what the earlier one did.

A form carries a word for the values that it was made from, one part for each of them. Who saves holds the row, and compares: what has
another value by now is told to the person, next to what they typed. No column is needed, and what others change besides is no obstacle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from .audit import as_json
from .errors import Conflict

LONGEST = 8_000  # characters of a word


class ChangedMeanwhile(Conflict):
    """`fresh`: what has changed since the form was made, by name, as it is now."""

    default_code = "CHANGED_MEANWHILE"

    def __init__(self, fresh: dict[str, Any]) -> None:
        super().__init__(
            _("Somebody else has saved this in the meantime. Your entries are still here: look at what is marked, then save again."),
            details={"fields": sorted(fresh)},
        )  # fmt: skip
        self.fresh = fresh


def seen_of(values: Mapping[str, Any]) -> str:
    """The word for these values (as columns or settings hold them)."""
    return " ".join(f"{name}:{_digest(value)}" for name, value in values.items())


def check_unchanged(seen: str, values: Mapping[str, Any]) -> None:
    """Raises ChangedMeanwhile when one of these values, read under a lock, is not what it was. An empty word asks for nothing."""
    known = dict(part.partition(":")[::2] for part in seen[:LONGEST].split())
    fresh = {name: value for name, value in values.items() if name in known and known[name] != _digest(value)}
    if fresh:
        raise ChangedMeanwhile(fresh)


def _digest(value: Any) -> str:
    plain = f"{value.normalize():f}" if isinstance(value, Decimal) else as_json(value)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:12]
