"""Emulator of the TTLock / Sciener Open Platform, Cloud API v3, with its locks, gateways and doors."""
