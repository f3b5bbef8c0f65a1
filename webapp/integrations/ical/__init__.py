"""Owns the text/calendar format: reading the feeds of the channels, however broken, and writing our own export."""
