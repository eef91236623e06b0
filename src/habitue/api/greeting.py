"""`POST /v1/messages`: what waits for a visitor of the shop's site, and what became of what was given."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final, Literal

import msgspec
from litestar.types import HTTPScope, Receive, Send

from habitue.api.reply import answer, refuse
from habitue.app import Shop
from habitue.app.greetings import Visitor
from habitue.kernel.clock import MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_

MOST: Final = 4 << 10
"""Bytes of a question."""
OFTEN: Final = 240
"""Questions from one address within a minute: an office behind one is no crowd, a program that guesses is."""
AT_ONCE: Final = 16
"""Questions that are looked into at the same time: the others' time is worth more than a message's."""
_PATIENCE: Final = 5.0

_UNREAD: Final = N_("This is no question for a message. Look at the documentation of the snippet.")
_UNKNOWN: Final = N_("This write key is not known. Look at “habitue sources”.")
_OFTEN: Final = N_("Too many questions. Ask again in a minute.")


class Asking(Visitor, frozen=True):
    """What a page asks, by whose key; or, with a `message` that it was given, what became of that."""

    writeKey: str = ""  # noqa: N815  as SDKs have it
    message: str | None = None
    did: Literal["shown", "clicked", "dismissed"] = "shown"


class Host:
    """Answers pages that ask; `known` says whether a write key is this workspace's."""

    def __init__(self, shop: Shop, now: Callable[[], Micros], known: Callable[[str], bool]) -> None:
        self._shop, self._now, self._known = shop, now, known
        self._minute = 0
        self._asked: Counter[str] = Counter()
        self._busy = 0

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """204 where nothing waits or all is noted, else 200 with the message."""
        try:
            async with asyncio.timeout(_PATIENCE):
                asking = msgspec.json.decode(await _body(receive), type=Asking)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, TimeoutError):
            await refuse(send, 400, _UNREAD, scope)
            return
        if self._busy >= AT_ONCE or self._too_often(scope, asking):
            await refuse(send, 429, _OFTEN, scope, retry=60)
            return
        self._busy += 1
        try:
            if not self._known(asking.writeKey):
                await refuse(send, 401, _UNKNOWN, scope)
                return
            found = await asyncio.to_thread(self._found, asking)
        except UserError as error:
            await refuse(send, 503, str(error), scope, retry=60)
            return
        finally:
            self._busy -= 1
        await answer(send, 204 if found is None else 200, found)

    def _found(self, asking: Asking) -> dict[str, str] | None:
        if asking.message is not None:
            self._shop.greeted(asking.message, asking.did, self._now())
            return None  # also of what we never gave out: nobody learns which messages there are
        found = self._shop.greeting(asking, self._now())
        return None if found is None else msgspec.to_builtins(found)

    def _too_often(self, scope: HTTPScope, asking: Asking) -> bool:
        """By the address that asks; of a proxy here that the settings don't name, by visitor."""
        minute = self._now() // MINUTE
        if minute != self._minute:
            self._minute, self._asked = minute, Counter()
        peer = scope["client"][0] if scope["client"] else ""
        who = f"{peer} {(asking.anonymousId or '')[:64]}" if _near(peer) else peer
        self._asked[who] += 1
        return self._asked[who] > OFTEN


def _near(peer: str) -> bool:
    """Whether this is the machine itself, such as a proxy before the server."""
    return not peer or peer == "::1" or peer.startswith("127.")


async def _body(receive: Receive) -> bytes:
    """The whole body; raises `ValueError` for one that is too large, or was not sent to its end."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ValueError
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST:
            raise ValueError
    return body
