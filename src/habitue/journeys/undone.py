"""Whose way into a journey is no more, once the import that it came of is taken back."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa

from habitue.engine.sweep import Ints
from habitue.journeys import kept
from habitue.journeys.entering import comers
from habitue.journeys.entries import Dated, Leaves, Scheduled
from habitue.journeys.facts import Ground, Told
from habitue.journeys.graph import Journey
from habitue.kernel.clock import Micros
from habitue.people.identities import canonical
from habitue.store import runs
from habitue.store.ops import Ops
from habitue.store.warehouse import Warehouse


def rootless(ops: Ops, warehouse: Warehouse, ground: Ground, keys: Ints, now: Micros) -> list[Any]:
    """The runs under way (`runs.under_way`) of whom nothing is known any more, of all whom these keys mean,
    and of those whose change or date that let them in is not in their history now.
    """
    with ops.read() as tx:
        rows = runs.under_way(tx)
    whose = canonical(warehouse, np.array([row.person for row in rows], np.int64))
    mine = np.isin(whose, canonical(warehouse, keys))
    asked = pa.table({"person": np.unique(whose[mine])})
    known = warehouse.read("SELECT person FROM person SEMI JOIN asked USING (person)", asked=asked)
    there = np.isin(whose, known["person"].to_numpy())
    found = [rows[n] for n in np.flatnonzero(mine & ~there).tolist()]
    some: dict[tuple[str, int], list[tuple[int, Any]]] = defaultdict(list)
    for n in np.flatnonzero(mine & there).tolist():
        some[rows[n].journey, rows[n].version].append((int(whose[n]), rows[n]))
    for (slug, version), theirs in some.items():
        saved = next((one for one in kept.versions(ops, slug) if one.version == version), None)
        if saved is not None:
            found += _astray(saved.journey, theirs, ground, now)
    return found


def _astray(journey: Journey, theirs: list[tuple[int, Any]], ground: Ground, now: Micros) -> list[Any]:
    """Those of them who would not come in again; by hand, from another journey and by an event one stays."""
    entry = journey.entry
    dated = isinstance(entry, Dated | Scheduled)
    way = entry.name() if dated else "change"
    asked = [
        (person, int(rest), row)
        for person, row in theirs
        for cause, _, rest in [row.cause.partition(":")]
        if cause == way and rest.lstrip("-").isdigit()
    ]
    if not asked:
        return []
    facts = Told(ground, now, np.array([person for person, _, _ in asked], np.int64))
    if dated:
        entered = [row.entered for _, _, row in asked]
        found = comers(entry, facts, min(entered) - 1, max(entered))
        who, times = found.person, found.day
    else:
        spans = facts.spans(entry.watches()[0])
        who, times = spans.person, spans.stop if isinstance(entry, Leaves) else spans.start
    again = set(zip(who.tolist(), times.tolist(), strict=True))
    return [row for person, at, row in asked if (person, at) not in again]
