"""What was asked of the working copy since it was last written, and what it said: pages ask again and again.

A small query takes a millisecond or more to plan, however little it reads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from threading import Lock
from typing import Any, Final, TypeAlias

import pyarrow as pa

MANY: Final = 256
LARGE: Final = 1 << 16
"""So many answers are held, none of more bytes."""

_SMALL: Final = 1 << 11
"""Bytes of a table that may be part of a question."""

Question: TypeAlias = Hashable


def question(sql: str, params: Sequence[Any], tables: Mapping[str, pa.Table]) -> Question | None:
    """What is asked, such that the same has the same answer; None where that can't be told cheaply.

    What is lent as `own_…` stays lent, and other queries count on it: those have to be run.
    """
    if "own_" in sql or any(table.nbytes > _SMALL for table in tables.values()):
        return None
    lent = [(name, table.schema, *map(_told, table.to_pydict().values())) for name, table in tables.items()]
    asked = sql, _told(params), tuple(lent)
    try:
        hash(asked)
    except TypeError:
        return None
    return asked


def _told(values: Sequence[Any]) -> Hashable:
    """With their types: 1, 1.0 and True are the same to Python."""
    return tuple((type(one), _told(one) if isinstance(one, list | tuple) else one) for one in values)


class Lately:
    """Answers by their questions, all of one turn: those of an earlier one are forgotten."""

    def __init__(self) -> None:
        self._turn = 0
        self._held: OrderedDict[Question, pa.Table] = OrderedDict()
        self._lock = Lock()

    def find(self, turn: int, asked: Question) -> pa.Table | None:
        with self._lock:
            if self._turn != turn:
                self._turn = turn
                self._held.clear()
            return self._held.get(asked)

    def keep(self, turn: int, asked: Question, told: pa.Table) -> None:
        """Hold the answer, found in that turn or in a later one."""
        with self._lock:
            if self._turn == turn and told.nbytes <= LARGE:
                self._held[asked] = told
                if len(self._held) > MANY:
                    self._held.popitem(last=False)
