"""The HTTP kit that every feature shares: sessions, languages, fragments, errors, headers, templates, logs, health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from . import api, auth, catalogues, desk, errors, health, htmx, i18n, logs, queue, reads, security, templating

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n, x_port=n)  # type: ignore[method-assign]
    app.url_map.strict_slashes = False
    logs.init_app(app, settings)
    security.init_app(app, settings)
    i18n.init_app(app)
    catalogues.init_app(app)
    auth.init_app(app)
    desk.init_app(app)
    htmx.init_app(app)
    templating.init_app(app, settings)
    errors.init_app(app)
    queue.init_app(settings)
    health.init_app(app)
    reads.init_app(app)
    api.init_app(app)
