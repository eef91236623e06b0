"""How much memory a process may use, as the kernel tells a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from habitue.kernel.machine import memory


def _told(place: Path, groups: str, limits: dict[str, str]) -> int:
    (place / "cgroup").write_text(groups)
    for name, limit in limits.items():
        file = place / "fs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(limit)
    return memory(place / "cgroup", place / "fs")


def test_no_limit_means_the_whole_machine(tmp_path: Path) -> None:
    whole = memory(tmp_path / "none", tmp_path)
    assert whole > 64 << 20
    assert _told(tmp_path, "0::/\n", {"memory.max": "max\n"}) == whole
    assert _told(tmp_path, "4:memory:/a\n", {"memory/a/memory.limit_in_bytes": str(1 << 63)}) == whole


@pytest.mark.parametrize(
    ("groups", "limits"),
    [
        ("0::/\n", {"memory.max": "67108864\n"}),  # inside a container its own group is the root
        ("0::/a/b\n", {"a/memory.max": "67108864\n", "a/b/memory.max": "max\n"}),
        ("0::/a/b\n", {"a/memory.max": "134217728\n", "a/b/memory.max": "67108864\n"}),
        (
            "7:cpu:/\n4:memory:/a\n0::/\n",
            {"memory/a/memory.limit_in_bytes": "67108864\n", "cpu/memory.limit_in_bytes": "1\n"},
        ),
        ("4:memory:/elsewhere\n", {"memory/memory.limit_in_bytes": "67108864\n"}),
    ],
)
def test_the_least_limit_above_counts(tmp_path: Path, groups: str, limits: dict[str, str]) -> None:
    assert _told(tmp_path, groups, limits) == 64 << 20
