"""The door: right and wrong passwords, what the answer gives away, where it leads, and what ends a session."""

from __future__ import annotations

import datetime as dt
import statistics
import time

import pytest

from tests.accounts_kit import PASSWORD, code_of, is_signed_in, person, sign_in, throttled, with_codes
from webapp.accounts import policies
from webapp.accounts.services import signing_in
from webapp.core import clock
from webapp.core.database import db
from webapp.core.transaction import transaction


def test_the_right_password_opens_and_leads_to_the_hotel(client, hotel):
    user = person(hotel)
    answer = sign_in(client, user.email.upper())
    assert (answer.status_code, answer.location) == (303, "/staff/")
    assert client.get("/staff/").location == f"/staff/{hotel.slug}/board"
    assert is_signed_in(client)
    assert user.last_signed_in_at is not None


def test_somebody_without_a_hotel_lands_on_their_account(client):
    assert sign_in(client, person().email).location == "/account/security"


def test_unknown_addresses_and_wrong_passwords_look_the_same(client, hotel):
    known = person(hotel)
    closed = person(hotel, is_active_account=False)
    answers = {
        sign_in(client, email, password).get_data(as_text=True).replace(email, "…")
        for email, password in (
            (known.email, "not the password"),
            (closed.email, PASSWORD),
            ("nobody@example.com", PASSWORD),
        )
    }
    bodies = {body.split('id="sign-in"')[1].split("csrf_token")[1].split(">", 1)[1] for body in answers}
    assert len(bodies) == 1
    assert "The e-mail address or the password is not right." in bodies.pop()


def test_an_unknown_address_takes_as_long_as_a_known_one(app, hotel):
    user = person(hotel)

    def seconds(email: str) -> float:
        taken = []
        for _round in range(5):
            began = time.perf_counter()
            with pytest.raises(Exception, match="not right"):
                signing_in.user_of_password(email, "not the password")
            taken.append(time.perf_counter() - began)
        return statistics.median(taken)

    known, unknown = seconds(user.email), seconds("nobody@example.com")
    assert 0.4 < unknown / known < 2.5


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("/staff/somewhere?q=1", "/staff/somewhere?q=1"),
        ("https://evil.example/", "/account/security"),
        ("//evil.example/", "/account/security"),
        ("/\\evil.example/", "/account/security"),
        ("/\t/evil.example", "/account/security"),
        ("javascript:alert(1)", "/account/security"),
        ("staff", "/account/security"),
    ],
)
def test_a_sign_in_leads_only_to_our_own_pages(client, target, leads_to):
    user = person()
    assert sign_in(client, user.email, next=target).location == leads_to


def test_a_form_without_its_token_is_refused(app, hotel):
    user = person(hotel)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        client = app.test_client()
        assert sign_in(client, user.email).status_code == 400
        assert client.post("/sign-out").status_code == 400
        assert not is_signed_in(client)
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_guessing_one_account_is_stopped_in_clear_words(app, client, hotel):
    user, other = person(hotel), person(hotel)
    with throttled(app):
        statuses = [sign_in(client, user.email, f"wrong password {n}").status_code for n in range(11)]
        assert statuses == [422] * 10 + [429]
        refused = sign_in(client, user.email)
        assert refused.status_code == 429
        assert "Too many attempts. Please wait 15 minutes and try again." in refused.get_data(as_text=True)
        assert sign_in(client, other.email).status_code == 303


def test_guessing_many_accounts_from_one_address_is_stopped(app, client, hotel):
    user = person(hotel)
    with throttled(app):
        for number in range(59):
            policies.attempt_password(f"nobody{number}@example.com", "127.0.0.1")
        assert sign_in(client, user.email).status_code == 303
        client.post("/sign-out")
        assert sign_in(client, user.email).status_code == 429


def test_a_right_password_forgets_the_wrong_ones(app, client, hotel):
    user = person(hotel)
    with throttled(app):
        for _round in range(2):
            for _n in range(9):
                policies.attempt_password(user.email, "192.0.2.1")
            assert sign_in(client, user.email).status_code == 303
            client.post("/sign-out")


def test_a_planted_session_is_worth_nothing(client, hotel):
    user = person(hotel)
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    sign_in(client, user.email)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"] == user.get_id()


def test_signing_out_ends_the_session(client, hotel):
    sign_in(client, person(hotel).email)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 303
    assert not is_signed_in(client)


def test_a_copied_cookie_is_worth_nothing_after_signing_out(app, client, hotel):
    email = person(hotel).email
    sign_in(client, email)
    other, copy = app.test_client(), app.test_client()
    sign_in(other, email)
    with client.session_transaction() as session, copy.session_transaction() as copied:
        copied.update(session)
    assert is_signed_in(copy)
    client.post("/sign-out")
    assert not is_signed_in(copy)
    assert is_signed_in(other), "the other device stays signed in"


def test_signing_out_everywhere_ends_every_session(app, hotel):
    user = person(hotel)
    here, there = app.test_client(), app.test_client()
    sign_in(here, user.email)
    sign_in(there, user.email)
    assert here.post("/account/sign-out-everywhere").status_code == 303
    assert not is_signed_in(here)
    assert not is_signed_in(there)
    assert there.get(f"/staff/{hotel.slug}/team").status_code == 302


def test_a_closed_account_is_out_at_once(client, hotel):
    user = person(hotel)
    sign_in(client, user.email)
    with transaction():
        user.is_active_account = False
    assert not is_signed_in(client)


def test_an_idle_session_ends_after_twelve_hours_and_a_used_one_does_not(client, hotel):
    user, began = person(hotel), clock.now()
    sign_in(client, user.email)
    for hours in (6, 12, 18, 24):
        with clock.frozen(began + dt.timedelta(hours=hours)):
            assert is_signed_in(client), hours
    with clock.frozen(began + dt.timedelta(hours=36, minutes=1)):
        assert not is_signed_in(client)


def test_a_session_ends_some_weeks_after_signing_in_however_busy_it_is(client, hotel):
    user, began = person(hotel), clock.now()
    sign_in(client, user.email)
    for busy, expected in ((dt.timedelta(days=29, hours=23), True), (dt.timedelta(days=30, minutes=1), False)):
        with clock.frozen(began + busy):
            with client.session_transaction() as session:
                session["seen"] = int(clock.now().timestamp())
            assert is_signed_in(client) is expected


def test_a_session_from_before_the_rule_gets_its_days_from_now(client, hotel):
    user, began = person(hotel), clock.now()
    sign_in(client, user.email)
    with client.session_transaction() as session:
        del session["begun"]
    assert is_signed_in(client)
    with client.session_transaction() as session:
        assert session["begun"] == pytest.approx(began.timestamp(), abs=60)


def test_pages_of_the_staff_are_kept_by_no_browser(manager, hotel):
    for path in (f"/staff/{hotel.slug}/board", f"/staff/{hotel.slug}/reservations", "/account/security"):
        assert manager.get(path).headers["Cache-Control"] == "no-store"


def test_the_second_step_is_asked_for_and_a_code_works_once(app, hotel):
    user = person(hotel)
    with_codes(user)
    first, second = app.test_client(), app.test_client()
    assert sign_in(first, user.email).location == "/sign-in/code"
    assert not is_signed_in(first)
    code = code_of(user)
    assert first.post("/sign-in/code", data={"code": "000000"}).status_code == 422
    assert first.post("/sign-in/code", data={"code": code}).status_code == 303
    assert is_signed_in(first)
    sign_in(second, user.email)
    replayed = second.post("/sign-in/code", data={"code": code})
    assert replayed.status_code == 422
    assert "it was used already" in replayed.get_data(as_text=True)
    assert not is_signed_in(second)
    assert second.post("/sign-in/code", data={"code": code_of(user, 1)}).status_code == 303


def test_codes_cannot_be_guessed(app, client, hotel):
    user = person(hotel)
    with_codes(user)
    with throttled(app):
        sign_in(client, user.email)
        assert [client.post("/sign-in/code", data={"code": "000000"}).status_code for _n in range(7)] == [422] * 6 + [
            429
        ]
        assert client.post("/sign-in/code", data={"code": code_of(user)}).status_code == 429


def test_the_second_step_cannot_be_skipped_or_kept(app, hotel):
    user, client = person(hotel), app.test_client()
    assert client.get("/sign-in/code").location == "/sign-in"
    assert client.post("/sign-in/code", data={"code": "123456"}).location == "/sign-in"
    with_codes(user)
    began = clock.now()
    sign_in(client, user.email)
    with clock.frozen(began + dt.timedelta(minutes=11)):
        assert client.post("/sign-in/code", data={"code": code_of(user)}).location == "/sign-in"


def test_a_recovery_code_opens_once(app, hotel):
    user = person(hotel)
    codes = with_codes(user)
    for attempt in (303, 422):
        client = app.test_client()
        sign_in(client, user.email)
        assert client.post("/sign-in/code", data={"code": codes[0].lower()}).status_code == attempt


def test_pages_answer_who_is_signed_in_already(client, hotel):
    sign_in(client, person(hotel).email)
    assert client.get("/sign-in").location == "/staff/"
    assert client.get("/sign-in?next=/account/security").location == "/account/security"


def test_the_sign_in_page_keeps_where_it_was_going(client):
    page = client.get("/sign-in?next=/staff/x/board").get_data(as_text=True)
    assert 'name="next" value="/staff/x/board"' in page
    assert 'name="next"' not in client.get("/sign-in?next=//evil.example").get_data(as_text=True)
    assert db.session.is_active
