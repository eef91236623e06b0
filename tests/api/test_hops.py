"""Who asks, behind proxies and without."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from habitue.api.hops import Hops, proxies
from habitue.kernel.errors import UserError


def seen(named: list[str], peer: str, **said: str) -> tuple[str, str]:
    """Who asks, and how, as the application is told."""
    told: list[Any] = []

    async def inner(scope: Any, _receive: Any, _send: Any) -> None:
        told.append((scope["client"][0], scope["scheme"]))

    headers = [(f"x-forwarded-{name}".encode(), value.encode("latin-1")) for name, value in said.items()]
    scope: Any = {"type": "http", "client": (peer, 5), "scheme": "http", "headers": headers}
    none: Any = None
    asked = Hops(inner, proxies({"proxies": named}))(scope, none, none)
    with ThreadPoolExecutor(1) as aside:  # a browser's loop may be running here
        aside.submit(asyncio.run, asked).result()
    (found,) = told
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("named", "peer", "said", "who"),
    [
        ([], "127.0.0.1", "203.0.113.1", "127.0.0.1"),
        (["127.0.0.1"], "127.0.0.1", "203.0.113.1", "203.0.113.1"),
        (["127.0.0.1"], "127.0.0.1", "1.1.1.1, 203.0.113.1", "203.0.113.1"),
        (["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", "1.1.1.1, 203.0.113.1, 10.1.2.3", "203.0.113.1"),
        (["127.0.0.1"], "198.51.100.7", "203.0.113.1", "198.51.100.7"),
        (["127.0.0.1"], "127.0.0.1", "1.1.1.1, <script>", "127.0.0.1"),
        (["127.0.0.1"], "127.0.0.1", "\xff,,%00", "127.0.0.1"),
        (["::1"], "::1", "[2001:db8::7]:443", "2001:db8::7"),
        (["127.0.0.1"], "127.0.0.1", "203.0.113.1:5000", "203.0.113.1"),
        (["127.0.0.1"], "127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_an_address_is_believed_of_the_proxies_that_are_named(
    named: list[str], peer: str, said: str, who: str
) -> None:
    assert seen(named, peer, **{"for": said})[0] == who


def test_this_machine_is_believed_how_it_was_asked_and_no_other() -> None:
    assert seen([], "127.0.0.1", proto="https")[1] == "https"
    assert seen([], "198.51.100.7", proto="https")[1] == "http"
    assert seen([], "127.0.0.1", proto="gopher")[1] == "http"


def test_proxies_that_are_no_addresses_are_refused_with_what_to_write() -> None:
    for wrong in (["nginx"], [True], 7, "everybody"):
        with pytest.raises(UserError, match=r"proxies in habitue\.toml"):
            proxies({"proxies": wrong})
