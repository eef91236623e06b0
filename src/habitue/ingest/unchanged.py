"""Consent that calls only repeat: a banner's choices come with every page, and are kept where they change.

A repeated choice is dropped by its own date. So that a dropped no is never undone by a yes that was made
before it and arrives after it, such a yes counts only where nothing has happened since; and a profile's that
would lift a no, only where no later profile speaks of the channel. A no is only repeated while no live yes
stands in between, whoever said it under whichever of the human's keys: after one it is a no again, and kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.inbox import Waiting
from habitue.people.answers import EVENT
from habitue.people.graph import Link, leaders
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
        SELECT *, lag(status) OVER said AS last, lag(ts) OVER said AS before
        FROM (FROM mine UNION ALL FROM known)
        WINDOW said AS (
            PARTITION BY key, channel, purpose, source, via, history ORDER BY ts, part NULLS FIRST, n
        )
    ), since AS (
        SELECT key, max(ts) AS latest FROM event JOIN (
            SELECT key, coalesce(person, node) AS person FROM node LEFT JOIN merged USING (node)
            WHERE key IN (SELECT key FROM mine WHERE status = 'granted')
        ) USING (person) GROUP BY key
    ), late AS (
        SELECT part, n, told.ts, node, coalesce(person, node) AS person,
               CASE channel WHEN 'web' THEN '$.consent' ELSE '$.consent.' || channel END AS place
        FROM told JOIN node USING (key) LEFT JOIN merged USING (node)
        WHERE part IS NOT NULL AND via = 'traits' AND status = 'granted' AND last IN ('denied', 'withdrawn')
    ), outdone AS (
        SELECT DISTINCT part, n, true AS outdone
        FROM late JOIN event USING (person, node) JOIN event_name USING (code)
        WHERE event.ts > late.ts AND CASE name WHEN '$identify' THEN json_exists(event.props, place) END
    )
    SELECT part, n, key, channel, purpose, ts, before, status IN ('denied', 'withdrawn') AS refused
    FROM told LEFT JOIN since USING (key) LEFT JOIN outdone USING (part, n)
    WHERE part IS NOT NULL
        AND (last = status OR via = 'context' AND status = 'granted' AND ts < latest OR outdone)
"""

_AGREED: Final = """
    SELECT key, props ->> '$.channel' AS channel, coalesce(props ->> '$.purpose', 'marketing') AS purpose,
           ts::TIMESTAMP AS ts
    FROM arriving WHERE props ->> '$.status' = 'granted'
"""

_PERSONS: Final = """
    SELECT key, coalesce(person, node) AS person
    FROM node LEFT JOIN merged USING (node) SEMI JOIN asked USING (key)
"""

# Of the no's that are repeated those before which the same human's last live yes is later than the first no.
_NEWS: Final = """
    WITH known AS (
        SELECT DISTINCT human, coalesce(person, node) AS person
        FROM humans JOIN node USING (key) LEFT JOIN merged USING (node)
    ), under AS (
        SELECT human, person AS node FROM known
        UNION ALL SELECT human, node FROM known JOIN merged USING (person)
    ), yes AS (
        SELECT human, channel, purpose, ts FROM consent JOIN under USING (node)
        WHERE status = 'granted' AND NOT history
        UNION ALL SELECT human, channel, purpose, ts FROM agreed JOIN humans USING (key)
    ), no AS (FROM refused JOIN humans USING (key))
    SELECT part, n FROM no ASOF JOIN yes
        ON no.human = yes.human AND no.channel = yes.channel AND no.purpose = yes.purpose AND no.ts >= yes.ts
    WHERE yes.ts > no.before
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
    drop = set(_places(idle)).difference(_news(warehouse, batch, idle.filter(idle["refused"])))
    of: dict[int, list[int]] = {}
    for part, n in drop:
        of.setdefault(part, []).append(n)
    return [_cut(row, of[part]) if part in of else row for part, row in enumerate(batch)]


def _news(warehouse: Warehouse, batch: list[Waiting], refused: pa.Table) -> Iterable[tuple[int, int]]:
    """The places of the no's that their sender repeats and that are news, as there was a yes meanwhile."""
    if not len(refused):
        return ()
    told = agreed(warehouse, batch)
    named = pairs(batch) if len(told) else []
    keys = {*pc.unique(refused["key"]).to_pylist(), *told["key"].to_pylist(), *chain(*named)}
    whose = humans(warehouse, sorted(keys), named)
    return _places(warehouse.read(_NEWS, refused=refused, agreed=told, humans=whose))


def humans(warehouse: Warehouse, keys: list[str], named: list[tuple[str, str]]) -> pa.Table:
    """The keys, each with a number of the human whose it may be: as is known by now, or told in the batch.

    Who is told to be one and then isn't makes a repeated no stay: that harms nobody.
    """
    asked = pa.table({"key": pa.array(keys, pa.string())})
    known = warehouse.read(_PERSONS, asked=asked)
    number = {key: n for n, key in enumerate(keys)}
    links = [Link(number[one], number[other], 0, 0) for one, other in named]
    links += (
        Link(number[key], ~person, 0, 0)
        for key, person in zip(known["key"].to_pylist(), known["person"].to_pylist(), strict=True)
    )
    led = leaders({end for link in links for end in link[:2]}, links)
    whose = [led.get(n, n) for n in range(len(keys))]
    return asked.append_column("human", pa.array(whose, pa.int64()))


def agreed(warehouse: Warehouse, batch: list[Waiting]) -> pa.Table:
    """Every yes in a batch that is not read out of the past: under which key, to what, and when."""
    columns = ["key", "ts", "props"]
    answers = pa.concat_tables(
        row.table.filter(pc.and_(pc.equal(row.table["name"], EVENT), not row.history)).select(columns)
        for row in batch
    )
    return warehouse.read(_AGREED, arriving=answers)


def pairs(batch: list[Waiting]) -> list[tuple[str, str]]:
    """The keys that are named beside each other in a batch."""
    found: list[tuple[str, str]] = []
    for row in batch:
        also = row.table["also"].combine_chunks()
        named = row.table["key"].take(pc.list_parent_indices(also))
        found += zip(named.to_pylist(), also.flatten().to_pylist(), strict=True)
    return found


def _places(found: pa.Table) -> Iterable[tuple[int, int]]:
    return zip(found["part"].to_pylist(), found["n"].to_pylist(), strict=True)


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
