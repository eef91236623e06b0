"""Instants as SDKs and hand-written clients send them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from habitue.kernel.clock import EPOCH, SECOND, Micros

_MICRO: Final = timedelta(microseconds=1)
_LEAP: Final = re.compile(r"^(.{14}\d\d:)60(.*)$")
_FIRST, _LAST = -30_610_224_000 * SECOND, 221_845_392_000 * SECOND
"""The years 1000 to 9000: what the working copy can hold with room for windows."""


def moment(told: object) -> Micros | None:
    """ISO 8601 text (UTC where no zone is given), or a number: seconds, milliseconds or µs since 1970.

    None for what is no instant. A leap second is the second before it.
    """
    if isinstance(told, str):
        try:
            at = datetime.fromisoformat(told)
        except ValueError:
            return _leaping(told)
        try:
            found = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - EPOCH) // _MICRO
        except OverflowError:
            return None
    elif isinstance(told, int | float) and not isinstance(told, bool):
        size = abs(told)
        if not size < 1e18:
            return None
        found = int(told * (1 if size >= 1e14 else 1000 if size >= 1e11 else SECOND))
    else:
        return None
    return found if _FIRST <= found < _LAST else None


def _leaping(told: str) -> Micros | None:
    match = _LEAP.match(told)
    return moment(f"{match[1]}59{match[2]}") if match else None


def corrected(told: Micros, sent: Micros | None, received: Micros) -> Micros:
    """The instant by our clock: as long before `received` as the sender's own clock puts it before `sent`.

    Nothing happens after it was received. A clock that is off by ages corrects nothing.
    """
    found = told if sent is None else received - (sent - told)
    return min(received, found if found >= _FIRST else told)
