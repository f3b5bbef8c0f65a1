"""THE model layer: every table, for web and jobs alike. One module for each aggregate."""

from webapp.core.audit import AuditEntry
from webapp.core.events import LiveEvent
from webapp.core.outbox import OutboxMessage

from .access import AccessCode, Lock, LockAccount
from .account import AccountToken, EndedSession, Membership, User
from .booking import IdempotencyKey, Quote
from .channels import ChannelDecision, Feed, FeedItem, FeedReading, FeedSnapshot
from .checkin import CheckIn, Document
from .enrichment import DistinctStays, Enrichment, EnrichmentAttempt, StayMerge
from .hotel import Hotel, Restaurant, Room, RoomBlock, RoomPhoto, RoomType
from .mails import ChannelMail, MailAccount
from .messaging import Message, WebhookEvent
from .moves import MoveBatch
from .operations import Alert, Task
from .rates import PriceOverride, StayRestriction
from .reservation import Client, GuestLink, Inventory, PartyMember, Reservation, RoomNight
from .uploads import RoomAlias, Upload, UploadEntry

__all__ = [
    "AccessCode",
    "AccountToken",
    "Alert",
    "AuditEntry",
    "ChannelDecision",
    "ChannelMail",
    "CheckIn",
    "Client",
    "DistinctStays",
    "Document",
    "EndedSession",
    "Enrichment",
    "EnrichmentAttempt",
    "Feed",
    "FeedItem",
    "FeedReading",
    "FeedSnapshot",
    "GuestLink",
    "Hotel",
    "IdempotencyKey",
    "Inventory",
    "LiveEvent",
    "Lock",
    "LockAccount",
    "MailAccount",
    "Membership",
    "Message",
    "MoveBatch",
    "OutboxMessage",
    "PartyMember",
    "PriceOverride",
    "Quote",
    "Reservation",
    "Restaurant",
    "Room",
    "RoomAlias",
    "RoomBlock",
    "RoomNight",
    "RoomPhoto",
    "RoomType",
    "StayMerge",
    "StayRestriction",
    "Task",
    "Upload",
    "UploadEntry",
    "User",
    "WebhookEvent",
]
