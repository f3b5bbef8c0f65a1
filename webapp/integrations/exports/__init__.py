"""Reservation files of Booking.com and Airbnb: from bytes to rows, with a reason for everything that was not used."""

from .reader import ExportFiles, read_export

__all__ = ["ExportFiles", "read_export"]
