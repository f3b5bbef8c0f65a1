"""Sends a short message and says whether a refusal is final."""

from __future__ import annotations

import re

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client

from webapp.messaging.ports import SendError, SendFailed, SendRejected, SmsReceipt

from ..transport import Limits, Resolver, TransportError, system_resolver
from .http import SMS_LIMITS, TWILIO_API, TransportClient

MAX_CHARACTERS = 1600

# Codes that pass by themselves or once the account is put right. The message is kept and tried again.
_PASSING = {
    20001: "Twilio could not read the request",
    20003: "Twilio does not accept the account's keys",
    20005: "The Twilio account is not active",
    20429: "Twilio is asked too often",
    20500: "Twilio has an internal error",
    20503: "Twilio is not available",
    14107: "The sender is over its limit",
    21611: "The sender's queue is full",
    30001: "The sender's queue is full",
    30002: "The Twilio account is suspended",
}
# Codes that concern this recipient, this text or this route: the same message will not go through.
_FINAL = {
    21211: "The number is not a valid telephone number",
    21214: "The number cannot be reached",
    21217: "The number is not a valid telephone number",
    21408: "The Twilio account may not send to this country",
    21602: "The message has no text",
    21603: "The sender's number is missing",
    21604: "The recipient's number is missing",
    21606: "The sender's number cannot send messages",
    21608: "A trial account sends only to verified numbers",
    21610: "The guest has asked for no more messages (STOP)",
    21612: "This sender cannot reach this number",
    21614: "The number is not a mobile number",
    21617: "The message is longer than 1,600 characters",
    21659: "The sender's number does not belong to the Twilio account",
    21660: "The sender's number does not belong to the Twilio account",
    30003: "The telephone is not reachable",
    30004: "The recipient's network blocks the message",
    30005: "The number is not known",
    30006: "The number is a landline",
    30007: "The recipient's network filters the message",
    30034: "The sender's number is not registered for the United States",
}


class TwilioSender:
    """Implements messaging.ports.SmsSender."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        from_number: str = "",
        messaging_service_sid: str = "",
        base_url: str = TWILIO_API,
        limits: Limits = SMS_LIMITS,
        resolver: Resolver = system_resolver,
        ca_file: str | None = None,
    ) -> None:
        if not (from_number or messaging_service_sid):
            raise ValueError("Twilio needs TWILIO_FROM_NUMBER or TWILIO_MESSAGING_SERVICE_SID")
        http = TransportClient(base_url, limits, resolver=resolver, ca_file=ca_file)
        # A non-empty mapping, so that the library does not read edge and region from the process's environment.
        self._client = Client(account_sid, auth_token, http_client=http, environment={"": ""})
        self._origin = (
            {"messaging_service_sid": messaging_service_sid} if messaging_service_sid else {"from_": from_number}
        )

    def send(self, to: str, body: str, status_callback: str | None = None) -> SmsReceipt:
        if not re.fullmatch(r"\+[1-9][0-9]{6,14}", to):
            raise SendRejected("21211", _FINAL[21211])
        if not body.strip() or len(body) > MAX_CHARACTERS:
            code = 21617 if body.strip() else 21602
            raise SendRejected(str(code), _FINAL[code])
        callback = {"status_callback": status_callback} if status_callback else {}
        try:
            message = self._client.messages.create(to=to, body=body, **self._origin, **callback)
        except TransportError as error:
            raise SendFailed(error.kind, f"Twilio: {error}", may_have_been_sent=error.was_sent) from None
        except (TwilioRestException, TwilioServiceException) as error:
            raise _refusal(error.status, error.code) from None
        except (TwilioException, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
            raise SendFailed("unreadable", "Twilio's answer could not be read", may_have_been_sent=True) from None
        if not message.sid:
            raise SendFailed("unreadable", "Twilio's answer has no message id", may_have_been_sent=True)
        return SmsReceipt(str(message.sid), str(message.status or "queued"))


def is_final(code: int) -> bool:
    """Whether a Twilio error code, also one from a status callback, means that the message will never arrive."""
    return code in _FINAL or (code not in _PASSING and 21000 <= code < 22000)


def describe(code: int) -> str:
    """An English sentence for an error code of an answer or a status callback."""
    return _FINAL.get(code) or _PASSING.get(code) or "Twilio does not send the message"


def _refusal(status: int, code: object) -> SendError:
    """The library puts the HTTP status where Twilio gave no code of its own, as for a page of a proxy. What is no number is no code."""
    number = code if isinstance(code, int) and code else status
    if is_final(number):
        return SendRejected(str(number), describe(number))
    if status >= 500:
        return SendFailed(str(number), describe(number), may_have_been_sent=True)
    if number in _PASSING or status in (401, 403, 408, 429):
        return SendFailed(str(number), describe(number))
    return SendRejected(str(number), describe(number))
