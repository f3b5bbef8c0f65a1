"""Emulators of other companies' services over real HTTP and SMTP, for the demo and the tests.

Owns nothing of Innkeep and imports nothing of it: TTLock, Twilio, the channels' calendar feeds, a mail server and
Cloudinary, each with the wire shapes and errors of the real one. Refused in production.
"""

from webapp.sandbox.client import ControlError, SandboxControl
from webapp.sandbox.server import SandboxServer

__all__ = ["ControlError", "SandboxControl", "SandboxServer"]
