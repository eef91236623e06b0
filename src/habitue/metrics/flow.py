"""Who moved from which stage to which between two instants, and for how long the others have stayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from habitue.kernel.clock import DAY
from habitue.metrics.survival import Tally
from habitue.store.warehouse import Warehouse


class Move(Struct, frozen=True):
    """`n` subjects were in `from_value` and are in `to_value` now; None is not there yet, or no more.

    `share` is their part of all that were in `from_value`; `days` the median time that the movers had
    spent in it when they left. Both are None for newcomers, `days` also for those who stayed.
    """

    from_value: int | None
    to_value: int | None
    n: int
    share: float | None
    days: float | None


class Flow(Struct, frozen=True, eq=False):
    """The transition table, in order of the values; `open[value]` tells since how many whole days those who
    are in `value` at the later instant have been in it."""

    moves: tuple[Move, ...]
    open: Mapping[int, Tally]


_BEFORE = "make_timestamp($2::BIGINT)"
_AFTER = "make_timestamp($3::BIGINT)"
_LASTS = f"(stop IS NULL OR stop > {_AFTER})"
_FLOW = f"""
    WITH near AS MATERIALIZED (
        SELECT subject, value, start, stop FROM {{of}}
        WHERE version = $1 AND start <= {_AFTER} AND (stop IS NULL OR stop > {_BEFORE})
    ), here AS (
        SELECT value, start <= {_BEFORE} AS was, ($3::BIGINT - epoch_us(start)) // {DAY} AS since,
            count(*) AS n
        FROM near WHERE {_LASTS} GROUP BY ALL
    ), gone AS (
        SELECT subject, value, epoch_us(stop) - epoch_us(start) AS spent FROM near
        WHERE start <= {_BEFORE} AND stop <= {_AFTER}
    ), come AS (
        SELECT subject, value FROM near WHERE start > {_BEFORE} AND {_LASTS}
    )
    SELECT gone.value AS from_value, come.value AS to_value, NULL AS since, count(*) AS n,
        median(spent) FILTER (gone.value IS DISTINCT FROM come.value) AS spent
    FROM gone FULL JOIN come USING (subject) GROUP BY gone.value, come.value
    UNION ALL
    SELECT CASE WHEN was THEN value END, value, since, n, NULL FROM here
"""


def flow(warehouse: Warehouse, version: int, before: int, after: int, of: str = "intervals") -> Flow:
    """What became of everybody (`of`: see `counts.among`) between two instants, in one statement.

    Who is in one stay at both instants is counted without a join; only the others are matched.
    """
    found = warehouse.read(_FLOW.replace("{of}", of), (version, before, after))
    lasting = pc.is_valid(found["since"])
    moved, here = found.filter(pc.invert(lasting)).to_pylist(), found.filter(lasting)
    stayed = here.filter(pc.is_valid(here["from_value"]))
    return Flow(_moves(moved, _sums(stayed)), _open(here))


def _sums(stayed: pa.Table) -> dict[int, int]:
    sums = stayed.group_by("to_value").aggregate([("n", "sum")])
    return dict(zip(sums["to_value"].to_pylist(), sums["n_sum"].to_pylist(), strict=True))


def _moves(moved: list[dict[str, Any]], stayed: dict[int, int]) -> tuple[Move, ...]:
    """Those who moved, back and forth among them, and those who never left."""
    n, spent = Counter[tuple[int | None, int | None]](), {}
    for row in moved:
        pair = row["from_value"], row["to_value"]
        n[pair] += row["n"]
        spent[pair] = row["spent"]
    for value, some in stayed.items():
        n[value, value] += some
    start = Counter[int | None]()
    for (source, _), some in n.items():
        start[source] += some
    return tuple(
        Move(
            source,
            target,
            n[source, target],
            None if source is None else n[source, target] / start[source],
            _in_days(spent.get((source, target)) if source is not None else None),
        )
        for source, target in sorted(n, key=_order)
    )


def _in_days(spent: float | None) -> float | None:
    return None if spent is None else spent / DAY


def _order(pair: tuple[int | None, int | None]) -> tuple[float, float]:
    """From nowhere first, to nowhere last."""
    source, target = pair
    return (-1 if source is None else source), (np.inf if target is None else target)


def _open(here: pa.Table) -> dict[int, Tally]:
    """Stays of one length may have begun on either side of the earlier instant."""
    rows = here.group_by(["to_value", "since"]).aggregate([("n", "sum")]).sort_by("since")
    value, days, n = (rows[name].to_numpy().astype(np.int64) for name in ("to_value", "since", "n_sum"))
    return {int(one): Tally(days[value == one], n[value == one]) for one in np.unique(value)}
