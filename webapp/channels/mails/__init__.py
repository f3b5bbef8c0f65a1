"""Mails of the booking sites: read every two minutes, each once, and matched to the stays that they speak of."""
