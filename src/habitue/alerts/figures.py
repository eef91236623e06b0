"""How watches count: what had begun and ended by many instants, what happened between two, in one query."""

from __future__ import annotations

from typing import Any

import numpy as np

from habitue.alerts.roles import Floats, Ints
from habitue.kernel.clock import HOUR
from habitue.metrics.counts import binned
from habitue.store.warehouse import Warehouse


def upto(warehouse: Warehouse, column: str, rows: str, edges: Ints) -> Ints:
    """How many `rows` (SQL after FROM) have an instant in the column up to and including each edge."""
    single, places = np.unique(edges, return_inverse=True)
    if not len(single):
        return np.zeros(0, np.int64)
    found = warehouse.read(f"SELECT {binned(column, single)} AS bins FROM {rows}")["bins"][0].as_py()
    return np.cumsum((found or [0] * len(single))[: len(single)], dtype=np.int64)[places]


def standing(warehouse: Warehouse, rows: str, at: Ints) -> Floats:
    """How many stays of `rows` there are at each instant."""
    begun, ended = (upto(warehouse, column, rows, at) for column in ("start", "stop"))
    return (begun - ended).astype(np.float64)


def happened(warehouse: Warehouse, column: str, rows: str, since: Ints, at: Ints) -> Floats:
    """How many of `rows` have an instant in the column in each `[since, at)`."""
    both = upto(warehouse, column, rows, np.concatenate((since, at)) - 1)
    return (both[len(since) :] - both[: len(since)]).astype(np.float64)


def summed(hours: Ints, amounts: Any, since: Ints, at: Ints) -> Floats:
    """What amounts of whole hours, which rise, add up to in each `[since, at)`, by when the hours begin."""
    sums = np.concatenate(([0], np.cumsum(np.asarray(amounts, np.float64))))
    found: Floats = sums[np.searchsorted(hours, at)] - sums[np.searchsorted(hours, since)]
    return found


def hourly(warehouse: Warehouse, name: str, since: int) -> tuple[Ints, Ints]:
    """The hours, which rise, in which events of that name happened, and how many in each."""
    found = warehouse.read(
        "SELECT epoch_us(hour) AS hour, sum(n)::BIGINT AS n FROM tally JOIN event_name USING (code) "
        "WHERE name = ? AND hour >= make_timestamp(?::BIGINT) GROUP BY hour ORDER BY hour",
        (name, since - HOUR),
    )
    return found["hour"].to_numpy(), found["n"].to_numpy()


def known(figures: Floats, born: int | None, since: Ints) -> Floats:
    """The figures; NaN where they look back to before anything was known."""
    return np.where(since >= born, figures, np.nan) if born is not None else np.full(len(figures), np.nan)
