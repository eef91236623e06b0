"""Consent where keys turn out to be one human's: a no of either side holds, until a later answer.

From the instant at which two sides are known to be one, the stricter of what they had last answered by then
counts. Taken apart again, each side is left with its own answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from habitue.kernel.clock import Micros
from habitue.people.graph import Link, Node


class Answer(NamedTuple):
    """What was answered under a key: `value` is JSON, `true` is a yes."""

    node: Node
    name: str
    value: str
    ts: Micros
    seq: int


def strictest(links: Iterable[Link], answers: Iterable[Answer]) -> list[Answer]:
    """The answers that merging makes, each under the key whose answer it repeats, dated as the link.

    `links` in the order of time. An answer in the very event that tells of the link is a later one.
    """
    sides: dict[Node, set[Node]] = {}
    given: dict[Node, list[Answer]] = defaultdict(list)
    for answer in answers:
        given[answer.node].append(answer)
    made = []
    for (ts, seq), known in groupby(links, key=lambda link: (link.ts, link.seq)):
        for parts in _joined(sides, known):
            for answer in _agreed([[a for node in part for a in given[node]] for part in parts], ts, seq):
                given[answer.node].append(answer)
                made.append(answer)
    return made


def _joined(sides: dict[Node, set[Node]], links: Iterable[Link]) -> list[list[set[Node]]]:
    """Join the sides that these links tie together, and return of each whole the parts it was made of."""
    parts: dict[int, list[set[Node]]] = {}
    for link in links:
        one, other = (sides.setdefault(node, {node}) for node in (link.one, link.other))
        if one is not other:
            whole = one | other
            parts[id(whole)] = parts.pop(id(one), [one]) + parts.pop(id(other), [other])
            sides.update(dict.fromkeys(whole, whole))
    return list(parts.values())


def _agreed(parts: Sequence[Sequence[Answer]], ts: Micros, seq: int) -> list[Answer]:
    made = []
    for name in sorted({answer.name for part in parts for answer in part}):
        told = [[answer for answer in part if answer.name == name] for part in parts]
        last = [
            max(before, key=_when) for part in told if (before := [a for a in part if _when(a) < (ts, seq)])
        ]
        if len(last) < 2 or any(_when(answer) == (ts, seq) for part in told for answer in part):
            continue
        strict, latest = min(last, key=_strictness), max(last, key=_when)
        if _strictness(strict)[0] < _strictness(latest)[0]:
            made.append(strict._replace(ts=ts, seq=seq))
    return made


def _when(answer: Answer) -> tuple[Micros, int]:
    return answer.ts, answer.seq


def _strictness(answer: Answer) -> tuple[int, Micros, int, Node]:
    """A no before what is neither before a yes; of equals the first."""
    return {"false": 0, "true": 2}.get(answer.value, 1), answer.ts, answer.seq, answer.node
