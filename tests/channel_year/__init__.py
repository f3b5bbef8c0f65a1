"""A hotel with known truth: what is really sold, changed and cancelled in a year, and all that calendars, mails and files are known
to make of it. Nothing in here knows the rules that are tried on it, but the two players: `rules` plays the pure rules, `system` the
services on a database.
"""
