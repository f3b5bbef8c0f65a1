"""The shared kernel: what every feature stands on. It knows no feature, no request and no provider.

The kernel's own tables (audit trail, outbox, live events) live beside the functions that write them.
"""
