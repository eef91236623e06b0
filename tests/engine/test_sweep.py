"""The kernel by itself: a formula read from its table and one read step by step say the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from habitue.engine.compile import rule_program
from habitue.engine.gather import between, laid_out
from habitue.engine.source import Known
from habitue.engine.sweep import TABLED, _sweep, ready, sweep, tabled
from habitue.kernel.clock import DAY
from habitue.rules import judge
from habitue.rules.nodes import And, Compare, Count, Not, Or, Rule
from habitue.store.warehouse import Warehouse
from tests.engine import world

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@st.composite
def counts(draw: st.DrawFn, tests: int) -> Rule:
    """A rule of at least so many different tests."""
    leaves: list[Rule] = [
        Compare(Count((name,), None, days * DAY), op, n)
        for n in range(4)
        for op in (">=", "==", "<")
        for days in (1, 2)
        for name in ("A", "B", "C")
    ]
    chosen = draw(st.permutations(leaves))[:tests]
    flipped: list[Rule] = [Not(leaf) if draw(st.booleans()) else leaf for leaf in chosen]
    cut = draw(st.integers(2, tests - 2))
    halves = tuple(flipped[:cut]), tuple(flipped[cut:])
    if draw(st.booleans()):
        return And((Or(halves[0]), Or(halves[1])))
    return Or((And(halves[0]), And(halves[1])))


@seed(1)
@world.long(60)
@given(world.companies(), st.integers(4, TABLED).flatmap(counts))
def test_the_table_and_the_interpreter_agree(
    warehouse: Warehouse, company: world.Company, rule: Rule
) -> None:
    world.lay(warehouse, company)
    program = rule_program(rule, "person", world.known(company))
    who = between("person", 0, 9, warehouse.read)
    tracks = laid_out(program, who, warehouse.read)
    stepwise = program.formula._replace(table=np.empty(0, np.int16))
    assert len(program.formula.table) == 2 ** len(program.formula.tests)
    assert tabled(stepwise).table.tobytes() == program.formula.table.tobytes()
    looked_up, read = (sweep(who.births, tracks, formula) for formula in (program.formula, stepwise))
    assert [column.tolist() for column in looked_up] == [column.tolist() for column in read]


@seed(2)
@world.long(60)
@given(world.companies(people=2), st.sampled_from((13, 40, 70)).flatmap(counts))
def test_any_number_of_tests_says_what_the_judge_says(
    warehouse: Warehouse, company: world.Company, rule: Rule
) -> None:
    world.lay(warehouse, company)
    program = rule_program(rule, "person", Known(world.CODES))
    assert len(program.formula.tests) > TABLED
    assert len(program.formula.table) == 0
    who = between("person", 0, 9, warehouse.read)
    found = world.stays(sweep(who.births, laid_out(program, who, warehouse.read), program.formula))
    for one in company.subjects("person"):
        history, own = company.history("person", one), found.get(one, [])
        assert world.canonical(own, history.birth)
        turns = judge.instants(rule, history, judge.Book()) | {edge for stay in own for edge in stay[:2]}
        for at in {turn + off for turn in turns if turn < 2**62 for off in (-1, 0, 1)}:
            assert (world.value_at(own, at) == 0) == judge.judge(rule, history, at, judge.Book())


def test_the_kernel_is_compiled_once_whoever_made_the_arrays(warehouse: Warehouse) -> None:
    ready()
    before = len(_sweep.signatures)  # type: ignore[attr-defined]
    program = rule_program(Compare(Count(("A",), None, DAY), ">=", 1), "person", Known(world.CODES))
    who = between("person", 0, 9, warehouse.read)
    births = who.births.copy()
    for writable in (True, False):
        births.flags.writeable = writable
        sweep(births, laid_out(program, who, warehouse.read), program.formula)
    assert len(_sweep.signatures) == before == 1  # type: ignore[attr-defined]
