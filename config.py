"""Settings: one frozen object, read once from the environment.

Nothing else in the project reads the environment. `Settings.from_env` refuses to build an invalid object and names every
variable that is missing or wrong, so that a process either starts right or says why it does not.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Literal

Environment = Literal["development", "testing", "production"]

LANGUAGES = ("en", "fr", "de", "es", "zh", "it", "pt", "ar", "ja", "hi")
DEVELOPMENT_SECRET = "development-only-secret-key-never-used-in-production"  # noqa: S105
DEVELOPMENT_ENCRYPTION_KEY = base64.urlsafe_b64encode(b"innkeep-development-key-32-bytes").decode()


class SettingsError(ValueError):
    """The environment does not make a valid configuration. The message names each variable."""


@dataclass(frozen=True)
class MailSettings:
    host: str = "127.0.0.1"
    port: int = 2525
    username: str = ""
    password: str = field(default="", repr=False)
    use_starttls: bool = False
    use_ssl: bool = False
    sender: str = "Innkeep <no-reply@innkeep.example>"


@dataclass(frozen=True)
class TwilioSettings:
    account_sid: str
    auth_token: str = field(repr=False)
    from_number: str = ""
    messaging_service_sid: str = ""
    base_url: str = "https://api.twilio.com"


@dataclass(frozen=True)
class TTLockSettings:
    client_id: str
    client_secret: str = field(repr=False)
    base_url: str = "https://euapi.ttlock.com"


@dataclass(frozen=True)
class CloudinarySettings:
    cloud_name: str
    api_key: str
    api_secret: str = field(repr=False)
    base_url: str = "https://api.cloudinary.com"


@dataclass(frozen=True)
class GoogleSettings:
    """Our application at Google, with which hotels let us read their Gmail."""

    client_id: str
    client_secret: str = field(repr=False)
    auth_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105
    api_url: str = "https://gmail.googleapis.com"
    push_topic: str = (
        ""  # projects/…/topics/…: where Gmail tells of new mails; without it they are found every two minutes
    )
    push_token: str = field(default="", repr=False)  # in the address that the topic's subscription pushes to


@dataclass(frozen=True)
class Settings:
    """Everything the processes need to know. Secrets never appear in its repr."""

    environment: Environment
    secret_key: str = field(repr=False)
    encryption_keys: tuple[bytes, ...] = field(repr=False)
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    public_url: str
    instance_path: Path
    mail: MailSettings
    sandbox_url: str | None  # base URL of the provider emulators; None when there is no sandbox
    twilio: TwilioSettings | None
    ttlock: TTLockSettings | None
    cloudinary: CloudinarySettings | None
    google: GoogleSettings | None = None
    ratelimit_enabled: bool = True
    web_concurrency: int = 2
    live_stream_limit: int = 24  # open boards of one web process, which serves pages with the threads that are left
    trusted_proxies: int = 0
    session_days: int = 30  # so long after signing in everybody signs in anew, however busy they are
    log_level: str = "INFO"
    languages: tuple[str, ...] = LANGUAGES

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def is_sandboxed(self) -> bool:
        """True when at least one provider is an emulator."""
        return self.sandbox_url is not None

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Build the settings of a process from `env` (normally `os.environ`).

        Raises SettingsError with one line per problem.
        """
        return _Reader(env).settings()


class _Reader:
    """Collects every problem before it gives up, so that one start tells them all."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []
        self.environment: Environment = self._environment()
        self.is_production = self.environment == "production"

    def settings(self) -> Settings:
        sandbox_url = self._sandbox_url()
        result = Settings(
            environment=self.environment,
            secret_key=self._secret("SECRET_KEY", DEVELOPMENT_SECRET, at_least=32),
            encryption_keys=self._encryption_keys(),
            database_url=_psycopg_url(self._needed("DATABASE_URL")),
            redis_url=self._needed("REDIS_URL"),
            public_url=self._public_url(),
            instance_path=Path(self.env.get("INSTANCE_PATH") or "instance").absolute(),
            mail=self._mail(sandbox_url),
            sandbox_url=sandbox_url,
            twilio=self._twilio(sandbox_url),
            ttlock=self._ttlock(sandbox_url),
            cloudinary=self._cloudinary(),
            google=self._google(sandbox_url),
            ratelimit_enabled=self._flag("RATELIMIT_ENABLED", default=True),
            web_concurrency=self._int("WEB_CONCURRENCY", 2, low=1, high=64),
            live_stream_limit=self._int("LIVE_STREAM_LIMIT", 24, low=1, high=100_000),
            trusted_proxies=self._int("TRUSTED_PROXIES", 0, low=0, high=5),
            session_days=self._int("SESSION_DAYS", 30, low=1, high=365),
            log_level=self.env.get("LOG_LEVEL", "INFO").upper(),
        )
        if self.problems:
            raise SettingsError("Innkeep cannot start:\n" + "\n".join(f"- {p}" for p in self.problems))
        return result

    def _environment(self) -> Environment:
        value = self.env.get("INNKEEP_ENV", "development")
        if value in ("development", "testing", "production"):
            return value  # type: ignore[return-value]
        self.problems.append(f"INNKEEP_ENV is {value!r}; it must be development, testing or production")
        return "production"

    def _needed(self, name: str) -> str:
        value = self.env.get(name, "")
        if not value:
            self.problems.append(f"{name} is not set")
        return value

    def _secret(self, name: str, development: str, at_least: int) -> str:
        value = self.env.get(name, "")
        if not value and not self.is_production:
            return development
        if not value:
            self.problems.append(f"{name} is not set; production needs it")
        elif len(value) < at_least:
            self.problems.append(f"{name} is shorter than {at_least} characters")
        elif self.is_production and value == development:
            self.problems.append(f"{name} is the development value; choose your own")
        return value

    def _encryption_keys(self) -> tuple[bytes, ...]:
        text = self._secret("ENCRYPTION_KEYS", DEVELOPMENT_ENCRYPTION_KEY, at_least=44)
        keys = []
        for number, part in enumerate(filter(None, (p.strip() for p in text.split(","))), start=1):
            try:
                key = base64.urlsafe_b64decode(part)
            except (binascii.Error, ValueError):
                key = b""
            if len(key) != 32:
                self.problems.append(f"ENCRYPTION_KEYS: key {number} is not 32 bytes in URL-safe base64")
            keys.append(key)
        return tuple(keys)

    def _public_url(self) -> str:
        value = self.env.get("PUBLIC_URL", "").rstrip("/")
        if self.is_production and not value.startswith("https://"):
            self.problems.append("PUBLIC_URL must be the https:// address that guests see")
        return value or "http://127.0.0.1:8000"

    def _sandbox_url(self) -> str | None:
        value = self.env.get("SANDBOX_URL", "").rstrip("/")
        if value and self.is_production:
            self.problems.append("SANDBOX_URL is set; production never speaks to emulated providers")
        return value or None

    def _mail(self, sandbox_url: str | None) -> MailSettings:
        host = self.env.get("MAIL_HOST", "")
        if self.is_production and not host:
            self.problems.append("MAIL_HOST is not set; production needs it to send guests their links")
        return MailSettings(
            host=host or "127.0.0.1",
            port=self._int("MAIL_PORT", 587 if host else 2525, low=1, high=65535),
            username=self.env.get("MAIL_USERNAME", ""),
            password=self.env.get("MAIL_PASSWORD", ""),
            use_starttls=self._flag("MAIL_STARTTLS", default=bool(host)),
            use_ssl=self._flag("MAIL_SSL", default=False),
            sender=self._sender(),
        )

    def _sender(self) -> str:
        """`Name <address>` or an address alone."""
        value = self.env.get("MAIL_FROM") or MailSettings.sender
        _name, address = parseaddr(value)
        if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+", address) or "\n" in value:
            self.problems.append(f"MAIL_FROM is {value!r}; write it as: Hotel name <hotel@example.com>")
        return value

    def _group(self, title: str, *names: str) -> list[str] | None:
        """The values of variables that only make sense together; None when none of them is set."""
        values = [self.env.get(name, "") for name in names]
        if not any(values):
            return None
        missing = [name for name, value in zip(names, values, strict=True) if not value]
        if missing:
            self.problems.append(f"{title} is half configured; also set {', '.join(missing)}")
        return values

    def _twilio(self, sandbox_url: str | None) -> TwilioSettings | None:
        values = self._group("Twilio", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
        if values:
            if not (self.env.get("TWILIO_FROM_NUMBER") or self.env.get("TWILIO_MESSAGING_SERVICE_SID")):
                self.problems.append("Twilio needs TWILIO_FROM_NUMBER or TWILIO_MESSAGING_SERVICE_SID")
            return TwilioSettings(
                values[0],
                values[1],
                from_number=self.env.get("TWILIO_FROM_NUMBER", ""),
                messaging_service_sid=self.env.get("TWILIO_MESSAGING_SERVICE_SID", ""),
                base_url=self.env.get("TWILIO_BASE_URL") or TwilioSettings.base_url,
            )
        if sandbox_url:
            sid = "AC" + "0" * 32
            return TwilioSettings(sid, "sandbox-token", "+15005550006", base_url=f"{sandbox_url}/twilio")
        return None

    def _ttlock(self, sandbox_url: str | None) -> TTLockSettings | None:
        values = self._group("TTLock", "TTLOCK_CLIENT_ID", "TTLOCK_CLIENT_SECRET")
        if values:
            return TTLockSettings(values[0], values[1], self.env.get("TTLOCK_BASE_URL") or TTLockSettings.base_url)
        if sandbox_url:
            return TTLockSettings("sandbox-client", "sandbox-secret", base_url=f"{sandbox_url}/ttlock")
        return None

    def _cloudinary(self) -> CloudinarySettings | None:
        values = self._group("Cloudinary", "CLOUDINARY_CLOUD_NAME", "CLOUDINARY_API_KEY", "CLOUDINARY_API_SECRET")
        if not values:
            return None
        base_url = self.env.get("CLOUDINARY_BASE_URL") or CloudinarySettings.base_url
        return CloudinarySettings(values[0], values[1], values[2], base_url)

    def _google(self, sandbox_url: str | None) -> GoogleSettings | None:
        values = self._group("Google", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
        topic, token = self._group("Gmail's push", "GOOGLE_PUSH_TOPIC", "GOOGLE_PUSH_TOKEN") or ("", "")
        if token and len(token) < 24:
            self.problems.append("GOOGLE_PUSH_TOKEN is too short; choose at least 24 characters")
        if values:
            return GoogleSettings(values[0], values[1], push_topic=topic, push_token=token)
        if sandbox_url:
            base = f"{sandbox_url}/gmail"
            return GoogleSettings(
                "sandbox-google-client", "sandbox-google-secret", f"{base}/o/oauth2/v2/auth", f"{base}/token", base,
                topic or "projects/sandbox/topics/mails", token or "sandbox-google-push-token",
            )  # fmt: skip
        return None

    def _flag(self, name: str, default: bool) -> bool:
        value = self.env.get(name, "").strip().lower()
        if value in ("", "0", "false", "no", "off", "1", "true", "yes", "on"):
            return default if not value else value in ("1", "true", "yes", "on")
        self.problems.append(f"{name} is {value!r}; use 1 or 0")
        return default

    def _int(self, name: str, default: int, low: int, high: int) -> int:
        value = self.env.get(name, "").strip()
        if not value:
            return default
        if value.isdecimal() and low <= int(value) <= high:
            return int(value)
        self.problems.append(f"{name} is {value!r}; use a whole number from {low} to {high}")
        return default


def _psycopg_url(url: str) -> str:
    """`postgres://` and `postgresql://` mean psycopg 3 here, the driver that is installed."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
