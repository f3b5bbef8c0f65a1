"""Which Internet addresses a feed may live at.

A hotelier's address makes our server connect somewhere; it must never reach our own machines, the hosting company's
metadata service, or a neighbour's network. For IPv6 only global unicast space is allowed, without the parts of it that
carry an IPv4 address inside; for IPv4 everything the registries call special is refused.
"""

from __future__ import annotations

import ipaddress
import re
import socket

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; some clouds keep their metadata here
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's own service, on a public number
        "169.254.0.0/16",  # link-local: metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network(
    "2000::/3"
)  # leaves out ::1, IPv4-mapped, 64:ff9b::/96, fc00::/7, fe80::/10, ff00::/8
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


_NUMBERS = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}", re.IGNORECASE)


def literal_address(host: str) -> str | None:
    """The IP address that `host` is, also in the forms that only resolvers read (`2130706433`, `0x7f.1`); None for a name."""
    host = host.removesuffix(".")
    if _NUMBERS.fullmatch(host):
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except OSError:
            return host  # numbers, but no address: nobody's
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def is_local_name(host: str) -> bool:
    """Whether the name is by definition this very computer's."""
    return host.lower().removesuffix(".").rpartition(".")[2] == "localhost"


def is_public_address(text: str) -> bool:
    """Whether `text` is a literal IP address on the public Internet."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return False
    return not any(address in network for network in _REFUSED_V6)
