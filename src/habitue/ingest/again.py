"""A no that calls only repeated and that was dropped (`unchanged`), said after all once it matters.

It matters where a yes that was made before it arrives after it. That it was repeated is known from the events
that it came with: a profile's tells it still, a banner's came with everything that its page sent. So the
first of these after the yes says it again, as it would have done, had all of it come in order.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from habitue.ingest.inbox import Waiting, checked
from habitue.ingest.unchanged import agreed, humans, pairs
from habitue.people.answers import EVENT
from habitue.store.log import PARCEL
from habitue.store.warehouse import Warehouse

_MISSING: Final = """
    WITH known AS (
        SELECT DISTINCT human, coalesce(person, node) AS person
        FROM humans JOIN node USING (key) LEFT JOIN merged USING (node)
    ), under AS (
        SELECT human, person, person AS node FROM known
        UNION SELECT human, person, node FROM known JOIN merged USING (person)
    ), heard AS (
        SELECT DISTINCT key, channel, purpose, ts FROM consent JOIN node USING (node)
        SEMI JOIN agreed USING (key) WHERE status = 'granted' AND NOT history
    ), yes AS (
        SELECT DISTINCT human, channel, purpose, ts
        FROM (FROM agreed ANTI JOIN heard USING (key, channel, purpose, ts)) JOIN humans USING (key)
    ), said AS (
        SELECT human, person, node, channel, purpose, source, via, status, ts, lead(ts) OVER (
            PARTITION BY node, channel, purpose, source, via ORDER BY ts, seq
        ) AS next
        FROM consent JOIN under USING (node) WHERE via IS NOT NULL AND NOT history
    ), no AS (
        SELECT said.* EXCLUDE (ts), yes.ts,
               CASE channel WHEN 'web' THEN '$.consent' ELSE '$.consent.' || channel END AS place
        FROM said JOIN yes USING (human, channel, purpose)
        WHERE status IN ('denied', 'withdrawn') AND said.ts <= yes.ts AND (next IS NULL OR next > yes.ts)
    )
    SELECT DISTINCT key, channel, purpose, source, via, status, min(event.ts) AS ts
    FROM no JOIN event USING (person, node) JOIN event_name USING (code) JOIN node USING (node)
    WHERE event.ts > no.ts AND (next IS NULL OR event.ts < next) AND CASE via
        WHEN 'context' THEN name <> ?
        ELSE CASE name WHEN '$identify' THEN json_exists(event.props, place) AND coalesce(
            event.props ->> (place || '."' || purpose || '"'), event.props ->> place
        ) NOT IN ('true', 'granted', 'pending') END
    END
    GROUP BY key, channel, purpose, source, via, status, no.ts ORDER BY ALL
"""


def again(warehouse: Warehouse, batch: list[Waiting]) -> list[Waiting]:
    """The batch, with the no's before it that its answers make news of."""
    if not any(pc.any(pc.equal(row.table["name"], EVENT)).as_py() for row in batch if not row.history):
        return batch
    told = agreed(warehouse, batch)
    named = pairs(batch)
    keys = {*told["key"].to_pylist(), *(key for pair in named for key in pair)}
    whose = humans(warehouse, sorted(keys), named)
    missing = warehouse.read(_MISSING, (EVENT,), agreed=told, humans=whose).to_pylist()
    return [*(_said(batch[0], **one) for one in missing), *batch]


def _said(first: Waiting, key: str, source: str, ts: Any, **told: str) -> Waiting:
    """A parcel of that one answer, on its way with the batch's first."""
    props = msgspec.json.encode(told | {"again": True})
    number = blake2b(f"again\0{key}\0{source}\0{ts}\0".encode() + props, digest_size=16).digest()
    row = {"id": number, "key": key, "account": None, "ts": ts, "name": EVENT, "revenue": None}
    table = checked(pa.Table.from_pylist([row | {"props": props.decode(), "also": None}], schema=PARCEL))
    return Waiting(first.id, source, False, first.received, 0, table, 0)
