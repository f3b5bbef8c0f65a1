"""Unbound extensions, bound by `init_app` in create_app. Features import them from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect

from webapp.core import encryption, redis
from webapp.core.database import db

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings

__all__ = ["babel", "csrf", "db", "limiter", "login", "migrate"]

migrate = Migrate()
login = LoginManager()
babel = Babel()
csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)


def init_app(app: Flask, settings: Settings) -> None:
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 10, "max_overflow": 30, "pool_timeout": 10, "hide_parameters": True},
        RATELIMIT_ENABLED=settings.ratelimit_enabled,
        RATELIMIT_STORAGE_URI=settings.redis_url.replace("unix://", "redis+unix://"),
        RATELIMIT_STORAGE_OPTIONS=redis.BRIEF,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_HEADERS_ENABLED=True,
        RATELIMIT_KEY_PREFIX="innkeep",
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_DEFAULT_LOCALE="en",
        BABEL_TRANSLATION_DIRECTORIES="../translations",
    )
    encryption.configure(settings.encryption_keys)
    redis.configure(settings.redis_url)
    import webapp.models  # noqa: F401  (every table, before the first query)

    db.init_app(app)
    migrate.init_app(app, db, directory="migrations", compare_type=True)
    csrf.init_app(app)
    limiter.init_app(app)
