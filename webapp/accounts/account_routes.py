"""The account page of a signed-in person: name and language, password, one-time codes, sessions."""

from __future__ import annotations

import io
from typing import Any

import segno
from flask import flash, url_for
from flask_babel import gettext as _
from flask_babel import refresh
from flask_login import login_required
from markupsafe import Markup

from webapp.core.errors import Conflict, Invalid, TooMany
from webapp.core.transaction import transaction
from webapp.models import User
from webapp.web.forms import show_error
from webapp.web.htmx import render, see_other

from . import forms, policies, queries, session
from .routes import address, blueprint
from .services import api_tokens, one_time_codes, signing_in, team


@blueprint.get("/account/security")
@login_required
def security() -> Any:
    return _security_page(session.signed_in_user())


def _security_page(user: User, status: int = 200, **shown: Any) -> Any:
    context = {
        "details_form": forms.DetailsForm(formdata=None, obj=user, prefix="details"),
        "password_form": forms.ChangePasswordForm(formdata=None),
        "codes_form": forms.PasswordForm(formdata=None, prefix="codes"),
        "is_on": one_time_codes.is_on(user),
        "codes_left": queries.recovery_codes_left(user),
        "programs": queries.programs_of(user),
    }
    return render("accounts/security.html", status=status, **{**context, **shown})


@blueprint.post("/account/details")
@login_required
def change_details() -> Any:
    user, form = session.signed_in_user(), forms.DetailsForm(prefix="details")
    if not form.validate_on_submit():
        return _security_page(user, 422, details_form=form)
    with transaction():
        team.change_details(user, form.name.data, form.language.data)
    refresh()
    flash(_("Saved."), "success")
    return see_other(url_for("accounts.security"))


@blueprint.post("/account/password")
@login_required
def change_password() -> Any:
    user, form = session.signed_in_user(), forms.ChangePasswordForm()
    if not form.validate_on_submit():
        return _security_page(user, 422, password_form=form)
    try:
        policies.attempt_password(user.email, address())
        with transaction():
            signing_in.change_password(user, form.current.data, form.password.data)
    except (Invalid, TooMany) as error:
        show_error(form, error)
        return _security_page(user, error.status, password_form=form)
    session.enter(user)
    flash(_("Your password is changed. Everybody else who was signed in as you is signed out."), "success")
    return see_other(url_for("accounts.security"))


@blueprint.post("/account/sign-out-everywhere")
@login_required
def sign_out_everywhere() -> Any:
    user = session.signed_in_user()
    with transaction():
        signing_in.sign_out_everywhere(user)
    session.leave()
    flash(_("You are signed out on every device."), "success")
    return see_other(url_for("accounts.sign_in"))


@blueprint.post("/account/programs/<int:token_id>/end")
@login_required
def end_program(token_id: int) -> Any:
    user = session.signed_in_user()
    with transaction():
        api_tokens.revoke(user, token_id)
    flash(_("The program is signed out."), "success")
    return see_other(url_for("accounts.security"))


def _with_password(action: Any) -> Any:
    """Run `action(user)` if the password in the form is right. Returns (its result, None) or (None, the page again)."""
    user, form = session.signed_in_user(), forms.PasswordForm(prefix="codes")
    if not form.validate_on_submit():
        return None, _security_page(user, 422, codes_form=form)
    try:
        policies.attempt_password(user.email, address())
        with transaction():
            signing_in.require_password(user, form.password.data)
            return action(user), None
    except (Invalid, TooMany) as error:
        show_error(form, error)
        return None, _security_page(user, error.status, codes_form=form)


@blueprint.post("/account/one-time-codes/on")
@login_required
def codes_on() -> Any:
    _result, refused = _with_password(one_time_codes.begin)
    return refused or see_other(url_for("accounts.codes"))


@blueprint.get("/account/one-time-codes")
@login_required
def codes() -> Any:
    user = session.signed_in_user()
    if one_time_codes.is_on(user) or user.totp_secret is None:
        return see_other(url_for("accounts.security"))
    return _codes_page(user, forms.CodeForm())


def _codes_page(user: User, form: forms.CodeForm, status: int = 200) -> Any:
    uri = one_time_codes.address_of(user)
    return render("accounts/codes.html", form=form, qr=qr_svg(uri), secret=user.totp_secret, status=status)


@blueprint.post("/account/one-time-codes")
@login_required
def confirm_codes() -> Any:
    user, form = session.signed_in_user(), forms.CodeForm()
    if not form.validate_on_submit():
        return _codes_page(user, form, 422) if user.totp_secret else see_other(url_for("accounts.security"))
    try:
        policies.attempt_code(user.id, address())
        with transaction():
            recovery = one_time_codes.confirm(user, form.code.data)
    except Conflict:
        return see_other(url_for("accounts.security"))
    except (Invalid, TooMany) as error:
        show_error(form, error)
        return _codes_page(user, form, error.status)
    return render("accounts/recovery_codes.html", codes=recovery)


@blueprint.post("/account/one-time-codes/off")
@login_required
def codes_off() -> Any:
    _result, refused = _with_password(one_time_codes.switch_off)
    if refused:
        return refused
    flash(_("You sign in with your password alone now."), "success")
    return see_other(url_for("accounts.security"))


@blueprint.post("/account/recovery-codes")
@login_required
def renew_recovery_codes() -> Any:
    codes, refused = _with_password(one_time_codes.renew_recovery_codes)
    return refused or render("accounts/recovery_codes.html", codes=codes)


def qr_svg(text: str) -> Markup:
    """An inline SVG, made here: a secret is not sent to a drawing service."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", xmldecl=False, svgns=False, scale=5, border=2, dark="#16202a", light="#ffffff", omitsize=False
    )
    return Markup(out.getvalue().decode())  # noqa: S704  (segno's own markup)
