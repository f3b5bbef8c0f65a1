"""The security page: changing the password, and switching one-time codes on and off."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from tests.accounts_kit import PASSWORD, code_of, is_signed_in, person, sign_in, with_codes
from webapp.accounts.services import one_time_codes, passwords
from webapp.core.audit import AuditEntry
from webapp.core.database import db
from webapp.models import AccountToken

NEW = "a quiet evening at sea"


@pytest.fixture
def user(hotel):
    return person(hotel)


@pytest.fixture
def own(client, user):
    sign_in(client, user.email)
    return client


def test_pages_speak_the_language_that_a_person_chose(own, user):
    form = {"details-name": "  Hélène Moreau ", "details-language": "fr"}
    answer = own.post("/account/details", data=form, follow_redirects=True)
    assert 'lang="fr"' in answer.text
    assert "Enregistré" in answer.text
    db.session.refresh(user)
    assert (user.name, user.language) == ("Hélène Moreau", "fr")
    (entry,) = db.session.scalars(select(AuditEntry).filter_by(action="account_changed"))
    assert entry.after == {"name": "Hélène Moreau", "language": "fr"}


@pytest.mark.parametrize("wrong", [{"details-name": " "}, {"details-name": "x" * 121}, {"details-language": "tlh"}])
def test_details_that_cannot_be(own, user, wrong):
    form = {"details-name": "Hélène", "details-language": "en"}
    assert own.post("/account/details", data=form | wrong).status_code == 422
    assert db.session.scalars(select(AuditEntry).filter_by(action="account_changed")).all() == []


def test_changing_the_password_keeps_this_session_and_ends_the_others(app, own, user):
    other = app.test_client()
    sign_in(other, user.email)
    assert own.post("/account/password", data={"current": PASSWORD, "password": NEW}).status_code == 303
    assert is_signed_in(own)
    assert not is_signed_in(other)
    assert sign_in(other, user.email).status_code == 422
    assert sign_in(other, user.email, NEW).status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "why"),
    [
        ("not my password", NEW, "That is not your current password."),
        (PASSWORD, "short", "Use at least 12 characters."),
        (PASSWORD, "Password-1234", "Many people use this password"),
        (PASSWORD, "aaaaaaaaaaaaaaaa", "Many people use this password"),
        (PASSWORD, "the-address", "Your e-mail address is no good as a password."),
        (PASSWORD, "x" * 300, "Use at most 256 characters."),
    ],
)
def test_bad_passwords_are_refused_with_the_reason(own, user, current, new, why):
    new = user.email if new == "the-address" else new
    answer = own.post("/account/password", data={"current": current, "password": new})
    assert answer.status_code == 422
    assert why in answer.get_data(as_text=True)
    assert passwords.is_password_of(user, PASSWORD)


def test_one_time_codes_are_switched_on_with_the_first_code(own, user):
    assert own.post("/account/one-time-codes/on", data={"codes-password": "wrong"}).status_code == 422
    assert (
        own.post("/account/one-time-codes/on", data={"codes-password": PASSWORD}).location == "/account/one-time-codes"
    )
    page = own.get("/account/one-time-codes").get_data(as_text=True)
    assert "<svg" in page
    assert user.totp_secret in page
    assert "src=" not in page.split("<svg")[1].split("</svg>")[0]
    assert own.post("/account/one-time-codes", data={"code": "000000"}).status_code == 422
    assert not one_time_codes.is_on(user)
    done = own.post("/account/one-time-codes", data={"code": code_of(user)})
    codes = re.findall(r">([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})<", done.get_data(as_text=True))
    assert len(set(codes)) == 10
    assert one_time_codes.is_on(user)
    assert "one_time_codes_on" in db.session.scalars(db.select(AuditEntry.action)).all()
    assert own.get("/account/one-time-codes").location == "/account/security"


def test_one_time_codes_are_switched_off_with_the_password(own, user):
    recovery = with_codes(user)
    assert own.post("/account/one-time-codes/off", data={"codes-password": "wrong"}).status_code == 422
    assert one_time_codes.is_on(user)
    assert own.post("/account/one-time-codes/off", data={"codes-password": PASSWORD}).status_code == 303
    assert not one_time_codes.is_on(user)
    assert user.totp_secret is None
    assert not one_time_codes.take(user, recovery[0])


def test_new_recovery_codes_replace_the_old_ones(own, user):
    old = with_codes(user)
    answer = own.post("/account/recovery-codes", data={"codes-password": PASSWORD})
    assert answer.status_code == 200
    assert old[0] not in answer.get_data(as_text=True)
    assert not one_time_codes.take(user, old[0])


def test_the_pages_need_a_sign_in(client):
    for path in ("/account/security", "/account/one-time-codes", "/staff/"):
        assert client.get(path).location.startswith("/sign-in?next="), path
    assert client.post("/account/password").location == "/sign-in"


def refresh_token(client, user, program: str) -> str:
    answer = client.post(
        "/api/auth/token", json={"email": user.email, "password": PASSWORD}, headers={"User-Agent": program}
    )
    return answer.json["refresh_token"]


def renew(client, token: str):
    return client.post("/api/auth/refresh", json={"refresh_token": token})


def test_one_program_is_signed_out_and_the_others_go_on(app, own, user):
    programs = app.test_client()
    first, second = refresh_token(programs, user, "Till/1.0 <b>"), refresh_token(programs, user, "Report " + "x" * 200)
    first = renew(programs, first).json["refresh_token"]
    page = own.get("/account/security").text
    assert "Till/1.0 &lt;b&gt;" in page
    assert f"Report {'x' * 113}<" in page
    assert page.count("Sign out this program") == 2
    number = re.search(r"Till.*?/account/programs/(\d+)/end", page, re.S)[1]
    assert own.post(f"/account/programs/{number}/end").status_code == 303
    assert "Till/1.0" not in own.get("/account/security").text
    assert renew(programs, first).status_code == 401
    assert renew(programs, second).status_code == 200  # a program that tries on in vain ends nobody else
    assert own.post(f"/account/programs/{number}/end").status_code == 303
    assert db.session.scalars(select(AuditEntry.action).filter_by(action="refresh_token_revoked")).all() == [
        "refresh_token_revoked"
    ]


def test_a_program_that_renewed_its_token_meanwhile_is_signed_out_all_the_same(app, own, user):
    programs = app.test_client()
    token = refresh_token(programs, user, "Till/1.0")
    number = re.search(r"/account/programs/(\d+)/end", own.get("/account/security").text)[1]
    token = renew(programs, token).json["refresh_token"]
    assert own.post(f"/account/programs/{number}/end").status_code == 303
    assert "Till/1.0" not in own.get("/account/security").text
    assert renew(programs, token).status_code == 401


def test_nobody_ends_the_program_of_another(app, own, hotel):
    other = person(hotel)
    token = refresh_token(app.test_client(), other, "Till/1.0")
    number = db.session.scalars(select(AccountToken.id).filter_by(user_id=other.id)).one()
    assert own.post(f"/account/programs/{number}/end").status_code == 404
    assert renew(app.test_client(), token).status_code == 200
