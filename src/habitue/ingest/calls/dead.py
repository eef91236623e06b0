"""Events that could not be taken: looked at, mended and sent again, or dropped."""

from __future__ import annotations

from msgspec import Raw

from habitue.ingest.calls import protocol
from habitue.ingest.calls.intake import Arrival, keep
from habitue.ingest.calls.protocol import FAULTS, Call, Limits, Refused
from habitue.kernel.clock import Micros, iso
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.store import refused
from habitue.store.ops import Ops
from habitue.store.refused import Dead

_NONE = N_("There is no refused event {number} that waits.")
_CUT = N_(
    "Of this request only the first {kept} bytes are kept, so it can’t be taken again. Send its events again "
    "from where they came, fewer at a time."
)


def replay(ops: Ops, number: int, now: Micros, mended: bytes | None = None) -> int:
    """Take it again, as it is or `mended`; how many events that gave. Raises `UserError` if still wrong."""
    with ops.begin() as tx:
        lost = refused.waiting(tx, number)
        if lost is None:
            raise UserError(_NONE, number=number)
        try:
            sending = protocol.read(lost.body if mended is None else mended, Limits(), "event")
        except Refused as error:
            if _cut(lost, mended):
                raise UserError(_CUT, kept=refused.LONGEST) from error
            raise UserError(FAULTS[error.fault.code], **error.fault.fields) from error
        good, bad = protocol.sort(sending, Limits())
        for _, _, fault in bad[:1]:
            raise UserError(FAULTS[fault.code], **fault.fields)
        kept = protocol.stored([_dated(raw, lost.received) for raw in good], sending, None)
        keep(tx, [Arrival(lost.source, False, now, len(good), kept, [])])
        refused.settle(tx, number, now, "replayed")
    return len(good)


def _cut(lost: Dead, mended: bytes | None) -> bool:
    """Whether it is not kept whole, and nothing else stands in its place; a page's form ends lines anew."""
    if len(lost.body) < refused.LONGEST:
        return False
    return mended is None or mended.split() == lost.body.decode("utf-8", "replace").encode().split()


def _dated(raw: Raw, received: Micros) -> Raw:
    """The event, at the instant when it first came if it names none itself: it comes in again only now."""
    call = protocol.called(raw)
    assert isinstance(call, Call)
    if call.timestamp is not None or call.originalTimestamp is not None:
        return raw
    return Raw(bytes(raw).rstrip()[:-1] + b',"timestamp":"%s"}' % iso(received).encode())


def drop(ops: Ops, number: int, now: Micros) -> None:
    """Look no more at it; it stays noted. Raises `UserError` where there is no such one."""
    with ops.begin() as tx:
        if refused.waiting(tx, number) is None:
            raise UserError(_NONE, number=number)
        refused.settle(tx, number, now, "dropped")
