"""Random rules and random histories that meet at the edges: kernel against judge, and round-trips.

`worlds()` is what most tests want: a book of segments and models, a rule that may refer to them, and
a history. Everything is drawn from a small `Alphabet`, so that rules speak of what histories hold;
instants lie on multiples of the very lengths that rules use, give or take a microsecond, so that
ties and the edges of windows are frequent. `WILD` is for text and JSON only: any names, any numbers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final, Literal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from habitue.kernel.clock import DAY, HOUR, MINUTE, YEAR
from habitue.rules.judge import Book, Change, Event, History, Model
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
    Members,
    Never,
    Not,
    Operator,
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

Subject = Literal["person", "account"]

SAME: Final[tuple[Operator, ...]] = ("==", "!=")
ORDERS: Final[tuple[Operator, ...]] = ("<", "<=", ">", ">=")
LISTS: Final[tuple[Operator, ...]] = ("in", "not in")


@dataclass(frozen=True, repr=False)
class Alphabet:
    """What rules are spelled with."""

    events: SearchStrategy[str]
    props: SearchStrategy[tuple[str, ...]]
    traits: SearchStrategy[tuple[str, ...]]
    scores: SearchStrategy[tuple[str, ...]]
    channels: SearchStrategy[str]
    texts: SearchStrategy[str]
    numbers: SearchStrategy[int | float]
    amounts: SearchStrategy[int | float]
    lengths: SearchStrategy[int]
    patterns: SearchStrategy[str]


REVENUE: Final = ("revenue",)
LENGTHS: Final = (MINUTE, DAY, 2 * DAY, 3 * DAY)
SMALL: Final = Alphabet(
    events=st.sampled_from(("A", "A", "A", "B", "B", "C")),
    props=st.sampled_from((("p",), ("p",), ("q",), ("in", "p"), ("list",), ("items", "p"), REVENUE)),
    traits=st.sampled_from((("x",), ("x",), ("y",), ("in", "x"))),
    scores=st.sampled_from((("churn",),)),
    channels=st.sampled_from(("email", "sms")),
    texts=st.sampled_from(("x", "x", "xy", "1", "")),
    numbers=st.sampled_from((0, 1, 1.0, 2, 1.5, -1)),
    amounts=st.sampled_from((0, 1, 1, 2, 2, 2, 3, 3, 4, -1, 1.5, 0.5, 10, 9.99)),
    lengths=st.sampled_from(LENGTHS),
    patterns=st.sampled_from(("x", "^y", "x$", "[0-9]", "")),
)

_TEXT: Final = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: "\0" not in text)
)
_PATH: Final = st.lists(
    st.one_of(_TEXT, st.sampled_from(("x", "class", "a b", "é"))), min_size=1, max_size=3
).map(tuple)
_NUMBER: Final = st.one_of(st.integers(-(2**53), 2**53), st.floats(-(2.0**53), 2.0**53))
WILD: Final = Alphabet(
    events=_TEXT,
    props=_PATH,
    traits=_PATH,
    scores=_PATH,
    channels=_TEXT,
    texts=_TEXT,
    numbers=_NUMBER,
    amounts=_NUMBER,
    lengths=st.integers(1, 1000 * YEAR // MINUTE).map(lambda n: n * MINUTE)
    | st.integers(1, 999).map(lambda n: n * HOUR),
    patterns=st.sampled_from((r"\d{2}", "a|b", r"^\"é")),
)


# --- rules ----------------------------------------------------------------------------------------


def rules(
    alphabet: Alphabet = SMALL, book: Book | None = None, subject: Subject = "person", leaves: int = 5
) -> SearchStrategy[Rule]:
    """Rules that pass `check`, referring only to what is in the book; at most about `leaves` conditions.

    For an account they lift rules of its members, for a person rules of its accounts.
    """
    segments = tuple(sorted(book.segments)) if book else ()
    models = tuple((name, model.values) for name, model in sorted(book.models.items())) if book else ()
    return _rules(alphabet, segments, models, subject, leaves)


@cache
def _rules(
    alphabet: Alphabet,
    segments: tuple[str, ...],
    models: tuple[tuple[str, tuple[str, ...]], ...],
    subject: Subject,
    leaves: int,
) -> SearchStrategy[Rule]:
    kinds = [*_conditions(alphabet, subject)]
    if segments:
        kinds.append(st.builds(Segment, st.sampled_from(segments)))
    kinds += [_staged(name, stages) for name, stages in models]
    if leaves > 2:
        kinds.append(_lifted(alphabet, subject, leaves // 2))
    return _algebra(st.one_of(kinds), leaves, alphabet.lengths)


def _algebra(
    conditions: SearchStrategy[Any], leaves: int, lengths: SearchStrategy[int] | None
) -> SearchStrategy[Any]:
    """Conditions under "and", "or", "not" and, if there are lengths, "held"; at most `leaves` of them."""
    kinds = st.sampled_from(("condition", "and", "or", "not", "held" if lengths is not None else "condition"))

    def grow(draw: st.DrawFn, budget: int) -> Any:
        match draw(kinds) if budget > 1 else "condition":
            case "and" | "or" as word:
                items = tuple(grow(draw, budget // 2) for _ in range(draw(st.sampled_from((2, 2, 3)))))
                return And(items) if word == "and" else Or(items)
            case "not":
                return Not(grow(draw, budget - 1))
            case "held" if lengths is not None:
                return Held(grow(draw, budget - 1), draw(lengths))
        return draw(conditions)

    @st.composite
    def rule(draw: st.DrawFn) -> Any:
        return grow(draw, leaves)

    return rule()


def _conditions(alphabet: Alphabet, subject: Subject) -> Iterator[SearchStrategy[Rule]]:
    a, events, where = alphabet, _events(alphabet), st.none() | _maybe(wheres(alphabet))
    within, since = _maybe(a.lengths), _maybe(st.builds(Ever, events, where))
    counted = st.one_of(
        st.builds(Count, events, where, within, since),
        st.builds(Sum, events, st.builds(Prop, a.props | st.just(REVENUE)), where, within, since),
        st.builds(Distinct, events, st.builds(Prop, a.props), where, within),
    )
    found = st.one_of(
        st.builds(Trait, a.traits),
        st.builds(Score, a.scores),
        st.builds(Last, events, st.builds(Prop, a.props), where),
    )
    yield _numeric(counted, a)
    yield _compare(counted, ORDERS, a.amounts)
    yield _elapsed(events, where, a)
    yield _plain(found, a)
    yield st.builds(Ever, events, where) | st.builds(Never, events, where)
    if subject == "person":
        yield st.builds(Consent, a.channels)


def _lifted(alphabet: Alphabet, subject: Subject, leaves: int) -> SearchStrategy[Rule]:
    """Rules about the other kind of subject; they refer to nothing, as definitions have one subject."""
    if subject == "person":
        return st.builds(Account, rules(alphabet, None, "account", leaves))
    inner = rules(alphabet, None, "person", leaves)
    return st.builds(AnyMember, inner) | _numeric(st.builds(Members, inner), alphabet)


@cache
def wheres(alphabet: Alphabet = SMALL) -> SearchStrategy[Where]:
    """Conditions on one event."""
    return _algebra(_plain(st.builds(Prop, alphabet.props), alphabet), 3, None)


@cache
def scalars(alphabet: Alphabet = SMALL) -> SearchStrategy[Scalar]:
    """A text, a number, or true or false."""
    return st.one_of(alphabet.texts, alphabet.numbers, st.booleans())


def _events(alphabet: Alphabet) -> SearchStrategy[tuple[str, ...]]:
    one = alphabet.events.map(lambda name: (name,))
    return one | st.lists(alphabet.events, min_size=2, max_size=2, unique=True).map(tuple)


def _maybe(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | strategy


def _listed(values: SearchStrategy[Any]) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, min_size=1, max_size=3).map(tuple)


def _compare(
    measure: SearchStrategy[Any], ops: tuple[str, ...], values: SearchStrategy[Any]
) -> SearchStrategy[Any]:
    return st.builds(Compare, measure, st.sampled_from(ops), values)


def _numeric(measure: SearchStrategy[Any], alphabet: Alphabet) -> SearchStrategy[Any]:
    """Compared with numbers."""
    several = _compare(measure, LISTS, _listed(alphabet.amounts))
    return _compare(measure, (*ORDERS, *SAME), alphabet.amounts) | several


def _elapsed(
    events: SearchStrategy[Any], where: SearchStrategy[Any], alphabet: Alphabet
) -> SearchStrategy[Any]:
    """Compared with lengths, or the last time with a cadence."""
    cadence = st.builds(Cadence, st.sampled_from((0.5, 1.0, 1.5, 2.0, 0.1)), alphabet.lengths)
    last, first = st.builds(SinceLast, events, where), st.builds(SinceFirst, events, where)
    return _compare(last | first, ORDERS, alphabet.lengths) | _compare(last, ORDERS, cadence)


def _plain(measure: SearchStrategy[Any], alphabet: Alphabet) -> SearchStrategy[Any]:
    """Compared as traits and properties are."""
    either: SearchStrategy[Any] = alphabet.texts | alphabet.numbers
    return st.one_of(
        _compare(measure, SAME, st.none() | scalars(alphabet)),
        _compare(measure, ORDERS, either),
        _compare(measure, LISTS, _listed(scalars(alphabet))),
        _compare(measure, ("contains",), either),
        _compare(measure, ("startswith",), alphabet.texts),
        _compare(measure, ("matches",), alphabet.patterns),
    )


def _staged(name: str, values: tuple[str, ...]) -> SearchStrategy[Any]:
    stages: SearchStrategy[Any] = st.sampled_from(values)
    measure = st.just(Stage(name))
    return _compare(measure, SAME, st.none() | stages) | _compare(measure, LISTS, _listed(stages))


# --- books ----------------------------------------------------------------------------------------


@st.composite
def books(draw: st.DrawFn, subject: Subject = "person") -> Book:
    """Segments "s1" and "s2" and a model "m" of stages "a", "b", "c"; each may refer to those before it."""
    book = Book()
    for name in ("s1", "s2"):
        rule = draw(rules(SMALL, book, subject, 3))
        book = Book(book.models, {**book.segments, name: rule})
    first, second = draw(rules(SMALL, book, subject, 3)), draw(rules(SMALL, book, subject, 3))
    last = draw(st.none() | rules(SMALL, book, subject, 2))
    population = draw(st.none() | rules(SMALL, book, subject, 2))
    return Book({"m": Model(("a", "b", "c"), (first, second, last), population)}, book.segments)


# --- histories ------------------------------------------------------------------------------------

ORIGIN: Final = 1_704_067_200 * 1_000_000
"""2024-01-01."""


@cache
def moments() -> SearchStrategy[int]:
    """Instants of one week on whole days and minutes, give or take a microsecond."""
    days, minutes, off = st.integers(0, 6), st.integers(0, 2), st.sampled_from((0, 0, 0, -1, 1))
    return st.builds(lambda d, m, e: ORIGIN + d * DAY + m * MINUTE + e, days, minutes, off)


@cache
def values() -> SearchStrategy[Any]:
    """What a property or trait may hold: nothing, a scalar, a list, also with holes in it."""
    return st.one_of(scalars(), st.lists(st.none() | scalars(), max_size=3), st.none())


@cache
def properties() -> SearchStrategy[dict[str, Any]]:
    """An event's properties without money: plain ones, nested ones, a list, a list of objects."""
    often = st.one_of(SMALL.numbers, st.sampled_from(("x", "xy")), scalars())
    inner = st.fixed_dictionaries({}, optional={"p": often | values()})
    lists = {"list": st.lists(often, max_size=3), "items": st.lists(inner, max_size=3)}
    return st.fixed_dictionaries({"p": often}, optional={"q": values(), "in": inner, **lists}) | inner


@st.composite
def histories(draw: st.DrawFn, subject: Subject = "person", most: int = 10, depth: int = 1) -> History:
    """One subject with up to `most` events and trait, score and consent changes, and its other kind.

    `seq` is unique and in no relation to time, so ties are broken by it and by nothing else. Money
    is in `revenue` (cents) and, in euros, in the properties.
    """
    least = draw(st.sampled_from((2, most // 2, most)))
    stamps = draw(st.lists(moments(), min_size=least, max_size=most))
    events: list[Event] = []
    changes: list[Change] = []
    for seq, ts in enumerate(stamps):
        if seq % 3 == 2:
            name, value = draw(_settings(subject))
            changes.append(Change(ts, name, value, seq))
        else:
            events.append(draw(_occurrences(ts, seq)))
    others: tuple[History, ...] = ()
    if depth:
        other: Subject = "account" if subject == "person" else "person"
        others = tuple(draw(st.lists(histories(other, 4, depth - 1), max_size=2)))
    accounts, members = (others, ()) if subject == "person" else ((), others)
    return History(min(stamps), tuple(events), tuple(changes), members, accounts)


@st.composite
def _occurrences(draw: st.DrawFn, ts: int, seq: int) -> Event:
    props, cents = draw(properties()), draw(st.sampled_from((None, None, -500, 0, 1, 50, 999, 1000)))
    if cents is not None:
        props["revenue"] = float(Decimal(cents) / 100)
    return Event(ts, draw(SMALL.events), props, seq, cents)


@cache
def _settings(subject: Subject) -> SearchStrategy[tuple[str, Any]]:
    traits = st.tuples(SMALL.traits.map(lambda path: ".".join(("trait", *path))), values())
    if subject == "account":
        return traits
    scores = st.tuples(st.just("score.churn"), st.none() | SMALL.numbers)
    channels = SMALL.channels.map(lambda channel: f"consent.{channel}")
    consents = st.tuples(channels, st.sampled_from((True, True, False, None, "yes")))
    return st.one_of(traits, traits, scores, consents)


# --- together -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """A rule, what it refers to, and somebody to ask it of."""

    book: Book
    rule: Rule
    history: History


@st.composite
def worlds(draw: st.DrawFn, subject: Subject = "person", lifted: bool = True) -> World:
    """A whole case; with `lifted` false nobody has members or accounts (rules may still speak of them)."""
    book = draw(books(subject))
    return World(book, draw(rules(SMALL, book, subject)), draw(histories(subject, depth=int(lifted))))
