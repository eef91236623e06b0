"""A file in, its events, report and rejected rows out."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from habitue.ingest.files import Detected, Report, Settings, inspect, parcels
from habitue.kernel.clock import instant

NOW = instant("2026-11-22T12:00")
PARIS = Settings("EUR", "Europe/Paris")


class Import(NamedTuple):
    detected: Detected
    events: list[dict[str, Any]]
    report: Report
    rejects: list[list[str]]
    keys: list[str]

    @property
    def reasons(self) -> list[str]:
        return [row[1] for row in self.rejects[1:]]

    @property
    def brief(self) -> list[tuple[str, str, int | None]]:
        """Key, name and revenue of each event that is not about traits."""
        return [(e["key"], e["name"], e["revenue"]) for e in self.events if e["name"] != "$identify"]


Run = Callable[..., Import]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def imported(
        content: str | bytes | Path,
        name: str = "orders.csv",
        kind: str | None = None,
        mapping: Mapping[str, str] | None = None,
        settings: Settings = PARIS,
        now: int = NOW,
    ) -> Import:
        path = content if isinstance(content, Path) else tmp_path / name
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        detected = inspect(path, kind, mapping)
        rejects = tmp_path / "rejects.csv"
        rejects.unlink(missing_ok=True)
        report = Report()
        made = list(parcels(detected, settings, now, report=report, rejects=rejects))
        text = rejects.read_bytes().decode("utf-8-sig") if rejects.exists() else ""
        rows = list(csv.reader(StringIO(text, newline="")))
        return Import(detected, events([p.table for p in made]), report, rows, [p.key for p in made])

    return imported


def events(tables: list[pa.Table]) -> list[dict[str, Any]]:
    rows = [row for table in tables for row in table.to_pylist()]
    return [{**row, "props": json.loads(row["props"]), "ts": row["ts"].isoformat()} for row in rows]
