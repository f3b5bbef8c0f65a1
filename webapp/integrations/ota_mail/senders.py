"""Who may tell us about bookings: exact addresses, and the receiving server's word that they are real."""

from __future__ import annotations

import email.policy
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from .receivers import Statement

Provider = Literal["booking", "airbnb", "vrbo"]

ADDRESSES: dict[str, Provider] = {
    "noreply@booking.com": "booking",
    "automated@airbnb.com": "airbnb",
    "express@airbnb.com": "airbnb",
    "vrbo@partners.expediagroup.com": "vrbo",
}
GUEST_DOMAIN = "guest.booking.com"  # any name before the @: one for each booking
_SIGNING_DOMAINS: dict[Provider, str] = {"booking": "booking.com", "airbnb": "airbnb.com", "vrbo": "expediagroup.com"}
_NAMES = ("booking", "airbnb", "vrbo", "expedia")
_ADDRESS = re.compile(r"[a-z0-9._%+=/'~-]{1,200}@[a-z0-9.-]{1,200}")
_RESULT = re.compile(r"^(dkim|dmarc)\s*=\s*pass\b", re.IGNORECASE)
_PROPERTY = re.compile(r"\bheader\.(d|i|from)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Sender:
    address: str  # "" when there is not exactly one
    provider: Provider | None
    is_guest: bool = False
    is_look_alike: bool = False


def sender_of(values: Iterable[str]) -> Sender:
    """Who the From headers name. Two headers or two addresses name nobody."""
    headers = list(values)
    address = address_in(headers[0]) if len(headers) == 1 else ""
    name, _, domain = address.rpartition("@")
    if address in ADDRESSES:
        return Sender(address, ADDRESSES[address])
    if name and domain == GUEST_DOMAIN:
        return Sender(address, "booking", is_guest=True)
    said = " ".join(headers)[:2_000].lower()
    return Sender(address, None, is_look_alike=any(word in said for word in _NAMES))


def address_in(header: str) -> str:
    """The one address of a From header, in lower case; "" for none, several, and anything not plain ASCII."""
    if len(header) > 2_000:
        return ""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", header)
    if bare.count("<") > 1 or bare.count("@") != 1:  # the standard parser would take the first and be silent
        return ""
    try:
        found = email.policy.default.header_factory("from", re.sub(r"[\r\n]+", " ", header)).addresses
    except Exception:  # the standard parser raises all sorts of errors on broken addresses
        return ""
    if len(found) != 1:
        return ""
    address = str(found[0].addr_spec).lower()
    return address if _ADDRESS.fullmatch(address) else ""


def is_vouched_for(statement: Statement | None, address: str) -> bool:
    """Whether a statement says that the address's domain signed the mail."""
    return statement is not None and bool(address) and _passes(statement.results, address.rpartition("@")[2])


def _passes(results: str, domain: str) -> bool:
    for result in re.split(r";", results):
        method = _RESULT.match(result.strip())
        if method is None:
            continue
        for prop, value in _PROPERTY.findall(result):
            signed = value.lower().rpartition("@")[2].strip(".")
            is_right = prop.lower() == "from" if method[1].lower() == "dmarc" else prop.lower() in ("d", "i")
            if is_right and _is_aligned(signed, domain):
                return True
    return False


def _is_aligned(signed: str, domain: str) -> bool:
    """The signer is the sender's domain or one above or below it, inside the company's own domain."""
    organisation = ".".join(domain.split(".")[-2:])
    return signed in (domain, organisation) or signed.endswith("." + organisation)


def is_own_link(host: str, provider: Provider) -> bool:
    """Whether a link leads to the company itself."""
    host = host.lower().rstrip(".")
    if provider == "airbnb":
        return re.fullmatch(r"(?:[a-z0-9-]+\.)*airbnb\.(?:com|[a-z]{2}|com?\.[a-z]{2})", host) is not None
    domain = _SIGNING_DOMAINS[provider] if provider == "booking" else "vrbo.com"
    return host == domain or host.endswith("." + domain)


def is_worth_reading(from_header: str, subject: str) -> bool:
    """Whether a mail may concern bookings, by two headers: all others in a hotel's mailbox are never fetched."""
    said = f"{from_header} {subject}".lower()
    return any(name in said for name in _NAMES) or address_in(from_header).endswith("@" + GUEST_DOMAIN)
