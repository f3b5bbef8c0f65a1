"""The servers of a test run: started once, found by every worker through the environment."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from flask_migrate import upgrade

from config import Settings
from webapp.launcher.embedded import EmbeddedPostgres, EmbeddedValkey

TEMPLATE = "innkeep_template"
POSTGRES, VALKEY = "INNKEEP_TEST_POSTGRES", "INNKEEP_TEST_VALKEY"


@dataclass
class Servers:
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    folder: tempfile.TemporaryDirectory[str]

    def environment(self) -> dict[str, str]:
        return {POSTGRES: self.postgres.url, VALKEY: self.valkey.url}

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()
        self.folder.cleanup()


def start() -> Servers:
    folder = tempfile.TemporaryDirectory(prefix="innkeep-tests-", ignore_cleanup_errors=True)
    postgres = EmbeddedPostgres(Path(folder.name) / "postgres", fast=True)
    valkey = EmbeddedValkey(Path(folder.name) / "valkey", fast=True)
    servers = Servers(postgres, valkey, folder)
    try:
        postgres.start()
        valkey.start()
        os.environ.update(servers.environment())
        _migrate_template()
    except BaseException:
        servers.stop()
        raise
    return servers


def _migrate_template() -> None:
    """One migrated database, copied for every worker and for every test that commits."""
    import psycopg
    from flask import Flask

    from webapp import extensions
    from webapp.core.database import db

    with psycopg.connect(admin_url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    settings = Settings.from_env(
        {"INNKEEP_ENV": "testing", "DATABASE_URL": database_url(TEMPLATE), "REDIS_URL": redis_url(15)}
    )
    app = Flask("webapp")
    extensions.init_app(app, settings)
    with app.app_context():
        upgrade(directory=str(Path(__file__).parent.parent / "migrations"))
        db.engine.dispose()


def admin_url() -> str:
    return os.environ[POSTGRES]


def database_url(name: str) -> str:
    before, _, rest = os.environ[POSTGRES].partition("/innkeep?")
    return f"{before}/{name}?{rest}"


def redis_url(number: int) -> str:
    separator = "&" if "?" in os.environ[VALKEY] else "?"
    return f"{os.environ[VALKEY]}{separator}db={number}"
