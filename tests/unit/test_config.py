"""A process starts right or says why it does not."""

from __future__ import annotations

import base64

import pytest

from config import Settings, SettingsError

SERVERS = {"DATABASE_URL": "postgres://u@h/d", "REDIS_URL": "redis://h/0"}
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
PRODUCTION = {
    **SERVERS,
    "INNKEEP_ENV": "production",
    "SECRET_KEY": "s" * 40,
    "ENCRYPTION_KEYS": KEY,
    "PUBLIC_URL": "https://hotel.example",
    "MAIL_HOST": "mail.example",
}


def test_development_needs_only_the_servers():
    settings = Settings.from_env(SERVERS)
    assert settings.database_url == "postgresql+psycopg://u@h/d"
    assert settings.twilio is None


def test_a_complete_production_starts():
    assert Settings.from_env(PRODUCTION).is_production


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "ENCRYPTION_KEYS", "PUBLIC_URL", "MAIL_HOST", "DATABASE_URL", "REDIS_URL"]
)
def test_production_names_what_is_missing(name):
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({k: v for k, v in PRODUCTION.items() if k != name})


def test_every_problem_is_told_at_once():
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({"INNKEEP_ENV": "production"})
    assert str(refused.value).count("\n") >= 6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SANDBOX_URL", "http://127.0.0.1:1"),
        ("SECRET_KEY", "short"),
        ("ENCRYPTION_KEYS", "not base64!"),
        ("PUBLIC_URL", "http://hotel.example"),
        ("WEB_CONCURRENCY", "many"),
        ("MAIL_PORT", "0"),
        ("MAIL_FROM", "nobody"),
        ("RATELIMIT_ENABLED", "perhaps"),
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("TTLOCK_CLIENT_ID", "x"),
        ("INNKEEP_ENV", "staging"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match="TWILIO_AUTH_TOKEN" if name.startswith("TWILIO") else name[:6]):
        Settings.from_env({**PRODUCTION, name: value})


def test_secrets_stay_out_of_the_repr():
    shown = repr(Settings.from_env(PRODUCTION))
    assert "ssss" not in shown
    assert "kkkk" not in shown


def test_without_keys_the_sandbox_speaks_for_the_providers():
    settings = Settings.from_env({**SERVERS, "SANDBOX_URL": "http://127.0.0.1:9000/"})
    assert settings.twilio is not None
    assert settings.twilio.base_url == "http://127.0.0.1:9000/twilio"
    assert settings.ttlock is not None
    assert settings.ttlock.base_url == "http://127.0.0.1:9000/ttlock"
