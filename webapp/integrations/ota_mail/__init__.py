"""Mails of the booking sites: from raw bytes to facts. Every text in them may be hostile."""

from .reader import OtaMail, read_mail

__all__ = ["OtaMail", "read_mail"]
