"""The rules of the channels, pure: what an event of a feed is, which stay it belongs to, and what follows from it.

Sources of the rules: feeds measured hour by hour over months (docs/channels.md). The chief of them: absence is evidence, not
proof; Booking.com's UID is a function of room and start date and never an identity.
"""

from webapp.channels.domain.classification import classify
from webapp.channels.domain.identity import Seen
from webapp.channels.domain.plausibility import Crowded, refuse_crowd
from webapp.channels.domain.reconciliation import reconcile
from webapp.channels.domain.types import (
    Decision,
    DecisionKind,
    ItemKind,
    ItemState,
    KnownItem,
    Policy,
    Provider,
    Reconciliation,
    Span,
    Verdict,
)

__all__ = [
    "Crowded",
    "Decision",
    "DecisionKind",
    "ItemKind",
    "ItemState",
    "KnownItem",
    "Policy",
    "Provider",
    "Reconciliation",
    "Seen",
    "Span",
    "Verdict",
    "classify",
    "reconcile",
    "refuse_crowd",
]
