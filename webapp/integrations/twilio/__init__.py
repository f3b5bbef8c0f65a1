"""Twilio Programmable Messaging: short messages out, signed webhooks in."""

from .sender import TwilioSender
from .webhook import TwilioVerifier

__all__ = ["TwilioSender", "TwilioVerifier"]
