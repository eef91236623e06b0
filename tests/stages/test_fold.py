"""The presets folded by the engine: on any life the intervals say what the judge says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from habitue.engine.refresh import forget, refresh
from habitue.kernel.clock import DAY
from habitue.stages.kind import Kind, kinds
from habitue.stages.models import Model
from habitue.store.warehouse import Warehouse
from tests.stages.lives import Deed, life, stages

PEOPLE = [
    Model(kind.id, kind, version=n) for n, kind in enumerate(kinds().values()) if kind.subject == "person"
]
NOW = 3_000 * DAY

edges = st.sampled_from([0, 5, 14, 30, 60, 90, 180, 365, 400, 730, 1000])
days = st.lists(edges | st.integers(0, 1200), min_size=1, max_size=9).map(sorted)


def names(kind: Kind) -> list[str]:
    """The events that a kind's rules speak of, orders more often than others."""
    texts = " ".join([*kind.terms.values(), *(stage.rule or "" for stage in kind.stages)])
    return ["Order Completed"] * 6 + sorted(set(re.findall(r'"([A-Z][a-z]+ [A-Za-z ]+)"', texts)))


@st.composite
def deeds(draw: st.DrawFn, kind: Kind) -> list[Deed]:
    scores = st.fixed_dictionaries({"kind": st.sampled_from(["nps", "csat"]), "score": st.integers(0, 10)})
    return [(day, draw(st.sampled_from(names(kind))), draw(scores)) for day in draw(days)]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    opened = Warehouse.open(None, threads=1)
    yield opened
    opened.close()


def lay(warehouse: Warehouse, done: list[Deed]) -> None:
    """One person's events, and nothing else."""
    said = sorted({deed[1] for deed in done})
    table = pa.table(
        {
            "ts": pa.array([int(deed[0] * DAY) for deed in done], pa.timestamp("us")),
            "code": pa.array([said.index(deed[1]) for deed in done], pa.int32()),
            "props": [json.dumps(deed[2]) for deed in done if len(deed) == 3],
            "seq": list(range(len(done))),
        }
    )
    with warehouse.write() as writer:
        for name in ("event_base", "event_name", "person"):
            writer.run(f"DELETE FROM {name}")
        writer.append("event_name", pa.table({"code": pa.array(range(len(said)), pa.int32()), "name": said}))
        writer.run("INSERT INTO event_base BY NAME SELECT 0 AS person, * FROM deeds", deeds=table)
        writer.run("INSERT INTO person VALUES (0, 'user:0', '1970-01-01')")


@pytest.mark.parametrize("model", PEOPLE, ids=lambda model: model.id)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_intervals_say_what_the_judge_says(warehouse: Warehouse, model: Model, data: st.DataObject) -> None:
    done = data.draw(deeds(model.kind))
    if model.id == "chabry6" and data.draw(st.booleans()):
        model = replace(model, settings={"rhythm": "adaptive"})
    lay(warehouse, done)
    forget(warehouse, model.version)
    refresh(warehouse, [model.definition()], NOW)
    rows = warehouse.read(
        "SELECT epoch_us(start) AS start, value FROM intervals WHERE version = ? ORDER BY start",
        (model.version,),
    ).to_pylist()
    found = [(row["start"] / DAY, model.stages[row["value"]].id) for row in rows]
    judged = stages(model, life(*done), *(day for day, _ in found))
    assert [stage for _, stage in found] == judged
    between = [data.draw(st.integers(0, 2000)) for _ in range(5)]
    held = [next(stage for day, stage in reversed(found) if day <= one) for one in between]
    assert held == stages(model, life(*done), *between)


def test_a_new_life_begins_after_loyalty_in_the_online_shop_and_after_a_loss_elsewhere(
    warehouse: Warehouse,
) -> None:
    done: list[Deed] = [(day, "Order Completed", {}) for day in (0, 10, 900, 910)]
    lay(warehouse, done)
    lives = {}
    for model in PEOPLE:
        forget(warehouse, model.version)
        refresh(warehouse, [model.definition()], NOW)
        lived = warehouse.read("SELECT max(life) AS n FROM intervals WHERE version = ?", (model.version,))
        lives[model.id] = lived["n"][0].as_py()
    assert lives == {"chabry6": 2, "aarrl5": 2, "klaviyo5": 3, "b2c5": 1, "cx6": 1}
