"""A third opinion: the benchmark's rules by change points in plain SQL give the kernel's intervals."""

from __future__ import annotations

import random

import pytest

from benchmarks import changepoints
from benchmarks.shop import MODEL, NAMES, OPENED, ORDER, SEGMENT
from habitue.engine.plan import Definition
from habitue.engine.source import Known
from habitue.kernel.clock import DAY
from habitue.store.warehouse import Warehouse
from tests.engine import world
from tests.rules.strategies import ORIGIN

KNOWN = Known({name: code for code, name in enumerate(NAMES, start=1)})


def shop(dice: random.Random) -> world.Company:
    """Forty customers over three years; many events share an instant or lie a window apart."""
    acts: list[world.Act] = []
    for person in range(40):
        for _ in range(dice.randrange(1, 60)):
            ts = ORIGIN + dice.choice((dice.randrange(1095) * DAY, dice.randrange(36) * 30 * DAY))
            name = dice.choice(("A", "A", "B", "C"))
            cents = dice.choice((1000, 5000, 20_000, -5000)) if name == "A" else None
            acts.append(world.Act(person, None, ts, name, {}, cents, seq=len(acts)))
    return world.Company(tuple(acts))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("definition", "text"),
    [(MODEL, changepoints.model()), (SEGMENT, changepoints.segment())],
    ids=["model", "segment"],
)
def test_change_points_in_sql_give_the_kernel_s_intervals(
    warehouse: Warehouse, definition: Definition, text: str, seed: int
) -> None:
    assert (world.CODES["A"], world.CODES["B"]) == (ORDER, OPENED)
    world.lay(warehouse, shop(random.Random(seed)))
    world.store(warehouse, [definition], KNOWN)
    value = "value" if definition is MODEL else "0"
    ours = warehouse.read("SELECT subject, start, stop, value FROM intervals ORDER BY ALL")
    theirs = warehouse.read(f"SELECT person, start, stop, {value} FROM ({text}) ORDER BY ALL")
    assert len(ours) > 40
    assert [tuple(row.values()) for row in ours.to_pylist()] == [
        tuple(row.values()) for row in theirs.to_pylist()
    ]
