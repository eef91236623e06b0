"""The kernel against the judge: random rules, random companies, every instant at which either may turn."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from habitue.engine.compile import rule_program
from habitue.engine.gather import between, evaluate
from habitue.engine.plan import Book, Subject
from habitue.kernel.clock import DAY, Micros
from habitue.rules import judge
from habitue.rules.nodes import Rule
from habitue.rules.text import write
from habitue.store.warehouse import Warehouse
from tests.engine import world
from tests.rules.strategies import ORIGIN

SHARDS, EXAMPLES, CHAPTERS, RULES, BESIDE = 8, 13, 2, 52, 2


def test_there_are_ten_thousand_cases() -> None:
    assert SHARDS * EXAMPLES * CHAPTERS * RULES >= 10_000  # each of them in so many companies: `BESIDE`


class Chapter(NamedTuple):
    """Some rules about one kind of subject, and a book of definitions of either kind that they refer to."""

    subject: Subject
    about: Subject
    book: judge.Book
    rules: list[Rule]


class Case(NamedTuple):
    """Companies side by side: a rule is planned once for all of them, and planning is what takes time."""

    company: world.Company
    chapters: list[Chapter]
    instants: list[Micros]


@st.composite
def chapters(draw: st.DrawFn) -> Chapter:
    subject: Subject = draw(st.sampled_from(("person", "person", "account")))
    about = draw(st.sampled_from((subject, subject, world.opposite(subject))))
    asked = world.asking(subject) if about == subject else world.lifting(subject)
    return Chapter(subject, about, draw(world.books(about)), [draw(asked) for _ in range(RULES)])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    instants = draw(st.lists(st.integers(ORIGIN - DAY, ORIGIN + 15 * DAY), min_size=3, max_size=3))
    company = draw(world.companies(beside=BESIDE))
    return Case(company, [draw(chapters()) for _ in range(CHAPTERS)], instants)


class Once:
    """Reads each query once: rules of one case ask for much of the same, and meanwhile nothing changes."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.found: dict[Any, Any] = {}

    def __call__(self, sql: str, params: Any = (), /, **more: Any) -> Any:
        asked = (sql, tuple(map(repr, params)), tuple((name, id(one)) for name, one in more.items()))
        if asked not in self.found:
            self.found[asked] = (
                self.warehouse.read(sql, params, **more),
                more,
            )  # so that no id is used again
        return self.found[asked][0]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_kernel_says_what_the_judge_says(warehouse: Warehouse, shard: int) -> None:
    @seed(shard)
    @world.long(EXAMPLES)
    @given(cases())
    def agree(case: Case) -> None:
        world.lay(warehouse, case.company)
        read = Once(warehouse)
        for n, chapter in enumerate(case.chapters):
            hold(case, n * 1000, chapter, read)

    def hold(case: Case, first: int, chapter: Chapter, read: Once) -> None:
        company, subject = case.company, chapter.subject
        definitions = world.definitions(chapter.book, chapter.about, first)
        names = world.known(company, Book.of(definitions))
        world.store(warehouse, definitions, names)
        who = between(subject, 0, world.APART * BESIDE, read)
        histories = company.histories(subject)
        with world.remembering():
            for rule in chapter.rules:
                found = world.stays(evaluate(rule_program(rule, subject, names), who, read))
                for one, history in histories.items():
                    own = found.get(one, [])
                    assert world.canonical(own, history.birth)
                    for at in {*world.probes(rule, history, chapter.book, own), *case.instants}:
                        said = judge.judge(rule, history, at, chapter.book)
                        assert (world.value_at(own, at) == 0) == said, (write(rule), subject, one, at, said)

    agree()
