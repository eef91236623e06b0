"""Events that come again: one message id counts once, for ever, and what came first stays.

There is no index of ids to keep: of a hundred million events the ids are read in 0.2 s on two cores.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from habitue.store.warehouse import Warehouse

Places = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Row numbers in what arrives."""

# The message ids of the batch are few beside those of the working copy: they are what is hashed.
_KNOWN: Final = """
    WITH mine AS (SELECT n, id::UUID AS id FROM arriving),
         known AS (SELECT DISTINCT id FROM event SEMI JOIN mine USING (id)),
         twice AS (SELECT id, min(n) AS first FROM mine GROUP BY id HAVING count(*) > 1)
    SELECT n FROM mine SEMI JOIN known USING (id)
    UNION SELECT n FROM mine JOIN twice USING (id) WHERE n > first
    ORDER BY n
"""

# Traits in a file have no date of their own: their instant says nothing. A call that is sent again has its
# clock put right again, by a little more or less, or is dated when it arrives: an hour is let pass.
_DIFFERING: Final = """
    WITH mine AS (SELECT * REPLACE (id::UUID AS id, ts::TIMESTAMP AS ts) FROM arriving),
         met AS (SELECT * FROM event SEMI JOIN mine USING (id)),
         known AS (SELECT id, node.key, name, ts, revenue, props
                   FROM met JOIN event_name USING (code) JOIN node USING (node)),
         first AS (FROM known UNION ALL SELECT id, key, name, ts, revenue, props
                   FROM mine ANTI JOIN known USING (id)
                   QUALIFY row_number() OVER (PARTITION BY id ORDER BY n) = 1)
    SELECT DISTINCT n FROM mine JOIN first USING (id)
    WHERE mine.name <> first.name OR (mine.called OR mine.name <> '$identify') AND (
        mine.key <> first.key
        OR mine.props <> first.props
        OR mine.revenue IS DISTINCT FROM first.revenue
        OR abs(date_diff('microseconds', mine.ts, first.ts)) > if(mine.called, 3_600_000_000, 0))
    ORDER BY n
"""


def known(warehouse: Warehouse, ids: pa.ChunkedArray) -> Places:
    """The places of the events that are stored already, or that repeat one before them."""
    arriving = pa.table({"n": pa.array(np.arange(len(ids))), "id": ids})
    found: Places = warehouse.read(_KNOWN, arriving=arriving)["n"].to_numpy()
    return found


def differing(warehouse: Warehouse, events: pa.Table) -> Places:
    """The places of those that come again with other contents than the first with their id had.

    `events`: a parcel's columns and `called`, whether it came as a call and not in a file.
    """
    columns = ["id", "key", "ts", "name", "revenue", "props", "called"]
    arriving = events.select(columns).append_column("n", pa.array(np.arange(len(events))))
    found: Places = warehouse.read(_DIFFERING, arriving=arriving)["n"].to_numpy()
    return found
