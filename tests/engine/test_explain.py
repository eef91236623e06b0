"""Explaining agrees with the judge on what is true, and with the kernel on since when and until when."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from habitue.engine.compile import rule_program
from habitue.engine.explain import Why, decide, explain
from habitue.engine.gather import between, evaluate
from habitue.engine.plan import Book, Definition, Subject
from habitue.engine.sweep import NEVER
from habitue.kernel.clock import DAY, Micros
from habitue.rules import judge
from habitue.rules.text import parse, write
from habitue.store.warehouse import Warehouse
from tests.engine import world
from tests.rules.strategies import ORIGIN

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

SUBJECTS = st.sampled_from(("person", "account"))
INSTANTS = st.integers(ORIGIN, ORIGIN + 9 * DAY)


def around(own: list[world.Stay], birth: Micros, at: Micros) -> tuple[Micros, Micros | None]:
    """Since when the truth has been what it is at this instant, and until when."""
    turns = {edge for start, stop, _ in own for edge in (start, stop) if edge != NEVER}
    return max({birth} | {t for t in turns if t <= at}), min((t for t in turns if t > at), default=None)


def nodes(why: Why) -> Iterator[Why]:
    yield why
    for part in why.parts:
        yield from nodes(part)


@pytest.mark.long
@seed(1)
@world.long(60)
@given(world.companies(people=2), SUBJECTS, st.data())
def test_every_node_of_the_tree_is_true_as_the_judge_says_since_and_until_the_kernel_s_edges(
    warehouse: Warehouse, company: world.Company, subject: Subject, data: st.DataObject
) -> None:
    rule = data.draw(world.lifting(subject) | world.asking(subject, 0))
    names = world.known(company)
    world.lay(warehouse, company)
    for one in company.subjects(subject):
        history, at = company.history(subject, one), data.draw(INSTANTS)
        why = explain(rule, subject, one, at, names, warehouse.read)
        if at < history.birth:
            assert why is None
            continue
        assert why is not None
        assert why.rule == write(rule)
        for node in nodes(why):
            part = parse(node.rule)
            assert node.truth == judge.judge(part, history, at, judge.Book())
            found = evaluate(
                rule_program(part, subject, names),
                between(subject, one, one + 1, warehouse.read),
                warehouse.read,
            )
            own = world.stays(found).get(one, [])
            assert node.truth == (world.value_at(own, at) == 0)
            assert (node.since, node.until) == around(own, history.birth, at)


@pytest.mark.long
@seed(2)
@world.long(60)
@given(world.companies(people=2), SUBJECTS, st.data())
def test_a_verdict_names_the_stage_and_asks_the_rules_down_to_it(
    warehouse: Warehouse, company: world.Company, subject: Subject, data: st.DataObject
) -> None:
    book = data.draw(world.books(subject))
    definitions = world.definitions(book, subject)
    names = world.known(company, Book.of(definitions))
    world.lay(warehouse, company)
    stored = {name: world.stays(found) for name, found in world.store(warehouse, definitions, names).items()}
    model = names.book.models["m"]
    for one in company.subjects(subject):
        history, at = company.history(subject, one), data.draw(INSTANTS)
        verdict = decide(model, one, at, names, warehouse.read)
        if at < history.birth:
            assert verdict is None
            continue
        assert verdict is not None
        assert verdict.value == judge.stage(book.models["m"], history, at, book)
        stay = next(((a, b) for a, b, _ in stored["m"].get(one, []) if a <= at < b), None)
        assert (verdict.since, verdict.until) == (
            (None, None) if stay is None else (stay[0], None if stay[1] == NEVER else stay[1])
        )
        asked = [value for value, rule in zip(model.values, model.rules, strict=True) if rule is not None]
        if verdict.value in asked:
            asked = asked[: asked.index(verdict.value) + 1]
            assert verdict.asked[-1][1].truth
        assert [value for value, _ in verdict.asked] == asked
        assert all(why.truth == judge.judge(parse(why.rule), history, at, book) for _, why in verdict.asked)


def test_what_colleagues_do_is_explained_through_the_account(warehouse: Warehouse) -> None:
    company = world.Company((world.Act(0, 0, ORIGIN, "A"), world.Act(1, 0, ORIGIN + DAY, "B", seq=1)))
    world.lay(warehouse, company)
    rule = parse('account(count_members(ever("B")) >= 1)')
    why = explain(rule, "person", 0, ORIGIN + 2 * DAY, world.known(company), warehouse.read)
    assert why is not None
    assert why.truth
    assert (why.since, why.until) == (ORIGIN + DAY, None)


def test_a_name_of_the_other_kind_of_subject_is_no_name(warehouse: Warehouse) -> None:
    """People's and accounts' ids are the same numbers: one must never be taken for the other."""
    company = world.Company((world.Act(0, 0, ORIGIN, "A"),))
    people = Definition(1, "segment", "s", "person", ("in",), (parse('ever("A")'),))
    names = world.known(company, Book.of([people]))
    world.lay(warehouse, company)
    world.store(warehouse, [people], names)
    program = rule_program(parse('segment("s")'), "account", names)
    assert len(evaluate(program, between("account", 0, 1, warehouse.read), warehouse.read).subject) == 0
