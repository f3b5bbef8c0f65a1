"""Components as the application renders them: forms wired for screen readers, pages under the policy, errors as page and fragment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from wtforms import BooleanField, DecimalField, Form, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired


class Sample(Form):
    name = StringField("Name", [InputRequired("Say your name")], description="As in the passport")
    nights = IntegerField("Nights")
    price = DecimalField("Price")
    notes = TextAreaField("Notes")
    room_type = SelectField("Type", choices=[SelectChoice("sea", "Sea"), SelectChoice("garden", "Garden")])
    pay = RadioField("Pay", choices=[SelectChoice("now", "Now"), SelectChoice("later", "Later")])
    news = BooleanField("News")


def rendered(app: Flask, source: str, **context: object) -> str:
    with app.test_request_context("/"):
        return render_template_string(source, **context)


def test_field_ties_label_hint_and_error_to_its_control(app: Flask) -> None:
    form = Sample()
    form.validate()
    html = rendered(app, "{{ ui.field(form.name) }}", form=form)
    control = re.search(r"<input[^>]*>", html)
    assert control
    assert '<label for="name">Name</label>' in html
    assert 'aria-describedby="name-hint name-error"' in control[0]
    assert 'aria-invalid="true"' in control[0]
    assert "required" in control[0]
    assert 'id="name-error"' in html
    assert "Say your name" in html


@pytest.mark.parametrize("name", ["nights", "price", "notes", "room_type", "news"])
def test_every_kind_of_field_has_a_label(app: Flask, name: str) -> None:
    html = rendered(
        app, "{{ ui.field(form[name], prefix='£' if name == 'price' else None) }}", form=Sample(), name=name
    )
    assert f'id="{name}"' in html
    assert f'for="{name}"' in html or "<label class=" in html
    assert ("(optional)" in html) == (name != "news")


def test_radio_fields_are_groups_with_a_legend(app: Flask) -> None:
    html = rendered(
        app,
        "{{ ui.field(form.pay) }}{{ ui.radio_cards(form.pay, notes={'now': {'note': 'Safe', 'end': '£9'}}) }}",
        form=Sample(),
    )
    assert html.count("<legend>Pay") == 2
    assert html.count('type="radio"') == 4
    assert "Safe" in html


def test_summary_of_errors_leads_to_the_fields(app: Flask) -> None:
    form = Sample()
    form.validate()
    html = rendered(app, "{{ ui.form_errors(form) }}", form=form)
    assert 'href="#name"' in html
    assert 'role="alert"' in html
    assert "autofocus" in html
    assert rendered(app, "{{ ui.form_errors(form) }}", form=Sample()).strip() == ""


def test_text_of_people_is_escaped(app: Flask) -> None:
    html = rendered(
        app,
        "{{ ui.badge(x) }}{{ ui.alert(x, x) }}{{ ui.button(x, attrs={'title': x}) }}{{ ui.facts([(x, x)]) }}{{ ui.input('a', x, value=x) }}",
        x='"><script>alert(1)</script>',
    )
    assert "<script" not in html
    assert '"">' not in html


def test_style_guide_shows_everything_under_the_policy(client: FlaskClient) -> None:
    answer = client.get("/styleguide")
    assert answer.status_code == 200
    html = answer.get_data(as_text=True)
    for one in ("tape-row", "radio-card", "table-wrap", "callout-warn", "drawer", 'aria-current="step"'):
        assert one in html
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce
    assert set(re.findall(r'<script[^>]*nonce="([^"]*)"', html)) == {nonce[1]}


def test_an_error_is_a_page_or_a_fragment(client: FlaskClient) -> None:
    page = client.get("/no/such/page")
    assert page.status_code == 404
    text = page.get_data(as_text=True)
    assert text.startswith("<!doctype html>")
    assert "Reference for support" in text
    fragment = client.get("/no/such/page", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert fragment.status_code == 404
    assert "data-error-fragment" in fragment.get_data(as_text=True)
    assert "<html" not in fragment.get_data(as_text=True)
    assert "toast" in fragment.headers["HX-Trigger"]


def test_a_guest_page_stays_small(app: Flask) -> None:
    """Page, styles, script and sprite of the guest face, unpacked, stay under 50 KB."""
    with app.test_request_context("/"):
        html = app.jinja_env.get_template("styleguide_guest.html").render()
    addresses = {address.split("#")[0] for address in re.findall(r'(?:src|href)="/static/([^"]+)"', html)}
    sizes = {address: (Path(app.static_folder or "") / address).stat().st_size for address in addresses}
    assert len(html.encode()) + sum(sizes.values()) < 50_000, sizes
    assert sizes


def test_the_guest_face_has_a_page_too(client: FlaskClient) -> None:
    answer = client.get("/styleguide/guest?lang=ar")
    assert answer.status_code == 200
    assert 'lang="ar" dir="rtl" data-face="guest"' in answer.get_data(as_text=True)


@pytest.mark.parametrize(("colour", "label"), [("#f5c518", "#16202a"), ("#0b3d91", "#ffffff"), (None, "#ffffff")])
def test_buttons_of_mails_are_readable_in_the_colour_of_the_hotel(app: Flask, colour: str | None, label: str) -> None:
    source = (
        '{% from "email/parts.html" import mail_button %}{{ mail_button("Check in", "https://a.example/x", colour) }}'
    )
    html = rendered(app, source, colour=colour)
    assert f"color:{label};font-weight:600" in html
    assert f"background:{colour or '#0b6178'}" in html


def test_mails_are_framed_for_every_language(app: Flask) -> None:
    source = '{% extends "email/base.html" %}{% block main %}Hello{% endblock %}'
    with app.test_request_context("/?lang=ar"):
        html = render_template_string(
            source, mail_hotel={"name": "Harbour House", "address": "1 Quay", "phone": "+44 1"}
        )
    assert 'dir="rtl"' in html
    assert "text-align:right" in html
    assert "Harbour House · 1 Quay" in html
