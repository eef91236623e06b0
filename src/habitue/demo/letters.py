"""What we write to them: a newsletter every three weeks, opened less and less by those who have left."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from habitue.demo import frame
from habitue.demo.frame import Bools, Ints
from habitue.demo.orders import Orders
from habitue.demo.people import People
from habitue.demo.season import Season
from habitue.kernel.clock import DAY, HOUR, LAST, MINUTE, SECOND

EVERY: Final = 21
"""Days between two newsletters."""


def letters(
    rng: np.random.Generator, season: Season, people: People, orders: Orders, born: Ints
) -> list[pa.Table]:
    """Sent, opened, clicked and unsubscribed; nobody is written to before they came or after they said no."""
    sent = season.mornings(EVERY, hour=10)
    readers = np.flatnonzero(people.consent)
    who, ts = (grid.ravel() for grid in np.meshgrid(readers, sent, indexing="ij"))
    issue = np.tile(np.arange(len(sent)), len(readers))
    warm = ts < orders.last[who] + 90 * DAY
    luck = rng.random(len(who))
    tired = (luck > np.where(warm, 0.998, 0.992)) & (ts > born[who])
    until = np.full(len(people.joined), LAST)
    np.minimum.at(until, who[tired], ts[tired])
    keep = (ts > born[who]) & (ts <= until[who])
    opened = keep & (tired | (luck < np.where(warm, 0.36, 0.15)))
    clicked = keep & (luck < np.where(warm, 0.05, 0.012))
    stopped = keep & tired
    read = ts + np.rint(rng.exponential(9, len(who)) * HOUR).astype(np.int64) + MINUTE
    campaign = frame.fill('{"campaign":"lettre-@"}', frame.digits(issue + 1, 2))

    def batch(name: str, rows: Bools, at: Ints) -> pa.Table:
        return frame.events(name, who[rows], at[rows], campaign.filter(pa.array(rows)))

    return [
        batch("Email Sent", keep, ts),
        batch("Email Opened", opened, read),
        batch("Email Clicked", clicked, read + 40 * SECOND),
        batch("Email Unsubscribed", stopped, read + 70 * SECOND),
        frame.events(
            "$consent",
            who[stopped],
            (read + 71 * SECOND)[stopped],
            pa.array(['{"email":false}'] * int(stopped.sum())),
        ),
    ]
