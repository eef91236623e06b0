"""What was to be expected at an instant of the past, from what had happened by then.

Stored intervals of the past tell what came of them: later events cut them short or draw them out. Here those
events are left out, so that a stay ends when it was bound to if nothing happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.engine.compile import Long, Program, program
from habitue.engine.gather import FEW, Read, evaluate, those
from habitue.engine.plan import Definition
from habitue.engine.source import Known, Query
from habitue.engine.sweep import NEVER
from habitue.kernel.clock import Micros


class Expected(NamedTuple):
    """Until when a subject was to stay where it was (None: for ever), and the value then (None: outside)."""

    until: Micros | None
    then: int | None


def expectable(definition: Definition, known: Known) -> bool:
    """Whether it looks at nothing but the subject's own events: of others only what came of them is kept."""
    return definition.subject == "person" and _alone(program(definition, known))


def expected(
    definition: Definition, subjects: Sequence[int], at: Micros, known: Known, read: Read
) -> dict[int, Expected]:
    """What each of these people who was in some value at `at` was to come to. Ask only if `expectable`."""
    found: dict[int, Expected] = {}
    compiled, ids = program(definition, known), np.unique(np.array(subjects, np.int32))
    for low in range(0, len(ids), FEW):
        who = those(definition.subject, ids[low : low + FEW], read)
        own = {name: _by(rows, at) for name, rows in who.tables.items() if "ts" in rows.column_names}
        stays = evaluate(compiled, replace(who, tables={**who.tables, **own}), read)
        columns = (column.tolist() for column in (stays.subject, stays.start, stays.stop, stays.value))
        rows = [*zip(*columns, strict=True), (-1, 0, 0, 0)]
        for (subject, start, stop, _), (other, following, _, value) in pairwise(rows):
            if start <= at < stop:
                goes_on = other == subject and following == stop
                found[subject] = Expected(None if stop == NEVER else stop, value if goes_on else None)
    return found


def _by(rows: pa.Table, at: Micros) -> pa.Table:
    return rows.filter(pc.less_equal(rows["ts"], pa.scalar(at, pa.timestamp("us"))))


def _alone(compiled: Program) -> bool:
    return all(
        source.stored is None
        if isinstance(source, Query)
        else isinstance(source, Long) and _alone(source.program)
        for source in compiled.sources
    )
