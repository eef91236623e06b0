"""A disk that fills up: a clear word, nothing half done, and on it goes when there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from habitue.ingest import inbox
from habitue.ingest.loader import rebuild
from habitue.store.failure import DiskFull
from tests.faults.worker import ids, numbered
from tests.ingest.stores import Stores, message, opened

SIZE = 24 << 20


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    disk = tmp_path / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path, left: int) -> Path:
    """Take all room but `left` bytes."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free - left))
    return filler


def put(stores: Stores, n: int) -> None:
    inbox.put(stores.ops, [numbered(n)], 0)


def load(stores: Stores, _: int) -> None:
    stores.load()


def compact(stores: Stores, _: int) -> None:
    stores.warehouse.compact()
    stores.warehouse.checkpoint()


def remake(stores: Stores, _: int) -> None:
    rebuild(stores.log, stores.warehouse)


@pytest.mark.parametrize("act", [put, load, compact, remake])
def test_nothing_is_lost_or_half_done_when_the_disk_is_full(
    small: Path, act: Callable[[Stores, int], None]
) -> None:
    acknowledged: list[int] = []
    refused = 0
    with opened(small) as stores:
        put(stores, 0)
        stores.load()
        for n, left in enumerate((0, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20), start=1):
            if act is not put:
                put(stores, n)
                acknowledged.append(n)
            filler = fill(small, left)
            try:
                act(stores, n)
                acknowledged.append(n)
            except DiskFull:
                refused += 1
            filler.unlink()
            put(stores, 100 + n)
            stores.load()
            acknowledged.append(100 + n)
    assert refused
    with opened(small) as stores:
        stores.load()
        expected = {message(name) for n in [0, *acknowledged] for name in ids(n)}
        logged = [row for table in stores.log.read() for row in table["id"].to_pylist()]
        assert len(logged) == len(set(logged))
        assert expected <= set(logged)
        assert rebuild(stores.log, stores.warehouse).differing == ()
