"""The journal: what each emulated provider was told and what it answered, without secrets."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from webapp.sandbox.storage import Document, Storage

KIND = "journal"
KEEP = 2000
BODY_LIMIT = 8 * 1024
SERVICES = ("ttlock", "twilio", "ota", "smtp", "cloudinary", "gmail")

_SECRETS = (
    "client_?secret|password|pass|access_?token|refresh_?token|auth_?token|token|api_?secret|"
    "adminPwd|noKeyPwd|aesKeyStr|lockKey|lockData"
)
_JSON_SECRET = re.compile(rf'("(?:{_SECRETS})"\s*:\s*)"[^"]*"', re.IGNORECASE)
_FORM_SECRET = re.compile(rf"((?:^|[?&\s])(?:{_SECRETS})=)[^&\s]*", re.IGNORECASE)
_HIDDEN = "•••"


def redact(text: str) -> str:
    """Blank the values of secrets in a query string, a form body or JSON."""
    return _FORM_SECRET.sub(rf"\g<1>{_HIDDEN}", _JSON_SECRET.sub(rf'\g<1>"{_HIDDEN}"', text))


def truncate(text: str, limit: int = BODY_LIMIT) -> str:
    if len(text.encode(errors="replace")) <= limit:
        return text
    kept = text.encode(errors="replace")[:limit].decode(errors="ignore")
    return f"{kept}\n… cut here; {len(text)} characters in all"


class Journal:
    """Bounded record of exchanges; the newest 2,000 stay."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def record(
        self,
        service: str,
        *,
        direction: str,
        method: str,
        target: str,
        status: int | str,
        request: str,
        response: str,
        seconds: float = 0.0,
        note: str = "",
    ) -> int:
        """Keep one exchange. `direction` is "in" for calls to the emulator, "out" for calls that it made.

        `note` is what went wrong where the status does not say so.
        """
        return self._storage.append(
            KIND,
            {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "service": service,
                "direction": direction,
                "method": method,
                "target": redact(truncate(target, 1024)),
                "status": status,
                "request": redact(truncate(request)),
                "response": redact(truncate(response)),
                "seconds": round(seconds, 3),
                "note": note,
            },
            keep=KEEP,
        )

    def entries(self, service: str | None = None, limit: int = 100) -> list[Document]:
        """Newest first."""
        return self._storage.newest(KIND, limit, lambda entry: service is None or entry["service"] == service)

    def entry(self, number: int) -> Document | None:
        return self._storage.get(KIND, number)

    def counts(self) -> dict[str, int]:
        counts = dict.fromkeys(SERVICES, 0)
        for entry in self._storage.all(KIND):
            counts[entry["service"]] = counts.get(entry["service"], 0) + 1
        return counts
