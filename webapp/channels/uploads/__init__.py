"""Uploads: a file of a booking site becomes a plan that a person sees, then changes of stays, then a report; and can be undone."""
