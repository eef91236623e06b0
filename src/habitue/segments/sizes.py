"""How large segments are and were, and how many came in and went out: read off their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.metrics.counts import binned
from habitue.store.warehouse import Warehouse

Counts = NDArray[np.int64]


class Sizes(Struct, frozen=True, eq=False):
    """Of one version at each of some instants: how many are in, and since the instant before how
    many came in and went out (of the first nothing is told).
    """

    at: tuple[int, ...]
    inside: Counts
    entered: Counts
    left: Counts


def sizes(warehouse: Warehouse, versions: Sequence[int], instants: Sequence[int]) -> dict[int, Sizes]:
    """Of all these versions at these instants, in one pass; give no instant after now."""
    edges, places = np.unique(np.asarray(instants, np.int64), return_inverse=True)
    none = np.zeros(len(edges), np.int64)
    begun, ended = dict.fromkeys(versions, none), dict.fromkeys(versions, none)
    if versions:
        found = warehouse.read(
            f"""
            SELECT version, {binned("start", edges)} AS begun, {binned("stop", edges)} AS ended
            FROM intervals WHERE version IN ({", ".join(str(int(one)) for one in versions)})
                AND start <= make_timestamp({int(edges[-1])}) GROUP BY version
            """
        )
        for row in found.to_pylist():
            begun[row["version"]], ended[row["version"]] = (
                np.cumsum((row[name] or none.tolist())[: len(edges)]) for name in ("begun", "ended")
            )
    return {one: _sizes(tuple(instants), begun[one][places], ended[one][places]) for one in versions}


def _sizes(instants: tuple[int, ...], begun: Counts, ended: Counts) -> Sizes:
    moved = (np.diff(one, prepend=one[:1]) for one in (begun, ended))
    return Sizes(instants, begun - ended, *moved)
