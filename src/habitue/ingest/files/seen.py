"""Message ids, and what has been seen before in this file, in eight bytes a row."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from habitue.ingest.files.dates import Bools, Ints

Hashes = NDArray[np.uint64]
Digests = NDArray[np.void]

WIDTH: Final = 16


def digests(*parts: pa.Array | str) -> Digests:
    """blake2b-128 of each row's parts; a null part is the empty text."""
    rows = pc.binary_join_element_wise(*parts, "\x1f", null_handling="replace", null_replacement="").cast(
        pa.binary()
    )
    return np.frombuffer(
        b"".join([blake2b(row, digest_size=WIDTH).digest() for row in rows.to_pylist()]), f"V{WIDTH}"
    )


def hashes(texts: pa.Array) -> Hashes:
    """64 bits of each text, of use within this process only."""
    return np.fromiter(map(hash, texts.to_pylist()), np.int64, len(texts)).view(np.uint64)


def each(texts: pa.Array) -> Ints:
    """The same of many texts that repeat."""
    coded = texts.dictionary_encode()
    found: Ints = hashes(coded.dictionary).view(np.int64)[np.asarray(coded.indices)]
    return found


def short(ids: Digests) -> Hashes:
    return ids.view(np.uint64)[::2]


def mixed(of: Hashes, *numbers: Ints) -> Hashes:
    """64 bits of each hash with its numbers, of use within this process only."""
    for number in numbers:
        of = (of ^ number.view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        of ^= of >> np.uint64(29)
    return of


class Seen:
    """A growing set of 64-bit hashes: a few sorted runs, each at least twice as long as the next."""

    def __init__(self) -> None:
        self.runs: list[Hashes] = []

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def add(self, found: Hashes) -> Bools:
        """Marks each hash that was there already, or earlier in `found`; all are there afterwards."""
        distinct, first, inverse = np.unique(found, return_index=True, return_inverse=True)
        old = np.zeros(len(distinct), np.bool_)
        for run in self.runs:
            old |= run[np.minimum(np.searchsorted(run, distinct), len(run) - 1)] == distinct
        known: Bools = old[inverse]
        again = np.ones(len(found), np.bool_)
        again[first] = False
        self._keep(distinct[~old])
        return known | again

    def _keep(self, fresh: Hashes) -> None:
        if len(fresh):
            self.runs.append(fresh)
        while len(self.runs) > 1 and len(self.runs[-2]) < 2 * len(self.runs[-1]):
            self.runs.append(np.sort(np.concatenate([self.runs.pop(), self.runs.pop()]), kind="stable"))


class Occurrences:
    """Numbers identical rows: each has an id of its own, and the same file gives the same ids again."""

    def __init__(self) -> None:
        self.seen = Seen()
        self.times: dict[bytes, int] = {}

    def number(self, ids: Digests) -> tuple[Digests, int]:
        """The ids, the n-th repetition's hashed with its n; and how many were repetitions."""
        repeated = np.flatnonzero(self.seen.add(short(ids)))
        numbered = ids.copy()
        for i in repeated:
            digest = ids[i].tobytes()
            n = self.times[digest] = self.times.get(digest, 0) + 1
            numbered[i] = np.void(blake2b(digest + b"%d" % n, digest_size=WIDTH).digest())
        return numbered, len(repeated)


def binary(ids: Digests) -> pa.Array:
    """As the Arrow column `binary(16)`."""
    return pa.Array.from_buffers(pa.binary(WIDTH), len(ids), [None, pa.py_buffer(np.ascontiguousarray(ids))])


def total(numbers: Ints) -> int:
    """The exact sum, past 64 bits too."""
    return int(numbers.astype(object).sum()) if len(numbers) else 0
