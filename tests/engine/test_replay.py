"""Drafts: their figures are those that counting one by one gives, and they leave nothing behind."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from habitue.engine.plan import Book, Definition, Subject
from habitue.engine.replay import compare, drafted, movers, preview
from habitue.engine.source import Known
from habitue.kernel.clock import DAY, Micros
from habitue.rules import judge
from habitue.store.warehouse import Warehouse
from tests.engine import world
from tests.rules.strategies import ORIGIN

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

SUBJECTS = st.sampled_from(("person", "account"))
INSTANTS = st.integers(ORIGIN - DAY, ORIGIN + 9 * DAY)


def drafts_left(warehouse: Warehouse) -> int:
    left: int = warehouse.read("SELECT count(*) FROM interval_draft").column(0)[0].as_py()
    return left


@seed(1)
@world.long(60)
@given(world.companies(people=4), SUBJECTS, INSTANTS, st.data())
def test_a_preview_counts_who_is_in_now_and_was_on_each_past_day(
    warehouse: Warehouse, company: world.Company, subject: Subject, now: Micros, data: st.DataObject
) -> None:
    rule = data.draw(world.asking(subject, 0))
    world.lay(warehouse, company)
    draft = Definition(0, "segment", "draft", subject, ("in",), (rule,))
    found = preview(warehouse, draft, world.known(company), now, past=12, sample=2)
    histories = {one: company.history(subject, one) for one in company.subjects(subject)}

    def inside(at: Micros) -> list[int]:
        return [one for one, history in histories.items() if judge.judge(rule, history, at, judge.Book())]

    assert found.days.tolist() == [now - DAY * back for back in range(12, -1, -1)]
    assert found.sizes.tolist() == [len(inside(at)) for at in found.days.tolist()]
    assert found.count == len(inside(now))
    assert found.sample.tolist() == inside(now)[:2]


@pytest.mark.long
@seed(2)
@world.long(60)
@given(world.companies(people=4), SUBJECTS, INSTANTS, st.data())
def test_a_draft_laid_beside_the_live_one_moves_whom_it_moves_and_then_vanishes(
    warehouse: Warehouse, company: world.Company, subject: Subject, at: Micros, data: st.DataObject
) -> None:
    book, other = data.draw(world.books(subject)), data.draw(world.books(subject))
    definitions = world.definitions(book, subject)
    names = world.known(company, Book.of(definitions))
    world.lay(warehouse, company)
    world.store(warehouse, definitions, names)
    live, meant = names.book.models["m"], judge.Model(world.STAGES, other.models["m"].rules)
    mixed = judge.Book(book.models, book.segments)
    pairs = {}
    for one in company.subjects(subject):
        history = company.history(subject, one)
        stages = [judge.stage(model, history, at, mixed) for model in (book.models["m"], meant)]
        if at >= history.birth:
            pairs[one] = tuple(None if stage is None else world.STAGES.index(stage) for stage in stages)
    with drafted(warehouse, [replace(live, rules=meant.rules, population=None)], names) as (draft,):
        assert draft.version < 0
        shifts = compare(warehouse, live.version, draft.version, at)
        assert {(s.old, s.new): s.n for s in shifts} == Counter(
            p for p in pairs.values() if p != (None, None)
        )
        assert [s.n for s in shifts] == sorted((s.n for s in shifts), reverse=True)
        moved = [(one, *pair) for one, pair in pairs.items() if pair[0] != pair[1]]
        assert movers(warehouse, live.version, draft.version, at) == moved
        assert movers(warehouse, live.version, draft.version, at, limit=1) == moved[:1]
    assert drafts_left(warehouse) == 0


def test_a_draft_vanishes_when_whoever_looks_at_it_fails_and_takes_the_place_of_one_left_behind(
    warehouse: Warehouse,
) -> None:
    company = world.Company((world.Act(0, None, ORIGIN, "A"),))
    world.lay(warehouse, company)
    draft = Definition(0, "model", "m", "person", ("else",), (None,))
    with drafted(warehouse, [draft], world.known(company)) as (first,):
        pass
    with warehouse.write() as writer:
        writer.run(f"INSERT INTO interval_draft VALUES ({first.version - 1}, 7, 'epoch', NULL, 0, 1)")
    with pytest.raises(ZeroDivisionError):
        look_and_fail(warehouse, [draft], world.known(company))
    assert drafts_left(warehouse) == 0


def look_and_fail(warehouse: Warehouse, drafts: list[Definition], names: Known) -> None:
    with drafted(warehouse, drafts, names):
        assert warehouse.read("SELECT subject FROM interval_draft")["subject"].to_pylist() == [0]
        raise ZeroDivisionError
