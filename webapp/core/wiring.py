"""Ports and what fills them. `create_app` binds, services resolve; nothing else chooses an implementation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")
_factories: dict[type, Callable[[], object]] = {}


class NotWired(LookupError):
    """No implementation is configured for a port: the feature is switched off."""


def bind(port: type, factory: Callable[[], object]) -> None:
    """Let `factory()` make the implementation of `port` (a Protocol). Called again, the newer one counts."""
    _factories[port] = factory


def unbind(port: type) -> None:
    _factories.pop(port, None)


def resolve(port: type[T]) -> T:
    """The implementation of `port`. Raises NotWired when the settings give none."""
    try:
        return cast(T, _factories[port]())
    except KeyError:
        raise NotWired(port.__name__) from None


def is_bound(port: type) -> bool:
    return port in _factories
