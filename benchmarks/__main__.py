"""`make bench`: every figure that the README quotes, each against its target, in one run.

`python -m benchmarks` measures at 10 M and 100 M events and, for what must not depend on size, at 10 M
customers; `--quick` stays at 10 M events and 1 M customers of ten events each.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.shop import make

MILLION: Final = 1_000_000
GB: Final = 1e9


def measure(*words: object) -> dict[str, Any]:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.measure", *map(str, words)]
    found: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return found


def report(name: str, found: str, wanted: str, reached: bool) -> None:
    print(f"{'ok  ' if reached else 'MISS'} {name:<58} {found:<34} (target: {wanted})", flush=True)


def histories(path: Path, events: int) -> None:
    """The whole history of both definitions against the same by SQL, on the same file and cores."""
    ours, theirs = measure("history", path), measure("sql", path)
    same = ours["intervals"] == theirs["intervals"]
    ratio = theirs["seconds"] / ours["seconds"]
    name = (
        f"full history, {events // MILLION} M events: {ours['seconds']:.1f} s, SQL {theirs['seconds']:.1f} s"
    )
    report(
        name,
        f"{ratio:.1f} × faster{'' if same else ', but other intervals!'}",
        "≥ 10 ×",
        same and ratio >= 10,
    )
    memory = f"{ours['memory'] / GB:.2f} GB (SQL {theirs['memory'] / GB:.2f} GB)"
    report("  its peak memory", memory, "≤ 2 GB", ours["memory"] <= 2 * GB)


def kernel(path: Path) -> None:
    found = measure("kernel", path)
    speed = found["contributions"] / found["seconds"] / MILLION
    report("sweep alone, one core", f"{speed:.0f} M contributions/s", "≥ 30 M/s", speed >= 30)


def refreshes(small: Path, large: Path, each: int) -> None:
    """1,000 touched customers among 1 M, and among 10 M."""
    one, ten = measure("touched", small, MILLION), measure("touched", large, 10 * MILLION)
    name = f"refresh, 1,000 touched of 1 M customers × {each} events"
    report(name, f"{one['seconds']:.3f} s", "≤ 0.5 s", one["seconds"] <= 0.5)
    ratio = ten["seconds"] / one["seconds"]
    report(f"  the same of 10 M customers: {ten['seconds']:.3f} s", f"{ratio:.2f} ×", "≤ 1.3 ×", ratio <= 1.3)


def overview(path: Path) -> None:
    found = measure("overview", path)
    for name, key in (
        ("overview page at 1 M customers, two months never asked for", "pair"),
        ("  95 of 100 of these", "slow"),
        ("  asked for again", "again"),
    ):
        report(name, f"{found[key] * 1000:.0f} ms", "≤ 150 ms", found[key] <= 0.15)
    first = f"{found['first'] * 1000:.0f} ms"
    print(f"     the very first page, asked for as the server begins to listen: {first}")
    report(
        "  its weight with all it loads",
        f"{found['bytes'] / 1000:.0f} KB",
        "< 1 MB",
        found["bytes"] < MILLION,
    )


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks")
    words.add_argument("--quick", action="store_true", help="smaller sizes, for trying out")
    words.add_argument("--folder", type=Path, help="keep the made working copies here")
    chosen = words.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    with TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        each = 10 if chosen.quick else 100
        for customers, events in ((100_000, 100), (MILLION, each), (10 * MILLION, each)):
            path = folder / f"{customers}x{events}.duckdb"
            if not path.exists():
                make(path, customers, events)
        small, middle, large = (
            folder / f"{n}x{e}.duckdb" for n, e in ((100_000, 100), (MILLION, each), (10 * MILLION, each))
        )
        kernel(small)
        histories(small, 10 * MILLION)
        if not chosen.quick:
            histories(middle, 100 * MILLION)
        refreshes(middle, large, each)
        overview(middle)


if __name__ == "__main__":
    main()
