"""The team of a hotel: who works here, and as what."""

from __future__ import annotations

from typing import Any

from flask import flash, url_for
from flask_babel import gettext as _

from webapp.core.errors import AppError
from webapp.core.transaction import transaction
from webapp.web.auth import current_hotel, staff_page
from webapp.web.desk import ROLE_LABELS
from webapp.web.forms import show_error
from webapp.web.htmx import render, see_other

from . import forms, policies, queries
from .domain import ROLE_NOTES
from .routes import blueprint, public_url
from .services import links
from .services import team as services


def _page(form: forms.InviteForm | None = None, status: int = 200) -> Any:
    hotel = current_hotel()
    return render(
        "accounts/team.html", "team", status=status, hotel=hotel, form=form or forms.InviteForm(formdata=None),
        members=queries.members_of(hotel), invitations=queries.open_invitations_of(hotel), roles=ROLE_LABELS,
        role_notes=ROLE_NOTES,
    )  # fmt: skip


def _back(message: str) -> Any:
    flash(message, "success")
    return see_other(url_for("accounts.team", slug=current_hotel().slug))


@blueprint.get("/staff/<slug>/team")
@staff_page("team.view")
def team() -> Any:
    return _page()


@blueprint.post("/staff/<slug>/team")
@staff_page("team.manage")
def invite() -> Any:
    form = forms.InviteForm()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        policies.INVITATIONS.attempt(str(current_hotel().id))
        with transaction():
            services.invite(current_hotel(), form.email.data, form.role.data, public_url())
    except AppError as error:
        show_error(form, error)
        return _page(form, error.status)
    return _back(_("An invitation is on its way to %(email)s.", email=form.email.data))


@blueprint.post("/staff/<slug>/team/invitations/<int:invitation_id>/withdraw")
@staff_page("team.manage")
def withdraw_invitation(invitation_id: int) -> Any:
    with transaction():
        links.withdraw_invitation(current_hotel(), invitation_id)
    return _back(_("The invitation is withdrawn."))


@blueprint.post("/staff/<slug>/team/<int:member_id>/role")
@staff_page("team.manage")
def change_role(member_id: int) -> Any:
    with transaction():
        member = services.change_role(current_hotel(), member_id, forms.RoleForm().role.data or "")
    return _back(_("%(name)s: the role is now “%(role)s”.", name=member.user.name, role=ROLE_LABELS[member.role]))


@blueprint.post("/staff/<slug>/team/<int:member_id>/remove")
@staff_page("team.manage")
def remove_member(member_id: int) -> Any:
    with transaction():
        services.remove_member(current_hotel(), member_id)
    return _back(_("Removed from the team."))
