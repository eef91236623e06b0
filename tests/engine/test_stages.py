"""What a stage model promises: one stage at every instant from birth on, and lives that rise on return."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from habitue.engine.compile import program
from habitue.engine.fold import everybody, fold, joined
from habitue.engine.plan import Definition, Subject
from habitue.engine.sweep import NEVER
from habitue.kernel.clock import DAY
from habitue.rules import judge
from habitue.rules.nodes import Rule
from habitue.rules.text import parse
from habitue.store.warehouse import Warehouse
from tests.engine import world
from tests.rules.strategies import ORIGIN

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@st.composite
def models(draw: st.DrawFn, population: bool) -> Definition:
    """A model of one to four stages and "else", which refers to nothing."""
    subject: Subject = draw(st.sampled_from(("person", "account")))
    rules: list[Rule] = draw(st.lists(world.asking(subject, 0, 3), min_size=1, max_size=4))
    values = (*"abcd"[: len(rules)], "else")
    terminal = draw(st.frozensets(st.integers(0, len(rules)), max_size=2))
    inside = draw(world.asking(subject, 0, 3)) if population else None
    return Definition(1, "model", "m", subject, values, (*rules, None), inside, terminal)


def stays(
    warehouse: Warehouse, company: world.Company, model: Definition
) -> dict[int, list[tuple[int, int, int, int]]]:
    """Every subject's intervals: start, stop, value, life."""
    world.lay(warehouse, company)
    batches = everybody(model.subject, warehouse.read)
    found = joined(list(fold(program(model, world.known(company)), batches, warehouse.read)))
    own: dict[int, list[tuple[int, int, int, int]]] = {one: [] for one in company.subjects(model.subject)}
    for one, *stay in zip(*(column.tolist() for column in found), strict=True):
        own[one].append((stay[0], stay[1], stay[2], stay[3]))
    return own


@seed(1)
@world.long(100)
@given(world.companies(), models(population=False))
def test_everybody_is_in_exactly_one_stage_from_birth_on_for_ever(
    warehouse: Warehouse, company: world.Company, model: Definition
) -> None:
    for one, own in stays(warehouse, company, model).items():
        assert own[0][0] == company.birth(model.subject, one)
        assert own[-1][1] == NEVER
        for before, after in pairwise(own):
            assert before[1] == after[0]
            assert before[2] != after[2]
        assert all(start < stop for start, stop, _, _ in own)


@seed(2)
@world.long(100)
@given(world.companies(), models(population=True))
def test_the_stage_is_the_first_whose_rule_is_true_within_the_population(
    warehouse: Warehouse, company: world.Company, model: Definition
) -> None:
    meant = judge.Model(model.values, model.rules, model.population)
    for one, own in stays(warehouse, company, model).items():
        history, plain = company.history(model.subject, one), [stay[:3] for stay in own]
        assert world.canonical(plain, history.birth)
        for rule in (*model.rules, model.population):
            for at in world.probes(rule, history, judge.Book(), plain):
                said = judge.stage(meant, history, at, judge.Book()) if at >= history.birth else None
                value = world.value_at(plain, at)
                assert said == (None if value is None else model.values[value])


@seed(3)
@world.long(100)
@given(world.companies(), models(population=True))
def test_a_life_ends_in_a_terminal_stage_and_the_next_begins_on_leaving_it(
    warehouse: Warehouse, company: world.Company, model: Definition
) -> None:
    for own in stays(warehouse, company, model).values():
        lives, last = 1, None
        for _, _, value, life in own:
            if last in model.terminal and value not in model.terminal:
                lives += 1
            assert life == lives
            last = value


def test_coming_back_from_lost_is_a_second_life(warehouse: Warehouse) -> None:
    rules = (
        parse('days_since_last("A") <= 2'),
        parse('days_since_last("A") <= 3'),
        parse('ever("A")'),
        None,
    )
    values = ("active", "dormant", "lost", "prospect")
    model = Definition(1, "model", "m", "person", values, rules, None, frozenset({2}))
    company = world.Company(
        tuple(
            world.Act(0, None, ORIGIN + day * DAY, name, seq=day)
            for day, name in ((0, "B"), (1, "A"), (7, "A"))
        )
    )
    days = [
        (
            (start - ORIGIN) // DAY,
            None if stop == NEVER else (stop - ORIGIN) // DAY,
            model.values[value],
            life,
        )
        for start, stop, value, life in stays(warehouse, company, model)[0]
    ]
    assert days == [
        (0, 1, "prospect", 1),
        (1, 3, "active", 1),
        (3, 4, "dormant", 1),
        (4, 7, "lost", 1),
        (7, 9, "active", 2),
        (9, 10, "dormant", 2),
        (10, None, "lost", 2),
    ]
