"""Google's answers as JSON, and its errors as faults of the port."""

from __future__ import annotations

import json
from typing import Any

from webapp.channels.mail_ports import MailboxFault, MailboxFaultKind

from ..transport import Answer, TransportError

_QUOTA = {
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "dailyLimitExceeded",
    "quotaExceeded",
    "concurrentLimitExceeded",
}
_SENTENCES: dict[MailboxFaultKind, str] = {
    "try_again": "Google does not answer properly just now. The mailbox is read again at the next turn.",
    "sign_in_again": "Google no longer lets us read this mailbox. Sign in with Google again.",
    "quota": "Google says that we ask too often. We wait and try again.",
    "not_allowed": "Google refuses to show the mails: reading mail was not allowed at sign-in. Sign in again and allow it.",
    "not_found": "Google does not know what we asked for.",
}


def fault(kind: MailboxFaultKind, retry_after: int | None = None) -> MailboxFault:
    return MailboxFault(kind, _SENTENCES[kind], retry_after=retry_after)


def transport_fault(error: TransportError) -> MailboxFault:
    return fault("not_found" if error.kind == "url" else "try_again")


def json_of(answer: Answer) -> dict[str, Any]:
    """The body of a good answer. Raises MailboxFault for every other."""
    if answer.status != 200:
        raise fault_of(answer)
    try:
        body = json.loads(answer.content)
    except (ValueError, RecursionError):
        raise fault("try_again") from None
    if not isinstance(body, dict):
        raise fault("try_again")
    return body


def fault_of(answer: Answer) -> MailboxFault:
    reasons = _reasons(answer)
    if answer.status == 429 or reasons & _QUOTA:
        return fault("quota", _seconds(answer))
    if answer.status == 401 or "invalid_grant" in reasons:
        return fault("sign_in_again")
    if answer.status == 403:
        return fault("not_allowed")
    if answer.status == 404:
        return fault("not_found")
    if answer.status >= 500:
        return fault("try_again", _seconds(answer))
    return fault("sign_in_again" if reasons & {"invalid_client", "unauthorized_client"} else "try_again")


def _reasons(answer: Answer) -> set[str]:
    """Every reason and status that an error body names: of the API and of the token endpoint."""
    try:
        error = json.loads(answer.content).get("error")
    except (ValueError, RecursionError, AttributeError):
        return set()
    if isinstance(error, str):
        return {error}
    if not isinstance(error, dict):
        return set()
    listed = error.get("errors")
    named = [entry.get("reason") for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return {reason for reason in [*named, error.get("status")] if isinstance(reason, str)}


def _seconds(answer: Answer) -> int | None:
    text = (answer.header("Retry-After") or "").strip()
    return min(int(text), 86_400) if text.isascii() and text.isdecimal() and len(text) < 10 else None
