"""What splink's model learns from a shop's own customers, and what where there is nothing to learn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from habitue.people import candidates, likeness
from habitue.store.scratch import scratch
from habitue.store.warehouse import Warehouse

People = list[dict[str, str]]

LETTERS = "abcdefghilmnoprstuv"


@pytest.fixture
def dice() -> Random:
    return Random(11)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    opened = Warehouse.open(tmp_path / "work.duckdb", threads=2, memory="500MB")
    yield opened
    opened.close()


def stranger(dice: Random) -> dict[str, str]:
    first, last = ("".join(dice.choices(LETTERS, k=7)) for _ in range(2))
    return {
        "firstName": first,
        "lastName": last,
        "email": f"{first}.{last}@exemple.fr",
        "phone": f"+336{dice.randrange(10**8):08}",
        "postcode": f"{dice.randrange(1000, 96000):05}",
        "city": f"ville {dice.randrange(200)}",
        "birthday": f"{dice.randrange(1940, 2006)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}",
    }


def twin(dice: Random, one: dict[str, str]) -> dict[str, str]:
    """The same human once more, who gives less and makes a mistake."""
    kept = dict(one)
    kept.pop(dice.choice(("email", "phone")))
    match dice.randrange(3):
        case 0:
            kept |= {"firstName": one["lastName"], "lastName": one["firstName"]}
        case 1:
            kept |= {"firstName": one["firstName"][0]}
        case _:
            kept |= {"lastName": one["lastName"][:3] + one["lastName"][4:]}
    if dice.random() < 0.5:
        kept.pop("birthday")
    return kept


def fill(warehouse: Warehouse, people: People) -> None:
    rows: list[tuple[int, str, Any]] = [
        (n, f"trait.{name}", json.dumps(value)) for n, one in enumerate(people) for name, value in one.items()
    ]
    person, name, value = zip(*rows, strict=True)
    told = pa.table({"person": pa.array(person, pa.int32()), "name": name, "value": value})
    with warehouse.write() as writer:
        writer.run(
            "INSERT INTO trait_base BY NAME SELECT *, TIMESTAMP '2026-01-01' AS ts, 1 AS seq, "
            "person AS node, 'shop' AS source FROM told",
            told=told,
        )
        writer.run("INSERT INTO person SELECT range, 'user:' || range, NULL FROM range(?)", (len(people),))


def found(warehouse: Warehouse, spill: Path, least: float = 0.9) -> list[dict[str, Any]]:
    with scratch(spill) as base:
        candidates.gather(warehouse, base)
        return list(likeness.score(base, least).to_pylist())


@pytest.mark.long
def test_second_records_are_found_among_strangers_and_the_same_every_time(
    warehouse: Warehouse, tmp_path: Path, dice: Random
) -> None:
    people, twins = [stranger(dice) for _ in range(1500)], set()
    for n in range(300):
        twins.add((n, len(people)))
        people.append(twin(dice, people[n]))
    fill(warehouse, people)
    pairs = found(warehouse, tmp_path / "spill")
    proposed = {(one["one"], one["other"]) for one in pairs}
    assert (len(proposed & twins) >= 294, len(proposed - twins) <= 3) == (True, True)
    assert found(warehouse, tmp_path / "spill") == pairs


@pytest.mark.long
def test_strangers_who_share_phones_teach_nothing_and_are_not_proposed(
    warehouse: Warehouse, tmp_path: Path, dice: Random
) -> None:
    people = [stranger(dice) for _ in range(1500)]
    for one in people:
        one["phone"] = f"+336{dice.randrange(1200):08}"
        one.pop("birthday")
    fill(warehouse, people)
    assert found(warehouse, tmp_path / "spill") == []


def test_a_mark_of_many_is_nobody_s(warehouse: Warehouse, tmp_path: Path, dice: Random) -> None:
    people = [stranger(dice) | {"phone": "+33600000000"} for _ in range(candidates.CROWD + 1)]
    fill(warehouse, people)
    with scratch(tmp_path / "spill") as base:
        assert candidates.gather(warehouse, base) == 0
    assert not (tmp_path / "spill").exists()
