"""A working copy that is gone, cut or changed on disk is noticed, and made again from the log."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from habitue.ingest import inbox
from habitue.ingest.loader import rebuild
from tests.faults.worker import numbered
from tests.ingest.stores import Stores, opened

SEED = 20261122
CASES = 8
PARCELS = 30

Damage = Callable[[Path, Random], None]


def delete(file: Path, _: Random) -> None:
    file.unlink()


def cut(file: Path, random: Random) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: random.randrange(len(content))])


def flip(file: Path, random: Random) -> None:
    content = bytearray(file.read_bytes())
    content[random.randrange(len(content))] ^= 0xFF
    file.write_bytes(content)


def held(stores: Stores) -> list[tuple[object, ...]]:
    return stores.rows("SELECT id, person, ts, revenue, props, seq FROM event ORDER BY seq")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[object, ...]]]:
    place = tmp_path_factory.mktemp("sound")
    with opened(place) as stores:
        inbox.put(stores.ops, [numbered(n) for n in range(PARCELS)], 0)
        stores.load()
        stores.warehouse.compact()
        stores.warehouse.checkpoint()
        events = held(stores)
    return place, events


@pytest.mark.parametrize("damage", [delete, cut, flip])
def test_the_working_copy_is_whole_again_after_the_next_load(
    sound: tuple[Path, list[tuple[object, ...]]], tmp_path: Path, damage: Damage
) -> None:
    random = Random(SEED)
    for n in range(1 if damage is delete else CASES):
        place = tmp_path / str(n)
        shutil.copytree(sound[0], place)
        damage(place / "work.duckdb", random)
        with opened(place) as stores:
            inbox.put(stores.ops, [numbered(PARCELS)], 0)
            stores.load()
            rebuild(stores.log, stores.warehouse)
            assert held(stores)[: len(sound[1])] == sound[1], (SEED, n)
            assert stores.log.end() == len(held(stores))
        if damage is cut:
            assert list(place.glob("work.duckdb.corrupt-*")), "never deleted"


@pytest.mark.parametrize("damage", [delete, cut, flip])
def test_a_write_ahead_log_that_is_gone_cut_or_changed_loses_nothing(tmp_path: Path, damage: Damage) -> None:
    random = Random(SEED)
    (tmp_path / "made").mkdir()
    with opened(tmp_path / "made") as stores:
        inbox.put(stores.ops, [numbered(0)], 0)
        stores.load()
        stores.warehouse.checkpoint()
        inbox.put(stores.ops, [numbered(1)], 0)
        stores.load()
        events = held(stores)
        # Copied while it is open: what a crash leaves.
        for n in range(CASES):
            shutil.copytree(tmp_path / "made", tmp_path / str(n))
    for n in range(CASES):
        damage(tmp_path / str(n) / "work.duckdb.wal", random)
        with opened(tmp_path / str(n)) as stores:
            stores.load()
            assert held(stores) == events, (SEED, n)
