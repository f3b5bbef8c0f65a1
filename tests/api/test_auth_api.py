"""Tokens of the JSON API: how they are got, renewed, copied and ended, and that nothing else opens it."""

from __future__ import annotations

import datetime as dt

import jwt
import pytest

from tests import factories
from tests.accounts_kit import PASSWORD, code_of, person, sign_in, throttled, with_codes
from webapp.accounts.services import signing_in
from webapp.core import clock
from webapp.core.transaction import transaction


@pytest.fixture
def user(hotel):
    return person(hotel, "manager")


def get_tokens(client, user, **more):
    return client.post("/api/auth/token", json={"email": user.email, "password": PASSWORD, **more})


def me(client, hotel, token):
    return client.get(f"/api/staff/hotel/{hotel.slug}/me/", headers={"Authorization": f"Bearer {token}"})


def test_a_token_opens_the_callers_own_hotel_and_no_other(client, hotel, user):
    answer = get_tokens(client, user)
    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "refresh_token", "expires_in", "token_type"}
    assert answer.json["expires_in"] == 900
    assert answer.headers["Cache-Control"] == "no-store"
    profile = me(client, hotel, answer.json["access_token"])
    assert profile.json["user"] == {"email": user.email, "name": user.name, "language": "en"}
    assert profile.json["hotel"]["slug"] == hotel.slug
    assert profile.json["role"] == "manager"
    assert "stays.manage" in profile.json["permissions"]
    other = factories.make_hotel()
    refused = me(client, other, answer.json["access_token"])
    assert (refused.status_code, refused.json["error"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/api/auth/token", "/api/auth/token/"])
def test_trailing_slashes_are_optional(client, user, path):
    assert client.post(path, json={"email": user.email, "password": PASSWORD}).status_code == 200


def test_wrong_credentials_say_no_more_than_that(client, user):
    answers = [
        client.post("/api/auth/token", json={"email": email, "password": password})
        for email, password in ((user.email, "wrong"), ("nobody@example.com", PASSWORD))
    ]
    assert [a.status_code for a in answers] == [401, 401]
    assert answers[0].json == answers[1].json
    assert answers[0].json["error"]["code"] == "WRONG_CREDENTIALS"


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"email": "a@example.com"}, 400, "MALFORMED", "password"),
        ({"email": 5, "password": "x"}, 400, "MALFORMED", "email"),
        ({"email": "a@example.com", "password": "x", "more": 1}, 400, "MALFORMED", "more"),
        ({"email": "a" * 300, "password": "x"}, 422, "INVALID", "email"),
    ],
)
def test_bad_input_is_answered_in_the_envelope(client, body, status, code, field):
    answer = client.post("/api/auth/token", json=body)
    assert answer.status_code == status
    assert answer.json["error"]["code"] == code
    assert answer.json["error"]["field"] == field


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        ("{", "application/json"),
        ("[]", "application/json"),
        ("a=1", "application/x-www-form-urlencoded"),
        ("x", "text/plain"),
    ],
)
def test_a_body_that_is_no_json_object_is_malformed(client, data, content_type):
    answer = client.post("/api/auth/token", data=data, content_type=content_type)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "MALFORMED")


def test_the_second_step_is_asked_for(client, hotel, user):
    with_codes(user)
    first = get_tokens(client, user)
    assert (first.status_code, first.json["error"]["code"]) == (401, "TOTP_REQUIRED")
    code = code_of(user)
    assert get_tokens(client, user, totp=code).status_code == 200
    replayed = get_tokens(client, user, totp=code)
    assert (replayed.status_code, replayed.json["error"]["code"]) == (401, "TOTP_WRONG")


def test_guessing_is_stopped(app, client, user):
    with throttled(app):
        body = {"email": user.email, "password": "wrong"}
        statuses = [client.post("/api/auth/token", json=body).status_code for _n in range(11)]
        assert statuses == [401] * 10 + [429]
        assert get_tokens(client, user).json["error"]["code"] == "TOO_MANY_REQUESTS"


def test_a_refresh_token_works_once_and_its_copy_ends_them_all(client, hotel, user):
    first = get_tokens(client, user).json
    elsewhere = get_tokens(client, user).json
    second = client.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert me(client, hotel, second.json["access_token"]).status_code == 200
    copied = client.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert (copied.status_code, copied.json["error"]["code"]) == (401, "UNAUTHENTICATED")
    for tokens in (second.json, elsewhere):
        answer = client.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert answer.status_code == 401


def test_refresh_tokens_end_by_themselves(client, user):
    token = get_tokens(client, user).json["refresh_token"]
    with clock.frozen(clock.now() + dt.timedelta(days=31)):
        assert client.post("/api/auth/refresh", json={"refresh_token": token}).status_code == 401
    assert client.post("/api/auth/refresh", json={"refresh_token": "unknown"}).status_code == 401


def test_signing_out_everywhere_ends_access_and_refresh_tokens(client, hotel, user):
    tokens = get_tokens(client, user).json
    with transaction():
        signing_in.sign_out_everywhere(user)
    assert me(client, hotel, tokens["access_token"]).status_code == 401
    assert client.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_a_session_cookie_does_not_open_the_api(client, hotel, user):
    sign_in(client, user.email)
    answer = client.get(f"/api/staff/hotel/{hotel.slug}/me/")
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "UNAUTHENTICATED")


def test_forged_and_foreign_tokens_are_refused(app, client, hotel, user):
    secret = app.config["SECRET_KEY"]
    claims = {"sub": str(user.id), "epoch": 0, "use": "access", "exp": clock.now() + dt.timedelta(hours=1)}
    forged = (
        jwt.encode(claims, "x" * 40, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode({**claims, "use": "refresh"}, secret, algorithm="HS256"),
        jwt.encode({**claims, "exp": clock.now() - dt.timedelta(seconds=1)}, secret, algorithm="HS256"),
        jwt.encode({**claims, "epoch": 7}, secret, algorithm="HS256"),
        "nonsense",
        get_tokens(client, user).json["refresh_token"],
    )
    assert {me(client, hotel, token).status_code for token in forged} == {401}
    assert me(client, hotel, jwt.encode(claims, secret, algorithm="HS256")).status_code == 200


def test_the_api_needs_no_csrf_token(app, user):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert get_tokens(app.test_client(), user).status_code == 200
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_the_description_and_its_page(client):
    document = client.get("/api/openapi.json").json
    assert document["openapi"].startswith("3.")
    post = document["paths"]["/api/auth/token/"]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/TokenRequest")
    assert document["paths"]["/api/staff/hotel/{slug}/me/"]["get"]["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert "ErrorEnvelope" in document["components"]["schemas"]
    page = client.get("/api/docs")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert "/api/auth/token/" in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
