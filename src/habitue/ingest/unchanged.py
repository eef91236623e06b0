"""Consent that calls only repeat: a banner's choices come with every page, and are kept where they change.

A repeated choice is dropped by its own date. So that a dropped no is never undone by a yes that was made
before it and arrives after it, such a yes counts only where nothing has happened since.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.inbox import Waiting
from habitue.people.answers import EVENT
from habitue.store.warehouse import Warehouse

_IDLE: Final = """
    WITH mine AS (
        SELECT part, n, key, ts::TIMESTAMP AS ts, source, history, props ->> '$.channel' AS channel,
               props ->> '$.purpose' AS purpose, props ->> '$.status' AS status, props ->> '$.via' AS via
        FROM arriving
    ), known AS (
        SELECT NULL, NULL, key, ts, source, history, channel, purpose, status, via
        FROM consent JOIN node USING (node) SEMI JOIN mine USING (key) WHERE via IS NOT NULL
    ), told AS (
        SELECT *, lag(status) OVER (
            PARTITION BY key, channel, purpose, source, via, history ORDER BY ts, part NULLS FIRST, n
        ) AS before
        FROM (FROM mine UNION ALL FROM known)
    ), since AS (
        SELECT key, max(ts) AS latest FROM event JOIN (
            SELECT key, coalesce(person, node) AS person FROM node LEFT JOIN merged USING (node)
            WHERE key IN (SELECT key FROM mine WHERE status = 'granted')
        ) USING (person) GROUP BY key
    )
    SELECT part, n FROM told LEFT JOIN since USING (key)
    WHERE part IS NOT NULL
        AND (before = status OR via = 'context' AND status = 'granted' AND ts < latest)
"""


def without(warehouse: Warehouse, batch: list[Waiting]) -> list[Waiting]:
    """The batch without answers in calls that say what was known."""
    said = [
        _said(part, row)
        for part, row in enumerate(batch)
        if row.places is not None and pc.any(pc.equal(row.table["name"], EVENT)).as_py()
    ]
    told = pa.concat_tables(said) if said else None
    if told is None or not len(told):
        return batch
    idle = warehouse.read(_IDLE, arriving=told)
    drop: dict[int, list[int]] = {}
    for part, n in zip(idle["part"].to_pylist(), idle["n"].to_pylist(), strict=True):
        drop.setdefault(part, []).append(n)
    return [_cut(row, drop[part]) if part in drop else row for part, row in enumerate(batch)]


def _said(part: int, row: Waiting) -> pa.Table:
    answers = np.flatnonzero(pc.equal(row.table["name"], EVENT).to_numpy())
    found = row.table.select(["key", "ts", "props"]).take(pa.array(answers))
    each = {"n": pa.array(answers)} | {
        name: pa.repeat(value, len(answers))
        for name, value in (("part", part), ("source", row.source), ("history", row.history))
    }
    for name, column in each.items():
        found = found.append_column(name, column)
    return found


def _cut(row: Waiting, drop: list[int]) -> Waiting:
    left = sorted(set(range(len(row))).difference(drop))
    places = row.places or []
    return replace(row, table=row.table.take(pa.array(left)), places=[places[n] for n in left])
