"""Sets the house up and runs it: browser assets, embedded servers, child processes.

Imported by no other part of the application, except that `wsgi.py` asks `environment.resolve` for the addresses of the
embedded servers.
"""
