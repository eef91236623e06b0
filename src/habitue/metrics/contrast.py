"""Two definitions of the same stages over the same months: who stands where by each, and who changed when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.engine.beside import Both
from habitue.engine.sweep import Intervals
from habitue.metrics.counts import Counts

OUT: Final = 0
"""The place of those who have no value; a value's own place is one more than the value."""


class Tally(Struct, frozen=True, eq=False):
    """`counts` is people at each end [end, value]; `moves` is changes of value between two ends.

    `moves` is [period, from, to], where from and to are places: see `OUT`.
    """

    counts: Counts
    moves: Counts


class Contrast(Struct, frozen=True, eq=False):
    """All of it. `cross` is people by place under the old and the new definition: [end, old, new].

    At the last end, `subject` stands in `old` by one and in `new` by the other (places), where these differ.
    So many `people` were looked at, of `whole`: where that is not all, the figures are those of a sample.
    """

    ends: tuple[int, ...]
    cross: Counts
    old: Tally
    new: Tally
    subject: NDArray[np.int32]
    before: NDArray[np.int8]
    after: NDArray[np.int8]
    people: int
    whole: int
    error: float
    """Of a sample, the standard error of the share that stands elsewhere, from how its stretches differ."""

    @property
    def sampled(self) -> bool:
        """Whether only some were looked at."""
        return self.people < self.whole

    @property
    def scale(self) -> float:
        """What a figure of the sample must be multiplied with to be one of all."""
        return self.whole / self.people if self.people else 1.0


_Apart = tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.int8]]


class Counting:
    """Adds up what is laid side by side; `found` tells how it stands.

    `alike` are the places [old, new] that mean the same; the same number does if not said.
    """

    def __init__(
        self,
        ends: Sequence[int],
        values: tuple[int, int],
        whole: int,
        alike: NDArray[np.bool_] | None = None,
    ) -> None:
        self.ends = np.asarray(ends, np.int64)
        self.whole = whole
        self.people = 0
        self._width = [n + 1 for n in values]
        self._alike = np.eye(*self._width, dtype=np.bool_) if alike is None else alike
        self._cross = np.zeros((len(ends), *self._width), np.int64)
        self._moves = [np.zeros((len(ends) - 1, n, n), np.int64) for n in self._width]
        self._apart: list[_Apart] = []
        self._seen: list[int] = []

    def add(self, both: Both) -> None:
        """Some more subjects."""
        sides = (both.kept, both.drafted)
        seen = [self._stood(side, both) for side in sides]
        for end, (old, new) in enumerate(zip(*seen, strict=True)):
            pairs = old.astype(np.int64) * self._width[1] + new
            self._cross[end] += np.bincount(pairs, minlength=self._cross[end].size).reshape(self._width)
        for moves, side in zip(self._moves, sides, strict=True):
            moved(moves, side, self.ends)
        apart = np.flatnonzero(~self._alike[seen[0][-1], seen[1][-1]])
        self._apart.append(((apart + both.low).astype(np.int32), seen[0][-1][apart], seen[1][-1][apart]))
        self._seen.append(len(np.union1d(both.kept.subject, both.drafted.subject)))
        self.people += self._seen[-1]

    def found(self, exact: bool = True) -> Contrast:
        """What was seen until now; all there is to see where `exact`."""
        cross = self._cross.copy()
        cross[:, OUT, OUT] = 0  # ids that nobody has
        columns = [np.concatenate(column) for column in zip(*self._apart, strict=True)]
        subject, before, after = columns or [np.empty(0, kind) for kind in (np.int32, np.int8, np.int8)]
        return Contrast(
            tuple(self.ends.tolist()),
            cross,
            Tally(cross.sum(axis=2)[:, 1:], self._moves[0].copy()),
            Tally(cross.sum(axis=1)[:, 1:], self._moves[1].copy()),
            subject,
            before,
            after,
            self.people,
            self.people if exact else self.whole,
            0.0 if exact else _error(self._apart, self._seen),
        )

    def _stood(self, side: Intervals, both: Both) -> NDArray[np.int8]:
        return stood(side, self.ends, both.low, both.high)


def _error(apart: Sequence[_Apart], seen: Sequence[int]) -> float:
    shares = [len(some[0]) / n for some, n in zip(apart, seen, strict=True) if n]
    return float(np.std(shares, ddof=1) / np.sqrt(len(shares))) if len(shares) > 1 else 0.0


def stood(side: Intervals, ends: Counts, low: int, high: int) -> NDArray[np.int8]:
    """The place of each subject from `low` until before `high` at each end: [end, subject]."""
    found = np.zeros((len(ends), high - low), np.int8)
    for places, end in zip(found, ends, strict=True):
        here = (side.start <= end) & (end < side.stop)
        places[side.subject[here] - low] = side.value[here] + 1
    return found


def moved(moves: Counts, side: Intervals, ends: Counts) -> None:
    """Count the changes of value by the period in which they fell; an end belongs to the period it ends."""
    if not len(side.subject):
        return
    same = side.subject[1:] == side.subject[:-1]
    joined = same & (side.start[1:] == side.stop[:-1])
    place = side.value.astype(np.int64) + 1
    before, after = (np.concatenate(part) for part in (([False], joined), (joined, [False])))
    source = np.where(before, np.roll(place, 1), OUT)
    _count(moves, source, place, side.start, ends)
    gone = ~after
    _count(moves, place[gone], np.zeros(int(gone.sum()), np.int64), side.stop[gone], ends)


def _count(moves: Counts, source: Counts, target: Counts, at: Counts, ends: Counts) -> None:
    period = np.searchsorted(ends, at, "left") - 1
    width = moves.shape[1]
    inside = (period >= 0) & (period < len(moves))
    places = (period[inside] * width + source[inside]) * width + target[inside]
    moves += np.bincount(places, minlength=moves.size).reshape(moves.shape)
