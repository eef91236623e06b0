"""Who may send for a domain (RFC 7208): its record read as whoever takes mail reads it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Final

from habitue.messaging.dns import Names

MOST: Final = 10
"""Lookups that a record may take; with more it counts for nothing (RFC 7208, 4.6.4)."""

_QUALIFIERS: Final = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_LOOKING: Final = ("include", "a", "mx", "ptr", "exists")


class Broken(Exception):
    """A record that counts for nothing; says why."""


class Reader:
    """Reads one domain's record; `lookups` says how many it took, `wide` whether it lets everybody send."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.lookups = 0
        self.wide = False

    def record(self, domain: str) -> str | None:
        """The record; None where there is none. Raises `Broken` for several."""
        found = [one for one in self._names.texts(domain) if one.lower().split(" ")[0] == "v=spf1"]
        if len(found) > 1:
            raise Broken("several")
        return found[0] if found else None

    def judged(self, domain: str, address: str | None) -> str:
        """What it says of an IP address; `none` where there is no record. All of it is read, so that every
        lookup is counted. Raises `Broken`.
        """
        record = self.record(domain)
        if record is None:
            return "none"
        said, last = "", ""
        for term in record.split()[1:]:
            name, _, value = term.partition("=")
            if name.lower() == "redirect" and value and ":" not in name:
                last = value
            elif "=" not in term.split(":")[0]:
                found = self._term(term, domain, address)
                said = said or found
        if last and not said:
            self._look()
            return self.judged(last, address)
        return said or "neutral"

    def _term(self, term: str, domain: str, address: str | None) -> str:
        """What a term says, nothing where it is about others."""
        qualifier = term[0] if term[0] in _QUALIFIERS else "+"
        plain = term.removeprefix(qualifier) if term[0] in _QUALIFIERS else term
        name, _, rest = plain.partition(":")
        name, _, mask = name.partition("/")
        name = name.lower()
        if name in _LOOKING:
            self._look()
        if name == "all":
            self.wide = self.wide or qualifier == "+"
            return _QUALIFIERS[qualifier]
        if name == "include":
            inside = self.judged(rest, address)
            if inside == "none":
                raise Broken("include")
            return _QUALIFIERS[qualifier] if inside == "pass" else ""
        where, _, own = rest.partition("/")
        return (
            _QUALIFIERS[qualifier] if self._meant(name, where or domain, own or mask, rest, address) else ""
        )

    def _meant(self, name: str, where: str, mask: str, rest: str, address: str | None) -> bool:
        if address is None:
            return False
        if name in ("ip4", "ip6"):
            return _inside(address, rest)
        if name == "a" and "%" not in where:
            return any(
                _inside(address, f"{one}/{mask}" if mask else one) for one in self._names.addresses(where)
            )
        if name == "mx" and "%" not in where:
            hosts = [one for one in self._names.exchanges(where) if one][:MOST]
            return any(address in self._names.addresses(one) for one in hosts)
        return False

    def _look(self) -> None:
        self.lookups += 1
        if self.lookups > 3 * MOST:
            raise Broken("lookups")


def _inside(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return False
