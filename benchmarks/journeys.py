"""How many customer-steps a second journeys advance: `python -m benchmarks.journeys [SHOP] [PEOPLE]`.

The shop is that of `benchmarks.stocked`, made first where it is not there; its working copy is copied.
Everybody is let in at once, then a tick a day brings all of them forward.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stocked import placed
from habitue.engine.refresh import known
from habitue.journeys import kept, state
from habitue.journeys.facts import Ground
from habitue.journeys.live import Live
from habitue.journeys.reading import from_text
from habitue.kernel.clock import DAY, Micros
from habitue.store import runs
from habitue.store.log import EventLog
from habitue.store.ops import Ops
from habitue.store.runs import Entered
from habitue.store.warehouse import Warehouse

JOURNEY = """
id = "bench"
entry = { is = "manual" }
{leaving}
[[steps]]
id = "one"
is = "wait"
length = "1d"
[[steps]]
id = "two"
is = "{act}"
{given}
[[steps]]
id = "three"
is = "wait"
length = "1d"
[[steps]]
id = "four"
is = "chance"
[[steps.branches]]
id = "a"
share = 0.5
[[steps.branches.steps]]
id = "five"
is = "wait"
length = "1d"
[[steps]]
id = "six"
is = "wait"
length = "1d"
"""
WANTED = 100_000
KINDS = {
    "waits and ways": ("wait", 'length = "1d"', ""),
    "with an exit by an event": ("wait", 'length = "1d"', '[[exits]]\nevent = "Order Completed"'),
    "with a message": ("send", 'template = "x"', ""),
}


def main(work: Path, people: int) -> None:
    for name, (act, given, leaving) in KINDS.items():
        text = JOURNEY.replace("{act}", act).replace("{given}", given).replace("{leaving}", leaving)
        with TemporaryDirectory() as folder:
            steps, wall, cpu = run(Path(folder), work, people, text)
        speed, mark = steps / wall, "ok  " if steps / wall >= WANTED else "MISS"
        print(
            f"{mark} {name:<26}{steps:>10,} steps, {speed:>8,.0f}/s (target: ≥ {WANTED:,}/s; "
            f"ratio {speed / WANTED:.2f}), {steps / cpu:,.0f} per second of a core",
            flush=True,
        )


def run(folder: Path, work: Path, people: int, text: str) -> tuple[int, float, float]:
    """How many steps were made, and the seconds it took."""
    shutil.copy(work, folder / "work.duckdb")
    ops, log = Ops.open(folder / "ops.sqlite"), EventLog(folder / "log")
    warehouse = Warehouse.open(folder / "work.duckdb")
    now = int(warehouse.read("SELECT epoch_us(max(ts)) FROM event").column(0)[0].as_py()) + DAY
    saved = kept.keep(ops, from_text(text)[0], now, "bench")
    state.publish(ops, saved, "stay", now, "bench")
    ground = Ground(warehouse.read, known(warehouse, [], 2), "Europe/Paris")
    live = Live(ops, log, warehouse, lambda: ground, lambda: state.running(ops), lambda _: 1)
    rows = [Entered("bench", saved.version, person, "m", now, now, None) for person in range(people)]
    with ops.begin() as tx:
        runs.enter(tx, rows)
    live.tick(now)  # compiles what is compiled once
    return _timed(live, ops, saved.version, now)


def _timed(live: Live, ops: Ops, version: int, now: Micros) -> tuple[int, float, float]:
    before, wall, cpu = _steps(ops, version), time.perf_counter(), time.process_time()
    for day in range(1, 6):
        live.tick(now + day * DAY)
    done = _steps(ops, version) - before
    return done, time.perf_counter() - wall, time.process_time() - cpu


def _steps(ops: Ops, version: int) -> int:
    with ops.read() as tx:
        return sum(int(row.n) for row in runs.passed(tx, [version], 0) if row.what == "in")


if __name__ == "__main__":
    with placed() as place:
        main(place / "work.duckdb", int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
