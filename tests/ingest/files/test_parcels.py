"""Parcels are repeatable, resumable, bounded and say how far they are."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from habitue.ingest.files import Report, inspect, job, parcels, text
from habitue.store.log import PARCEL
from tests.ingest.files.conftest import NOW, PARIS, Run


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "many.csv"
    rows = (f"c{n % 777},2025-01-{n % 28 + 1:02},{n % 50}.25\n" for n in range(180_000))
    path.write_text("customer,date,total\n" + "".join(rows))
    return path


def test_parcels_have_the_schema_and_are_small(many: Path) -> None:
    report = Report()
    made = list(parcels(inspect(many), PARIS, NOW, report=report))
    assert all(parcel.table.schema.equals(PARCEL) and parcel.table.num_rows <= 50_000 for parcel in made)
    assert all(parcel.history and parcel.source == "import:many.csv" for parcel in made)
    assert [p.key for p in made] == [f"import:{job(inspect(many), PARIS)}:{n}" for n in range(len(made))]
    assert report.chunks == len(made) > 3
    assert sum(p.table.num_rows for p in made) == 180_000


def test_an_interrupted_import_goes_on_where_it_was(many: Path) -> None:
    found, whole = inspect(many), Report()
    made = list(parcels(found, PARIS, NOW, report=whole))
    later = Report()
    rest = list(parcels(found, PARIS, NOW, report=later, first=2))
    assert [p.key for p in rest] == [p.key for p in made[2:]]
    assert pa.concat_tables([p.table for p in rest]).equals(pa.concat_tables([p.table for p in made[2:]]))
    assert later == whole


def test_progress_ends_at_the_end(many: Path) -> None:
    calls: list[tuple[int, int, int]] = []
    list(parcels(inspect(many), PARIS, NOW, report=Report(), progress=lambda *done: calls.append(done)))
    assert calls[-1] == (180_000, many.stat().st_size, many.stat().st_size)
    assert calls == sorted(calls)


def test_another_mapping_is_another_job(many: Path) -> None:
    assert job(inspect(many), PARIS) != job(inspect(many, mapping={"decimal": "comma"}), PARIS)


def test_rejects_are_only_written_when_there_are_any(tmp_path: Path, many: Path) -> None:
    list(parcels(inspect(many), PARIS, NOW, report=Report(), rejects=tmp_path / "rejects.csv"))
    assert not (tmp_path / "rejects.csv").exists()


def test_the_report_is_said_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("customer,date,total\nA,2025-01-01,5\na,2025-01-01,5\na,2025-01-01,5\nb,bad,1\n")
    report = Report()
    list(parcels(inspect(path), PARIS, NOW, report=report))
    english, french = report.lines("en"), report.lines("fr")
    assert "4 rows read" in english
    assert "net revenue: €15.00" in english
    assert len(english) == len(french)
    assert not set(english) & set(french)
    assert "3 × Order placed" in english


# Of other control characters a small file is full so soon that it is no text any more.
NOTES = st.text(st.characters(min_codepoint=32) | st.sampled_from("\t\r\n"), max_size=12)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 99), NOTES), min_size=1),
    block=st.integers(100, 800),
)
def test_where_the_file_is_cut_changes_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, rows: list[tuple[str, int, str]], block: int
) -> None:
    into = StringIO()
    writer = csv.writer(into, lineterminator="\n")
    writer.writerows([["customer", "date", "total", "note"], *((c, "2025-01-01", n, t) for c, n, t in rows)])
    content = into.getvalue().encode("utf-8", "replace")
    with monkeypatch.context() as patched:
        patched.setattr(text, "BLOCK", 1 << 22)
        whole = run(content, kind="orders")
        patched.setattr(text, "BLOCK", block)
        cut = run(content, kind="orders")
    assert cut.events == whole.events
    assert cut.rejects == whole.rejects
