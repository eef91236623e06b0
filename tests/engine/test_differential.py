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

SHARDS, EXAMPLES, RULES = 8, 32, 40


def test_there_are_ten_thousand_cases() -> None:
    assert SHARDS * EXAMPLES * RULES >= 10_000


class Case(NamedTuple):
    """Some rules about one kind of subject, and a book of definitions of either kind that they refer to."""

    company: world.Company
    subject: Subject
    about: Subject
    book: judge.Book
    rules: list[Rule]
    instants: list[Micros]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    subject: Subject = draw(st.sampled_from(("person", "person", "account")))
    about = draw(st.sampled_from((subject, subject, world.opposite(subject))))
    asked = world.asking(subject) if about == subject else world.lifting(subject)
    rules = [draw(asked) for _ in range(RULES)]
    instants = draw(st.lists(st.integers(ORIGIN - DAY, ORIGIN + 15 * DAY), min_size=3, max_size=3))
    return Case(draw(world.companies()), subject, about, draw(world.books(about)), rules, instants)


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
        company, subject = case.company, case.subject
        definitions = world.definitions(case.book, case.about)
        names = world.known(company, Book.of(definitions))
        world.lay(warehouse, company)
        world.store(warehouse, definitions, names)
        ids = company.subjects(subject)
        read = Once(warehouse)
        who = between(subject, ids[0], ids[-1] + 1, read)
        histories = company.histories(subject)
        with world.remembering():
            for rule in case.rules:
                found = world.stays(evaluate(rule_program(rule, subject, names), who, read))
                for one, history in histories.items():
                    own = found.get(one, [])
                    assert world.canonical(own, history.birth)
                    for at in {*world.probes(rule, history, case.book, own), *case.instants}:
                        said = judge.judge(rule, history, at, case.book)
                        assert (world.value_at(own, at) == 0) == said, (write(rule), subject, one, at, said)

    agree()
