"""The application that jobs run in: made once for each worker process."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from config import Settings
from webapp import create_app
from webapp.launcher.environment import resolve

if TYPE_CHECKING:
    from flask import Flask


@lru_cache(maxsize=1)
def app() -> Flask:
    return create_app(Settings.from_env(resolve(os.environ)))
