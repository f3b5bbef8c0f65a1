"""Reading the parameters of a call, from query and body alike."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.sandbox.ttlock import errors
from webapp.sandbox.ttlock.errors import TTLockError


class Params:
    """The merged parameters. A missing or ill-formed one is error -3."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, *names: str) -> str:
        """The value under the first of the names that is present."""
        for name in names:
            if self._values.get(name):
                return self._values[name]
        raise TTLockError(errors.PARAMETER)

    def optional(self, name: str) -> str | None:
        return self._values.get(name) or None

    def number(self, name: str, default: int | None = None) -> int:
        value = self.optional_number(name)
        if value is not None:
            return value
        if default is None:
            raise TTLockError(errors.PARAMETER)
        return default

    def optional_number(self, name: str) -> int | None:
        value = self.optional(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            raise TTLockError(errors.PARAMETER) from None

    def choice(self, name: str, allowed: tuple[int, ...], default: int | None = None) -> int:
        value = self.number(name, default)
        if value not in allowed:
            raise TTLockError(errors.PARAMETER)
        return value

    def page(self, items: list[dict], limit: int) -> dict:
        """One page of a list with the paging fields of the platform; pages count from 1."""
        number, size = self.number("pageNo", 1), self.number("pageSize", 20)
        if number < 1 or not 1 <= size <= limit:
            raise TTLockError(errors.PARAMETER)
        return {
            "list": items[(number - 1) * size : number * size],
            "pageNo": number,
            "pageSize": size,
            "pages": -(-len(items) // size),
            "total": len(items),
        }
