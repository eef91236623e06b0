"""What people, and programs, did with messages: how many of an origin's were clicked, opened, sent back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from habitue.kernel.clock import Micros
from habitue.metrics.named import ending
from habitue.store.warehouse import Warehouse

NAMES: Final[Mapping[str, str]] = {
    "Delivered": "delivered",
    "Clicked": "clicked",
    "Opened": "opened",
    "Bounced": "bounced",
    "Unsubscribed": "unsubscribed",
    "Marked as Spam": "complained",
    "Complained": "complained",
    "Link Scanned": "scanned",
    "Proxy Opened": "fetched",
}
"""By the end of an event's name what it is counted as; the last two are what programs do."""

MACHINE: Final[Mapping[str, str]] = {"clicked": "scanned", "opened": "fetched"}
"""What a program did that says so of itself is counted as."""

_MESSAGES: Final = """
    SELECT name, coalesce(props ->> '$.step', '') AS step,
        coalesce(props ->> '$.machine', '') = 'true' AS machine,
        count(DISTINCT props ->> '$.message')::BIGINT AS n
    FROM event JOIN event_name USING (code)
    WHERE code IN ({codes}) AND ts > make_timestamp(?) AND ts <= make_timestamp(?)
        AND props ->> '$.origin' = ?
    GROUP BY ALL
"""


def reactions(warehouse: Warehouse, origin: str, since: Micros, until: Micros) -> dict[tuple[str, str], int]:
    """How many of an origin's messages met with what, by step: each message counts once."""
    sql = _MESSAGES.format(codes=ending(warehouse, *NAMES))
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in warehouse.read(sql, (since, until, origin)).to_pylist():
        what = NAMES[row["name"].partition(" ")[2]]
        found[row["step"], MACHINE.get(what, what) if row["machine"] else what] += row["n"]
    return dict(found)
