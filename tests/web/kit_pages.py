"""Pages that exist only to try the browser kit: every answer that htmx can get, and a stream that breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event

from flask import Blueprint, Response, render_template, render_template_string, request

PAGE = """
{% extends "layouts/desk.html" %}
{% set live_url = "/kit/events" %}{% set live_cursor = "99" %}{% set search_url = "/kit/search" %}
{% set desk_user = {"name": "Desk", "email": "desk@harbour.example"} %}
{% block title %}Kit{% endblock %}
{% block main %}
<section id="part" hx-get="/kit/part" hx-trigger="live:booking-updated from:body" hx-target="this" hx-swap="outerMorph">
  <details><summary>More</summary><p>Text</p></details><output>0</output></section>
<form id="slow" method="post" action="/kit/slow" hx-post="/kit/slow" hx-target="#out" hx-swap="innerHTML">{{ ui.button("Save", type="submit") }}</form>
<form id="sure" method="post" action="/kit/slow" hx-post="/kit/slow" hx-target="#out" hx-swap="innerHTML" hx-confirm="Really?">
  {{ ui.button("Remove", type="submit") }}</form>
<form id="taken" method="post" action="/kit/taken" hx-post="/kit/taken" hx-target="#out" hx-swap="innerHTML">{{ ui.button("Take", type="submit") }}</form>
<div id="form"><form method="post" action="/kit/wrong" hx-post="/kit/wrong" hx-target="#form" hx-swap="innerHTML">{{ ui.button("Send", type="submit") }}</form></div>
<p id="out">untouched</p>
<a id="open" href="/kit/drawer" hx-get="/kit/drawer" hx-target="#drawer-body" hx-swap="innerHTML" data-key="g d">Details</a>
{{ ui.post_button("Plain", "/kit/slow", confirm="Plain, really?") }}
{% endblock %}
"""
DRAWER = '{% call ui.drawer_head("Astrid Lindqvist") %}{% endcall %}<div class="drawer-body">{{ ui.facts([("Room", "204")]) }}</div>'


@dataclass
class Heard:
    """What the browser sent, and the levers of the answers."""

    tokens: list[str | None] = field(default_factory=list)
    resumed_after: list[str | None] = field(default_factory=list)
    parts: int = 0
    may_answer: Event = field(default_factory=Event)
    may_break: Event = field(default_factory=Event)
    may_end: Event = field(default_factory=Event)


def toast(message: str, kind: str, undo: str | None = None) -> dict[str, str]:
    return {"HX-Trigger": json.dumps({"toast": {"message": message, "kind": kind, "undo": undo}})}


def blueprint(heard: Heard) -> Blueprint:
    kit = Blueprint("kit", __name__, url_prefix="/kit")

    @kit.get("/")
    def page() -> str:
        return render_template_string(PAGE)

    @kit.get("/guest")
    def guest() -> str:
        return render_template("styleguide_guest.html")

    @kit.get("/part")
    def part() -> str:
        heard.parts += 1
        return (
            '<section id="part" hx-get="/kit/part" hx-trigger="live:booking-updated from:body" hx-target="this" '
            f'hx-swap="outerMorph"><details><summary>More</summary><p>Text</p></details><output>{heard.parts}</output></section>'
        )

    @kit.post("/slow")
    def slow() -> Response:
        heard.tokens.append(request.headers.get("X-CSRFToken"))
        heard.may_answer.wait(5)
        return Response("saved", headers=toast("Saved – merci, Zoë", "success", "/kit/undo"))

    @kit.post("/undo")
    def undo() -> tuple[str, int, dict[str, str]]:
        return "", 204, toast("Undone", "info")

    @kit.post("/taken")
    def taken() -> Response:
        html = render_template("errors/fragment.html", status=409, message="Room 204 is taken")
        return Response(html, 409, headers=toast("Room 204 is taken", "error"))

    @kit.post("/wrong")
    def wrong() -> tuple[str, int]:
        return '<div data-form-errors autofocus tabindex="-1" id="summary">Say your name</div>', 422

    @kit.get("/drawer")
    def drawer() -> str:
        return render_template_string(DRAWER)

    @kit.get("/events")
    def events() -> Response:
        heard.resumed_after.append(request.headers.get("Last-Event-ID"))
        number = len(heard.resumed_after)
        if number == 2:
            return Response("busy", 503)
        return Response(_burst(heard) if number == 1 else _quiet(heard), mimetype="text/event-stream")

    return kit


def _burst(heard: Heard) -> Iterator[str]:
    yield "retry: 1000\n: hello\n\n"
    heard.may_answer.wait(5)
    for number in range(100, 140):
        yield f'id: {number}\nevent: booking-updated\ndata: {{"n": {number}}}\n\n'
    heard.may_break.wait(10)


def _quiet(heard: Heard) -> Iterator[str]:
    yield ": hello again\n\n"
    heard.may_end.wait(10)
