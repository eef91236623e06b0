"""What an outcome makes of a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zlib import crc32

from habitue.kernel.clock import HOUR, MINUTE, SECOND, Micros
from habitue.messaging import journal
from habitue.messaging.channel import Outcome, State
from habitue.store.messages import Change, Sending

PATIENCE: Final = 72 * HOUR
"""How long what customers wait for is tried; marketing is too late sooner, and a guard says so."""

_SHOWN: Final = 500

CODES: Final[Mapping[str, int]] = {
    "sent": journal.SENT,
    "bounced": journal.BOUNCED,
    "failed": journal.FAILED,
    "busy": journal.BUSY,
}
"""How a journal writes them."""

STATES: Final[Mapping[int, State]] = {
    journal.BEGUN: "unknown",
    journal.SENT: "sent",
    journal.BOUNCED: "bounced",
    journal.FAILED: "failed",
    journal.BUSY: "busy",
}
"""How a journal's lines are read."""

REFUSED: Final = Outcome("failed", "\0consent")
"""The customer said no after the message was taken."""

CALLED_BACK: Final = Outcome("failed", "\0stopped")
"""Whoever wanted the message wants it no more."""

_UNWRITTEN: Final = "\0template:"


def unwritten(why: str) -> Outcome:
    """Its text could not be made."""
    return Outcome("failed", _UNWRITTEN + why)


def change(row: Sending, outcome: Outcome, now: Micros) -> Change:
    """The state that the outcome puts a message into."""
    answer = outcome.answer[:_SHOWN]
    match outcome.state:
        case "sent":
            return Change(row.id, "sent", answer=outcome.answer or None, reference=outcome.reference)
        case "unknown" if row.lane == 1:
            return Change(row.id, "unknown", "lost")
        case "unknown":
            return Change(row.id, "held", "lost", due=now + SECOND)
        case "busy":
            return _put_off(row, outcome, now)
    if outcome is REFUSED:
        return Change(row.id, "skipped", "consent", {"channel": row.channel, "purpose": row.purpose})
    if outcome is CALLED_BACK:
        return Change(row.id, "skipped", "stopped")
    if answer.startswith(_UNWRITTEN):
        return Change(row.id, "failed", "template", {"why": answer.removeprefix(_UNWRITTEN)})
    return Change(row.id, outcome.state, "refused", {"answer": answer}, answer=outcome.answer or None)


def _put_off(row: Sending, outcome: Outcome, now: Micros) -> Change:
    until = now + (backoff(row) if outcome.wait is None else outcome.wait)
    fields = {"answer": outcome.answer[:_SHOWN], "until": until}
    if row.lane == 0 and until > row.planned + PATIENCE:
        return Change(row.id, "expired", "busy", fields)
    return Change(row.id, "held", "busy", fields, due=until)


def backoff(row: Sending) -> Micros:
    """A minute, two, four … up to four hours, a fifth more or less, so that not all come back at once."""
    whole = min(MINUTE << min(row.attempts, 8), 4 * HOUR)
    return whole * (80 + crc32(f"{row.id}:{row.attempts}".encode()) % 41) // 100
