"""Emulator of Twilio Programmable Messaging: sending, status callbacks, inbound SMS, opt-out."""
