"""What goes wrong in real data: deliveries twice, late arrivals, test orders, the same row entered again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from habitue.demo import frame
from habitue.kernel.clock import DAY


def tests(rng: np.random.Generator, start: int, until: int, who: int, count: int) -> pa.Table:
    """Orders of 0.00 by the person who tries the checkout after each release."""
    ts = np.sort(rng.integers(start + DAY, until, count))
    props = frame.fill(
        '{"order_id":"TEST-@","revenue":0.00,"currency":"EUR","channel":"online","products":[]}',
        frame.digits(np.arange(count)),
    )
    return frame.events("Order Completed", np.full(count, who), ts, props, np.zeros(count, np.int64))


def again(rng: np.random.Generator, table: pa.Table, share: float) -> pa.Table:
    """Some of the rows, to be entered a second time."""
    return table.filter(pa.array(rng.random(len(table)) < share))


def late(rng: np.random.Generator, table: pa.Table, share: float) -> tuple[pa.Table, pa.Table]:
    """The rows in time, and those that reach us only at the very end."""
    behind = rng.random(len(table)) < share
    return table.filter(pa.array(~behind)), table.filter(pa.array(behind))
