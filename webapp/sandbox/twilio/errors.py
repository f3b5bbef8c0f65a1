"""Twilio's error bodies, and the numbers that produce them without any set-up."""

from __future__ import annotations

from typing import Any

# code -> (HTTP status, message; {to} and {from_} are filled in)
ERRORS: dict[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource {path} was not found"),
    20429: (429, "Too Many Requests"),
    21211: (400, "Invalid 'To' Phone Number: {to}"),
    21212: (400, "Invalid From Number (caller ID): {from_}"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21608: (400, "The number {to} is unverified. Trial accounts cannot send messages to unverified numbers."),
    21610: (400, "The message From/To pair violates a blacklist rule."),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
}

# Refused at once. The first four are Twilio's own test numbers; the last stands for an account at its rate limit.
REFUSED = {
    "+15005550001": 21211,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
    "+15005550029": 20429,
}
# Accepted, then reported undelivered with this ErrorCode.
UNDELIVERED = {
    "+15005550033": 30003,
    "+15005550035": 30005,
    "+15005550036": 30006,
    "+15005550037": 30007,
}


class TwilioError(Exception):
    """A request that Twilio answers with an error body."""

    def __init__(self, code: int, **details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    @property
    def status(self) -> int:
        return ERRORS.get(self.code, (400, ""))[0]

    def body(self) -> dict[str, Any]:
        message = ERRORS.get(self.code, (400, "Bad request"))[1]
        for name, value in self.details.items():
            message = message.replace("{" + name + "}", value)
        return {
            "code": self.code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
