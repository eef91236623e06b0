"""Calls to make and letters to print, for screens."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from habitue.app import Shop
from habitue.app.errands import CALLS, LETTERS
from habitue.kernel.clock import DAY, Micros
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.store import errands
from habitue.store.tables import message

WORDS: Final = "Camille, Oolong 2026: −10 %.\n\nCode TEA-2026 (31/12)."
TO: Final = {CALLS: "+33612345678", LETTERS: "Camille Roy\n3 rue Victor-Hugo\n75002 Paris"}


def listed(shop: Shop, now: Micros) -> None:
    """Put some on each list; a call was tried before."""
    shop.set_channel("call", {}, "Odile")
    shop.set_channel("letter", {"sender": "Oolong|12 rue Austin|69001 Lyon", "place": "Lyon"}, "Odile")
    with shop.ops.begin() as tx:
        for n, channel in enumerate((CALLS, CALLS, CALLS, LETTERS, LETTERS)):
            same: dict[str, Any] = {"origin": "journey:subject", "run": f"e{n}", "due": now - DAY}
            outbox.put(tx, [Wanted(**same, person=n + 1, channel=channel, purpose="transactional")], now)
            number = int(tx.scalar(sa.select(sa.func.max(message.c.id))) or 0)
            mine = message.update().where(message.c.id == number)
            tx.execute(mine.values(state="sent", due=None, left=now - DAY))
            row = {"message": number, "channel": channel, "to": TO[channel], "made": now - DAY}
            errands.put(tx, row | {"subject": "Oolong 2026", "text": WORDS})
            if n == 1:
                errands.attempt(tx, number, "Odile", now)
