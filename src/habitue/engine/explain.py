"""Why a subject is where it is: the rule's tree with values, thresholds, since when and until when.

The values come from `rules.judge`, read from the subject's own history; since when and until when come
from the kernel, run over this one subject for every condition of the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from habitue.engine.compile import opposite, program, rule_program
from habitue.engine.gather import Read, Who, evaluate, those
from habitue.engine.plan import Book, Definition, Subject
from habitue.engine.source import Known
from habitue.engine.standing import standing
from habitue.engine.sweep import NEVER
from habitue.engine.ties import ties
from habitue.kernel.clock import Micros
from habitue.rules import judge, nodes, text
from habitue.rules.check import walk

Span: TypeAlias = tuple[Micros, Micros]
"""From an instant up to, not including, another; NEVER while open."""


class Why(Struct, frozen=True, omit_defaults=True):
    """One node of the rule at one instant.

    `since` is when its truth last changed (the subject's birth at the earliest), `until` when it next
    changes if nothing happens (None: never). Instants and lengths are µs.
    """

    rule: str
    truth: bool
    since: Micros
    until: Micros | None = None
    value: Any = None
    threshold: Any = None
    parts: tuple[Why, ...] = ()


class Verdict(Struct, frozen=True, omit_defaults=True):
    """A definition's answer: the value's id (None outside), since and until when, and every rule asked."""

    value: str | None
    since: Micros | None
    until: Micros | None
    asked: tuple[tuple[str, Why], ...]


def history(subject: Subject, one: int, read: Read, removes: int = 1) -> judge.History | None:
    """All that the working copy knows of one subject; None if there is no such one.

    And of the people of an account, or the accounts of a person, at so many `removes`.
    """
    births = read(f"SELECT epoch_us(birth) FROM {subject} WHERE {subject} = {one}").column(0).to_pylist()
    if not births:
        return None
    events = read(
        "SELECT epoch_us(ts), name, props, seq, revenue FROM event JOIN event_name USING (code) "
        f"WHERE {subject} = {one} ORDER BY ts, seq"
    )
    changes = read(
        "SELECT epoch_us(ts), name, value, seq, source "
        f"FROM {'trait' if subject == 'person' else 'account_trait'} WHERE {subject} = {one} ORDER BY ts, seq"
    )
    counts = standing(read)
    around = _company(subject, one, read, removes) if removes else ()
    return judge.History(
        births[0],
        tuple(
            judge.Event(ts, name, _decoded(props), seq, revenue)
            for ts, name, props, seq, revenue in _rows(events)
        ),
        tuple(
            judge.Change(ts, name, counts.read(name, _decoded(value)), seq, counts.of(name).get(source, 0))
            for ts, name, value, seq, source in _rows(changes)
        ),
        members=around if subject == "account" else (),
        accounts=around if subject == "person" else (),
    )


def explain(rule: nodes.Rule, subject: Subject, one: int, at: Micros, known: Known, read: Read) -> Why | None:
    """Why the rule is true or false for this subject at this instant; None if it did not exist then."""
    past = history(subject, one, read, _removes([rule], known.book))
    if past is None or at < past.birth:
        return None
    reason = judge.why(rule, past, at, _book(known))
    who = those(subject, np.array([one], np.int32), read)
    return _Times(who, subject, known, read).told(reason, at)


def weighed(rule: nodes.Rule, subject: Subject, one: int, at: Micros, known: Known, read: Read) -> Why | None:
    """As `explain`, but not since when and until when: quick enough for a list of subjects."""
    past = history(subject, one, read, _removes([rule], known.book))
    return None if past is None or at < past.birth else _plain(judge.why(rule, past, at, _book(known)), at)


def _plain(reason: judge.Reason, at: Micros) -> Why:
    parts = tuple(_plain(part, at) for part in reason.parts)
    return Why(
        text.write(reason.rule), reason.truth, at, value=reason.value, threshold=reason.threshold, parts=parts
    )


def decide(definition: Definition, one: int, at: Micros, known: Known, read: Read) -> Verdict | None:
    """Which value a definition gives this subject at this instant, and why none of those before it."""
    past = history(definition.subject, one, read, _removes(definition.rules, known.book))
    if past is None or at < past.birth:
        return None
    who = those(definition.subject, np.array([one], np.int32), read)
    stays = evaluate(program(definition, known), who, read)
    here = np.flatnonzero((stays.start <= at) & (at < stays.stop))
    place = int(stays.value[here[0]]) if len(here) else None
    asked, times = [], _Times(who, definition.subject, known, read)
    for value, rule in zip(definition.values, definition.rules, strict=True):
        if rule is not None:
            asked.append((value, times.told(judge.why(rule, past, at, _book(known)), at)))
        if place is not None and value == definition.values[place]:
            break
    if place is None:
        return Verdict(None, None, None, tuple(asked))
    return Verdict(
        definition.values[place], int(stays.start[here[0]]), _open(stays.stop[here[0]]), tuple(asked)
    )


class _Times:
    """When each node of a rule is true for one subject; what two nodes share is looked up once."""

    def __init__(self, who: Who, subject: Subject, known: Known, read: Read) -> None:
        self.birth = int(who.births[0])
        self._who, self._subject, self._known, self._read = who, subject, known, read
        self._found: dict[str, list[Span]] = {}

    def told(self, reason: judge.Reason, at: Micros) -> Why:
        """The node and all below it, with since when and until when at this instant."""
        turns = [self.birth, *(edge for span in self.spans(reason.rule) for edge in span)]
        return Why(
            text.write(reason.rule),
            reason.truth,
            max(turn for turn in turns if turn <= at),
            _open(min((turn for turn in turns if turn > at), default=NEVER)),
            reason.value,
            reason.threshold,
            tuple(self.told(part, at) for part in reason.parts),
        )

    def spans(self, rule: nodes.Rule) -> list[Span]:
        """From when until when the rule is true; only conditions need a look at the events."""
        match rule:
            case nodes.And(items):
                return self._combined(all, items)
            case nodes.Or(items):
                return self._combined(any, items)
            case nodes.Not(item):
                return self._combined(lambda truths: not any(truths), (item,))
        name = text.write(rule)
        if name not in self._found:
            found = evaluate(rule_program(rule, self._subject, self._known), self._who, self._read)
            self._found[name] = list(zip(found.start.tolist(), found.stop.tolist(), strict=True))
        return self._found[name]

    def _combined(self, test: Callable[[Iterable[bool]], bool], items: tuple[nodes.Rule, ...]) -> list[Span]:
        parts = [self.spans(item) for item in items]
        edges = sorted({self.birth, *(edge for part in parts for span in part for edge in span)} - {NEVER})
        spans: list[Span] = []
        for edge, following in pairwise([*edges, NEVER]):
            if test(any(start <= edge < stop for start, stop in part) for part in parts):
                joins = spans and spans[-1][1] == edge
                spans[-1:] = [(spans[-1][0], following)] if joins else [*spans[-1:], (edge, following)]
        return spans


def _book(known: Known) -> judge.Book:
    return judge.Book(
        {m.id: judge.Model(m.values, m.rules, m.population) for m in known.book.models.values()},
        {s.id: s.rules[0] for s in known.book.segments.values() if s.rules[0] is not None},
        known.digits,
    )


def _removes(rules: Iterable[nodes.Rule | None], book: Book) -> int:
    """How many times in a row, at most, the rules look from a subject to those around it."""
    below = [node for rule in rules if rule is not None for node in walk(rule)]
    found = [book.segments.get(node.id) for node in below if isinstance(node, nodes.Segment)]
    found += [book.models.get(node.model) for node in below if isinstance(node, nodes.Stage)]
    around = sum(isinstance(node, nodes.AnyMember | nodes.Members | nodes.Account) for node in below)
    return around + max((_removes((*d.rules, d.population), book) for d in found if d), default=0)


def _company(subject: Subject, one: int, read: Read, removes: int) -> tuple[judge.History, ...]:
    """Those around a subject, each with the spans in which they belong together."""
    other = opposite(subject)
    spans: dict[int, list[tuple[Micros, Micros | None]]] = {}
    found = read(
        f"SELECT {other}, epoch_us(since), epoch_us(until) FROM ({ties(f'{subject} = {one}')}) ORDER BY ALL"
    )
    for each, since, until in _rows(found):
        spans.setdefault(each, []).append((since, until))
    known = ((history(other, each, read, removes - 1), own) for each, own in spans.items())
    return tuple(replace(each, spans=tuple(own)) for each, own in known if each is not None)


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _decoded(value: str | None) -> Any:
    return msgspec.json.decode(value) if value else {}


def _open(stop: int) -> Micros | None:
    return None if stop == NEVER else int(stop)
