"""Accounts: signing in and out, invitations, passwords, one-time codes, roles, and tokens of the JSON API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    from flask_babel import lazy_gettext as _

    from webapp.web import api as kit
    from webapp.web.desk import DeskLink, add_link

    from . import account_routes, api, cli, routes, session, team_routes  # noqa: F401  (routes register themselves)

    session.init_app(app)
    app.register_blueprint(routes.blueprint)
    kit.register(app, api.blueprint)
    cli.init_app(app)
    app.context_processor(routes.user_menu)
    add_link(app, DeskLink(_("Team"), "accounts.team", "users", "team.view", place=85))
