"""The same purchases, however they are written down, are the same events with the same ids."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyarrow import parquet

from habitue.ingest.files import Settings
from habitue.kernel.clock import moment
from tests.ingest.files.conftest import Import, Run

HEADER = ["customer id", "order date", "total", "channel"]
UTC_EURO = Settings("EUR", "UTC")

CUSTOMERS = st.text(st.characters(codec="cp1252", categories=("L", "Nd")), min_size=1, max_size=8)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2026, 11, 1)).map(lambda at: at.replace(microsecond=0))
CENTS = st.integers(-9_999_999, 999_999_999)
NOTES = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Cs")), max_size=6)
PURCHASES = st.lists(
    st.tuples(CUSTOMERS, MOMENTS, CENTS, NOTES.map(lambda s: f"c {s} c")), min_size=1, max_size=30
)
FORMS = {
    "year-first": "%Y-%m-%d %H:%M:%S",
    "day-first": "%d/%m/%Y %H:%M:%S",
    "month-first": "%m/%d/%Y %I:%M:%S %p",
    "yyyymmdd": "%Y%m%d%H%M%S",
}
SIGNS = [("", "."), ("", ","), (" ", ","), ("\xa0", ","), (",", "."), (".", ","), ("'", ".")]
FIELDS = {"customer": "customer id", "ts": "order date", "revenue": "total"}


def cents(units: int) -> str:
    return f"{'-' if units < 0 else ''}{abs(units) // 100}.{abs(units) % 100:02}"


def grouped(units: int, thousands: str, decimal: str) -> str:
    return f"{units / 100:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", thousands)


def written(rows: list[list[str]], delimiter: str, end: str) -> str:
    into = StringIO()
    writer = csv.writer(into, delimiter=delimiter, lineterminator=end)
    writer.writerows([HEADER, *rows])
    return into.getvalue()


def seen(made: Import) -> list[tuple[bytes, str, str, int]]:
    return sorted((e["id"], e["key"], e["ts"], e["revenue"]) for e in made.events)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bought=PURCHASES,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    form=st.sampled_from(sorted(FORMS)),
    signs=st.sampled_from(SIGNS),
)
def test_dialects_agree(
    run: Run,
    bought: list[tuple[str, datetime, int, str]],
    delimiter: str,
    end: str,
    encoding: str,
    form: str,
    signs: tuple[str, str],
) -> None:
    plain = [[c, f"{at:%Y-%m-%d %H:%M:%S}", cents(units), note] for c, at, units, note in bought]
    dialect = [[c, at.strftime(FORMS[form]), grouped(units, *signs), note] for c, at, units, note in bought]
    told = {"dates": form, "decimal": "comma" if signs[1] == "," else "point"}
    known = {"dates": "year-first", "decimal": "point"}
    expected = run(written(plain, ",", "\n"), kind="orders", settings=UTC_EURO, mapping=known | FIELDS)
    text = written(dialect, delimiter, end).encode(encoding)
    made = run(text, kind="orders", settings=UTC_EURO, mapping=told | FIELDS)
    assert made.report.rejected == expected.report.rejected
    assert seen(made) == seen(expected)


ROWS: list[tuple[str, datetime, float, str]] = [
    ("C-1", datetime(2025, 3, 4, 10, 30, tzinfo=UTC), 1234.5, "web"),
    ("C-2", datetime(2025, 12, 31, tzinfo=UTC), -12.0, "store"),
    ("C-1", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), 1.234, "web"),
    ("17", datetime(2025, 3, 4, 10, 30, tzinfo=UTC), 0.0, ""),
]


def english(path: Path) -> None:
    rows = [[c, f"{at:%m/%d/%Y %I:%M:%S %p}", f"{x:,.3f}".removesuffix("0"), n] for c, at, x, n in ROWS]
    path.write_bytes(written(rows, ",", "\r\n").encode("utf-8-sig"))


def french(path: Path) -> None:
    amounts = [f"{x:,.4f}".replace(",", "\xa0").replace(".", ",") for _, _, x, _ in ROWS]
    rows = [
        [c, f"{at:%d/%m/%Y %H:%M:%S}", f"{a} €", n] for (c, at, _, n), a in zip(ROWS, amounts, strict=True)
    ]
    path.write_bytes(written(rows, ";", "\r\n").encode("cp1252"))


def workbook(path: Path) -> None:
    book = Workbook()
    sheet: Any = book.active
    for row in [
        HEADER,
        *([int(c) if c.isdigit() else c, at.replace(tzinfo=None), x, n] for c, at, x, n in ROWS),
    ]:
        sheet.append(row)
    book.save(path)


def columns(path: Path) -> None:
    names: Any = zip(HEADER, zip(*ROWS, strict=True), strict=True)
    parquet.write_table(pa.table({name: list(values) for name, values in names}), path)


def lines(path: Path) -> None:
    rows = (dict(zip(HEADER, [c, at.isoformat(), x, n], strict=True)) for c, at, x, n in ROWS)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("write", [english, french, workbook, columns, lines])
def test_every_format_gives_the_same_events(run: Run, tmp_path: Path, write: Any) -> None:
    path = tmp_path / "file"
    write(path)
    made = run(
        path, kind="orders", settings=UTC_EURO, mapping={"decimal": "point"} if write is english else None
    )
    assert [(e["key"], e["revenue"], e["props"].get("channel")) for e in made.events] == [
        ("user:c-1", 123450, "web"),
        ("user:c-2", -1200, "store"),
        ("user:c-1", 123, "web"),
        ("user:17", 0, None),
    ]  # fmt: skip
    assert [e["ts"] for e in made.events] == [at.isoformat() for _, at, _, _ in ROWS]
    english(tmp_path / "plain")
    assert seen(made) == seen(
        run(tmp_path / "plain", kind="orders", settings=UTC_EURO, mapping={"decimal": "point"})
    )


def test_days_of_excel_as_bare_numbers(run: Run, tmp_path: Path) -> None:
    book = Workbook()
    sheet: Any = book.active
    for row in (["client", "date", "montant"], ["a", 45658.5, 3], ["a", 45659, 4]):
        sheet.append(row)
    book.save(tmp_path / "days.xlsx")
    made = run(tmp_path / "days.xlsx", settings=UTC_EURO)
    assert [e["ts"] for e in made.events] == ["2025-01-01T12:00:00+00:00", "2025-01-02T00:00:00+00:00"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1735725600", "2025-01-01T10:00:00"),
        ("1735725600123", "2025-01-01T10:00:00.123000"),
        ("20250101", "2025-01-01T00:00:00"),
        ("1 janvier 2025", "2025-01-01T00:00:00"),
        ("1er août 2025", "2025-08-01T00:00:00"),
        ("January 1, 2025 10:00 am", "2025-01-01T10:00:00"),
        ("01-Jan-2025", "2025-01-01T00:00:00"),
        ("2025-01-01T10:00:00+02:00", "2025-01-01T08:00:00"),
        ("2025-01-01 10:00:00 UTC", "2025-01-01T10:00:00"),
        ("31.12.24", "2024-12-31T00:00:00"),
        ("2025/1/2", "2025-01-02T00:00:00"),
        ("31/12/2024 à 14h30", "2024-12-31T14:30:00"),
    ],
)
def test_dates_are_known_by_their_look(run: Run, text: str, at: str) -> None:
    made = run(f'client;date;montant\na;"{text}";3\n', settings=UTC_EURO)
    assert made.events[0]["ts"] == at + "+00:00"


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2025-03-30 02:30:00", "2025-03-30T01:00:00"),
        ("2025-10-26 02:30:00", "2025-10-26T00:30:00"),
        ("2025-07-01", "2025-06-30T22:00:00"),
    ],
)
def test_the_workspaces_zone_reads_naive_times(run: Run, local: str, utc: str) -> None:
    assert run(f"client,date,total\na,{local},3\n").events[0]["ts"] == utc + "+00:00"


@pytest.mark.parametrize(
    ("column", "revenue"),
    [
        (["1 234,56 €", "2,50"], 123456),
        (["€1,234.56", "2.50"], 123456),
        (["(12.50)", "1.5"], -1250),
        (["12,50-", "1"], -1250),
        (["1’234.50", "1.00"], 123450),
        (["1.234.567,89", "1"], 123456789),
        (["1,234", "0.5"], 123400),
        (["1.234", "0,5"], 123400),
        (["0.125", "1"], 12),
        (["0.135", "1"], 14),
        (["EUR 12", "1"], 1200),
        (["−5", "1"], -500),
        ([".5", "1"], 50),
    ],
)
def test_amounts_are_known_by_their_look(run: Run, column: list[str], revenue: int) -> None:
    made = run("client\tdate\ttotal\n" + "".join(f"a\t2025-01-01\t{text}\n" for text in column))
    assert made.events[0]["revenue"] == revenue


def test_what_can_be_read_two_ways_is_said(run: Run) -> None:
    made = run('client,date,total\na,03/04/2025,"1,234"\na,05/04/2025,"2,345"\n')
    assert made.events[0]["revenue"] == 123400
    assert moment(made.report.first or 0, "Europe/Paris").date().isoformat() == "2025-04-03"
    assert "decimal=" in "".join(made.detected.lines("en"))
    assert "dates=" in "".join(made.detected.lines("en"))
