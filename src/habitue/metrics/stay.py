"""How long customers stay in a stage, and how long they stay customers; open stays count too."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa

from habitue.kernel.clock import DAY
from habitue.metrics.survival import Curve, estimate
from habitue.store.warehouse import Warehouse

Span = tuple[int, int]

_DAYS = f"""
    SELECT (epoch_us(least(stop, make_timestamp($2::BIGINT))) - epoch_us(start)) // {DAY} AS days,
        count(*) FILTER (stop <= make_timestamp($2::BIGINT)) AS ended, count(*) AS n
    FROM span GROUP BY days ORDER BY days
"""
_STAYS = """
    WITH span AS (
        SELECT start, stop FROM intervals
        WHERE version = $1 AND value = $3 AND start <= make_timestamp($2::BIGINT)
    )
"""
_LIVES = """
    WITH span AS (
        SELECT min(start) AS start, max(coalesce(stop, 'infinity')) AS stop FROM intervals
        WHERE version = $1 AND list_contains($3::SMALLINT[], value) AND start <= make_timestamp($2::BIGINT)
        GROUP BY subject, life
    )
"""
_BEGUN = " WHERE start >= make_timestamp($4::BIGINT) AND start < make_timestamp($5::BIGINT) GROUP BY days"


def stay(warehouse: Warehouse, version: int, value: int, now: int, begun: Span | None = None) -> Curve:
    """How long a stay in this stage lasts, in whole days; stays that go on after `now` are open.

    `begun` keeps the stays that began in `[begun[0], begun[1])`: a cohort.
    """
    return _curve(warehouse, _STAYS, (version, now, value), begun)


def lifetime(
    warehouse: Warehouse, version: int, values: Collection[int], now: int, begun: Span | None = None
) -> Curve:
    """How long a customer's life lasts, from first entering one of `values` until leaving them for good.

    Give the stages of a customer's life without the terminal one: a return from that begins another
    life, which counts by itself. `mean` is the mean customer lifetime up to the longest one seen.
    """
    return _curve(warehouse, _LIVES, (version, now, list(values)), begun)


def _curve(warehouse: Warehouse, spans: str, params: tuple[Any, ...], begun: Span | None) -> Curve:
    days = _DAYS.replace(" GROUP BY days", _BEGUN) if begun else _DAYS
    found = warehouse.read(spans + days, (*params, *(begun or ())))
    ended = _numbers(found, "ended")
    return estimate(_numbers(found, "days"), ended, _numbers(found, "n") - ended)


def _numbers(found: pa.Table, name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(found[name].to_numpy(), np.int64)
