"""How often: at most so many messages to one customer in any stretch of a length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from habitue.kernel.clock import LAST, Micros
from habitue.messaging.rules import Cap

NEVER: Final = LAST
"""When a cap of 0 messages lets one go."""


def freed(times: Sequence[Micros], caps: Sequence[Cap]) -> tuple[Micros, Cap | None]:
    """From when on one more may go to somebody who had messages at these times, and which cap says so.

    Of several the one that lasts longest; a time in the past, and no cap, where nothing keeps it.
    """
    last = sorted(times, reverse=True)
    free, by = -1, None
    for cap in caps:
        until = NEVER if not cap.most else last[cap.most - 1] + cap.length if len(last) >= cap.most else -1
        if until > free:
            free, by = until, cap
    return free, by
