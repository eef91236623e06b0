"""Everybody's stays of one definition, in memory: nine bytes for each change of value, and twelve a subject.

A page that counts over all of them several times would read the same millions of rows from the working copy
for each number. So its sorted base is read once, until it is written anew; what refreshes have replaced since
is little, and is laid over it each time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final, NamedTuple, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from habitue.engine.sweep import NEVER, Ints, compiled
from habitue.store.warehouse import Warehouse
from habitue.store.writer import BASE

_PORTION: Final = 1 << 20
"""So many stays are read at once, and counted by one core at once."""

_MOST: Final = 512 << 20
"""Bytes of stays that are kept, beside those of the version asked for last."""


class Part(NamedTuple):
    """The changes of some subjects: those of `subject[i]` (rising) are `at` and `place` from `first[i]` until
    before `first[i + 1]`; at each the subject comes to another place (see `contrast.OUT`), and stays there
    until the next.
    """

    subject: NDArray[np.int32]
    first: Ints
    at: Ints
    place: NDArray[np.int8]

    @property
    def bytes(self) -> int:
        return sum(column.nbytes for column in self)


class Lives(NamedTuple):
    """Everybody's changes, each part with who of it counts; `earliest` is the first of all, if there is one.

    Subjects have numbers below `end`.
    """

    parts: tuple[tuple[Part, NDArray[np.bool_]], ...]
    earliest: int | None
    end: int

    def among(self, subjects: Ints) -> Lives:
        """Only these subjects'."""
        theirs = np.zeros(self.end, np.bool_)
        theirs[subjects[subjects < self.end]] = True
        parts = tuple((part, counted & theirs[part.subject]) for part, counted in self.parts)
        return self._replace(parts=parts)


class Library:
    """The stays of the versions asked for last, always as the working copy has them at that moment."""

    def __init__(self, warehouse: Warehouse, most: int = _MOST) -> None:
        self._warehouse = warehouse
        self._most = most
        self._bases: OrderedDict[int, tuple[str, tuple[Part, ...]]] = OrderedDict()
        self._lock = Lock()

    def lives(self, version: int) -> Lives:
        """Everybody's of a version."""
        with self._lock, self._warehouse.still():
            base = self._base(version)
            void = _numbers(
                self._warehouse.read("SELECT subject FROM refolded WHERE version = ?", (version,))["subject"]
            )
            tail = _part(*_columns(self._warehouse, "interval_tail WHERE version = ?", (version,)))
        return _laid([*((part, ~np.isin(part.subject, void)) for part in base), (tail, _all(tail))])

    def _base(self, version: int) -> tuple[Part, ...]:
        """The stays in the base, read where it was written anew since the last time."""
        noted = self._warehouse.noted()
        mark = f"{noted.get(BASE)} {noted.get(f'{BASE}:{version}')}"
        if version not in self._bases or self._bases[version][0] != mark:
            self._bases.pop(version, None)
            self._bases[version] = mark, _read(self._warehouse, version)
        self._bases.move_to_end(version)
        while len(self._bases) > 1 and self._bytes() > self._most:
            self._bases.popitem(last=False)
        return self._bases[version][1]

    def _bytes(self) -> int:
        return sum(part.bytes for _, parts in self._bases.values() for part in parts)


def _read(warehouse: Warehouse, version: int) -> tuple[Part, ...]:
    rows, end = warehouse.read(
        "SELECT count(*) AS n, coalesce(max(subject), -1) + 1 AS subjects FROM interval_base "
        "WHERE version = ?",
        (version,),
    ).columns
    step = max(1, end[0].as_py() * _PORTION // max(rows[0].as_py(), 1))
    theirs = "interval_base WHERE version = ? AND subject >= ? AND subject < ?"
    return tuple(
        _part(*_columns(warehouse, theirs, (version, low, low + step)))
        for low in range(0, end[0].as_py(), step)
    )


def _columns(warehouse: Warehouse, rows: str, params: tuple[int, ...]) -> tuple[Ints, ...]:
    """Subject, start, stop and value, by subject and time: so they lie already, where they are the base's."""
    times = f"epoch_us(start) AS start, coalesce(epoch_us(stop), {NEVER}) AS stop"
    found = warehouse.read(f"SELECT subject, {times}, value FROM {rows}", params, large=True)
    columns = tuple(map(_numbers, found.columns))
    subject, start = columns[:2]
    follows = (subject[1:] > subject[:-1]) | ((subject[1:] == subject[:-1]) & (start[1:] > start[:-1]))
    if follows.all():
        return columns
    order = np.lexsort((start, subject))
    return tuple(column[order] for column in columns)


def _numbers(column: pa.ChunkedArray) -> Ints:
    return np.require(column.to_numpy(), requirements="W")


def _part(subject: Ints, start: Ints, stop: Ints, value: Ints) -> Part:
    """Stays as changes: where one isn't followed by the next, its end is one too."""
    same = subject[1:] == subject[:-1]
    begins = np.ones(len(subject), np.bool_)
    begins[1:] = ~same
    leaves = stop != NEVER
    leaves[:-1] &= ~(same & (stop[:-1] == start[1:]))
    room = len(subject) + int(leaves.sum())
    who = subject[begins].astype(np.int32)
    first, at, place = np.empty(len(who) + 1, np.int64), np.empty(room, np.int64), np.empty(room, np.int8)
    cast(Callable[..., None], _change)(begins, leaves, start, stop, value.astype(np.int8), first, at, place)
    return Part(who, first, at, place)


@compiled
def _change(
    begins: NDArray[np.bool_],
    leaves: NDArray[np.bool_],
    start: Ints,
    stop: Ints,
    value: NDArray[np.int8],
    first: Ints,
    at: Ints,
    place: NDArray[np.int8],
) -> None:
    subjects = n = 0
    for i in range(len(start)):
        if begins[i]:
            first[subjects] = n
            subjects += 1
        at[n] = start[i]
        place[n] = value[i] + 1
        n += 1
        if leaves[i]:
            at[n] = stop[i]
            place[n] = 0
            n += 1
    first[subjects] = n


def _all(part: Part) -> NDArray[np.bool_]:
    return np.ones(len(part.subject), np.bool_)


def _laid(parts: list[tuple[Part, NDArray[np.bool_]]]) -> Lives:
    """Whoever counts begins with a first change."""
    firsts = [part.at[part.first[:-1][counted]] for part, counted in parts]
    earliest = min((int(some.min()) for some in firsts if len(some)), default=None)
    end = max((int(part.subject[-1]) + 1 for part, _ in parts if len(part.subject)), default=0)
    return Lives(tuple(parts), earliest, end)
