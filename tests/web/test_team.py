"""The team of a hotel: invitations by mail, roles, and the owner who cannot leave."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from tests import factories
from tests.accounts_kit import PASSWORD, is_signed_in, link_in, person, with_codes
from webapp.accounts.services import team
from webapp.core import clock
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.core.errors import Conflict
from webapp.core.transaction import transaction
from webapp.models import Membership, Message, User


@pytest.fixture
def owner(hotel, sign_in):
    user = factories.make_user(hotel, "owner", name="Olive Owner")
    return sign_in(user)


def invite(owner, hotel, email="new@example.com", role="desk"):
    return owner.post(f"/staff/{hotel.slug}/team", data={"email": email, "role": role})


def last_mail():
    return db.session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()


def role_of(hotel, email):
    query = select(Membership.role).join(User).where(User.email == email, Membership.hotel_id == hotel.id)
    return db.session.scalar(query)


def test_an_invitation_leads_into_the_team(app, owner, hotel):
    assert invite(owner, hotel, "New@Example.com", "manager").status_code == 303
    mail = last_mail()
    assert mail.recipient == "new@example.com"
    assert hotel.name in mail.subject
    assert "Olive Owner" in mail.body
    assert "Manager" in mail.body
    link, guest = link_in(mail), app.test_client()
    assert role_of(hotel, "new@example.com") is None
    assert hotel.name in guest.get(link).get_data(as_text=True)
    weak = guest.post(link, data={"name": "Nora", "password": "short"})
    assert weak.status_code == 422
    assert "Use at least 12 characters." in weak.get_data(as_text=True)
    assert guest.post(link, data={"name": "Nora", "password": PASSWORD}).location == "/staff/"
    assert is_signed_in(guest)
    assert role_of(hotel, "new@example.com") == "manager"
    assert "member_joined" in db.session.scalars(select(AuditEntry.action)).all()


def test_a_link_works_once(app, owner, hotel):
    invite(owner, hotel)
    link = link_in(last_mail())
    assert app.test_client().post(link, data={"name": "N", "password": PASSWORD}).status_code == 303
    again = app.test_client()
    assert again.get(link).status_code == 410
    assert again.post(link, data={"name": "Thief", "password": "another long password"}).status_code == 410


def test_a_link_ends_by_time_by_withdrawal_and_by_a_newer_one(app, owner, hotel):
    invite(owner, hotel)
    first = link_in(last_mail())
    with clock.frozen(clock.now() + dt.timedelta(days=7, minutes=1)):
        assert app.test_client().get(first).status_code == 410
    invite(owner, hotel)
    second = link_in(last_mail())
    assert app.test_client().get(first).status_code == 410
    assert app.test_client().get(second).status_code == 200
    page = owner.get(f"/staff/{hotel.slug}/team").get_data(as_text=True)
    withdraw = page.split("/withdraw")[0].rsplit('action="', 1)[1] + "/withdraw"
    assert owner.post(withdraw).status_code == 303
    assert app.test_client().get(second).status_code == 410


def test_an_altered_link_is_nothing(app, owner, hotel):
    invite(owner, hotel)
    link = link_in(last_mail())
    altered = link[:-1] + ("A" if link[-1] != "A" else "B")
    assert app.test_client().get(altered).status_code == 410
    assert app.test_client().get(link.replace("invitation", "reset")).status_code == 410


def test_somebody_with_an_account_only_agrees(app, owner, hotel):
    other = factories.make_hotel()
    user = person(other, "desk")
    with_codes(user)
    before = user.password_hash
    invite(owner, hotel, user.email, "housekeeping")
    link, guest = link_in(last_mail()), app.test_client()
    page = guest.get(link).get_data(as_text=True)
    assert 'name="password"' not in page
    assert guest.post(link, data={"name": "Renamed", "password": "a new long password"}).status_code == 303
    assert role_of(hotel, user.email) == "housekeeping"
    assert user.password_hash == before
    assert not is_signed_in(guest)


def test_an_invitation_is_no_password_of_an_account_that_has_one(app, owner, hotel):
    user = person(factories.make_hotel(), "owner")
    invite(owner, hotel, user.email)
    thief = app.test_client()
    assert thief.post(link_in(last_mail())).status_code == 303
    assert role_of(hotel, user.email) == "desk"
    assert not is_signed_in(thief)


def test_the_staff_cannot_read_an_invitation_and_take_it(owner, hotel, desk):
    invite(owner, hotel, role="owner")
    mail = last_mail()
    assert "new@example.com" not in desk.get(f"/staff/{hotel.slug}/messages").get_data(as_text=True)
    assert desk.get(f"/staff/{hotel.slug}/messages/{mail.id}").status_code == 404


def test_the_team_page_gives_nothing_away_of_accounts_elsewhere(owner, hotel):
    stranger = person(factories.make_hotel(), name="Secret Stranger")
    invite(owner, hotel, stranger.email)
    page = owner.get(f"/staff/{hotel.slug}/team").get_data(as_text=True)
    assert stranger.email in page
    assert "Secret Stranger" not in page


def test_a_member_is_not_invited_again(owner, hotel):
    member = factories.make_user(hotel, "desk")
    answer = invite(owner, hotel, member.email)
    assert answer.status_code == 409
    assert "on the team already" in answer.get_data(as_text=True)


@pytest.mark.parametrize(("email", "role"), [("nonsense", "desk"), ("a@example.com", "administrator"), ("", "desk")])
def test_bad_invitations_are_refused(owner, hotel, email, role):
    assert invite(owner, hotel, email, role).status_code == 422
    assert db.session.scalars(select(Message)).all() == []


def test_roles_change_and_members_go_at_once(app, owner, hotel, sign_in):
    user = factories.make_user(hotel, "desk")
    member = db.session.scalars(select(Membership).filter_by(user_id=user.id)).one()
    theirs = sign_in(user)
    base = f"/staff/{hotel.slug}/team"
    assert theirs.get(base).status_code == 403
    assert owner.post(f"{base}/{member.id}/role", data={"role": "manager"}).status_code == 303
    assert theirs.get(base).status_code == 200
    assert theirs.post(base, data={"email": "x@example.com", "role": "owner"}).status_code == 403
    assert owner.post(f"{base}/{member.id}/role", data={"role": "king"}).status_code == 422
    assert owner.post(f"{base}/{member.id}/remove").status_code == 303
    assert theirs.get(base).status_code == 404
    assert db.session.get(User, user.id) is not None


def test_a_hotel_keeps_an_owner(owner, hotel):
    mine = db.session.scalars(select(Membership).filter_by(hotel_id=hotel.id, role="owner")).one()
    base = f"/staff/{hotel.slug}/team/{mine.id}"
    assert owner.post(f"{base}/remove").status_code == 409
    assert owner.post(f"{base}/role", data={"role": "desk"}).status_code == 409
    factories.make_user(hotel, "owner")
    assert owner.post(f"{base}/role", data={"role": "desk"}).status_code == 303


def test_members_of_another_hotel_are_out_of_reach(owner, hotel):
    other = factories.make_hotel()
    factories.make_user(other, "owner")
    foreign = db.session.scalars(select(Membership).filter_by(hotel_id=other.id)).one()
    assert owner.post(f"/staff/{hotel.slug}/team/{foreign.id}/remove").status_code == 404
    assert owner.post(f"/staff/{hotel.slug}/team/{foreign.id}/role", data={"role": "desk"}).status_code == 404
    assert owner.post(f"/staff/{hotel.slug}/team/99999999999999999999999/remove").status_code in (400, 404)


def test_the_last_owner_is_kept_by_the_service_too(hotel):
    factories.make_user(hotel, "owner")
    mine = db.session.scalars(select(Membership).filter_by(hotel_id=hotel.id)).one()
    with pytest.raises(Conflict, match="needs an owner"), transaction():
        team.remove_member(hotel, mine.id)
