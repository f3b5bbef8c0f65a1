"""Shapes of the JSON about messages."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from webapp.web.api import Taken

_SAME = {
    "email": "mail", "e-mail": "mail", "call": "phone", "phone_call": "phone", "phone-call": "phone",
    "internal_note": "note", "internal-note": "note", "internal": "note",
}  # fmt: skip


class NewCommunication(Taken):
    """A letter or short message to send, a phone call to note, or a note among the staff."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"channel": "phone", "direction": "in", "body": "Arrives late, about 23:00"}]}
    )

    channel: Literal["mail", "sms", "phone", "note"]
    body: str = Field(min_length=1, max_length=4000)
    subject: str = Field("", max_length=200, description="Of a mail")
    direction: Literal["in", "out"] = Field("out", description="Of a phone call: who rang")

    @field_validator("channel", mode="before")
    @classmethod
    def usual_names(cls, value: Any) -> Any:
        return _SAME.get(value.strip().lower(), value.strip().lower()) if isinstance(value, str) else value
