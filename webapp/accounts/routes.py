"""Pages at the door: sign-in, second step, sign-out, invitations and new passwords."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, g, has_request_context, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from webapp.core.errors import AppError, TooMany, Unauthenticated
from webapp.core.transaction import transaction
from webapp.models import User
from webapp.web.desk import ROLE_LABELS
from webapp.web.forms import show_error
from webapp.web.htmx import render, see_other

from . import forms, policies, queries, session
from .domain import safe_next
from .services import links, one_time_codes, signing_in

blueprint = Blueprint("accounts", __name__, template_folder="templates")


def address() -> str:
    return request.remote_addr or "unknown"


def home_of(user: User) -> str:
    """Where a sign-in leads when nothing was asked for."""
    return url_for("hotels.chooser") if queries.hotels_of(user) else url_for("accounts.security")


@blueprint.get("/sign-in")
def sign_in() -> Any:
    next_url = safe_next(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(next_url or home_of(current_user))
    return render("accounts/sign_in.html", form=forms.SignInForm(), next_url=next_url)


@blueprint.post("/sign-in")
def sign_in_with_password() -> Any:
    form, next_url = forms.SignInForm(), safe_next(request.form.get("next"))
    if not form.validate_on_submit():
        return render("accounts/sign_in.html", form=form, next_url=next_url, status=422)
    try:
        policies.attempt_password(form.email.data, address())
        with transaction():
            user = signing_in.user_of_password(form.email.data, form.password.data)
    except (Unauthenticated, TooMany) as error:
        return _refuse("accounts/sign_in.html", form, error, next_url=next_url)
    if one_time_codes.is_on(user):
        session.await_code(user, next_url)
        return see_other(url_for("accounts.code"))
    return _let_in(user, next_url)


@blueprint.get("/sign-in/code")
def code() -> Any:
    try:
        session.awaiting()
    except Unauthenticated:
        return see_other(url_for("accounts.sign_in"))
    return render("accounts/code.html", form=forms.CodeForm())


@blueprint.post("/sign-in/code")
def sign_in_with_code() -> Any:
    try:
        user, next_url = session.awaiting()
    except Unauthenticated:
        flash(_("That took a while. Please begin again."), "warning")
        return see_other(url_for("accounts.sign_in"))
    form = forms.CodeForm()
    if not form.validate_on_submit():
        return render("accounts/code.html", form=form, status=422)
    try:
        policies.attempt_code(user.id, address())
        with transaction():
            signing_in.check_code(user, form.code.data)
    except (Unauthenticated, TooMany) as error:
        return _refuse("accounts/code.html", form, error)
    return _let_in(user, safe_next(next_url))


def _refuse(template: str, form: Any, error: AppError, **context: Any) -> Any:
    """The form again, with the reason. What was typed into password fields is not sent back."""
    show_error(form, error)
    return render(template, form=form, status=error.status if error.status == 429 else 422, **context)


def _let_in(user: User, next_url: str | None) -> Any:
    policies.forget_attempts(user.email, user.id)
    session.enter(user)
    with transaction():
        signing_in.note_sign_in(user)
    return see_other(next_url or home_of(user))


@blueprint.post("/sign-out")
def sign_out() -> Any:
    session.leave()
    flash(_("You are signed out."), "success")
    return see_other(url_for("accounts.sign_in"))


@blueprint.route("/reset", methods=["GET", "POST"])
def reset() -> Any:
    """Ask for a mail with a link. The answer is the same whether the address is known or not."""
    form = forms.ResetRequestForm()
    if request.method == "GET":
        return render("accounts/reset_request.html", form=form)
    if not form.validate_on_submit():
        return render("accounts/reset_request.html", form=form, status=422)
    try:
        policies.attempt_reset(form.email.data, address())
    except TooMany as error:
        return _refuse("accounts/reset_request.html", form, error)
    with transaction():
        links.request_password_reset(form.email.data)
    return render("accounts/reset_sent.html", email=form.email.data)


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
def reset_with(token: str) -> Any:
    user, form = links.user_of_reset(token), forms.NewPasswordForm()
    if request.method == "GET":
        return render("accounts/reset.html", form=form, email=user.email)
    if not form.validate_on_submit():
        return render("accounts/reset.html", form=form, email=user.email, status=422)
    try:
        with transaction():
            links.reset_password(token, form.password.data)
    except AppError as error:
        return _refuse_or_raise("accounts/reset.html", form, error, email=user.email)
    session.leave()
    flash(_("Your new password is set. Please sign in with it."), "success")
    return see_other(url_for("accounts.sign_in"))


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> Any:
    row = links.open_invitation(token)
    is_new = row.user.password_hash is None
    form = forms.InvitationForm() if is_new else forms.JoinForm()
    context = {
        "hotel": row.hotel,
        "email": row.user.email,
        "role": ROLE_LABELS[row.role or "desk"],
        "is_new": is_new,
    }
    if request.method == "GET":
        return render("accounts/invitation.html", form=form, **context)
    if not form.validate_on_submit():
        return render("accounts/invitation.html", form=form, status=422, **context)
    try:
        with transaction():
            typed = {"name": form.name.data, "password": form.password.data} if is_new else {}
            user = links.accept_invitation(token, **typed)
    except AppError as error:
        return _refuse_or_raise("accounts/invitation.html", form, error, **context)
    return _after_joining(user, is_new)


def _after_joining(user: User, is_new: bool) -> Any:
    """Who has just chosen a password is let in. A link that is a week old is no password: others sign in with theirs."""
    if not is_new or current_user.is_authenticated:
        flash(_("You are on the team."), "success")
        return see_other(url_for("hotels.chooser"))
    return _let_in(user, None)


def _refuse_or_raise(template: str, form: Any, error: AppError, **context: Any) -> Any:
    if error.status != 422:
        raise error
    return _refuse(template, form, error, **context)


def public_url() -> str:
    return str(current_app.extensions["settings"].public_url)


def user_menu() -> dict[str, Any]:
    """What the menu under one's name offers on staff pages; mails and guests have none."""
    if "user" not in g or not has_request_context():
        return {}
    return {
        "desk_user_menu": [
            {"label": _("Your account"), "url": url_for("accounts.security"), "icon": "shield"},
            {"label": _("My hotels"), "url": url_for("hotels.chooser"), "icon": "building"},
        ]
    }
