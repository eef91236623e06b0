"""How the subjects are split, and where and in which order their rows lie, changes nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from habitue.engine.compile import rule_program
from habitue.engine.fold import everybody, fold, joined, some
from habitue.engine.gather import between, evaluate, those
from habitue.engine.plan import Subject
from habitue.engine.sweep import Intervals
from habitue.rules.text import parse
from habitue.store.warehouse import Warehouse
from tests.engine import world

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

MANY = parse('ever("A") or trait.x == 1 or held(never("B"), "2d") or account(any_member(consent("sms")))')
SUBJECTS = st.sampled_from(("person", "account"))


def same(left: Intervals, right: Intervals) -> bool:
    """Bit for bit, types too."""
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in zip(left, right, strict=True)]
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


@pytest.mark.long
@seed(1)
@world.long(80)
@given(world.companies(people=8, most=3), SUBJECTS, st.data())
def test_any_split_into_ranges_or_lists_gives_the_same_intervals(
    warehouse: Warehouse, company: world.Company, subject: Subject, data: st.DataObject
) -> None:
    world.lay(warehouse, company)
    read = warehouse.read
    program = rule_program(data.draw(world.lifting(subject)), subject, world.known(company))
    ids = np.array(company.subjects(subject), np.int32)
    whole = evaluate(program, between(subject, 0, int(ids[-1]) + 1, read), read)
    cuts = sorted({0, *data.draw(st.lists(st.integers(1, int(ids[-1]) + 1), max_size=4)), int(ids[-1]) + 1})
    ranges = [between(subject, a, b, read) for a, b in pairwise(cuts)]
    lists = [those(subject, part, read) for part in np.split(ids, [cut for cut in cuts if cut < len(ids)])]
    at_once = data.draw(st.integers(1, 9))
    for split in (ranges, lists):
        assert same(joined([evaluate(program, who, read) for who in split]), whole)
    for batches in (everybody(subject, read, at_once), some(subject, ids, read, at_once)):
        assert same(joined(list(fold(program, batches, read))), whole)


@pytest.mark.long
@seed(2)
@world.long(80)
@given(world.companies(people=4), SUBJECTS, st.data())
def test_rows_in_any_order_in_base_or_tail_give_the_same_intervals(
    warehouse: Warehouse, company: world.Company, subject: Subject, data: st.DataObject
) -> None:
    program = rule_program(data.draw(world.asking(subject, 0)), subject, world.known(company))
    shuffled = world.Company(tuple(data.draw(st.permutations(company.acts))))
    found = []
    for rows, base in ((company, 0), (company, len(company.acts)), (shuffled, data.draw(st.integers(0, 9)))):
        world.lay(warehouse, rows, base)
        batches = everybody(subject, warehouse.read)
        found.append(joined(list(fold(program, batches, warehouse.read))))
    assert same(found[0], found[1])
    assert same(found[0], found[2])


def test_nobody_at_all_gives_nothing(warehouse: Warehouse) -> None:
    world.lay(warehouse, world.Company((world.Act(3, None, 0, "A"),)))
    for who in (
        between("person", 0, 3, warehouse.read),
        those("person", np.array([1, 2], np.int32), warehouse.read),
        those("person", np.array([], np.int32), warehouse.read),
        between("account", 0, 9, warehouse.read),
    ):
        program = rule_program(MANY, "person", world.known(world.Company(())))
        assert len(evaluate(program, who, warehouse.read).subject) == 0
