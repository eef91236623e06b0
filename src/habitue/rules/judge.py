"""What a rule means: one subject, one instant, plain Python, slow and obvious.

The engine's kernel must agree with this page everywhere; the tests hold them side by side. Read
`judge` first, then `measured` (what a condition looks at), then `values.compared` (what an operator does).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any, Final

from msgspec import Struct

from habitue.rules.nodes import (
    Account,
    And,
    AnyMember,
    Cadence,
    Compare,
    Consent,
    Count,
    Distinct,
    Ever,
    Held,
    Last,
    Measure,
    Members,
    Never,
    Not,
    Or,
    Prop,
    Rule,
    Scalar,
    Score,
    Segment,
    SinceFirst,
    SinceLast,
    Stage,
    Sum,
    Trait,
    Where,
)
from habitue.rules.values import Value, compared, leaves, reach, typed

MILLIONTH: Final = Decimal("0.000001")


class Event(Struct, frozen=True):
    """Something the subject did; `revenue` in minor units of the workspace's currency, refunds negative."""

    ts: int
    name: str
    props: dict[str, Any] = {}
    seq: int = 0
    revenue: int | None = None


class Change(Struct, frozen=True):
    """A trait, score or consent taking a value: `trait.address.city`, `score.churn`, `consent.email`.

    `rank` is how much its source counts for it: what a weaker one says never overrides a stronger one's word.
    """

    ts: int
    name: str
    value: Any
    seq: int = 0
    rank: int = 0


class History(Struct, frozen=True):
    """All that is known of one subject; `birth` is its first event of any kind.

    `members` are the people of an account, `accounts` the accounts of a person; of each of these `spans` says
    from when until when (None: open) it belongs there, where that is not always.
    """

    birth: int
    events: tuple[Event, ...] = ()
    changes: tuple[Change, ...] = ()
    members: tuple[History, ...] = ()
    accounts: tuple[History, ...] = ()
    spans: tuple[tuple[int, int | None], ...] | None = None


class Model(Struct, frozen=True):
    """A stage model: the first rule that is true names the stage; a rule of `None` is "else"."""

    values: tuple[str, ...]
    rules: tuple[Rule | None, ...]
    population: Rule | None = None


class Book(Struct, frozen=True):
    """What rules refer to by name, and how many decimals the workspace's currency has."""

    models: Mapping[str, Model] = {}
    segments: Mapping[str, Rule] = {}
    digits: int = 2


def judge(rule: Rule, history: History, at: int, book: Book) -> bool:  # noqa: C901, PLR0912  one case for each node
    """Whether the rule is true for this subject at this instant; before its birth every rule is false."""
    if at < history.birth:
        return False
    match rule:
        case And(items):
            return all(judge(item, history, at, book) for item in items)
        case Or(items):
            return any(judge(item, history, at, book) for item in items)
        case Not(item):
            return not judge(item, history, at, book)
        case Compare(measure, op, value):
            found = measured(measure, history, at, book)
            if isinstance(measure, SinceLast | SinceFirst):
                return _longer(found, op, threshold(rule, history, at))
            return compared(found, op, value)
        case Ever(events, where):
            return bool(happened(history, at, events, where))
        case Never(events, where):
            return not happened(history, at, events, where)
        case Held(inner, length):
            since = true_since(inner, history, at, book)
            return since is not None and at - since >= length
        case Segment(name):
            return name in book.segments and judge(book.segments[name], history, at, book)
        case Consent(channel):
            return latest(history, at, f"consent.{channel}") is True
        case AnyMember(inner):
            return any(judge(inner, member, at, book) for member in present(history.members, at))
        case Account(inner):
            return any(judge(inner, account, at, book) for account in present(history.accounts, at))


def present(others: tuple[History, ...], at: int) -> list[History]:
    """The members, or the accounts, that belong there at this instant."""
    return [
        other
        for other in others
        if other.spans is None
        or any(start <= at and (stop is None or at < stop) for start, stop in other.spans)
    ]


# --- what a leaf looks at -------------------------------------------------------------------------


def measured(measure: Measure, history: History, at: int, book: Book) -> Value:  # noqa: C901  one case for each node
    """The measure's value for this subject at this instant, `None` where it is missing."""
    match measure:
        case Count(events, where, within, since):
            found = happened(history, at, events, where, within, since)
            return None if found is None else len(found)
        case Sum(events, prop, where, within, since):
            found = happened(history, at, events, where, within, since)
            return None if found is None else total(found, prop, book.digits)
        case Distinct(events, prop, where, within):
            found = happened(history, at, events, where, within) or []
            return len({typed(leaf) for event in found for leaf in leaves(reach(event.props, prop.path))})
        case SinceLast(events, where):
            found = happened(history, at, events, where)
            return at - found[-1].ts if found else None
        case SinceFirst(events, where):
            found = happened(history, at, events, where)
            return at - found[0].ts if found else None
        case Last(events, prop, where):
            found = happened(history, at, events, where)
            return reach(found[-1].props, prop.path) if found else None
        case Trait(path):
            return reach(latest(history, at, ".".join(("trait", *path))), ())
        case Score(path):
            return reach(latest(history, at, ".".join(("score", *path))), ())
        case Stage(model):
            return stage(book.models[model], history, at, book) if model in book.models else None
        case Members(inner):
            return sum(judge(inner, member, at, book) for member in present(history.members, at))
        case Prop():
            raise TypeError("a property belongs to an event: only `where` reads it")


def happened(
    history: History,
    at: int,
    names: tuple[str, ...],
    where: Where | None = None,
    within: int | None = None,
    since: Ever | None = None,
) -> list[Event] | None:
    """The events that count at this instant, oldest first; `None` if `since` names one that never happened.

    An event at `t` counts in a window while `t <= at < t + within`. Events of one instant are in
    the order of their `seq`.
    """
    past = sorted((e for e in history.events if e.ts <= at), key=lambda e: (e.ts, e.seq))
    found = [e for e in past if e.name in names]
    if where is not None:
        found = [e for e in found if _where(where, e)]
    if within is not None:
        found = [e for e in found if at < e.ts + within]
    if since is not None:
        starts = happened(history, at, since.events, since.where)
        if not starts:
            return None
        found = [e for e in found if e.ts >= starts[-1].ts]
    return found


def _where(where: Rule, event: Event) -> bool:
    match where:
        case And(items):
            return all(_where(item, event) for item in items)
        case Or(items):
            return any(_where(item, event) for item in items)
        case Not(item):
            return not _where(item, event)
        case Compare(Prop(path), op, value):
            return compared(reach(event.props, path), op, value)
    raise TypeError("`where` holds comparisons of the event's properties only")


def total(events: list[Event], prop: Prop, digits: int) -> Decimal:
    """The exact sum: money in whole minor units, other numbers to 6 decimals; the rest is left out."""
    if prop.path == ("revenue",):
        return Decimal(sum(event.revenue or 0 for event in events)).scaleb(-digits)
    found = [typed(leaf) for event in events for leaf in leaves(reach(event.props, prop.path))]
    numbers = [number for kind, number in found if kind == "number" and abs(number) < 10**12]
    return sum((number.quantize(MILLIONTH, ROUND_HALF_UP) for number in numbers), Decimal(0))


def latest(history: History, at: int, name: str) -> Any:
    """What a trait, score or consent was at this instant: the last word of the strongest source so far."""
    past = [c for c in history.changes if c.name == name and c.ts <= at]
    return max(past, key=lambda c: (c.rank, c.ts, c.seq)).value if past else None


def stage(model: Model, history: History, at: int, book: Book) -> str | None:
    """The stage at this instant; `None` outside the model's population."""
    if model.population is not None and not judge(model.population, history, at, book):
        return None
    for value, rule in zip(model.values, model.rules, strict=True):
        if rule is None or judge(rule, history, at, book):
            return value
    return None


# --- time -----------------------------------------------------------------------------------------


def _longer(elapsed: Any, op: str, length: int) -> bool:
    """Elapsed time against a length; an instant has no width, so `>` means `>=` and `<=` means `<`."""
    return elapsed is not None and bool(elapsed >= length) == (op in (">", ">="))


def threshold(rule: Compare, history: History, at: int) -> Any:
    """What the measure is compared with; a cadence gives this subject's own length at this instant."""
    if isinstance(rule.value, Cadence) and isinstance(rule.measure, SinceLast):
        return pace(rule.value, happened(history, at, rule.measure.events, rule.measure.where) or [])
    return rule.value


def pace(cadence: Cadence, events: list[Event]) -> int:
    """Factor × the median gap between different instants, rounded down; the default below three of them."""
    instants = sorted({event.ts for event in events})
    if len(instants) < 3:
        return cadence.default
    gaps = [Fraction(after - before) for before, after in pairwise(instants)]
    return math.floor(Fraction(str(cadence.factor)) * median(gaps))


def true_since(rule: Rule, history: History, at: int, book: Book) -> int | None:
    """Since when the rule has been true without a break; `None` if it is false now."""
    since = None
    for instant in sorted((i for i in instants(rule, history, book) if i <= at), reverse=True):
        if not judge(rule, history, instant, book):
            break
        since = instant
    return since


def instants(rule: Rule | Measure | None, history: History, book: Book) -> set[int]:  # noqa: C901  one case for each node
    """Every instant, from birth on, at which the rule's answer may change: between two of them it cannot."""
    moments = {history.birth, *(e.ts for e in history.events), *(c.ts for c in history.changes)}

    def of(*rules: Rule | Measure | None) -> set[int]:
        return set[int]().union(*(instants(one, history, book) for one in rules))

    match rule:
        case And(items) | Or(items):
            moments |= of(*items)
        case Not(item):
            moments |= of(item)
        case Compare(SinceLast(events, where), _, Cadence() as cadence):
            known = [happened(history, moment, events, where) for moment in moments]
            moments |= {past[-1].ts + pace(cadence, past) for past in known if past}
        case Compare(SinceLast() | SinceFirst(), _, int(length)):
            moments |= {moment + length for moment in moments}
        case Compare(measure):
            moments |= of(measure)
        case Count(within=int(length)) | Sum(within=int(length)) | Distinct(within=int(length)):
            moments |= {moment + length for moment in moments}
        case Held(inner, length):
            starts = of(inner)
            moments |= starts | {start + length for start in starts}
        case Segment(name):
            moments |= of(book.segments.get(name))
        case Stage(name) if name in book.models:
            moments |= of(book.models[name].population, *book.models[name].rules)
        case AnyMember(inner) | Members(inner):
            moments |= _around(inner, history.members, book)
        case Account(inner):
            moments |= _around(inner, history.accounts, book)
    return {moment for moment in moments if moment >= history.birth}


def _around(rule: Rule, others: tuple[History, ...], book: Book) -> set[int]:
    edges = {edge for other in others for span in other.spans or () for edge in span if edge is not None}
    return edges.union(*(instants(rule, other, book) for other in others))


# --- why ------------------------------------------------------------------------------------------


class Reason(Struct, frozen=True, omit_defaults=True):
    """A node of the rule with its truth; a comparison has the value found and what it was held against.

    Elapsed times and lengths are microseconds; for `held`, `value` is how long it has been true.
    """

    rule: Rule
    truth: bool
    value: Scalar | list[Scalar] = None
    threshold: Scalar | tuple[Scalar, ...] = None
    parts: tuple[Reason, ...] = ()


def why(rule: Rule, history: History, at: int, book: Book) -> Reason:
    """The rule's tree with every node's truth and every condition's value, ready for JSON."""
    truth = judge(rule, history, at, book)
    parts = tuple(why(part, history, at, book) for part in _parts(rule, book))
    match rule:
        case Compare(measure):
            value = measured(measure, history, at, book)
            return Reason(rule, truth, _plain(value), threshold(rule, history, at), parts)
        case Ever(events, where) | Never(events, where):
            return Reason(rule, truth, len(happened(history, at, events, where) or []), parts=parts)
        case Held(inner, length):
            since = true_since(inner, history, at, book)
            return Reason(rule, truth, None if since is None else at - since, length, parts)
    return Reason(rule, truth, parts=parts)


def _parts(rule: Rule, book: Book) -> tuple[Rule, ...]:
    match rule:
        case And(items) | Or(items):
            return items
        case Not(item) | Held(item):
            return (item,)
        case Segment(name):
            return (book.segments[name],) if name in book.segments else ()
    return ()


def _plain(value: Value) -> Any:
    return float(value) if isinstance(value, Decimal) else value
