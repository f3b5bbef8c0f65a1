"""What tasks are called, in the reader's language."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _


def title_of(task: Any) -> str:
    """The title that a person gave the task; one that the house made itself is named by its kind and room (`kind`, `number`)."""
    if task.title:
        return str(task.title)
    number = task.number or ""
    if task.kind == "cleaning":
        return _("Clean room %(number)s", number=number)
    return _("Room %(number)s", number=number)
