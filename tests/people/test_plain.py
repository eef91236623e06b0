"""What is told in columns about keys that nobody doubts is what their claims say one by one."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest

from habitue.people.graph import Claim, Groups, Ruling, components
from habitue.people.plain import MANY, ROUNDS, Plain, plain
from habitue.store.warehouse import Warehouse

WORLDS: Final = 300
KINDS: Final = ("user", "ext", "email", "phone", "anon", "anon", "crm")
NAMES: Final = ("a{}", "b{}", "undefined", "0", "ünknown{}", "null-{}", "unde\ufb01ned")


def told(
    keys: dict[int, str],
    claims: Iterable[Claim],
    rulings: Iterable[Ruling] = (),
    unborn: Iterable[int] = (),
    merged: Iterable[tuple[int, int]] = (),
) -> Warehouse:
    """A working copy that knows this of who is who."""
    births = {node: None if node in set(unborn) else 0 for node in keys}
    rows: dict[str, list[tuple[Any, ...]]] = {
        "node": [(node, key, births[node]) for node, key in keys.items()],
        "claim": [(one, other, "shop", ts, seq) for one, other, ts, seq in claims],
        "ruling": [(seq, act, one, other, "", "", ts) for act, one, other, ts, seq in rulings],
        "merged": [*merged],
    }
    made = Warehouse.open(None)
    with made.write() as writer:
        for table, lines in rows.items():
            if lines:
                writer.run(f"INSERT INTO {table} FROM told", told=_laid(writer.read(f"FROM {table}"), lines))
    return made


def _laid(like: pa.Table, lines: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*lines, strict=True)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, like.schema, strict=True)],
        schema=like.schema,
    )


def asked(warehouse: Warehouse, nodes: Iterable[int]) -> Plain:
    return plain(warehouse.read, np.array(sorted(nodes), np.int32))


def persons(found: Plain) -> dict[int, int]:
    return dict(zip(found.persons["node"].to_pylist(), found.persons["person"].to_pylist(), strict=True))


def world(dice: Random, number: int) -> tuple[dict[int, str], list[Claim], list[Ruling]]:
    """A few keys of one world, numbered apart from all others', and what is said of them."""
    first = number * 10
    nodes = range(first, first + dice.randint(2, 9))
    # A key is what it is in every world; only words that mean nobody are the same in several.
    keys = {node: f"{dice.choice(KINDS)}:{_name(dice)}".format(node) for node in nodes}
    pairs = {tuple(sorted(dice.sample(nodes, 2))) for _ in range(dice.randint(1, 8))}
    claims = [Claim(one, other, dice.randint(0, 9), dice.randint(0, 99)) for one, other in pairs]
    rulings = []
    if dice.random() < 0.2:
        one, other = dice.sample(nodes, 2)
        rulings = [Ruling(dice.choice(("merge", "split")), one, other, 5, number)]
    return keys, claims, rulings


def _name(dice: Random) -> str:
    return dice.choice(NAMES) if dice.random() < 0.1 else NAMES[dice.randint(0, 1)]


def doubted(groups: Groups, rulings: Iterable[Ruling]) -> set[int]:
    return {one.node for one in groups.refused} | {end for one in rulings for end in (one.one, one.other)}


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_the_claims_say_one_by_one(seed: int) -> None:
    dice = Random(seed)
    worlds = [world(dice, n) for n in range(WORLDS)]
    keys = {node: key for each, _, _ in worlds for node, key in each.items()}
    claims = [claim for _, said, _ in worlds for claim in said]
    rulings = [ruling for _, _, said in worlds for ruling in said]
    groups = components(keys, claims, rulings)
    seeds = set(dice.sample(sorted(keys), len(keys) // 2))
    found = asked(told(keys, claims, rulings), seeds)
    mine = persons(found)
    assert mine == {node: groups.person[node] for node in mine}
    assert {node for node, person in groups.person.items() if person in mine.values()} == mine.keys()
    assert set(found.rest.tolist()) == seeds - mine.keys()
    links = {tuple(row.values()) for row in found.links.to_pylist()}
    assert links == {tuple(link) for link in groups.links if link.one in mine}
    assert not doubted(groups, rulings) & mine.keys()
    assert len(mine.keys() & seeds) > len(seeds) / 3


def test_a_customer_with_many_devices_is_told_and_a_shared_device_is_not() -> None:
    keys = {0: "user:ada"} | {n: f"anon:d{n}" for n in range(1, 40)} | {40: "user:bob", 41: "user:eve"}
    claims = [Claim(0, n, n, n) for n in range(1, 40)]
    assert persons(asked(told(keys, claims), [39])) == dict.fromkeys(range(40), 0)
    shared = [*claims, Claim(39, 40, 99, 99)]
    assert asked(told(keys, shared), [0, 41]).rest.tolist() == [0]


def test_a_device_of_one_customer_is_told_though_it_was_claimed_with_several_of_their_keys() -> None:
    keys = {0: "anon:1", 1: "email:a@b.fr", 2: "user:a", 3: "anon:2"}
    apart = [Claim(0, 1, 1, 1), Claim(0, 2, 2, 2)]
    assert asked(told(keys, apart), [0]).rest.tolist() == [0]
    joined = [*apart, Claim(1, 2, 3, 3), Claim(0, 3, 4, 4)]
    assert persons(asked(told(keys, joined), [3])) == dict.fromkeys(range(4), 0)


def test_whoever_is_too_far_or_in_too_large_a_crowd_is_left_to_be_looked_at_one_by_one() -> None:
    chain = {n: f"anon:d{n}" for n in range(2 * ROUNDS)}
    steps = [Claim(n, n + 1, n, n) for n in range(2 * ROUNDS - 1)]
    assert asked(told(chain, steps), [0]).rest.tolist() == [0]
    near = [one for one in steps if one.other < ROUNDS]
    assert persons(asked(told(chain, near), [0])) == dict.fromkeys(range(ROUNDS), 0)
    crowd = {n: f"anon:d{n}" for n in range(MANY + 3)}
    around = [Claim(0, n, n, n) for n in range(1, MANY + 2)]
    assert asked(told(crowd, around), [0, MANY + 2]).rest.tolist() == [0]


def test_an_alias_of_a_user_whom_nobody_met_is_left_as_is_a_house_of_which_more_is_known() -> None:
    keys = {0: "user:ghost", 1: "anon:1", 2: "anon:2", 3: "user:b"}
    claims = [Claim(0, 1, 1, 1), Claim(2, 3, 2, 2)]
    found = asked(told(keys, claims, unborn=[0]), [1, 2])
    assert (persons(found), found.rest.tolist()) == ({2: 2, 3: 2}, [1])
    assert persons(asked(told(keys, claims), [1])) == {0: 0, 1: 0}
    held = asked(told(keys, claims, merged=[(2, 1), (3, 2)]), [2])
    assert held.rest.tolist() == [2]
