"""How many satisfy a rule, told at once from some of them: blocks of subjects from all over, fetched once.

Ids are handed out as subjects come, so blocks spread evenly hold old and new ones in the right parts. How
sure the number is comes from how much the blocks differ among themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from habitue.engine.compile import rule_program
from habitue.engine.gather import Ids, Read, Who, evaluate, those
from habitue.engine.plan import Subject
from habitue.engine.source import Known
from habitue.kernel.clock import Micros
from habitue.rules.nodes import Rule

BLOCKS: Final = 200
EACH: Final = 20
SURE: Final = 1.96
"""So many standard errors to either side hold the true number 95 times in 100."""


@dataclass(frozen=True)
class Sample:
    """Some subjects with their events, the block of each, and how many subjects there are."""

    subject: Subject
    who: Who
    blocks: NDArray[np.int64]
    whole: int


@dataclass(frozen=True)
class Estimate:
    """About so many, between `low` and `high` 95 times in 100; and those of the sample who are meant."""

    count: int
    low: int
    high: int
    some: Ids
    whole: int

    @property
    def exact(self) -> bool:
        return self.low == self.high


def sample(subject: Subject, read: Read, blocks: int = BLOCKS, each: int = EACH) -> Sample:
    """The same subjects whenever the data are the same; everybody where there are no more."""
    rows = read(f"SELECT count(*), coalesce(max({subject}), -1) + 1 FROM {subject}")
    whole, end = (int(rows.column(place)[0].as_py()) for place in (0, 1))
    if end <= blocks * each:
        ids = np.arange(end, dtype=np.int32)
    else:
        starts = (np.arange(blocks) * (end - each)) // (blocks - 1)
        ids = np.unique((starts[:, None] + np.arange(each)).ravel()).astype(np.int32)
    who = those(subject, ids, read, blocks * each)
    return Sample(subject, who, np.searchsorted(ids, who.ids) // each, whole)


def estimate(rule: Rule, drawn: Sample, known: Known, now: Micros, read: Read) -> Estimate:
    """How many of all satisfy the rule now."""
    found = evaluate(rule_program(rule, drawn.subject, known), drawn.who, read)
    some = found.subject[(found.start <= now) & (now < found.stop)]
    looked = len(drawn.who.ids)
    if looked >= drawn.whole:
        return Estimate(len(some), len(some), len(some), some, drawn.whole)
    share, off = _share(np.isin(drawn.who.ids, some), drawn.blocks, looked / drawn.whole)
    count, low, high = (round(one * drawn.whole) for one in (share, share - off, share + off))
    most = drawn.whole - looked + len(some)
    return Estimate(count, max(low, len(some)), min(high, most), some, drawn.whole)


def _share(meant: NDArray[np.bool_], blocks: NDArray[np.int64], part: float) -> tuple[float, float]:
    """The share of those meant, and how far off it may be: a ratio over blocks that were drawn whole."""
    sizes = np.bincount(blocks)
    hits = np.bincount(blocks, meant)[sizes > 0]
    sizes = sizes[sizes > 0]
    n, share = len(sizes), float(hits.sum() / sizes.sum())
    if share in (0.0, 1.0):
        return share, 3 / float(sizes.sum())  # the rule of three: seen in none of n, in at most 3 of n
    spread = float(((hits - share * sizes) ** 2).sum()) / (max(n - 1, 1) * n * float(sizes.mean()) ** 2)
    return share, SURE * sqrt(spread * (1 - part))
