from __future__ import annotations

from collections.abc import Iterator

import pytest

from webapp.sandbox import SandboxControl, SandboxServer

from .wire import Wire, serving


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A local web server that answers as `wire.behaviour` says."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def emulators() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(emulators: SandboxServer) -> SandboxServer:
    """The emulated providers, with nothing left from the test before."""
    emulators.control.reset()
    return emulators


@pytest.fixture
def control(sandbox: SandboxServer) -> SandboxControl:
    return sandbox.control
