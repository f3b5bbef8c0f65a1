"""What one event of a feed is: a stay, a block, a rolling rule of the channel, an echo of another source, or unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from webapp.channels.domain.types import UNSURE, Policy, Provider, Span, Verdict
from webapp.channels.domain.words import meaning, plain
from webapp.core.calendars import FeedEvent

# Hosts merge calendars by script and put the listing's number before UID and summary.
PREPARATION = "preparation"
ADVANCE_NOTICE = "advance_notice"
_LISTING = re.compile(r"^\d{6,20}\s+(?=\S)")
_AIRBNB_UID = re.compile(r"([0-9a-f]{12})-[0-9a-f]{32}@airbnb\.com$", re.IGNORECASE)
_AIRBNB_STAY = "1418fb94e984"
_AIRBNB_BLOCKS = ("7f662ec65913", "6fec1092d3fa")
_BOOKING_UID = re.compile(r"[0-9a-f]{32}@booking\.com$", re.IGNORECASE)
_EXPEDIA_UID = re.compile(r"(\d{5,20})@expedia\.com$", re.IGNORECASE)
_VRBO_BLOCK_UID = re.compile(r"^\d{8}-\d{4}-\d{4}-\d{4}-\d{12}$")
_UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", re.IGNORECASE)
_OWN_UID = re.compile(r"@export\.innkeep$", re.IGNORECASE)
_AIRBNB_CODE = re.compile(r"\bHM[A-Z0-9]{8}\b")
_TEN_DIGITS = re.compile(r"(?<![\d+])\d{10}(?!\d)")
_PHONE = re.compile(r"\(Last 4 Digits\)\s*:\s*(\d{4})\b", re.IGNORECASE)
_EXPEDIA_GUEST = re.compile(r"Reserved by\s+(.{1,120})", re.IGNORECASE)


def classify(
    event: FeedEvent,
    provider: Provider,
    today: date,
    elsewhere: Iterable[Span] = (),
    policy: Policy | None = None,
    stays: Iterable[FeedEvent] = (),
    *,
    was_closed: bool = False,
) -> Verdict:
    """What `event` is.

    `provider`: the feed's; an event that carries another channel's UID (a merged calendar) is judged as that channel's.
    `elsewhere`: nights of the room known from other sources. `stays`: the other stays of the feed, for preparation days.
    `was_closed`: whether the feed closed these nights under this UID before, and not as a rule.
    """
    policy = policy or Policy()
    if _OWN_UID.search(event.uid.partition("#")[0]):
        return Verdict("echo", "own_export", "Our own calendar, read back.")
    if event.is_cancelled:
        return Verdict("ignored", "marked_cancelled", "The feed marks the event as cancelled.")
    of = provider_of(event, provider)
    verdict = _BY_PROVIDER[of](event, today, policy)
    if verdict.code == ADVANCE_NOTICE and was_closed:
        verdict = _not_available(verdict.has_stable_uid)  # a notice comes up on its own day: this is another closure
    verdict = replace(verdict, params=(("channel", of), *verdict.params))
    if verdict.kind in ("block", "unknown") or (of == "booking" and verdict.kind == "stay"):
        known = list(elsewhere)
        is_beside = event.nights == 1 and any(event.end == s.start or event.start == s.end for s in stays)
        # Only Airbnb keeps nights free by itself; elsewhere the night is closed for a guest of another calendar.
        is_preparation = of == "airbnb" and verdict.kind == "block" and is_beside
        if is_echo(event, today, [span for span in known if span.source != UNSURE] if is_preparation else known):
            return Verdict("echo", "known_elsewhere", "The same nights of this room are taken by another source.")
        if is_preparation:
            return Verdict("block", PREPARATION, "One night beside a stay: probably preparation time.")
    return verdict


def provider_of(event: FeedEvent, default: Provider) -> Provider:
    """The channel whose UID the event carries, else the feed's."""
    uid = event.uid.partition("#")[0]
    if _AIRBNB_UID.search(uid):
        return "airbnb"
    if _BOOKING_UID.search(uid):
        return "booking"
    if _EXPEDIA_UID.search(uid):
        return "expedia"
    return default


def is_echo(event: FeedEvent, today: date, elsewhere: Iterable[Span]) -> bool:
    """Whether ranges of other sources, end to end, make up exactly this range; not all of them by a channel's rule alone.

    A channel that imports calendars joins touching ranges, and rewrites a running one to begin today.
    """
    spans = [s for s in elsewhere if s.end > event.start and s.start < event.end]
    cursor, is_first, is_more_than_rule = event.start, True, False
    while cursor < event.end:
        fits = [
            (s.end, s.source != "rule")
            for s in spans
            if cursor < s.end <= event.end and (s.start == cursor or (is_first and s.start < cursor <= today))
        ]
        if not fits:
            return False
        (cursor, is_solid), is_first = max(fits), False
        is_more_than_rule = is_more_than_rule or is_solid
    return is_more_than_rule


def closed_span(
    start: date, end: date, code: str, first_seen_at: datetime, unread_since: datetime | None
) -> Span | None:
    """What another calendar closes, as a possible source of equal ranges in this one; None when it may be the echo of a stay that
    this calendar sold while it could not be read.

    `code`: why it was taken for closed; `unread_since`: since when this calendar could not be read.
    """
    if code == PREPARATION:
        return Span(start, end, "block")
    if unread_since is not None and first_seen_at >= unread_since:
        return None
    return Span(start, end, UNSURE if code == UNSURE else "block", first_seen_at)


def _airbnb(event: FeedEvent, today: date, policy: Policy) -> Verdict:
    match = _AIRBNB_UID.search(event.uid.partition("#")[0])
    family = match[1].lower() if match else ""
    summary = _LISTING.sub("", event.summary)
    word, _ = meaning(summary)
    code = _AIRBNB_CODE.search(event.description)
    if family == _AIRBNB_STAY or code or (word == "reserved" and family not in _AIRBNB_BLOCKS):
        phone = _PHONE.search(event.description)
        return Verdict(
            "stay",
            "reserved",
            "Airbnb shows a reservation.",
            reference=code[0] if code else None,
            phone_last4=phone[1] if phone else None,
            has_stable_uid=match is not None,
        )
    if family in _AIRBNB_BLOCKS or word == "blocked" or plain(summary).startswith("airbnb (not available"):
        return _airbnb_block(event, today, policy, match is not None)
    return Verdict(
        "unknown",
        "unknown_summary",
        f"Airbnb says “{summary[:60]}”, which we do not know.",
        has_stable_uid=True,
        params=(("summary", summary[:60]),),
    )


def _airbnb_block(event: FeedEvent, today: date, policy: Policy, is_stable: bool) -> Verdict:
    if (event.end - today).days >= policy.window_days:
        reason = "Nights beyond the listing's booking window."
        return Verdict("rule", "booking_window", reason, has_stable_uid=is_stable)
    if event.start <= today and (event.end - today).days == 1 and event.nights == 1:
        reason = "Tonight only: the listing's advance notice."
        return Verdict("rule", ADVANCE_NOTICE, reason, has_stable_uid=is_stable)
    return _not_available(is_stable)


def _not_available(is_stable: bool) -> Verdict:
    return Verdict("block", "not_available", "Airbnb shows the nights as not available.", has_stable_uid=is_stable)


def _booking(event: FeedEvent, today: date, policy: Policy) -> Verdict:
    if (event.end - today).days >= policy.tail_days:
        return Verdict("rule", "rolling_tail", "Closed up to the last day Booking.com can sell: no rates there yet.")
    if event.nights > policy.longest_stay:
        reason = f"{event.nights} nights are too long for a stay: a closure."
        return Verdict("block", "too_long", reason, params=(("nights", event.nights),))
    number = _TEN_DIGITS.search(f"{event.summary} {event.description}")
    reason = "Booking.com shows the nights as sold or closed; it does not say which."
    return Verdict("stay", "closed", reason, reference=number[0] if number else None)


def _vrbo(event: FeedEvent, today: date, policy: Policy) -> Verdict:
    word, rest = meaning(_LISTING.sub("", event.summary))
    uid = event.uid.partition("#")[0]
    if word == "tentative" or event.is_tentative:
        return Verdict(
            "block", "tentative", "A request that is not confirmed yet holds the nights.", has_stable_uid=True
        )
    if word == "blocked" or (word is None and _VRBO_BLOCK_UID.match(uid)):
        return Verdict("block", "blocked", "Vrbo shows the nights as blocked.", has_stable_uid=True)
    if word == "reserved" or _UUID.match(uid):
        name = rest if word == "reserved" else meaning_rest(event.summary)
        return Verdict("stay", "reserved", "Vrbo shows a reservation.", guest_name=name or None, has_stable_uid=True)
    reason = f"Vrbo says “{event.summary[:60]}”, which we do not know."
    said = (("summary", event.summary[:60]),)
    return Verdict("unknown", "unknown_summary", reason, has_stable_uid=bool(uid), params=said)


def meaning_rest(summary: str) -> str:
    """What follows the dash of a summary whose word we do not know."""
    _, dash, rest = summary.partition(" - ")
    return rest.strip() if dash else ""


def _expedia(event: FeedEvent, today: date, policy: Policy) -> Verdict:
    uid = _EXPEDIA_UID.search(event.uid.partition("#")[0])
    word, _ = meaning(re.sub(r"\s+on\s+expedia.*$", "", event.summary, flags=re.IGNORECASE))
    guest = _EXPEDIA_GUEST.search(event.description)
    if word == "reserved" or guest:
        return Verdict(
            "stay",
            "reserved",
            "Expedia shows a reservation.",
            reference=uid[1] if uid else None,
            guest_name=guest[1].strip() if guest else None,
            has_stable_uid=uid is not None,
        )
    if word == "blocked":
        return Verdict(
            "block", "unavailable", "Expedia shows the nights as unavailable.", has_stable_uid=uid is not None
        )
    reason = f"Expedia says “{event.summary[:60]}”, which we do not know."
    said = (("summary", event.summary[:60]),)
    return Verdict("unknown", "unknown_summary", reason, has_stable_uid=uid is not None, params=said)


def _plain(event: FeedEvent, today: date, policy: Policy) -> Verdict:
    is_stable = bool(event.uid)
    if event.is_transparent:
        return Verdict("ignored", "free_time", "The calendar shows the event as free time.")
    word, rest = meaning(_LISTING.sub("", event.summary))
    text = f"{event.summary} {event.description}"
    code = _AIRBNB_CODE.search(text) or ("booking" in text.lower() and _TEN_DIGITS.search(text)) or None
    if word == "tentative" or event.is_tentative:
        return Verdict("block", "tentative", "A tentative entry holds the nights.", has_stable_uid=is_stable)
    if event.nights > policy.longest_stay and code is None:
        reason = f"{event.nights} nights are too long for a stay: a closure."
        return Verdict("block", "too_long", reason, has_stable_uid=is_stable, params=(("nights", event.nights),))
    if code is None and (word == "blocked" or not event.summary):
        return Verdict(
            "block", "taken", "The calendar shows the nights as taken, without a guest.", has_stable_uid=is_stable
        )
    return Verdict(
        "stay",
        "entry",
        "The calendar has an entry for a guest.",
        reference=code[0] if code else None,
        guest_name=_name(rest),
        has_stable_uid=is_stable,
    )


def _name(text: str) -> str | None:
    """The text as a guest's name, when it can be one: no digits, no address, not long."""
    text = text.strip(" -–—:|()")
    if not text or len(text) > 80 or re.search(r"[\d@/]|https?:", text) or meaning(text)[0] is not None:
        return None
    return text


_BY_PROVIDER = {"airbnb": _airbnb, "booking": _booking, "vrbo": _vrbo, "expedia": _expedia, "ical": _plain}
