"""One pass over everybody's stays: who stood where at some instants, who changed, who came from where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from habitue.engine.beside import kept
from habitue.engine.fold import stretches
from habitue.engine.plan import Subject
from habitue.metrics.contrast import OUT, Tally, moved, stood
from habitue.metrics.counts import Counts
from habitue.store.warehouse import Warehouse


class Watch(Struct, frozen=True, eq=False):
    """The `tally` at the instants and between them; `pairs` [pair, from, to] is people by place at both.

    Places are those of `metrics.contrast`: `OUT` is no value.
    """

    tally: Tally
    pairs: Counts


def watch(
    warehouse: Warehouse,
    version: int,
    values: int,
    subject: Subject,
    ends: Sequence[int],
    pairs: Sequence[tuple[int, int]] = (),
    of: str = "intervals",
) -> Watch:
    """All of it for a version with so many values; `ends` rise, `pairs` are two of their places each.

    In bounded memory, whatever the number of subjects.
    """
    width, edges = values + 1, np.asarray(ends, np.int64)
    counts = np.zeros((len(ends), width), np.int64)
    moves = np.zeros((max(len(ends) - 1, 0), width, width), np.int64)
    both = np.zeros((len(pairs), width, width), np.int64)
    for low, high in stretches(subject, warehouse.read):
        side = kept(warehouse, version, low, high, of)
        places = stood(side, edges, low, high).astype(np.int64)
        for n, here in enumerate(places):
            counts[n] += np.bincount(here, minlength=width)
        for n, (before, after) in enumerate(pairs):
            joint = np.bincount(places[before] * width + places[after], minlength=width * width)
            both[n] += joint.reshape(width, width)
        if len(moves):
            moved(moves, side, edges)
    both[:, OUT, OUT] = 0
    return Watch(Tally(counts[:, 1:], moves), both)
