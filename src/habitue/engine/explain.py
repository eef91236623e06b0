"""Why a subject is where it is: the rule's tree with values, thresholds, since when and until when.

The values come from `rules.judge`, read from the subject's own history; since when and until when come
from the kernel, run over this one subject for every node of the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Struct

from habitue.engine.compile import opposite, program, rule_program
from habitue.engine.gather import Read, Who, evaluate, those
from habitue.engine.plan import Book, Definition, Subject
from habitue.engine.source import Known
from habitue.engine.sweep import NEVER
from habitue.kernel.clock import Micros
from habitue.rules import judge, nodes, text
from habitue.rules.check import walk


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
        "SELECT epoch_us(ts), name, value, seq FROM trait "
        f"WHERE person = {one if subject == 'person' else -1} ORDER BY ts, seq"
    )
    around = _company(subject, one, read, removes) if removes else ()
    return judge.History(
        births[0],
        tuple(
            judge.Event(ts, name, _decoded(props), seq, revenue)
            for ts, name, props, seq, revenue in _rows(events)
        ),
        tuple(judge.Change(ts, name, _decoded(value), seq) for ts, name, value, seq in _rows(changes)),
        members=around if subject == "account" else (),
        accounts=around if subject == "person" else (),
    )


def explain(rule: nodes.Rule, subject: Subject, one: int, at: Micros, known: Known, read: Read) -> Why | None:
    """Why the rule is true or false for this subject at this instant; None if it did not exist then."""
    past = history(subject, one, read, _removes([rule], known.book))
    if past is None or at < past.birth:
        return None
    reason = judge.why(rule, past, at, _book(known))
    return _timed(reason, those(subject, np.array([one], np.int32), read), subject, at, known, read)


def decide(definition: Definition, one: int, at: Micros, known: Known, read: Read) -> Verdict | None:
    """Which value a definition gives this subject at this instant, and why none of those before it."""
    past = history(definition.subject, one, read, _removes(definition.rules, known.book))
    if past is None or at < past.birth:
        return None
    who = those(definition.subject, np.array([one], np.int32), read)
    stays = evaluate(program(definition, known), who, read)
    here = np.flatnonzero((stays.start <= at) & (at < stays.stop))
    place = int(stays.value[here[0]]) if len(here) else None
    asked = []
    for value, rule in zip(definition.values, definition.rules, strict=True):
        if rule is not None:
            reason = judge.why(rule, past, at, _book(known))
            asked.append((value, _timed(reason, who, definition.subject, at, known, read)))
        if place is not None and value == definition.values[place]:
            break
    if place is None:
        return Verdict(None, None, None, tuple(asked))
    return Verdict(
        definition.values[place], int(stays.start[here[0]]), _open(stays.stop[here[0]]), tuple(asked)
    )


def _timed(reason: judge.Reason, who: Who, subject: Subject, at: Micros, known: Known, read: Read) -> Why:
    found = evaluate(rule_program(reason.rule, subject, known), who, read)
    turns = np.concatenate([who.births, found.start, found.stop])
    before, after = turns[turns <= at], turns[turns > at]
    return Why(
        text.write(reason.rule),
        reason.truth,
        int(before.max()),
        _open(after.min()) if len(after) else None,
        reason.value,
        reason.threshold,
        tuple(_timed(part, who, subject, at, known, read) for part in reason.parts),
    )


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
    other = opposite(subject)
    found = read(
        f"SELECT DISTINCT {other} FROM event WHERE {subject} = {one} AND {other} IS NOT NULL ORDER BY 1"
    )
    known = (history(other, each, read, removes - 1) for each in found.column(0).to_pylist())
    return tuple(each for each in known if each is not None)


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _decoded(value: str | None) -> Any:
    return msgspec.json.decode(value) if value else {}


def _open(stop: int) -> Micros | None:
    return None if stop == NEVER else int(stop)
