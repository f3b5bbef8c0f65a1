"""A new password by mail: the same answer for every address, a link that works once, and what it ends."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from tests.accounts_kit import PASSWORD, is_signed_in, link_in, person, sign_in, throttled, with_codes
from webapp.core import clock
from webapp.core.database import db
from webapp.core.outbox import OutboxMessage
from webapp.models import AccountToken, Message

NEW = "a quiet evening at sea"


def mails_to(email):
    return [m for m in db.session.scalars(select(Message).order_by(Message.id)) if m.recipient == email]


@pytest.fixture
def user(hotel):
    return person(hotel)


@pytest.fixture
def link(client, run_jobs, user):
    client.post("/reset", data={"email": user.email})
    run_jobs()
    return link_in(mails_to(user.email)[-1])


def test_every_address_gets_the_same_answer_and_the_same_work(client, run_jobs, user):
    invited = person(password=PASSWORD)
    invited.password_hash = None
    db.session.commit()
    answers = set()
    for email in (user.email, "nobody@example.com", invited.email):
        answer = client.post("/reset", data={"email": email})
        answers.add((answer.status_code, answer.get_data(as_text=True).replace(email, "…").split("<main")[1]))
    assert len(answers) == 1
    jobs = db.session.scalars(select(OutboxMessage.job)).all()
    assert jobs == ["jobs.accounts.send_password_reset"] * 3
    run_jobs()
    assert len(mails_to(user.email)) == 1
    assert mails_to("nobody@example.com") == []
    assert mails_to(invited.email) == []


def test_the_link_sets_a_password_once_and_ends_every_session(app, client, user, link):
    elsewhere = app.test_client()
    sign_in(elsewhere, user.email)
    assert user.email in client.get(link).get_data(as_text=True)
    assert client.post(link, data={"password": "short"}).status_code == 422
    assert client.post(link, data={"password": NEW}).location == "/sign-in"
    assert not is_signed_in(elsewhere)
    assert not is_signed_in(client)
    assert sign_in(client, user.email).status_code == 422
    assert sign_in(client, user.email, NEW).status_code == 303
    assert client.post(link, data={"password": "yet another password"}).status_code == 410


def test_only_the_hash_of_the_link_is_kept(user, link):
    token = link.rsplit("/", 1)[1]
    stored = db.session.scalars(select(AccountToken).filter_by(purpose="password_reset")).one()
    assert token.encode() not in stored.token_hash
    assert len(stored.token_hash) == 32


def test_a_newer_link_and_time_end_it(client, run_jobs, user, link):
    with clock.frozen(clock.now() + dt.timedelta(hours=1, seconds=1)):
        assert client.get(link).status_code == 410
    client.post("/reset", data={"email": user.email})
    run_jobs()
    assert client.get(link).status_code == 410
    assert client.get(link_in(mails_to(user.email)[-1])).status_code == 200


def test_the_second_step_stays_on(client, user, link):
    with_codes(user)
    client.post(link, data={"password": NEW})
    assert sign_in(client, user.email, NEW).location == "/sign-in/code"


def test_asking_again_and_again_is_stopped_for_every_address_alike(app, client, user):
    with throttled(app):
        for email in (user.email, "nobody@example.com"):
            statuses = [client.post("/reset", data={"email": email}).status_code for _n in range(4)]
            assert statuses == [200, 200, 200, 429]


def test_a_closed_account_gets_no_mail(client, run_jobs, user):
    user.is_active_account = False
    db.session.commit()
    client.post("/reset", data={"email": user.email})
    run_jobs()
    assert mails_to(user.email) == []


def test_mails_speak_the_language_of_the_account(client, run_jobs, user):
    user.language = "ar"
    db.session.commit()
    client.post("/reset", data={"email": user.email})
    run_jobs()
    assert 'dir="rtl"' in mails_to(user.email)[0].html


def test_signing_out_everywhere_ends_a_link_that_somebody_asked_for(client, user, link):
    sign_in(client, user.email)
    assert client.post("/account/sign-out-everywhere").status_code == 303
    assert client.get(link).status_code == 410
