"""One measurement in a process of its own: `python -m benchmarks.measure WHAT FILE …` prints a line of JSON.

Each gives `seconds` and the process's peak `memory` in bytes, so that nothing that ran before counts.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import pyarrow as pa

from benchmarks import changepoints
from benchmarks.served import fetched, pairs, served
from benchmarks.shop import MODEL, NOW, SEGMENT
from habitue.engine.compile import program
from habitue.engine.fold import everybody
from habitue.engine.gather import laid_out
from habitue.engine.refresh import forget, known, refresh
from habitue.engine.sweep import ready, sweep
from habitue.kernel.clock import MINUTE
from habitue.store.warehouse import Warehouse

BOTH: Final = [MODEL, SEGMENT]
MEMORY: Final = "1GB"
"""DuckDB's own share of the 2 GB that a full recompute may take."""


def history(path: Path) -> dict[str, Any]:
    """Both definitions over everybody, stored. Loading the compiled kernel is no more counted than SQL's."""
    warehouse = Warehouse.open(path, memory=MEMORY)
    for definition in BOTH:
        forget(warehouse, definition.version)
    ready()
    began = time.perf_counter()
    refresh(warehouse, BOTH, NOW)
    seconds = time.perf_counter() - began
    counted = warehouse.read("SELECT version, count(*) AS n FROM intervals GROUP BY ALL ORDER BY 1")
    return {"seconds": seconds, "intervals": counted["n"].to_pylist()}


def sql(path: Path) -> dict[str, Any]:
    """The same intervals by change points in SQL, stored, with all the memory it wants."""
    warehouse = Warehouse.open(path)
    began = time.perf_counter()
    counted = []
    for name, text in (("by_sql_model", changepoints.model()), ("by_sql_segment", changepoints.segment())):
        with warehouse.write() as writer:
            writer.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {text}")
            counted.append(writer.read(f"SELECT count(*) AS n FROM {name}")["n"][0].as_py())
    return {"seconds": time.perf_counter() - began, "intervals": counted}


def kernel(path: Path) -> dict[str, Any]:
    """The compiled sweep alone, on one core, over batches in memory."""
    warehouse = Warehouse.open(path)
    names = known(warehouse, BOTH, 2)
    contributions, seconds = 0, 0.0
    for definition in BOTH:
        compiled = program(definition, names)
        for batch in everybody("person", warehouse.read)[:4]:
            who = batch()
            tracks = laid_out(compiled, who, warehouse.read)
            sweep(who.births, tracks, compiled.formula)
            began = time.thread_time()
            sweep(who.births, tracks, compiled.formula)
            seconds += time.thread_time() - began
            rises = tracks.tracks[:, 0]
            contributions += int((tracks.bounds[rises, -1] - tracks.bounds[rises, 0]).sum())
    return {"seconds": seconds, "contributions": contributions}


def touched(path: Path, customers: int, times: int = 9) -> dict[str, Any]:
    """A refresh after an order of each of 1,000 customers, median of several; all was folded before."""
    warehouse = Warehouse.open(path)
    refresh(warehouse, BOTH, NOW)
    dice = np.random.default_rng(7)
    took = []
    for turn in range(1, times + 1):
        now = NOW + turn * MINUTE
        ids = pa.table({"person": np.sort(dice.choice(customers, 1000, replace=False)).astype(np.int32)})
        with warehouse.write() as writer:
            writer.run(
                f"INSERT INTO event_tail SELECT person, NULL, make_timestamp({now - 1}), 1, 1000, '{{}}', "
                f"{turn * 1_000_000_000_000} + person, NULL, person FROM ids",
                ids=ids,
            )
            writer.run("INSERT INTO touched SELECT person, false FROM ids", ids=ids)
        began = time.perf_counter()
        refresh(warehouse, BOTH, now)
        took.append(time.perf_counter() - began)
    with warehouse.write() as writer:
        writer.run(f"DELETE FROM event_tail WHERE ts > make_timestamp({NOW})")
    for definition in BOTH:
        forget(warehouse, definition.version)
    return {"seconds": median(took), "all": took}


def overview(path: Path) -> dict[str, Any]:
    """The overview page over HTTP on loopback.

    `first`: asked for as soon as the server listens. `pair`: two months never asked for, each time other ones
    (the median), and `slow`: what 95 of 100 of these stay below. `again`: the same again.
    """
    with served(path, 8950) as base:
        first, _ = fetched(base)
        asked = [base + pair for pair in pairs(np.random.default_rng(5))]
        never, again = ([fetched(url) for url in some] for some in (asked, asked[-11:]))
        page = gzip.decompress(again[0][1]).decode()
        parts = sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)))
        weight = len(again[0][1]) + sum(len(fetched(base.rstrip("/") + part)[1]) for part in parts)
    took = [seconds for seconds, _ in never]
    return {
        "first": first,
        "pair": median(took),
        "slow": float(np.quantile(took, 0.95)),
        "again": median(seconds for seconds, _ in again),
        "bytes": weight,
    }


WHAT: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    "history": history,
    "sql": sql,
    "kernel": kernel,
    "touched": touched,
    "overview": overview,
}


def main() -> None:
    what, path, *numbers = sys.argv[1:]
    found = WHAT[what](Path(path), *map(int, numbers))
    unit = 1 if sys.platform == "darwin" else 1024
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    found["cores"] = os.cpu_count()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
