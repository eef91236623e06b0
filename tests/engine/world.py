"""Random companies, laid into one working copy, and what the judge and the kernel say of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any, Final

import msgspec
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from msgspec import structs

from habitue.engine.compile import program
from habitue.engine.fold import everybody, fold, joined, rows
from habitue.engine.plan import Book, Definition, Subject, in_order
from habitue.engine.source import Known
from habitue.engine.standing import Standing
from habitue.engine.sweep import NEVER, Intervals
from habitue.kernel.clock import Micros
from habitue.rules import judge
from habitue.rules.nodes import Account, And, AnyMember, Compare, Ever, Held, Measure, Members, Not, Or, Rule
from habitue.store.warehouse import Warehouse
from habitue.store.writer import Writer
from tests.rules.strategies import SMALL, moments, properties, rules, values

SUBJECTS: Final[tuple[Subject, ...]] = ("person", "account")

CODES = {"A": 1, "B": 2, "C": 3, "$identify": 4, "$group": 5}

TABLES = (
    *("event_name", "event_base", "event_tail", "trait_base", "trait_tail", "person", "account", "touched"),
    "account_trait",
    *("interval_base", "interval_tail", "interval_draft", "refolded", "transition", "due"),
)


@dataclass(frozen=True)
class Act:
    """One event of a person, perhaps for an account; `settings` are traits, scores and consents it sets.

    Those of a `$group` are the account's; with `left` the person leaves it.
    """

    person: int
    account: int | None
    ts: Micros
    name: str
    props: dict[str, Any] = field(default_factory=dict)
    revenue: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
    source: str | None = None

    @property
    def left(self) -> bool:
        return self.name == "$group" and self.props.get("left") is True


@dataclass(frozen=True)
class Company:
    """Everything that happened, in the order in which it was received."""

    acts: tuple[Act, ...]
    ranks: dict[str, dict[str, int]] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()

    def subjects(self, subject: Subject) -> list[int]:
        """The ids, rising."""
        found = {getattr(act, subject) for act in self.acts}
        return sorted(one for one in found if one is not None)

    def of(self, subject: Subject, one: int) -> list[Act]:
        return [act for act in self.acts if getattr(act, subject) == one]

    def birth(self, subject: Subject, one: int) -> Micros:
        return min(act.ts for act in self.of(subject, one))

    def history(self, subject: Subject, one: int) -> judge.History:
        """What the judge is given of one subject."""
        return self.histories(subject)[one]

    def histories(self, subject: Subject, removes: int = 2) -> dict[int, judge.History]:
        """Of every subject; `removes` is how far members and accounts know of each other."""
        other = opposite(subject)
        around = self.histories(other, removes - 1) if removes else {}
        return {one: self._history(subject, one, around) for one in self.subjects(subject)}

    def _history(self, subject: Subject, one: int, around: dict[int, judge.History]) -> judge.History:
        own, other = self.of(subject, one), opposite(subject)
        settings = [(act, *said) for act in own for said in act.settings.items() if _whose(act) == subject]
        met = sorted({getattr(act, other) for act in own} & around.keys())
        others = tuple(
            structs.replace(around[each], spans=_spans([a for a in own if getattr(a, other) == each]))
            for each in met
        )
        return judge.History(
            self.birth(subject, one),
            tuple(judge.Event(act.ts, act.name, act.props, act.seq, act.revenue) for act in own),
            tuple(self._change(act, name, value) for act, name, value in settings),
            members=others if subject == "account" else (),
            accounts=others if subject == "person" else (),
        )

    def _change(self, act: Act, name: str, value: Any) -> judge.Change:
        ranks = self.ranks.get(name, self.ranks.get("", {})) if name.startswith("trait.") else {}
        if name in self.numbers and value in ("0", "1", "2.5"):
            value = float(value)
        return judge.Change(act.ts, name, value, act.seq, ranks.get(act.source or "", 0))

    def tables(self) -> dict[str, pa.Table]:
        """The rows of the working copy, in the order received."""
        acts = self.acts
        return {
            "event": _table(
                person=(act.person for act in acts),
                account=(act.account for act in acts),
                ts=(act.ts for act in acts),
                code=(CODES[act.name] for act in acts),
                revenue=(act.revenue for act in acts),
                props=(_json(act.props) for act in acts),
                seq=(act.seq for act in acts),
            ),
            "trait": self._traits("person"),
            "account_trait": self._traits("account"),
            "person": self._births("person"),
            "account": self._births("account"),
        }

    def _traits(self, subject: Subject) -> pa.Table:
        said = [(act, *one) for act in self.acts for one in act.settings.items() if _whose(act) == subject]
        return _table(
            **{subject: (getattr(act, subject) for act, _, _ in said)},
            name=(name for _, name, _ in said),
            value=(_json(value) for _, _, value in said),
            ts=(act.ts for act, _, _ in said),
            seq=(act.seq for act, _, _ in said),
            source=(act.source for act, _, _ in said),
        )

    def _births(self, subject: Subject) -> pa.Table:
        ids = self.subjects(subject)
        return _table(**{subject: ids, "birth": [self.birth(subject, one) for one in ids]})


def _whose(act: Act) -> Subject:
    return "account" if act.name == "$group" else "person"


def _spans(acts: list[Act]) -> tuple[tuple[Micros, Micros | None], ...]:
    """When these events of one person and one account leave them together."""
    told = sorted(acts, key=lambda act: (act.ts, act.seq))
    turns = [
        (act.ts, not act.left)
        for n, act in enumerate(told)
        if told[n + 1 : n + 2] == [] or told[n + 1].ts > act.ts
    ]
    ends = [ts for ts, _ in turns[1:]] + [None]
    return tuple((ts, end) for (ts, here), end in zip(turns, ends, strict=True) if here)


def opposite(subject: Subject) -> Subject:
    return "account" if subject == "person" else "person"


_TYPES = {
    **dict.fromkeys(("person", "account", "code"), pa.int32()),
    **dict.fromkeys(("ts", "birth"), pa.timestamp("us")),
    **dict.fromkeys(("revenue", "seq"), pa.int64()),
    **dict.fromkeys(("props", "name", "value", "source"), pa.string()),
}


def _table(**columns: Iterable[Any]) -> pa.Table:
    return pa.table({name: pa.array(list(values), _TYPES[name]) for name, values in columns.items()})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@st.composite
def companies(draw: st.DrawFn, people: int = 3, most: int = 6, beside: int = 1) -> Company:
    """At most so many people with at most so many acts each, one at least for an account.

    `seq` goes against the order of rows, and has nothing to do with time: nothing else can break a tie.
    With `beside` there are as many companies, whose people and accounts have nothing to do with each other.
    """
    acts = [act for n in range(beside) for act in draw(_one(people, most, n * APART))]
    told = tuple(
        replace(act, seq=len(acts) - n, source=draw(st.sampled_from(SOURCES))) for n, act in enumerate(acts)
    )
    ranks = draw(st.sampled_from(STANDINGS))
    return Company(told, ranks, frozenset({"trait.x"}) if draw(st.booleans()) else frozenset())


APART: Final = 10
"""The ids of each company that stands beside others begin at a multiple of this."""


@st.composite
def _one(draw: st.DrawFn, people: int, most: int, first: int) -> list[Act]:
    counts = draw(st.lists(st.integers(1, most), min_size=1, max_size=people))
    acts = [draw(acts_of(person)) for person, count in enumerate(counts) for _ in range(count)]
    acts[0] = replace(acts[0], account=0)
    return [
        replace(act, person=act.person + first, account=None if act.account is None else act.account + first)
        for act in acts
    ]


SOURCES: Final = (None, "crm", "shop", "web")
STANDINGS: Final[tuple[dict[str, dict[str, int]], ...]] = (
    {},
    {"": {"web": -1}},
    {"": {"crm": 2, "shop": 1, "web": -1}, "trait.x": {"web": 1, "": 0}},
)


def long(examples: int) -> settings:
    """So many examples of a test that takes its time, the same ones in every run."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, database=None, deadline=None, suppress_health_check=checks)


GROUPS: Final[tuple[dict[str, Any], ...]] = (*({"left": True},) * 2, {"left": False}, {"left": "true"}, {})


@st.composite
def acts_of(draw: st.DrawFn, person: int) -> Act:
    account, ts = draw(st.sampled_from((None, None, 0, 1))), draw(moments())
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return Act(person, account, ts, "$identify", settings=draw(_settings()))
    if kind == 1:
        props = draw(st.sampled_from(GROUPS))
        told = {name: value for name, value in draw(_settings()).items() if name.startswith("trait.")}
        return Act(person, account or 0, ts, "$group", props, settings=told)
    cents = draw(st.sampled_from((None, None, -500, 0, 1, 50, 999, 1000)))
    props = draw(properties())
    return Act(
        person,
        account,
        ts,
        draw(SMALL.events),
        props | ({} if cents is None else {"revenue": cents / 100}),
        cents,
    )


def _settings() -> st.SearchStrategy[dict[str, Any]]:
    consent = st.sampled_from((True, True, False, None, "yes"))
    return st.fixed_dictionaries(
        {},
        optional={
            "trait.x": values() | st.sampled_from(("0", "1", "2.5", "01", "1e2")),
            "trait.y": values(),
            "trait.in.x": values(),
            "score.churn": st.none() | SMALL.numbers,
            "consent.email": consent,
            "consent.sms": consent,
        },
    )


# --- rules and what they refer to ------------------------------------------------------------------

STAGES: Final = ("a", "b", "c")


@cache
def asking(subject: Subject, level: int = 3, leaves: int = 5) -> st.SearchStrategy[Rule]:
    """Rules that may refer to segment "s1" from level 1 on, to "s2" from 2 and to model "m" from 3."""
    segments = {name: Ever(("A",)) for name in ("s1", "s2")[:level]}
    models = {"m": judge.Model(STAGES, ())} if level > 2 else {}
    return rules(SMALL, judge.Book(models, segments), subject, leaves)


@st.composite
def books(draw: st.DrawFn, subject: Subject) -> judge.Book:
    """Segments "s1" and "s2" and a model "m", each perhaps referring to those before it."""
    one, two = draw(asking(subject, 0, 3)), draw(asking(subject, 1, 3))
    first, second, third, population = (draw(_perhaps(subject, n)) for n in range(4))
    return judge.Book({"m": judge.Model(STAGES, (first, second, third), population)}, {"s1": one, "s2": two})


@cache
def _perhaps(subject: Subject, place: int) -> st.SearchStrategy[Rule | None]:
    """A rule for a stage or, in the last place and for the population, perhaps none."""
    return asking(subject, 2, 3) if place < 2 else st.none() | asking(subject, 2, 2)


@cache
def lifting(subject: Subject) -> st.SearchStrategy[Rule]:
    """Rules about the other kind of subjects, which may refer to the latter's definitions."""
    inner = asking(opposite(subject))
    if subject == "person":
        return _mixed(st.builds(Account, inner), asking(subject, 0, 2))
    several = st.builds(
        Compare, st.builds(Members, inner), st.sampled_from((">=", "==", "<")), st.integers(0, 3)
    )
    return _mixed(st.builds(AnyMember, inner) | several, asking(subject, 0, 2))


def _mixed(lifted: st.SearchStrategy[Rule], plain: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    return st.one_of(
        lifted,
        st.builds(Not, lifted),
        st.builds(Held, lifted, SMALL.lengths),
        st.tuples(lifted, plain).map(And),
        st.tuples(lifted, plain, lifted).map(Or),
    )


# --- the working copy -----------------------------------------------------------------------------


def lay(warehouse: Warehouse, company: Company, base: int = 0) -> None:
    """Empty the working copy and put the company in: the first `base` rows sorted, the rest as they came."""
    with warehouse.write() as writer:
        for name in TABLES:
            writer.run(f"DELETE FROM {name}")
        writer.run("DELETE FROM meta WHERE key LIKE 'told:%'")
        tables = company.tables()
        used = {act.name for act in company.acts}
        _put(writer, "event_name", pa.table({"code": [CODES[n] for n in used], "name": list(used)}))
        for name, key in (("event", "person, ts, seq"), ("trait", "person, name, ts, seq")):
            arriving = tables[name]
            _put(writer, f"{name}_tail", arriving.slice(base))
            if base:
                writer.run(
                    f"INSERT INTO {name}_base BY NAME (FROM arriving ORDER BY {key})",
                    arriving=arriving.slice(0, base),
                )
        _put(writer, "account_trait", tables["account_trait"])
        for name, rows in _settled(company).items():
            writer.run(f"DELETE FROM {name}")
            _put(writer, name, rows)
        for subject in ("person", "account"):
            _put(writer, subject, tables[subject])


def _put(writer: Writer, table: str, rows: pa.Table) -> None:
    if len(rows):
        writer.append(table, rows)


def _settled(company: Company) -> dict[str, pa.Table]:
    """What is settled about traits."""
    ranks = [(trait, *one) for trait, given in company.ranks.items() for one in given.items()]
    return {
        "standing": pa.table(
            {
                "trait": pa.array([one[0] for one in ranks], pa.string()),
                "source": pa.array([one[1] for one in ranks], pa.string()),
                "rank": pa.array([one[2] for one in ranks], pa.int32()),
            }
        ),
        "declared": pa.table({"trait": pa.array(sorted(company.numbers), pa.string())}),
    }


def receive(warehouse: Warehouse, acts: tuple[Act, ...], history: bool) -> None:
    """Let these arrive as the loader does: rows to the tails, births brought forward, people touched."""
    arriving = Company(acts).tables()
    people = pa.table({"person": pa.array(sorted({act.person for act in acts}), pa.int32())})
    with warehouse.write() as writer:
        for name in sorted({act.name for act in acts}):
            missing = "WHERE NOT EXISTS (FROM event_name WHERE name = ?)"
            writer.run(f"INSERT INTO event_name SELECT {CODES[name]}, ? {missing}", (name, name))
        _put(writer, "event_tail", arriving["event"])
        _put(writer, "trait_tail", arriving["trait"])
        _put(writer, "account_trait", arriving["account_trait"])
        for subject in ("person", "account"):
            writer.run(
                f"CREATE OR REPLACE TEMP TABLE born AS FROM {subject} UNION ALL BY NAME FROM arriving",
                arriving=arriving[subject],
            )
            writer.run(f"DELETE FROM {subject}")
            writer.run(
                f"INSERT INTO {subject} SELECT {subject}, NULL, min(birth) FROM born GROUP BY ALL ORDER BY 1"
            )
        writer.run(f"INSERT INTO touched SELECT person, {history} FROM people", people=people)


def known(company: Company, book: Book | None = None) -> Known:
    """What compiling needs to know; a name that never happened has no code."""
    standing = Standing(company.ranks, company.numbers)
    return Known({act.name: CODES[act.name] for act in company.acts}, book or Book(), standing=standing)


def definitions(book: judge.Book, subject: Subject = "person", first: int = 0) -> list[Definition]:
    """The judge's book as the engine's definitions; of the last stage of a model one does not come back.

    Their versions come after `first`.
    """
    segments = [
        Definition(n, "segment", name, subject, ("in",), (rule,))
        for n, (name, rule) in enumerate(book.segments.items(), start=first + 1)
    ]
    models = [
        Definition(
            n,
            "model",
            name,
            subject,
            model.values,
            model.rules,
            model.population,
            frozenset({len(model.values) - 1}),
        )
        for n, (name, model) in enumerate(book.models.items(), start=first + 100)
    ]
    return in_order([*models, *segments])


def store(warehouse: Warehouse, wanted: Iterable[Definition], names: Known) -> dict[str, Intervals]:
    """Fold the definitions over everybody and keep their intervals, to be referred to; by id."""
    kept = {}
    batches = {subject: [cache(one) for one in everybody(subject, warehouse.read)] for subject in SUBJECTS}
    for definition in wanted:
        own = batches[definition.subject]
        kept[definition.id] = found = joined(list(fold(program(definition, names), own, warehouse.read)))
        with warehouse.write() as writer:
            _put(writer, "interval_base", rows(definition.version, found))
    return kept


# --- comparing ------------------------------------------------------------------------------------

Stay = tuple[Micros, Micros, int]
"""From (included), until (not), value."""


def stays(found: Intervals) -> dict[int, list[Stay]]:
    """The intervals of every subject that has any."""
    by_subject: dict[int, list[Stay]] = {}
    for one, start, stop, value in zip(*(column.tolist() for column in found[:4]), strict=True):
        by_subject.setdefault(one, []).append((start, stop, value))
    return by_subject


def value_at(own: list[Stay], at: Micros) -> int | None:
    return next((value for start, stop, value in own if start <= at < stop), None)


def canonical(own: list[Stay], birth: Micros) -> bool:
    """Whether they are in order, from birth on, none empty, none overlapping, no two that should be one."""
    return all(birth <= start < stop for start, stop, _ in own) and all(
        a[1] < b[0] or (a[1] == b[0] and a[2] != b[2]) for a, b in pairwise(own)
    )


@contextmanager
def remembering() -> Iterator[None]:
    """Let the judge remember what it said before, of rules and histories that live as long as this block.

    It is slow and obvious, and asked of every instant before to tell since when something has been true.
    """
    said: dict[tuple[int, int, int], bool] = {}
    turns: dict[tuple[int, int], set[int]] = {}
    judging, turning = judge.judge, judge.instants

    def judged(rule: Rule, history: judge.History, at: Micros, book: judge.Book) -> bool:
        key = id(rule), id(history), at
        if key not in said:
            said[key] = judging(rule, history, at, book)
        return said[key]

    def turned(rule: Rule | Measure | None, history: judge.History, book: judge.Book) -> set[int]:
        key = id(rule), id(history)
        if key not in turns:
            turns[key] = turning(rule, history, book)
        return set(turns[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "judge", judged)
        patch.setattr(judge, "instants", turned)
        yield


def probes(rule: Rule | None, history: judge.History, book: judge.Book, own: list[Stay]) -> list[Micros]:
    """Every instant at which the judge's or the kernel's answer may change, and a microsecond about it."""
    edges = {edge for start, stop, _ in own for edge in (start, stop) if edge != NEVER}
    turns = edges | judge.instants(rule, history, book)
    return sorted({at + off for at in turns for off in (-1, 0, 1)})
