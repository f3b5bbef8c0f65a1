"""Calendar feeds of the booking channels, read from addresses that hoteliers paste in: nothing about them is trusted."""

from .addresses import is_public_address
from .reader import HttpFeedReader

__all__ = ["HttpFeedReader", "is_public_address"]
