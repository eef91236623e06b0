"""Asking DNS: what stands at a name, nothing where nothing does, and `Silent` where nobody could say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import dns.exception
import dns.resolver
import dns.reversename

PATIENCE: Final = 4.0
"""Seconds for one answer, with all tries."""


class Silent(Exception):
    """Nobody could say: no answer in time, or one that says that something is broken."""


class Names(Protocol):
    """What a check asks."""

    def texts(self, name: str) -> list[str]:
        """The texts at a name, each put together of its parts."""

    def addresses(self, name: str) -> list[str]:
        """Its IP addresses of either kind."""

    def exchanges(self, name: str) -> list[str]:
        """Who takes mail for it, the first to be tried first; "" for nobody (RFC 7505)."""

    def pointers(self, address: str) -> list[str]:
        """The names of an IP address."""


class Resolver:
    """Asks the machine's own resolvers, or these: `192.0.2.1` or `127.0.0.1:5353`."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        self._resolver = dns.resolver.Resolver(configure=not servers)
        self._resolver.lifetime = PATIENCE
        if servers:
            pairs = [one.rpartition(":") if one.count(":") == 1 else (one, "", "53") for one in servers]
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(host, int(port)) for host, _, port in pairs
            ]

    def _asked(self, name: str, kind: str) -> list[object]:
        try:
            return [*self._resolver.resolve(name, kind, search=False)]
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise Silent(str(error)) from error

    def texts(self, name: str) -> list[str]:
        return [b"".join(one.strings).decode("utf-8", "replace") for one in self._asked(name, "TXT")]  # type: ignore[attr-defined]  # a TXT has them

    def addresses(self, name: str) -> list[str]:
        return [str(one) for kind in ("A", "AAAA") for one in self._asked(name, kind)]

    def exchanges(self, name: str) -> list[str]:
        found = sorted((one.preference, str(one.exchange)) for one in self._asked(name, "MX"))  # type: ignore[attr-defined]  # an MX has them
        return [host.rstrip(".") for _, host in found]

    def pointers(self, address: str) -> list[str]:
        name = dns.reversename.from_address(address)
        return [str(one).rstrip(".") for one in self._asked(str(name), "PTR")]
