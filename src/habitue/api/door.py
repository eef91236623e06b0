"""Where SDKs knock: the Segment protocol under `/v1`, in plain ASGI, for it is asked more than all else.

The raw body is read whatever its content type: browsers send `text/plain`, some servers gzip.
"""

from __future__ import annotations

import asyncio
import zlib
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable
from itertools import cycle
from time import monotonic
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from habitue.api.greeting import Host
from habitue.api.meter import Meter
from habitue.api.reply import answer, language, refuse
from habitue.app import Shop
from habitue.ingest.calls import protocol, sources
from habitue.ingest.calls.intake import Arrival, Intake
from habitue.ingest.calls.protocol import FAULTS, Fault, Limits, Refused
from habitue.ingest.calls.recent import Seen
from habitue.ingest.calls.sources import Source
from habitue.kernel import machine
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, translator

KINDS: Final = {word: word for word in protocol.TYPES} | {word[0]: word for word in protocol.TYPES}
"""What is sent to `/v1/{word}`, and to the browser's short paths."""

MANY: Final = ("batch", "b", "import")
ASKED: Final = "messages"
"""Where pages ask what waits for their visitor."""
SLOW: Final = 25.0
"""Seconds in which a request must have arrived: a little before the wire loses patience, to say why."""

ROOM: Final = min(24 << 20, machine.memory() >> 5)
"""The most bytes of requests that may be on their way in at once."""

REST: Final = range(5, 15)
"""Seconds until senders shall come again while the inbox is full: in turn, lest all of them come at once."""

_UNKNOWN: Final = N_("This write key is not known. Look at “habitue sources”.")
_FULL: Final = N_("Too much is waiting to be stored. Send it again in a second.")
_WAIT: Final = N_("More comes in than can be taken in just now. Send it again in {seconds} seconds.")
_LATE: Final = N_("The request did not arrive in time.")
_METHOD: Final = N_("Send this with POST.")
_NOWHERE: Final = N_("There is nothing here. Events go to /v1/batch, /v1/track and the like.")


class Door:
    """Answers `/v1/…` and hands everything else on."""

    def __init__(
        self,
        inner: ASGIApp,
        shop: Shop,
        now: Callable[[], Micros],
        *,
        meter: Meter | None = None,
        arrived: Callable[[], None] = lambda: None,
        limits: Limits | None = None,
    ) -> None:
        self.recent = shop.recent
        self.meter = meter or Meter()
        self._inner = inner
        self._shop = shop
        self._now = now
        self._limits = limits or Limits()
        self._room = ROOM
        self._intake = Intake(shop.ops, arrived)
        self._intake.start()
        self._keys = _Keys(shop)
        self._host = Host(shop, now, lambda key: self._keys.get(key) is not None)
        self._rests = cycle(REST)

    def close(self) -> None:
        """Commit what waits."""
        self._intake.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not scope["path"].startswith("/v1/"):
            await self._inner(scope, receive, send)
            return
        method, word = scope["method"], scope["path"][4:]
        if method == "OPTIONS":
            await answer(send, 204, None)
        elif method in ("GET", "HEAD") and word.startswith("projects/") and word.endswith("/settings"):
            await self._settings(scope, send, word[9:-9])
        elif word not in KINDS and word not in MANY and word != ASKED:
            await refuse(send, 404, _NOWHERE, scope)
        elif method != "POST":
            await refuse(send, 405, _METHOD, scope)
        elif word == ASKED:
            await self._host(scope, receive, send)
        else:
            await self._take(scope, receive, send, word)

    async def _settings(self, scope: HTTPScope, send: Send, key: str) -> None:
        """What a browser's SDK asks before it starts: where to send; nothing else is to be loaded."""
        if self._keys.get(key) is None:
            await refuse(send, 404, _UNKNOWN, scope)
            return
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        own = {"apiKey": key, "apiHost": f"{host}/v1", "protocol": scope["scheme"]}
        await answer(
            send,
            200,
            {
                "integrations": {"Segment.io": {**own, "deliveryStrategy": {"strategy": "standard"}}},
                "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
                "metrics": {"sampleRate": 0},
            },
        )

    async def _take(self, scope: HTTPScope, receive: Receive, send: Send, word: str) -> None:
        call, kind = Seen(self._now(), f"/v1/{word}"), KINDS.get(word)
        body = b""
        if self._intake.full:
            await self._put_off(scope, send, call)
            return
        try:
            async with asyncio.timeout(SLOW):
                body = await self._body(scope, receive)
            call.brought(body)
            if self._intake.crowded:
                raise _Full
            sending = protocol.read(body, self._limits, kind)
            call.names = protocol.names(sending, kind)
            source = self._keys.get(_basic(scope) or sending.writeKey)
            if source is None:
                call.refused = len(sending.batch or ())
                await self._refuse(send, 401, _UNKNOWN, scope, call=call)
                return
            call.source = source.id
            good, bad = protocol.sort(sending, self._limits, kind)
        except TimeoutError:
            await self._refuse(send, 408, _LATE, scope, call=call)
            return
        except _Full:
            await self._refuse(send, 429, _FULL, scope, call=call, retry=1)
            return
        except UserError as error:
            await self._refuse(send, 503, str(error), scope, call=call, retry=10)
            return
        except Refused as refused:
            source = self._keys.found(_basic(scope))
            call.source = source.id if source else None
            await self._bury(source, call.received, body, refused.fault)
            self.meter.refused += 1
            await self._refuse(send, 400, FAULTS[refused.fault.code], scope, refused.fault.fields, call)
            return
        dead = [(protocol.typed(raw, kind), fault) for _, raw, fault in bad]
        kept = protocol.stored(good, sending, kind) if good else b""
        history = word == "import" or sending.backfill
        arrival = Arrival(source.id, history, call.received, len(good), kept, dead)
        if await self._kept(send, arrival, scope, call):
            call.sorted_out(len(good), [(place, fault) for place, _, fault in bad])
            call.status = 400 if kind and bad else 200
            self._note(call)
            await answer(send, call.status, _result(call.status, bad, scope))

    async def _put_off(self, scope: HTTPScope, send: Send, call: Seen) -> None:
        """Refuse a request for some seconds, before anything is read of it: that would cost what it lacks."""
        source, seconds = self._keys.found(_basic(scope)), next(self._rests)
        call.source = source.id if source else None
        fields = {"seconds": seconds}
        await self._refuse(send, 429, _WAIT, scope, fields, call=call, retry=seconds)

    async def _body(self, scope: HTTPScope, receive: Receive) -> bytes:
        """The whole body, unpacked. Raises `Refused` as soon as it is known to be too large, `_Full`."""
        most, parts, size, more = self._limits.body, list[bytes](), 0, True
        if int(dict(scope["headers"]).get(b"content-length", b"0") or 0) > most:
            raise Refused("request-large", most=most)
        try:
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise Refused("no-json", byte=size)
                part = message.get("body", b"")
                parts.append(part)
                size += len(part)
                self._room -= len(part)
                if size > most:
                    raise Refused("request-large", most=most)
                if self._room < 0:
                    raise _Full
                more = message.get("more_body", False)
        finally:
            self._room += size
        body = b"".join(parts)
        return _unpacked(body, most) if _packed(scope, body) else body

    async def _kept(self, send: Send, arrival: Arrival, scope: HTTPScope, call: Seen) -> bool:
        """Whether the arrival is safe; if not, that has been answered."""
        waiting = self._intake.offer(arrival)
        if waiting is None:
            await self._refuse(send, 429, _FULL, scope, call=call, retry=1)
            return False
        try:
            await waiting
        except UserError as error:
            await self._refuse(send, 503, str(error), scope, call=call, retry=10)
            return False
        return True

    async def _bury(self, source: Source | None, received: Micros, body: bytes, fault: Fault) -> None:
        """Keep what a known source sent and nobody could read."""
        if source and body:
            waiting = self._intake.offer(Arrival(source.id, False, received, 0, b"", [(body, fault)]))
            if waiting:
                await asyncio.wait([waiting])

    def _note(self, call: Seen) -> None:
        self.meter.answers[call.status] += call.status == 200
        self.meter.taken += call.taken
        self.meter.refused += call.refused
        self.recent.add(call)

    async def _refuse(
        self,
        send: Send,
        status: int,
        message: str,
        scope: HTTPScope,
        fields: dict[str, Any] | None = None,
        call: Seen | None = None,
        retry: int | None = None,
    ) -> None:
        self.meter.answers[status] += 1
        if call:
            call.status, call.why, call.fields = status, message, fields or {}
            self.recent.add(call)
        await refuse(send, status, message, scope, fields, retry)


class _Full(Exception):
    """More is on its way in than there is room for."""


class _Keys:
    """Sources by write key; looked up again when one is not known, at most once a second."""

    def __init__(self, shop: Shop) -> None:
        self.known: dict[str, Source] = {}
        self._shop = shop
        self._looked = float("-inf")

    def get(self, key: str | None) -> Source | None:
        """The source of a key; raises `UserError` where it is not known and the store is down."""
        if key is None:
            return None
        age = monotonic() - self._looked
        if age > 10 or (age > 1 and key not in self.known):
            try:
                self.known = {one.write_key: one for one in sources.open_(self._shop.ops)}
            except UserError:
                if key not in self.known:
                    raise
            self._looked = monotonic()
        return self.known.get(key)

    def found(self, key: str | None) -> Source | None:
        """The source of a key, None also where nobody can tell."""
        try:
            return self.get(key)
        except UserError:
            return None


def _packed(scope: HTTPScope, body: bytes) -> bool:
    told = dict(scope["headers"]).get(b"content-encoding", b"")
    return told.strip().lower() == b"gzip" or body[:2] == b"\x1f\x8b"


def _unpacked(body: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(31)
    try:
        found = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise Refused("bad-gzip") from error
    if len(found) > most:
        raise Refused("request-large", most=most)
    if not unpacker.eof:
        raise Refused("bad-gzip")
    return found


def _basic(scope: HTTPScope) -> str | None:
    """The write key of a Basic header: its user name."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, told = value.partition(b" ")
            if scheme.lower() != b"basic":
                return None
            try:
                return b64decode(told, validate=True).decode().partition(":")[0] or None
            except (NotBase64, ValueError):
                return None
    return None


def _result(status: int, bad: Iterable[tuple[int, Any, Fault]], scope: HTTPScope) -> dict[str, Any]:
    said = [
        {
            "index": place,
            "code": fault.code,
            "reason": translator(language(scope))(FAULTS[fault.code], **fault.fields),
        }
        for place, _, fault in bad
    ]
    return {"success": status == 200} | ({"rejected": said} if said else {})
