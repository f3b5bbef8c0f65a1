"""One tree of errors. Services raise them; the web kit answers them as a page, a fragment or JSON.

`code` is stable and in capitals (see the JSON API); `message` is a translated sentence that says what happened and how to
go on; `field` names the input at fault; `details` are machine-readable.
"""

from __future__ import annotations

from typing import Any


class AppError(Exception):
    """Base of every error that a person may cause and should understand."""

    status = 500
    default_code = "INTERNAL_ERROR"

    def __init__(
        self,
        message: str,
        code: str | None = None,
        *,
        field: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(str(message))
        self.message = message
        self.code = code or self.default_code
        self.field = field
        self.details = details

    def as_json(self) -> dict[str, Any]:
        """The envelope of the JSON API."""
        body: dict[str, Any] = {"code": self.code, "message": str(self.message)}
        if self.field:
            body["field"] = self.field
        if self.details:
            body["details"] = self.details
        return {"error": body}


class Malformed(AppError):
    status = 400
    default_code = "MALFORMED"


class Unauthenticated(AppError):
    status = 401
    default_code = "UNAUTHENTICATED"


class Forbidden(AppError):
    status = 403
    default_code = "FORBIDDEN"


class NotFound(AppError):
    status = 404
    default_code = "NOT_FOUND"


class Conflict(AppError):
    status = 409
    default_code = "CONFLICT"


class Gone(AppError):
    status = 410
    default_code = "GONE"


class TooLarge(AppError):
    status = 413
    default_code = "TOO_LARGE"


class Invalid(AppError):
    status = 422
    default_code = "INVALID"


class TooMany(AppError):
    status = 429
    default_code = "TOO_MANY_REQUESTS"


class Unavailable(AppError):
    status = 503
    default_code = "UNAVAILABLE"
