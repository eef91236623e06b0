"""Where a request may go: to the whole internet, and to nobody's inner network, whatever a name stands for.

A name is resolved once, every address that it has is looked at, and the connection goes to one of those: what
it stands for a moment later doesn't matter.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

PORTS: Final = (80, 443, 8443)
"""Besides these a port may be named only where inner networks are allowed."""

_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


class Place(NamedTuple):
    """An address of the web, taken apart: `path` has the query."""

    secure: bool
    host: str
    port: int
    path: str


class Refused(UserError):
    """Not somewhere to go."""


def place(url: str, inner: bool = False) -> Place:
    """The address taken apart; raises `Refused` for what is none, or names somebody, or an unusual port."""
    try:
        told = urlsplit(url)
        port, host = told.port, (told.hostname or "").encode("idna").decode()
    except ValueError as error:
        raise Refused(_WRONG, url=url[:200]) from error
    odd = any(ord(one) < 33 or one == "\\" for one in url)
    if told.scheme not in ("http", "https") or not host or odd or "@" in told.netloc:
        raise Refused(_WRONG, url=url[:200])
    secure = told.scheme == "https"
    number = port or (443 if secure else 80)
    if not inner and number not in PORTS:
        raise Refused(N_("The port {port} is none that programs are called on."), port=number)
    return Place(secure, host, number, (told.path or "/") + (f"?{told.query}" if told.query else ""))


def resolved(where: Place, inner: bool = False) -> list[str]:
    """Its addresses; raises `Refused` where any is of an inner network, and `OSError` where it has none."""
    found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    numbers = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not inner and not all(public(one) for one in numbers):
        raise Refused(N_("{host} is an address of an inner network: nothing is sent there."), host=where.host)
    return numbers


def public(number: str) -> bool:
    """Whether an address is one of the internet's, and not another one in disguise."""
    return _public(ip_address(number.partition("%")[0]))


def _public(one: IPv4Address | IPv6Address) -> bool:
    if isinstance(one, IPv6Address):
        if any(one in net for net in _NAT64):
            return False
        inside = one.ipv4_mapped or one.sixtofour or (one.teredo[1] if one.teredo else None)
        if inside is not None:
            return _public(inside)
    return one.is_global and not one.is_multicast


def connected(where: Place, numbers: Sequence[str], timeout: float) -> socket.socket:
    """A connection to the first of these addresses that answers; raises `OSError`."""
    last: OSError = OSError("no address")
    for number in numbers:
        try:
            return socket.create_connection((number, where.port), timeout)
        except OSError as error:
            last = error
    raise last


_WRONG: Final = N_("“{url}” is no address of the web that can be called.")
