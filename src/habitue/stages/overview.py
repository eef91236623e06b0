"""A model's overview of a period: all that the first page shows, read once and kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from typing import Final

from msgspec import Struct

from habitue.engine.plan import Subject
from habitue.kernel.clock import HOUR, MINUTE, Micros
from habitue.kernel.period import Period, Span, Versus, day_of, previous
from habitue.metrics.contrast import Tally
from habitue.metrics.counts import Counts, who
from habitue.metrics.flow import Move, flow
from habitue.metrics.lives import Library, Lives
from habitue.metrics.stakes import Stake, stakes
from habitue.metrics.survival import Curve, tallied
from habitue.metrics.walk import tallied as between_ends
from habitue.metrics.walk import walk
from habitue.stages.kept import PATIENCE, Kept, Made
from habitue.stages.sales import Sales, sales
from habitue.stages.usual import spans
from habitue.store.warehouse import Warehouse

MONTHS: Final = 24
_VERSIONS: Final = 16
_PAIRS: Final = 64
_LEDGERS: Final = 4
"""Each may take tens of megabytes."""
_REST: Final = 60.0
"""What took five seconds may be five minutes old: it must not keep a busy shop's machine from its work."""


class Overview(Struct, frozen=True, eq=False):
    """People by value at `before` and `after`, who moved between, the months up to then, and the stays.

    `then` is people by value at `since`: at the end of the period that this one is compared with, `other` who
    moved in that, [from, to] by place. `counts[month, value]` belongs to `months`, the last of which goes as
    far as the period; `stays[value]` counts everything up to `after`, `ever[value]` the people who had them;
    `usual` [period, from, to] is who moved in each of the periods before, as long as this one, by place;
    `first` is when the first came; `latest` is the last event where nobody has moved (None: there is no
    event, or somebody has).
    """

    computed: Micros
    latest: Micros | None
    first: Micros
    before: Micros
    after: Micros
    since: Micros
    was: dict[int, int]
    stands: dict[int, int]
    then: dict[int, int]
    other: Counts
    moves: tuple[Move, ...]
    months: tuple[Period, ...]
    ends: tuple[Micros, ...]
    counts: Counts
    stays: tuple[Curve, ...]
    ever: dict[int, int]
    usual: Counts


class Overviews:
    """Overviews as last computed, each with its time, all made of the same stays in memory."""

    def __init__(self, warehouse: Warehouse, zone: Callable[[], str], generation: Callable[[], int]) -> None:
        self._warehouse = warehouse
        self._place = zone
        self._library = Library(warehouse)
        self._lives = Kept[int, Lives](generation, _VERSIONS)
        self._overviews = Kept[tuple[Pair, str, bool], Overview](generation, _PAIRS)
        self._stakes = Kept[Key, list[Stake]](generation, _VERSIONS, _REST)
        self._tallies = Kept[tuple[Key, str], Tally](generation, _VERSIONS, _REST)
        self._sales = Kept[_Buyers, Sales](generation, _LEDGERS, _REST)

    def get(self, pair: Pair, now: Micros, fresh: bool = False) -> Overview:
        """The overview of a version in a period; computed anew where asked `fresh`.

        Periods that are over stay as they are until the data change; one that runs is read anew each minute.
        """
        runs = self._runs(pair, now)
        age = 0 if fresh else MINUTE if runs else None
        read = partial(self._read, pair, now)
        return self._overviews.get((pair, self._zone, runs), now, age, read, fresh).value

    def glance(self, pair: Pair, now: Micros, patience: float = PATIENCE) -> Overview | None:
        """As `get`; None where it was never made and takes longer than `patience` (seconds)."""
        runs = self._runs(pair, now)
        age, read = MINUTE if runs else None, partial(self._read, pair, now)
        found = self._overviews.glance((pair, self._zone, runs), now, age, read, patience)
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

    def tally(self, version: int, values: int, now: Micros) -> Tally | None:
        """The last 24 months and who changed stage in each; None while that is read for the first time."""

        def read(wait: bool) -> Made[Tally]:
            lives, generation, _ = self._everybody(version, now, wait)
            ends = self._ends(previous(day_of(now, self._zone), MONTHS + 1), now)
            return Made(between_ends(lives, values, ends), generation, now)

        found = self._tallies.glance((Key(version, values), self._zone), now, HOUR, read, 0.5)
        return None if found is None else found.value

    def sales(
        self, pair: Pair, subject: Subject, now: Micros, patience: float, ask: bool = True
    ) -> Sales | None:
        """What was sold in the period and month by month, to everybody or who is in the segment at its end.

        None where it was never read and takes longer than `patience`, or where it is not to be `ask`ed for.
        """
        within = pair.of.within
        key = _Buyers(subject, within, None if within is None else pair.of.until, self._zone)

        def read(_: bool) -> Made[Sales]:
            generation = self._sales.generation()
            at = pair.versus.period.span(self._zone, now).after
            people = None if key.within is None else who(self._warehouse, key.within, at)
            return Made(sales(self._warehouse, subject, self._zone, now, people), generation, now)

        if not ask and key not in self._sales:
            return None
        found = self._sales.glance(key, now, HOUR, read, patience)
        return None if found is None else found.value

    def _runs(self, pair: Pair, now: Micros) -> bool:
        return pair.versus.period.span(self._zone, now).after == now

    def _ends(self, some: Sequence[Period], now: Micros) -> tuple[Micros, ...]:
        return tuple(one.span(self._zone, now).after for one in some)

    def _everybody(self, version: int, now: Micros, wait: bool) -> Made[Lives]:
        def read(_: bool) -> Made[Lives]:
            generation = self._lives.generation()
            return Made(self._library.lives(version), generation, now)

        return self._lives.get(version, now, None, read, wait)

    def _read(self, pair: Pair, now: Micros, wait: bool) -> Made[Overview]:
        """Made of the version's stays, so that it is of their generation, and as soon out of date."""
        everybody, generation, _ = self._everybody(pair.of.version, now, wait)
        first = min(now if everybody.earliest is None else everybody.earliest, now)
        versus, zone = pair.versus, self._zone
        main, other = versus.spans(zone, now)
        since, before = versus.since(zone, now), spans(versus.period, zone, now, first)
        *whole, last = previous(versus.period.last, MONTHS)
        months = (*whole, Period(last.first, min(last.last, versus.period.last)))
        ends = self._ends(months, now)
        instants, places = _places([main, other, *before], (since, *ends))
        seen = walk(self._whose(everybody, pair, main.after), pair.of.values, instants, places)
        moves = flow(seen.pairs[0], seen.spent)
        found = Overview(
            computed=now,
            latest=self._latest(moves),
            first=first,
            before=main.before,
            after=main.after,
            since=since,
            was=_sums((move.from_value, move.n) for move in moves),
            stands=_sums((move.to_value, move.n) for move in moves),
            then={value: n for value, n in enumerate(seen.counts[instants.index(since)].tolist()) if n},
            moves=moves,
            other=seen.pairs[1],
            months=months,
            ends=ends,
            counts=seen.counts[[instants.index(at) for at in ends]],
            stays=tuple(tallied(*both) for both in zip(seen.ended, seen.still, strict=True)),
            ever={value: n for value, n in enumerate(seen.ever.tolist()) if n},
            usual=seen.pairs[2:],
        )
        return Made(found, generation, now)

    def _whose(self, everybody: Lives, pair: Pair, at: Micros) -> Lives:
        """Everybody, or who is in the segment when the period ends."""
        within = pair.of.within
        return everybody if within is None else everybody.among(who(self._warehouse, within, at))

    @property
    def _zone(self) -> str:
        return self._place()

    def _latest(self, moves: Sequence[Move]) -> Micros | None:
        """The last event, looked for only where nobody has moved."""
        if any(move.from_value != move.to_value for move in moves):
            return None
        found: Micros | None = self._warehouse.read("SELECT epoch_us(max(ts)) AS ts FROM event")["ts"][
            0
        ].as_py()
        return found


class Key(Struct, frozen=True):
    """A version with so many values; `within` is the version of a segment, and `until` the day at whose end
    it tells who is in it."""

    version: int
    values: int
    within: int | None = None
    until: date | None = None


class _Buyers(Struct, frozen=True):
    """Of whom sales are told, everybody or who is in a version when a day ends; and on which clock."""

    subject: Subject
    within: int | None
    until: date | None
    zone: str


class Pair(Struct, frozen=True):
    """Which overview: of a period, beside another."""

    of: Key
    versus: Versus


def _places(some: Sequence[Span], ends: Sequence[Micros]) -> tuple[list[Micros], list[tuple[int, int]]]:
    """All the instants, rising without repeats, and each span as places among them."""
    instants = sorted({*ends, *(at for one in some for at in one)})
    place = {at: n for n, at in enumerate(instants)}
    return instants, [(place[one.before], place[one.after]) for one in some]


def _sums(pairs: Iterable[tuple[int | None, int]]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for value, n in pairs:
        if value is not None:
            found[value] += n
    return dict(found)
