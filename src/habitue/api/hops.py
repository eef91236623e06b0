"""Who asks where a proxy passes requests on: a header counts only from a proxy that the settings name.

How it came, by HTTP or HTTPS, this machine is believed too: a proxy on it is how most are served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, TypeAlias

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_WRONG: Final = N_(
    "proxies in habitue.toml: write the addresses of the proxies before this server, such as "
    'proxies = ["127.0.0.1"].'
)


def proxies(settings: Mapping[str, Any]) -> list[Network]:
    """The proxies that the settings name, which are believed. Raises `UserError`."""
    told = settings.get("proxies", [])
    try:
        return [ip_network(str(one)) for one in ([told] if isinstance(told, str) else told)]
    except (TypeError, ValueError) as error:
        raise UserError(_WRONG) from error


class Hops:
    """The application, which is told who asks and how, as far as that can be believed."""

    def __init__(self, inner: ASGIApp, proxies: Sequence[Network] = ()) -> None:
        self._inner = inner
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            self._believe(scope)
        await self._inner(scope, receive, send)

    def _believe(self, scope: HTTPScope) -> None:
        peer = _read(scope["client"][0]) if scope["client"] else None
        if peer is None or not (self._named(peer) or peer.is_loopback):
            return
        told = _said(scope, b"x-forwarded-proto")
        if told and told[-1] in ("http", "https"):
            scope["scheme"] = told[-1]
        if self._named(peer):
            scope["client"] = (str(self._asking(scope, peer)), 0)

    def _asking(self, scope: HTTPScope, peer: Address) -> Address:
        """The last that no proxy of ours has: whatever stands before it anybody may have written."""
        for told in reversed(_said(scope, b"x-forwarded-for")):
            found = _read(told)
            if found is None:
                break
            peer = found
            if not self._named(found):
                break
        return peer

    def _named(self, one: Address) -> bool:
        return any(one in network for network in self._proxies)


def _said(scope: HTTPScope, header: bytes) -> list[str]:
    told = b",".join(value for name, value in scope["headers"] if name == header).decode("latin-1")
    return [part.strip() for part in told.split(",") if part.strip()]


def _read(told: str) -> Address | None:
    """An address, maybe with its port: `[::1]:80`, `127.0.0.1:80`."""
    bare = told.partition("]")[0].removeprefix("[") if told.startswith("[") else told
    for one in (bare, bare.rpartition(":")[0] if bare.count(":") == 1 else bare):
        with suppress(ValueError):
            found = ip_address(one)
            return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
    return None
