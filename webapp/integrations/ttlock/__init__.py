"""TTLock (Sciener) Open Platform, cloud API v3: keypad locks behind gateways."""

from .client import TTLockClient
from .errors import POLICIES, error_for

__all__ = ["POLICIES", "TTLockClient", "error_for"]
