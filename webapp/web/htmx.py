"""Pages and their fragments from one template, and the answers that htmx understands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import Response, make_response, redirect, render_template, request
from jinja2_fragments.flask import render_block

if TYPE_CHECKING:
    from flask import Flask


def is_fragment() -> bool:
    """True when htmx asks for a part of a page (not for a boosted or restored whole page)."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Request-Type", "partial") == "partial"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def render(template: str, block: str | None = None, *, status: int = 200, **context: Any) -> Response:
    """The page, or only its `block` when htmx asks for a fragment. One template serves both."""
    body = render_block(template, block, **context) if block and is_fragment() else render_template(template, **context)
    return make_response(body, status)


def render_only(template: str, block: str, *, status: int = 200, **context: Any) -> Response:
    """Always the block, for fragments that have an address of their own."""
    return make_response(render_block(template, block, **context), status)


def see_other(url: str, toast: str | None = None) -> Response:
    """After a change: 303 for a form, a client-side redirect for htmx."""
    if not is_fragment():
        return redirect(url, 303)  # type: ignore[return-value]
    response = Response(status=204)
    response.headers["HX-Redirect"] = url
    if toast:
        with_toast(response, toast)
    return response


def with_toast(response: Response, message: str, kind: str = "success", undo_url: str | None = None) -> Response:
    """Let the page show a short message; with `undo_url` the message carries an Undo button that posts there."""
    detail = {"message": str(message), "kind": kind, **({"undo": undo_url} if undo_url else {})}
    return with_trigger(response, "toast", detail)


def with_trigger(response: Response, event: str, detail: Any = True) -> Response:
    """Dispatch `event` in the page once the answer is in place."""
    known = json.loads(response.headers.get("HX-Trigger", "{}"))
    response.headers["HX-Trigger"] = json.dumps({**known, event: detail})
    return response


def init_app(app: Flask) -> None:
    @app.after_request
    def vary(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.vary.update(("HX-Request", "Accept-Language", "Cookie"))
        return response
