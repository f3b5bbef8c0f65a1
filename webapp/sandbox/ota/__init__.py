"""Emulator of the channels' calendar feeds: the bytes that each provider really serves, and its bad days."""
