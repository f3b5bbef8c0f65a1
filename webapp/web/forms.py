"""What forms share: putting a refusal of a service where the person who typed can see it."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import DecimalField

from webapp.core.errors import AppError


class NumberField(DecimalField):
    """A decimal number. What Decimal takes for one besides (NaN, Infinity) is none."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and not self.data.is_finite():
            self.data = None
            raise ValueError(self.gettext("Not a valid decimal value."))


def show_error(form: FlaskForm, error: AppError) -> None:
    """Put the error's sentence at the field it names, or on top of the form when it names none of its fields."""
    field = form._fields.get(error.field or "")
    if field is None:
        form.form_errors.append(str(error.message))
    else:
        field.errors = [*field.errors, str(error.message)]


def with_ids(form: FlaskForm, prefix: str) -> None:
    """Give the fields ids of their own, where a page holds several forms with fields of one name."""
    for field in form:
        field.id = field.label.field_id = f"{prefix}-{field.name}"
