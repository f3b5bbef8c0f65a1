"""A hotel's mailbox read through IMAP, for every provider that is not Gmail's API."""

from .mailbox import ImapMailbox

__all__ = ["ImapMailbox"]
