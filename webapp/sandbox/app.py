"""The sandbox's Flask application: emulators, control calls and pages."""

from __future__ import annotations

from flask import Flask, Response, request

from webapp.sandbox import acts, control, exchange, guards, pages
from webapp.sandbox.cloudinary import api as cloudinary_api
from webapp.sandbox.context import Sandbox
from webapp.sandbox.gmail import api as gmail_api
from webapp.sandbox.gmail import control as gmail_control
from webapp.sandbox.ota import api as ota_api
from webapp.sandbox.ota import control as ota_control
from webapp.sandbox.ttlock import api as ttlock_api
from webapp.sandbox.ttlock import control as ttlock_control
from webapp.sandbox.ttlock.seed import seed
from webapp.sandbox.twilio import api as twilio_api
from webapp.sandbox.twilio import control as twilio_control

_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def create_sandbox_app(sandbox: Sandbox) -> Flask:
    """Wire one sandbox into an application; seeds the locks when there are none."""
    app = Flask(__name__, static_folder="static", static_url_path="/assets", template_folder="templates")
    app.extensions["sandbox"] = sandbox
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024
    seed(sandbox)
    exchange.install(app)
    app.before_request(_guard)
    app.after_request(_headers)
    for blueprint in (
        ttlock_api.create_blueprint(sandbox),
        twilio_api.blueprint,
        ota_api.blueprint,
        cloudinary_api.blueprint,
        gmail_api.blueprint,
        ttlock_control.blueprint,
        gmail_control.blueprint,
        twilio_control.blueprint,
        ota_control.blueprint,
        control.blueprint,
        pages.blueprint,
        acts.blueprint,
    ):
        app.register_blueprint(blueprint)
    return app


def _guard() -> None:
    if exchange.service_of_request() is None:
        guards.allow_only_this_machine()


def _headers(response: Response) -> Response:
    if exchange.service_of_request() is None:
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        # With "no-referrer" browsers send "Origin: null" with our own forms, which the guard would refuse.
        response.headers["Referrer-Policy"] = "same-origin"
        if not request.path.startswith("/assets/"):
            response.headers["Cache-Control"] = "no-store"
    return response
