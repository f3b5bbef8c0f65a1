"""Mail through any SMTP server."""

from .sender import SmtpSender

__all__ = ["SmtpSender"]
