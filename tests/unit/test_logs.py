"""What a crash leaves in the logs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from config import Settings
from webapp.web import logs


@pytest.fixture(autouse=True)
def configuration_of_others() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def settings(environment: str) -> Settings:
    made = Settings.from_env(
        {
            "INNKEEP_ENV": "testing",
            "DATABASE_URL": "postgresql://x/y",
            "REDIS_URL": "redis://x",
            "INSTANCE_PATH": str(Path()),
        }
    )
    return replace(made, environment=environment)  # type: ignore[arg-type]


@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_crash_is_told_without_the_values_it_happened_to(environment, capsys):
    logs.configure(settings(environment))

    def crash(guest_name: str) -> None:
        raise ValueError("on purpose")

    try:
        crash("Ada " + "Example")
    except ValueError as error:
        structlog.get_logger("test").error("crashed", exc_info=error)
    written = capsys.readouterr().err
    assert "on purpose" in written
    assert "in crash" in written or '"name": "crash"' in written
    assert "Ada Example" not in written
