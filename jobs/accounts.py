"""Mail to people who sign in."""

from __future__ import annotations

from flask import current_app

from webapp.accounts.services import links
from webapp.core.transaction import transaction


def send_password_reset(user_id: int) -> None:
    """Write to this user, if there is one. Run twice, the second link replaces the first."""
    with transaction():
        links.send_password_reset(user_id, current_app.extensions["settings"].public_url)
