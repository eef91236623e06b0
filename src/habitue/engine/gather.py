"""Fetch a program's contributions for some subjects and run the kernel over them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, NamedTuple, Protocol, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from habitue.engine.compile import ENDLESS, OWN, Lifted, Long, Program, Source, opposite
from habitue.engine.plan import Subject
from habitue.engine.source import Query
from habitue.engine.sweep import NEVER, Intervals, Ints, Tracks, compiled, sweep
from habitue.engine.ties import ties
from habitue.store.statement import Array

Ids = NDArray[np.int32]

FEW: Final = 5_000
"""Up to so many subjects their own events are fetched once and kept in memory."""


class Read(Protocol):
    """Runs one query: `Warehouse.read`, or `Writer.read` inside a transaction."""

    @overload
    def __call__(
        self, sql: str, params: Any = ..., /, *, large: bool = ..., **tables: pa.Table
    ) -> pa.Table: ...

    @overload
    def __call__(
        self, sql: str, params: Any = ..., /, *, arrays: Literal[True], **tables: pa.Table
    ) -> list[Array]: ...


@dataclass(frozen=True, slots=True)
class Who:
    """Some subjects: their ids, rising, and when each came to be (µs; NEVER: not yet)."""

    ids: Ids
    births: Ints
    whole: bool
    """Whether the ids are all that exist between the first and the last."""
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    """What `of` refers to: the ids wanted, and perhaps their own events and traits, fetched beforehand."""
    tied: dict[Subject, Tied] = field(default_factory=dict)
    """Whom they belong to or who belongs to them, once it was asked: every rule of a model may ask again."""

    def of(self, text: str) -> str:
        """The query over these subjects: fills in `{event}`, `{trait}`, and for a column that holds one of
        them `{who:column}`, or `{own:column}` in rows of the former two.
        """
        return _HOLE.sub(
            lambda found: self._condition(found[2], found[1] == "own") if found[2] else self._rows(found[3]),
            text,
        )

    def _condition(self, column: str, own: bool) -> str:
        if own and "own_event" in self.tables:  # fetched for them, and of nobody else
            return "true"
        if len(self.ids) == 0:
            return "false"
        if self.whole:
            return f"{column} BETWEEN {self.ids[0]} AND {self.ids[-1]}"
        return f"{column} IN (SELECT subject FROM own_subject)"

    def _rows(self, name: str) -> str:
        return f"own_{name}" if f"own_{name}" in self.tables else name


class Tied(NamedTuple):
    """Subjects and whom each belongs to (or who to each), a row a stay, by the latter's id; times in µs."""

    subjects: Ids
    others: Ids
    since: Ints
    until: Ints
    who: Who
    """All of the others."""


_HOLE: Final = re.compile(r"\{(?:(who|own):(\w+)|(event|trait))\}")


def those(subject: Subject, ids: Ids, read: Read, few: int = FEW) -> Who:
    """The subjects with these ids (rising, no two alike) that exist.

    Of a few their events are fetched at once: every source would look for them in all events otherwise.
    """
    wanted = pa.table({"subject": ids})
    rows = read(
        f"SELECT {subject}, birth FROM {subject} WHERE {subject} IN (SELECT subject FROM wanted) ORDER BY 1",
        wanted=wanted,
    )
    who = _who(rows, False)
    who = replace(who, tables={"own_subject": pa.table({"subject": who.ids})})
    if not 0 < len(who.ids) <= few:
        return who
    own = {"own_event": read(who.of("SELECT * FROM {event} WHERE {who:" + subject + "}"), **who.tables)}
    if subject == "person":
        own["own_trait"] = read(who.of("SELECT * FROM {trait} WHERE {who:person}"), **who.tables)
    return replace(who, tables={**who.tables, **own})


def between(subject: Subject, low: int, high: int, read: Read) -> Who:
    """The subjects with ids from low up to, not including, high."""
    return _who(
        read(
            f"SELECT {subject}, birth FROM {subject} "
            f"WHERE {subject} >= {low} AND {subject} < {high} ORDER BY 1"
        ),
        True,
    )


def _who(rows: pa.Table, whole: bool) -> Who:
    return Who(_column(rows, 0).astype(np.int32), _instants(rows, 1), whole)


def evaluate(program: Program, who: Who, read: Read) -> Intervals:
    """The intervals of these subjects; `subject` holds their ids.

    The caller sees to it that what the program refers to is already stored.
    """
    found = sweep(who.births, laid_out(program, who, read), program.formula)
    return found._replace(subject=who.ids[found.subject])


def laid_out(program: Program, who: Who, read: Read) -> Tracks:
    """All that the kernel needs of these subjects' contributions."""
    return _Rows(who, read).tracks(program)


class _Contributions(NamedTuple):
    """subject: ids, rising; start: µs, rising for each subject; stop: µs or None; weight: or None for 1."""

    subject: Ids
    start: Ints
    stop: Ints | None = None
    weight: Ints | None = None


class _Rows:
    """Lays the contributions of all sources out as the kernel's rows."""

    def __init__(self, who: Who, read: Read) -> None:
        self.who = who
        self.read = read
        self.times: list[Ints] = []
        self.weights: list[Ints] = []
        self.bounds: list[Ints] = []
        self.length = 0
        self.weighed = 0

    def tracks(self, program: Program) -> Tracks:
        rises: dict[int, tuple[int, int]] = {}
        falls: dict[int, tuple[int, int]] = {}
        for place, source in enumerate(program.sources):
            found = _sorted(self.contributions(source))
            rises[place] = self.row(found.subject, found.start, found.weight)
            if found.stop is not None:
                falls[place] = self.row(*_ends(found))
        tracks = []
        for place, shift in program.tracks:
            rise, up = rises[place]
            fall, down = falls[place] if shift == OWN else (-1, NEVER) if shift == ENDLESS else rises[place]
            tracks.append((rise, fall, max(shift, 0), up, down))
        return Tracks(
            np.concatenate([*self.times, np.empty(0, np.int64)]),
            np.concatenate([*self.weights, np.empty(0, np.int64)]),
            np.stack(self.bounds) if self.bounds else np.zeros((0, len(self.who.ids) + 1), np.int64),
            np.array(tracks, np.int64).reshape(-1, 5),
        )

    def row(self, subject: Ids, times: Ints, weight: Ints | None) -> tuple[int, int]:
        """Add a row; its number, and what leads from a place in `times` to one in `weights`."""
        starts = np.searchsorted(subject, self.who.ids)
        self.bounds.append(np.append(starts, len(subject)).astype(np.int64) + self.length)
        self.times.append(times)
        offset = NEVER
        if weight is not None:
            offset = self.weighed - self.length
            self.weights.append(weight)
            self.weighed += len(weight)
        self.length += len(times)
        return len(self.bounds) - 1, offset

    def contributions(self, source: Source) -> _Contributions:
        match source:
            case Query():
                return _fetched(source, self.who, self.read)
            case Long(program, length):
                found = evaluate(program, self.who, self.read)
                long = found.stop - length > found.start
                return _Contributions(found.subject[long], found.start[long] + length, found.stop[long])
            case Lifted(program):
                return _lifted(program, self.who, self.read)


def _fetched(query: Query, who: Who, read: Read) -> _Contributions:
    text, params = who.of(query.sql.text), query.sql.params
    if len(who.ids) > FEW:
        rows = read(text, params, large=True, **who.tables)
        return _Contributions(
            _column(rows, 0).astype(np.int32, copy=False),
            _instants(rows, 1),
            _instants(rows, 2) if query.ended else None,
            _column(rows, rows.num_columns - 1) if query.weighted else None,
        )
    subject, start, *more = read(text, params, arrays=True, **who.tables)
    return _Contributions(
        subject.astype(np.int32, copy=False),
        _since_epoch(start),
        _since_epoch(more[0]) if query.ended else None,
        np.asarray(more[-1]) if query.weighted else None,
    )


def _since_epoch(column: Array) -> Ints:
    """Timestamps as µs, NEVER where there is none."""
    found = np.ma.getdata(column).astype("M8[us]", copy=False).view(np.int64)
    gaps = np.ma.getmask(column)
    return found if gaps is np.ma.nomask else np.where(gaps, NEVER, found)


def _lifted(program: Program, who: Who, read: Read) -> _Contributions:
    """The intervals of these accounts' people (or these people's accounts) while they belong together,
    under the former's ids.
    """
    if program.subject not in who.tied:
        who.tied[program.subject] = _tied(program.subject, who, read)
    subjects, others, since, until, those_others = who.tied[program.subject]
    found = evaluate(program, those_others, read)
    first, last = np.searchsorted(found.subject, others), np.searchsorted(found.subject, others, side="right")
    counts = last - first
    picked = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    start = np.maximum(found.start[picked], np.repeat(since, counts))
    stop = np.minimum(found.stop[picked], np.repeat(until, counts))
    together = start < stop
    return _Contributions(np.repeat(subjects, counts)[together], start[together], stop[together])


def _tied(other: Subject, who: Who, read: Read) -> Tied:
    subject = opposite(other)
    pairs = read(
        who.of(
            f"SELECT {subject}, {other}, since, until FROM "
            f"({ties('{own:' + subject + '}', '{event}')}) ORDER BY {other}"
        ),
        **who.tables,
    )
    others = _column(pairs, 1).astype(np.int32)
    return Tied(
        _column(pairs, 0).astype(np.int32),
        others,
        _instants(pairs, 2),
        _instants(pairs, 3),
        those(other, np.unique(others), read),
    )


def _sorted(found: _Contributions) -> _Contributions:
    """By subject and start: as a rule the working copy lies so already, and this only looks."""
    if _rising(found.subject, found.start):
        return found
    order = np.lexsort((found.start, found.subject))
    return _Contributions(*(None if column is None else column[order] for column in found))  # type: ignore[arg-type]  # the first two are never None


def _ends(found: _Contributions) -> tuple[Ids, Ints, Ints | None]:
    assert found.stop is not None
    if _rising(found.subject, found.stop):
        return found.subject, found.stop, found.weight
    order = np.lexsort((found.stop, found.subject))
    return found.subject, found.stop[order], None if found.weight is None else found.weight[order]


@compiled
def _rising(subject: Ids, at: Ints) -> bool:
    for i in range(1, len(subject)):
        if subject[i] < subject[i - 1] or (subject[i] == subject[i - 1] and at[i] < at[i - 1]):
            return False
    return True


def ids(rows: pa.Table) -> Ids:
    """The first column of a result as ids."""
    return _column(rows, 0).astype(np.int32)


def _column(rows: pa.Table, place: int) -> NDArray[Any]:
    column = rows.column(place).combine_chunks()
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _instants(rows: pa.Table, place: int) -> Ints:
    """A column of timestamps as µs, NEVER where there is none."""
    column = rows.column(place).combine_chunks().cast(pa.int64())
    return np.asarray((column.fill_null(NEVER) if column.null_count else column).to_numpy(), dtype=np.int64)
