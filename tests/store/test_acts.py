from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import json
from sqlalchemy import select, text

from habitue.store import acts, erasures
from habitue.store.keeper import Keeper
from habitue.store.ops import Ops
from habitue.store.seal import Seal
from habitue.store.tables import audit


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


@pytest.fixture
def kept(ops: Ops, tmp_path: Path) -> Ops:
    """With a keeper beside it from the third row on, as where an older version had begun."""
    for n in range(8):
        if n == 2:
            ops.trust(Keeper(tmp_path))
        with ops.begin() as tx:
            acts.note(tx, n, "eva", "publish", f"stages:model{n}", number=n)
    assert acts.broken(ops) is None
    return ops


def resealed(ops: Ops, first: int) -> None:
    """All rows from there on sealed anew by somebody who has no key."""
    with ops.begin() as tx:
        last = tx.scalar(select(audit.c.seal).where(audit.c.id == first - 1))
        for row in tx.execute(audit.select().where(audit.c.id >= first).order_by(audit.c.id)).all():
            words = sha256(json.encode([row.about, row.detail], order="sorted")).hexdigest()
            last = sha256(json.encode([last, row.at, row.by, row.act, words])).hexdigest()
            tx.execute(audit.update().where(audit.c.id == row.id).values(digest=words, seal=last))


@pytest.mark.parametrize(
    ("meddling", "line"),
    [
        (["UPDATE audit SET about = 'erasure:77', detail = '{}' WHERE id = 5"], 5),
        (["UPDATE audit SET about = 'erasure:1', detail = '{}' WHERE id = 5"], 5),
        (["UPDATE audit SET about = 'erasure:1', detail = '{\"erased\": \"00\"}' WHERE id = 5"], 5),
        (["UPDATE audit SET about = 'erasure:77', detail = '{}' WHERE id = 1"], 1),
        (["DELETE FROM audit WHERE id > 5", "UPDATE counter SET next = next - 3 WHERE name = 'audit'"], 6),
        (["DELETE FROM audit", "UPDATE counter SET next = 0 WHERE name = 'audit'"], 1),
        (["UPDATE audit SET digest = NULL, seal = NULL"], 9),
        (["UPDATE audit SET detail = '{}' WHERE id = 1", "reseal 1"], 8),
        (["UPDATE audit SET detail = '{}' WHERE id = 5", "reseal 5"], 5),
        (["DELETE FROM audit WHERE id = 3", "reseal 4"], 8),
    ],
)
def test_who_has_the_database_and_not_the_key_is_found_out(
    kept: Ops, tmp_path: Path, meddling: list[str], line: int
) -> None:
    erasures.ask(kept, "eva", "asked", 1, None, 1)
    with kept.begin() as tx:
        for one in meddling[: 1 if meddling[-1].startswith("reseal") else None]:
            tx.execute(text(one))
    if meddling[-1].startswith("reseal"):
        resealed(kept, int(meddling[-1][7:]))
    found = acts.broken(kept)
    assert found is not None
    assert found <= line
    with kept.begin() as tx:
        acts.note(tx, 99, "eva", "publish", "stages:later")  # what comes after hides nothing
    kept.trust(Keeper(tmp_path))
    assert acts.broken(kept) is not None


def test_an_older_copy_is_found_out_until_somebody_says_that_it_is_meant(kept: Ops, tmp_path: Path) -> None:
    with kept.begin() as tx:
        tx.execute(text("DELETE FROM audit WHERE id > 5"))
        tx.execute(text("UPDATE counter SET next = 5 WHERE name = 'audit'"))
    assert acts.broken(kept) == 6
    (tmp_path / "acts.head").write_bytes(b"nonsense")
    kept.trust(Keeper(tmp_path))
    assert acts.broken(kept) == 1
    (tmp_path / "acts.head").unlink()
    kept.trust(Keeper(tmp_path))
    assert acts.broken(kept) is None


def test_what_was_undone_is_not_noted_as_the_last(kept: Ops, tmp_path: Path) -> None:
    with suppress(ZeroDivisionError), kept.begin() as tx:
        acts.note(tx, 9, "eva", "publish", "stages:never")
        _ = 1 / 0
    kept.put_setting("a", "b")
    kept.trust(Keeper(tmp_path))
    assert acts.broken(kept) is None


def test_a_new_key_seals_on_and_the_old_one_is_still_known(kept: Ops, tmp_path: Path) -> None:
    Seal(tmp_path).turn()
    kept.trust(Keeper(tmp_path))
    with kept.begin() as tx:
        acts.note(tx, 9, "eva", "publish", "stages:later")
        acts.forget(tx, 4, 12)
    assert acts.broken(kept) is None
    assert acts.latest(kept, 9)[5].detail == {}


def test_what_is_said_of_somebody_can_be_erased_and_who_did_it_when_stays_sealed(noted: Ops) -> None:
    request = erasures.ask(noted, "eva", "asked", 1, None, 1)
    with noted.begin() as tx:
        acts.forget(tx, 3, request)
    row = acts.latest(noted, 9)[2]
    assert (row.by, row.about, row.detail) == ("eva", f"erasure:{request}", {})
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
