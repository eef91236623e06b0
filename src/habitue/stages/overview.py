"""A model's overview between two month ends: all that the first page shows, read once and kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.engine.plan import Subject
from habitue.kernel.clock import HOUR, MINUTE, Micros
from habitue.metrics.contrast import Tally
from habitue.metrics.counts import Counts, among, ever
from habitue.metrics.flow import Move, flow
from habitue.metrics.months import Months, months
from habitue.metrics.stakes import Stake, stakes
from habitue.metrics.survival import NONE, Curve, tallied
from habitue.metrics.watch import Watch, watch
from habitue.stages.calendar import between, end, month_of, previous
from habitue.stages.kept import PATIENCE, Kept, Made
from habitue.stages.usual import instants, periods
from habitue.store.warehouse import Warehouse

MONTHS: Final = 24
_VERSIONS: Final = 16
_PAIRS: Final = 64
_REST: Final = 60.0
"""What took five seconds may be five minutes old: it must not keep a busy shop's machine from its work."""
_CENTURY: Final = 1200
"""Months before that are not looked at: a date so old is a mistake."""


class Overview(Struct, frozen=True, eq=False):
    """People by value at `before` and `after`, who moved between, the months up to then, and the stays.

    `counts[month, value]` belongs to `months`; `stays[value]` counts everything up to `after`, `ever[value]`
    the people who had them; `first` lies in the first month that anybody was there; `latest` is the last
    event where nobody has moved (None: there is no event, or somebody has).
    """

    computed: Micros
    latest: Micros | None
    first: Micros
    before: Micros
    after: Micros
    was: dict[int, int]
    stands: dict[int, int]
    moves: tuple[Move, ...]
    months: tuple[str, ...]
    ends: tuple[Micros, ...]
    counts: NDArray[np.int64]
    stays: tuple[Curve, ...]
    ever: dict[int, int]


class Overviews:
    """Overviews as last computed, each with its time, and what all those of a version share: its months."""

    def __init__(self, warehouse: Warehouse, zone: Callable[[], str], generation: Callable[[], int]) -> None:
        self._warehouse = warehouse
        self._place = zone
        self._months = Kept[Key, Months](generation, _VERSIONS)
        self._overviews = Kept[Pair, Overview](generation, _PAIRS)
        self._usual = Kept[Pair, Counts | None](generation, _PAIRS, _REST)
        self._stakes = Kept[Key, list[Stake]](generation, _VERSIONS, _REST)
        self._tallies = Kept[Key, Tally](generation, _VERSIONS, _REST)

    def get(
        self, version: int, values: int, month: str, against: str, now: Micros, fresh: bool = False
    ) -> Overview:
        """The overview of a version with so many values; computed anew where asked `fresh`.

        Months that are over stay as they are until the data change; one that runs is read anew each minute.
        """
        pair = Pair(Key(version, values), month, against)
        age = 0 if fresh else self._age(pair, now)
        return self._overviews.get(pair, now, age, lambda wait: self._read(pair, now, age, wait), fresh).value

    def glance(self, pair: Pair, now: Micros, patience: float = PATIENCE) -> Overview | None:
        """As `get`; None where it was never made and takes longer than `patience` (seconds)."""
        age = self._age(pair, now)
        found = self._overviews.glance(
            pair, now, age, lambda wait: self._read(pair, now, age, wait), patience
        )
        return None if found is None else found.value

    def before(self, pair: Pair, subject: Subject, now: Micros) -> Counts | None:
        """Who moved in each of the periods before it, [period, from, to]; None while that is read."""

        def read(_: bool) -> Made[Counts | None]:
            generation = self._usual.generation()
            some = periods(pair.month, pair.against, self._zone, now, self._first(pair.of.version) or now)
            ends, places = instants(some)
            found = self._watched(pair, subject, ends, places, now).pairs if some else None
            return Made(found, generation, now)

        # What is usual changes little: once an hour is enough where the period still runs.
        age = None if self._age(pair, now) is None else HOUR
        found = self._usual.glance(pair, now, age, read, 0)
        return None if found is None else found.value

    def stakes(
        self, version: int, subject: Subject, now: Micros, within: int | None = None
    ) -> list[Stake] | None:
        """Who leaves a stage soon and what they brought; None while that is read for the first time.

        Of everybody, or of those who are in the version `within` (a segment) by now.
        """

        def read(_: bool) -> Made[list[Stake]]:
            generation = self._stakes.generation()
            return Made(stakes(self._warehouse, version, subject, now, within), generation, now)

        found = self._stakes.glance(Key(version, 0, within), now, HOUR, read, 0.3)
        return None if found is None else found.value

    def tally(self, version: int, values: int, subject: Subject, now: Micros) -> Tally | None:
        """The last 24 months and who changed stage in each; None while that is read for the first time."""

        def read(_: bool) -> Made[Tally]:
            generation = self._tallies.generation()
            ends = [end(month, self._zone, now) for month in previous(month_of(now, self._zone), MONTHS + 1)]
            return Made(watch(self._warehouse, version, values, subject, ends).tally, generation, now)

        found = self._tallies.glance(Key(version, values), now, HOUR, read, 0.5)
        return None if found is None else found.value

    def _watched(
        self, pair: Pair, subject: Subject, ends: list[Micros], places: list[tuple[int, int]], now: Micros
    ) -> Watch:
        of = pair.of
        return watch(self._warehouse, of.version, of.values, subject, ends, places, self._whose(pair, now))

    def _age(self, pair: Pair, now: Micros) -> Micros | None:
        return MINUTE if month_of(now, self._zone) in (pair.month, pair.against) else None

    def _whose(self, pair: Pair, now: Micros) -> str:
        """Everybody's stays, or those of who is in the segment when the period ends."""
        if pair.of.within is None:
            return "intervals"
        return among(pair.of.version, pair.of.within, end(pair.month, self._zone, now))

    def _read(self, pair: Pair, now: Micros, age: Micros | None, wait: bool) -> Made[Overview]:
        """Made of the version's months, so that it is as of their instant, or as soon out of date."""
        of = pair.of
        whose = self._whose(pair, now)
        months, generation, now = self._months.get(of, now, age, lambda _: self._shared(of, now, whose), wait)
        before, after = (end(month, self._zone, now) for month in (pair.against, pair.month))
        found = flow(self._warehouse, of.version, before, after, whose)
        had = months.ever(after)
        overview = Overview(
            computed=now,
            latest=self._latest(found.moves),
            first=months.ends[0],
            before=before,
            after=after,
            was=_sums((move.from_value, move.n) for move in found.moves),
            stands=_sums((move.to_value, move.n) for move in found.moves),
            moves=found.moves,
            months=(names := previous(pair.month, MONTHS)),
            ends=(ends := tuple(end(name, self._zone, now) for name in names)),
            counts=months.at(ends),
            stays=tuple(
                tallied(months.lasted(value, after), found.open.get(value, NONE))
                for value in range(of.values)
            ),
            ever=ever(self._warehouse, of.version, after, whose)
            if (had := months.ever(after)) is None
            else had,
        )
        return Made(overview, generation, now)

    @property
    def _zone(self) -> str:
        return self._place()

    def _first(self, version: int) -> Micros | None:
        """When the first stay began."""
        found: Micros | None = self._warehouse.read(
            "SELECT epoch_us(min(start)) AS ts FROM intervals WHERE version = ?", (version,)
        )["ts"][0].as_py()
        return found

    def _shared(self, of: Key, now: Micros, whose: str) -> Made[Months]:
        generation = self._months.generation()
        first = self._first(of.version)
        this = month_of(now, self._zone)
        names = between(month_of(min(first or now, now), self._zone), this)[-_CENTURY:]
        ends = [end(name, self._zone, now) for name in names]
        return Made(months(self._warehouse, of.version, of.values, ends, whose), generation, now)

    def _latest(self, moves: Sequence[Move]) -> Micros | None:
        """The last event, looked for only where nobody has moved."""
        if any(move.from_value != move.to_value for move in moves):
            return None
        found: Micros | None = self._warehouse.read("SELECT epoch_us(max(ts)) AS ts FROM event")["ts"][
            0
        ].as_py()
        return found


class Key(Struct, frozen=True):
    """A version with so many values; `within` is the version of a segment, and `until` the month whose end
    tells who is in it."""

    version: int
    values: int
    within: int | None = None
    until: str | None = None


class Pair(Struct, frozen=True):
    """Which overview: one month against another."""

    of: Key
    month: str
    against: str


def _sums(pairs: Iterable[tuple[int | None, int]]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for value, n in pairs:
        if value is not None:
            found[value] += n
    return dict(found)
