"""The real application with one more route: nothing, as a floor for what this server can do at all."""

from __future__ import annotations

import os

from flask import Flask, jsonify

from config import Settings
from webapp import create_app
from webapp.extensions import limiter


def make_app() -> Flask:
    made = create_app(Settings.from_env(os.environ))

    @made.get("/bench/empty")
    @limiter.exempt
    def empty() -> str:
        return "ok"

    @made.get("/bench/empty.json")
    @limiter.exempt
    def empty_json() -> object:
        return jsonify(ok=True)

    return made


app = make_app()
