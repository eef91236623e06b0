from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from habitue.store import acts
from habitue.store.ops import Ops


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    opened = Ops.open(ops_url)
    yield opened
    opened.close()


@pytest.fixture
def noted(ops: Ops) -> Ops:
    for n in range(5):
        with ops.begin() as tx:
            acts.note(tx, n, "eva", "publish", f"stages:model{n}", number=n)
    return ops


def test_the_latest_are_told_first_a_page_at_a_time(noted: Ops) -> None:
    first = acts.latest(noted, 2)
    assert [(one.about, one.detail) for one in first] == [
        ("stages:model4", {"number": 4}),
        ("stages:model3", {"number": 3}),
    ]
    assert [one.about for one in acts.latest(noted, 2, before=first[-1].id)] == [
        "stages:model2",
        "stages:model1",
    ]
    assert acts.latest(noted, 9, act="erase") == []


@pytest.mark.parametrize(
    "meddling",
    [
        "UPDATE audit SET by = 'mallory' WHERE id = 3",
        "UPDATE audit SET at = 99 WHERE id = 3",
        "UPDATE audit SET act = 'retire' WHERE id = 3",
        "UPDATE audit SET about = 'stages:other' WHERE id = 3",
        """UPDATE audit SET detail = '{"number": 7}' WHERE id = 3""",
        "DELETE FROM audit WHERE id = 2",
        "UPDATE audit SET seal = NULL, digest = NULL WHERE id = 3",
    ],
)
def test_whoever_changes_a_row_breaks_the_chain_there(noted: Ops, meddling: str) -> None:
    assert acts.broken(noted) is None
    with noted.begin() as tx:
        tx.execute(text(meddling.replace(" by =", ' "by" =').replace(" at =", ' "at" =')))
    assert acts.broken(noted) == 3


def test_whoever_drops_the_last_rows_is_found_out(noted: Ops) -> None:
    with noted.begin() as tx:
        tx.execute(text("DELETE FROM audit WHERE id > 3"))
    assert acts.broken(noted) == 4


def test_what_is_said_of_somebody_can_be_erased_and_who_did_it_when_stays_sealed(noted: Ops) -> None:
    with noted.begin() as tx:
        acts.forget(tx, 3, 12)
    row = acts.latest(noted, 9)[2]
    assert (row.by, row.about, row.detail) == ("eva", "erasure:12", {})
    assert acts.broken(noted) is None
    with noted.begin() as tx:
        tx.execute(text("UPDATE audit SET at = 99 WHERE id = 3".replace("at =", '"at" =')))
    assert acts.broken(noted) == 3


def test_rows_from_before_rows_were_sealed_say_nothing(ops: Ops) -> None:
    with ops.begin() as tx:
        tx.execute(
            text("INSERT INTO audit (at, by, act, about, detail) VALUES (1, 'eva', 'look', 'x', '{}')")
            if ops.engine.dialect.name == "sqlite"
            else text(
                """INSERT INTO audit ("at", "by", act, about, detail) VALUES (1, 'eva', 'look', 'x', '{}')"""
            )
        )
    with ops.begin() as tx:
        acts.note(tx, 2, "eva", "publish", "stages:m")
    assert acts.broken(ops) is None
