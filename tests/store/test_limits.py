"""What the working copy may take of a machine."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from habitue.kernel import machine
from habitue.store.limits import limits, share
from habitue.store.warehouse import Warehouse


def test_of_a_small_machine_the_rest_of_the_process_comes_first() -> None:
    assert [share(mb << 20) for mb in (256, 512, 1024, 8192)] == ["96MiB", "96MiB", "409MiB", "3276MiB"]


def test_what_is_said_counts_and_else_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert limits(3, "2GB") == {"threads": "3", "memory_limit": "2GB"}
    monkeypatch.setattr(machine, "memory", lambda: 512 << 20)
    with closing(Warehouse.open(tmp_path / "work.duckdb")) as small:
        asked = "SELECT current_setting('threads') AS n, current_setting('memory_limit') AS most"
        assert small.read(asked).to_pylist() == [{"n": 1, "most": "96.0 MiB"}]
