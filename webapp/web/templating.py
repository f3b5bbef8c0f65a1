"""What templates can call: assets by their hashed names, the components as `ui.*`, icons, and a few facts."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import has_request_context, request, url_for
from flask_wtf.csrf import generate_csrf

from .security import csp_nonce

if TYPE_CHECKING:
    from flask import Flask
    from jinja2 import Environment

    from config import Settings

STATIC = Path(__file__).parent.parent / "static"
COMPONENTS = Path(__file__).parent.parent / "templates" / "components"


class Components:
    """All macros of templates/components, by name: `ui.button(…)`. Loaded once; a name may be defined only once."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._macros: dict[str, Any] | None = None

    def _load(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for path in sorted(COMPONENTS.glob("*.html")):
            module = self._env.get_template(f"components/{path.name}").module
            for name, macro in vars(module).items():
                if not name.startswith("_") and callable(macro):
                    if name in found:
                        raise RuntimeError(f"two components are called {name!r}")
                    found[name] = macro
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._macros is None:
            self._macros = self._load()
        try:
            return self._macros[name]
        except KeyError:
            raise AttributeError(f"there is no component {name!r} in templates/components") from None


@lru_cache(maxsize=1)
def _manifest() -> dict[str, str]:
    path = STATIC / "dist" / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else {}


def asset(name: str) -> str:
    """Address of a browser asset: the hashed file of the build where there is one, else the source file."""
    return _asset(request.script_root if has_request_context() else "", name)


@lru_cache(maxsize=512)
def _asset(_script_root: str, name: str) -> str:
    built = _manifest().get(name)
    if built:
        return url_for("static", filename=f"dist/{built}")
    return url_for("static", filename=name)


def here_with(**values: str) -> str:
    """The query of this address with some values changed, to be put behind its path."""
    arguments = {**request.args.to_dict(flat=False), **{name: [value] for name, value in values.items()}}
    return "?" + urlencode(arguments, doseq=True)


def init_app(app: Flask, settings: Settings) -> None:
    env = app.jinja_env
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.do")
    env.globals.update(
        asset=asset,
        here_with=here_with,
        csp_nonce=csp_nonce,
        csrf_token=generate_csrf,
        ui=Components(env),
        is_sandboxed=settings.is_sandboxed,
        sandbox_url=settings.sandbox_url,
    )
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000 if _manifest() else 0
    app.config["TEMPLATES_AUTO_RELOAD"] = settings.environment == "development" and not _manifest()
    if not settings.is_production:
        app.add_url_rule("/styleguide", "styleguide", lambda: app.jinja_env.get_template("styleguide.html").render())
        app.add_url_rule(
            "/styleguide/guest",
            "styleguide_guest",
            lambda: app.jinja_env.get_template("styleguide_guest.html").render(),
        )
