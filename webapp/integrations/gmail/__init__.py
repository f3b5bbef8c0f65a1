"""A hotel's Gmail: signing in once with Google, then reading what is new through the API."""

from .mailbox import GmailMailbox
from .oauth import GoogleSignIn, Grant

__all__ = ["GmailMailbox", "GoogleSignIn", "Grant"]
