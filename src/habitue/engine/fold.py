"""Fold a program over many subjects: in batches, on all cores, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import numpy as np
import pyarrow as pa

from habitue.engine.compile import Program
from habitue.engine.gather import Ids, Read, Who, between, evaluate, those
from habitue.engine.plan import Subject
from habitue.engine.sweep import NEVER, Intervals, Ints

Batch = Callable[[], Who]
"""Fetches some subjects when it is their turn."""

Progress = Callable[[int, int], None]
"""Told how many batches are done, and of how many."""

CONTRIBUTIONS: Final = 2_000_000
"""About so many events are in memory at once for each core."""

_STRETCHES: Final = 20

SCHEMA: Final = pa.schema(
    [
        ("version", pa.int32()),
        ("subject", pa.int32()),
        ("start", pa.timestamp("us")),
        ("stop", pa.timestamp("us")),
        ("value", pa.int16()),
        ("life", pa.int16()),
    ]
)


def everybody(subject: Subject, read: Read, at_once: int | None = None) -> list[Batch]:
    """All subjects in batches of about equal size, each fetched when called."""
    if at_once is None:
        return ranges(subject, stretches(subject, read), read)
    end = read(f"SELECT coalesce(max({subject}), -1) + 1 FROM {subject}").column(0)[0].as_py()
    return ranges(subject, [(low, min(low + at_once, end)) for low in range(0, end, at_once)], read)


def stretches(subject: Subject, read: Read, most: int | None = None) -> list[tuple[int, int]]:
    """The ids of all subjects, from and up to: a batch each. With `most`, of about so many of them.

    These lie in short stretches all over, so that those who came early and late are among them alike.
    """
    rows = read(f"SELECT count(*), coalesce(max({subject}), -1) + 1 FROM {subject}")
    people, end = rows.column(0)[0].as_py(), rows.column(1)[0].as_py()
    step = _step(people, read)
    if most is None or people <= most:
        return [(low, min(low + step, end)) for low in range(0, end, step)]
    lows = np.linspace(0, end, _STRETCHES, endpoint=False, dtype=np.int64).tolist()
    return [(low, min(low + max(1, most // _STRETCHES), end)) for low in lows]


def ranges(subject: Subject, found: Sequence[tuple[int, int]], read: Read) -> list[Batch]:
    """The subjects of each of these stretches."""
    return [_range(subject, low, high, read) for low, high in found]


def some(subject: Subject, ids: Ids, read: Read, at_once: int | None = None) -> list[Batch]:
    """The subjects with these ids (rising), in batches."""
    step = at_once or min(_step(len(ids), read), 20_000)
    return [_listed(subject, ids[low : low + step], read) for low in range(0, len(ids), step)]


def _range(subject: Subject, low: int, high: int, read: Read) -> Batch:
    return lambda: between(subject, low, high, read)


def _listed(subject: Subject, ids: Ids, read: Read) -> Batch:
    return lambda: those(subject, ids, read)


def _step(people: int, read: Read) -> int:
    events = read("SELECT count(*) FROM event").column(0)[0].as_py()
    return int(np.clip(CONTRIBUTIONS * max(people, 1) // max(events, 1), 1_000, 200_000))


def fold(
    program: Program,
    batches: Sequence[Batch],
    read: Read,
    progress: Progress | None = None,
    cores: int | None = None,
) -> Iterator[Intervals]:
    """The intervals of every batch, in order; how subjects are split changes nothing in them.

    `cores` at most work on them (all, if not said).
    """
    for done, found in enumerate(_pooled(program, batches, read, cores or os.cpu_count() or 1), start=1):
        if progress is not None:
            progress(done, len(batches))
        yield found


def _pooled(program: Program, batches: Sequence[Batch], read: Read, cores: int) -> Iterator[Intervals]:
    """One batch per core is under way; results wait for their turn."""
    if len(batches) == 1:  # most refreshes have one: no thread is made for it, and no cursor
        yield _one(program, batches[0], read)
        return
    waiting: deque[Future[Intervals]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        for batch in batches:
            waiting.append(pool.submit(_one, program, batch, read))
            if len(waiting) > cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _one(program: Program, batch: Batch, read: Read) -> Intervals:
    return evaluate(program, batch(), read)


def rows(version: int, found: Intervals) -> pa.Table:
    """The intervals as rows of the working copy."""
    n = len(found.subject)
    return pa.table(
        [
            pa.array(np.full(n, version, np.int32)),
            pa.array(found.subject),
            pa.array(found.start).cast(pa.timestamp("us")),
            pa.array(found.stop, mask=found.stop == NEVER).cast(pa.timestamp("us")),
            pa.array(found.value),
            pa.array(found.life),
        ],
        schema=SCHEMA,
    )


def joined(parts: Sequence[Intervals]) -> Intervals:
    """One after the other."""
    return Intervals(*(np.concatenate(columns) for columns in zip(*parts, strict=True))) if parts else _NONE


_EMPTY: Final[Ints] = np.empty(0, np.int64)
_NONE: Final = Intervals(np.empty(0, np.int32), _EMPTY, _EMPTY, np.empty(0, np.int16), np.empty(0, np.int16))
