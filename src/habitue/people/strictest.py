"""What somebody agrees to, from all that was ever answered: a no holds until they say yes again themselves.

A function of the set of answers and links; only their instants order them. Of what is said at one instant a
no is the last word. A yes out of a file or a backfill, and a merge, never lift a no: from the instant at
which two sides are known to be one, the stricter of what they had answered by then counts. Taken apart again,
each side is left with its own answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Final, NamedTuple

from habitue.kernel.clock import Micros
from habitue.people.graph import Link, Node

NO, ASKED, YES = range(3)
"""The strictest first; somebody who was only asked has not agreed."""

MADE: Final = "$merge"
"""The source of what nobody said: consent as it is after a merge."""

GRANTED: Final = "granted"
PENDING: Final = "pending"
_REFUSAL: Final = 4


class Answer(NamedTuple):
    """What was answered under a key about `name`, which is `consent.email` or `consent.email.newsletter`.

    `status` is `granted`, `pending` or a refusal; `history` says that it was read out of the past, or repeats
    what somebody holds.
    """

    node: Node
    name: str
    status: str
    history: bool
    ts: Micros
    seq: int
    source: str | None = None


class Stance(NamedTuple):
    """Whether somebody agrees from an instant on; `node` is the key under which it was told."""

    node: Node
    name: str
    agreed: bool
    ts: Micros
    seq: int
    source: str | None


class _Word(NamedTuple):
    """Where somebody stands on a name, and the answer that decides it: see `deciding`."""

    stands: int
    answer: Answer


class _Side:
    """Keys known to be one human's by now, and where they stand on each name."""

    def __init__(self, node: Node) -> None:
        self.nodes = {node}
        self.stands: dict[str, _Word] = {}

    def hear(self, answer: Answer) -> None:
        self.stands[answer.name] = _next(self.stands.get(answer.name), answer)

    def join(self, other: _Side) -> list[str]:
        """Take the other in; the names on which both had answered."""
        self.nodes |= other.nodes
        both = sorted(self.stands.keys() & other.stands.keys())
        stricter = {name: min(self.stands[name], other.stands[name], key=_strictness) for name in both}
        self.stands |= other.stands | stricter
        return both


def strictest(links: Iterable[Link], answers: Iterable[Answer]) -> list[Stance]:
    """Where everybody stands after each instant at which they answered or were joined, in order of time."""
    return _lived({}, links, answers)


def deciding(links: Iterable[Link], answers: Iterable[Answer], node: Node) -> list[Answer]:
    """The answers that decide where the human with this key stands in the end, one for each name.

    Of a no it is the last that says so, of a yes or a question the first since they stand there.
    """
    sides: dict[Node, _Side] = {}
    _lived(sides, links, answers)
    return [word.answer for word in sides[node].stands.values()] if node in sides else []


def _lived(sides: dict[Node, _Side], links: Iterable[Link], answers: Iterable[Answer]) -> list[Stance]:
    links = list(links)
    linking = {link.seq for link in links}
    every: Iterable[Answer | Link] = chain(answers, links)
    said = sorted(every, key=lambda one: (one.ts, _phase(one, linking), one.seq))
    return [
        stance for ts, told in groupby(said, key=lambda one: one.ts) for stance in _instant(sides, ts, told)
    ]


def _phase(one: Answer | Link, linking: set[int]) -> int:
    """The order within an instant: asked, agreed, joined, agreed in the event that joined, refused."""
    if isinstance(one, Link):
        return 2
    if one.status == PENDING:
        return 0
    return _REFUSAL if one.status != GRANTED else 3 if one.seq in linking else 1


def _next(now: _Word | None, answer: Answer) -> _Word:
    """Where an answer leads: what is read out of the past takes only the first word, or says no."""
    word = _Word({PENDING: ASKED, GRANTED: YES}.get(answer.status, NO), answer)
    if now is None or word.stands == NO:
        return word
    return word if now.stands != YES == word.stands and not answer.history else now


def _strictness(word: _Word) -> tuple[int, Micros, int]:
    """Least for the word that holds once two are one human's."""
    stands, answer = word
    return (stands, -answer.ts, -answer.seq) if stands == NO else (stands, answer.ts, answer.seq)


def _instant(sides: dict[Node, _Side], ts: Micros, told: Iterable[Answer | Link]) -> Iterator[Stance]:
    """Take all that is said at one instant, then tell where those whom it is about stand."""
    news: list[tuple[Node, str, int, str | None]] = []
    for one in told:
        if isinstance(one, Answer):
            sides.setdefault(one.node, _Side(one.node)).hear(one)
            news.append((one.node, one.name, one.seq, one.source))
        else:
            news += ((one.one, name, one.seq, MADE) for name in _join(sides, one))
    about: dict[tuple[int, str], list[tuple[Node, str, int, str | None]]] = {}
    for each in news:
        about.setdefault((id(sides[each[0]]), each[1]), []).append(each)
    return (_stance(sides, ts, each) for each in about.values())


def _join(sides: dict[Node, _Side], link: Link) -> Sequence[str]:
    one, other = (sides.setdefault(node, _Side(node)) for node in (link.one, link.other))
    if one is other:
        return ()
    large, small = (one, other) if len(one.nodes) >= len(other.nodes) else (other, one)
    sides.update(dict.fromkeys(small.nodes, large))
    return large.join(small)


def _stance(sides: dict[Node, _Side], ts: Micros, told: list[tuple[Node, str, int, str | None]]) -> Stance:
    node, name, seq, source = max(told, key=lambda each: (each[2], each[3] != MADE, -each[0]))
    whole = sides[node]
    return Stance(
        min(whole.nodes) if source == MADE else node, name, whole.stands[name].stands == YES, ts, seq, source
    )
