"""All routes, walked: who may enter, and that no hotel sees another's rows."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests import factories

PUBLIC_STAFF_PATHS = {"/staff/"}


def staff_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if re.match(r"/(api/)?staff/", rule.rule)]


def url_of(rule: Rule, slug: str) -> str:
    """The rule's URL for a hotel, every other part filled with something that exists nowhere."""
    values = {name: slug if name == "slug" else 1 if "Integer" in type(rule._converters[name]).__name__ else "none"
              for name in rule.arguments}  # fmt: skip
    return str(rule.build(values)[1])


def method_of(rule: Rule) -> str:
    return next(iter(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})))


def test_every_staff_route_names_its_permission(app):
    unguarded = [
        rule.rule
        for rule in staff_rules(app)
        if "slug" in rule.arguments and not hasattr(app.view_functions[rule.endpoint], "staff_permission")
    ]
    assert unguarded == []


@pytest.mark.parametrize("role", ["owner"])
def test_another_hotels_staff_find_nothing(app, hotel, sign_in, role):
    other = factories.make_hotel()
    stranger = sign_in(factories.make_user(other, role=role))
    for rule in staff_rules(app):
        if "slug" in rule.arguments and not rule.rule.startswith("/api/"):
            answer = stranger.open(url_of(rule, hotel.slug), method=method_of(rule))
            assert answer.status_code == 404, f"{rule.rule} answered {answer.status_code} to another hotel's {role}"


def test_nobody_enters_without_signing_in(app, hotel, client):
    for rule in staff_rules(app):
        answer = client.open(url_of(rule, hotel.slug), method=method_of(rule))
        is_api = rule.rule.startswith("/api/")
        assert answer.status_code == (401 if is_api else 302), f"{rule.rule} answered {answer.status_code}"
        if not is_api:
            assert "/sign-in" in answer.headers["Location"]


def test_the_api_takes_no_session_cookie(app, hotel, manager):
    for rule in staff_rules(app):
        if rule.rule.startswith("/api/"):
            answer = manager.open(url_of(rule, hotel.slug), method=method_of(rule))
            assert answer.status_code == 401, rule.rule


def test_every_answer_is_protected(client):
    headers = client.get("/api/health").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_templates_hold_no_inline_code():
    from pathlib import Path

    inline = re.compile(r"""\s(on[a-z]+|style)\s*=\s*["']""")
    webapp = Path(__file__).parent.parent.parent / "webapp"
    guilty = []
    for path in webapp.rglob("*.html"):
        is_mail = {"email", "emails"} & set(path.parts) or "messaging" in path.parts
        if not is_mail and "sandbox" not in path.parts and inline.search(path.read_text()):
            guilty.append(str(path.relative_to(webapp)))
    assert guilty == []
