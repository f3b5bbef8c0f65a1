"""What forms share: putting a refusal of a service where the person who typed can see it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import DecimalField

from webapp.core.errors import AppError
from webapp.core.versions import ChangedMeanwhile


class NumberField(DecimalField):
    """A decimal number. What Decimal takes for one besides (NaN, Infinity) is none."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and not self.data.is_finite():
            self.data = None
            raise ValueError(self.gettext("Not a valid decimal value."))


def show_error(form: FlaskForm, error: AppError) -> None:
    """Put the error's sentence at the field it names, or on top of the form when it names none of its fields.

    What somebody else has saved meanwhile is shown at each field where it is not what was typed.
    """
    if isinstance(error, ChangedMeanwhile):
        for name, value in error.fresh.items():
            _show_fresh(form._fields.get(name), value)
    field = form._fields.get(error.field or "")
    if field is None:
        form.form_errors.append(str(error.message))
    else:
        field.errors = [*field.errors, str(error.message)]


def _show_fresh(field: Any, value: Any) -> None:
    """At the field, unless it is what was typed anyway."""
    if field is None or field.type in ("FieldList", "FormField"):
        return
    if isinstance(value, list):
        is_same = set(field.data or ()) == set(value)
    else:
        is_same = str(field.data or "") == str(value or "")
    if not is_same:
        field.errors = [*field.errors, gettext("It now reads: %(value)s", value=_worded(field, value))]


def _worded(field: Any, value: Any) -> str:
    """A value as one reads it in this field."""
    if isinstance(value, list):
        return ", ".join(_worded(field, one) for one in value) or "–"
    labels = {str(one[0]): str(one[1]) for one in field.iter_choices()} if hasattr(field, "iter_choices") else {}
    if str(value) in labels:
        return labels[str(value)]
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    return "–" if value in (None, "") else str(value)


def with_ids(form: FlaskForm, prefix: str) -> None:
    """Give the fields ids of their own, where a page holds several forms with fields of one name."""
    for field in form:
        field.id = field.label.field_id = f"{prefix}-{field.name}"
