"""The WSGI entry: `wsgi:app`, also of `flask --app wsgi`."""

import os

from config import Settings
from webapp import create_app
from webapp.launcher.environment import resolve

app = create_app(Settings.from_env(resolve(os.environ)))
