"""Whatever the file is: a `UserError`, or rejected rows with a reason; never another exception."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyarrow import parquet

from habitue.ingest.files import Settings, inspect, packed
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import translator
from tests.ingest.files.conftest import Run

HEAD = "customer,date,total\n"
ROW = "a,2025-01-01,1\n"

REFUSED = {
    "empty": b"",
    "header only": HEAD.encode(),
    "header only, no line end": HEAD.strip().encode(),
    "blank lines": b"\n\n\n",
    "binary": bytes(range(256)) * 64,
    "zeros": b"\0" * 5000,
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\1\0\x08\6\0\0\0" * 40,
    "gzip": b"\x1f\x8b\x08" + b"\0" * 99,
    "old excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "half a zip": b"PK\x03\x04" + b"\0" * 99,
    "half a parquet": b"PAR1" + b"\x15\x04" * 99,
    "json without objects": b"{\n{\n",
    "a million columns": b",".join(b"c%d" % i for i in range(1_000_000)) + b"\n" + b"," * 999_999 + b"\n",
    "one huge cell": b"x" * 3_000_000,
    "only words": b"colour,size\nred,3\n",
    "only rejects": b"customer,date,total\na\nb\n",
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_table_is_refused_in_words(run: Run, content: bytes) -> None:
    with pytest.raises(UserError) as refused:
        run(content)
    assert str(refused.value).splitlines()[0].endswith(".")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("a,2026-02-30,1", "not in the calendar"),
        ("a,2025-01-01 25:00,1", "not in the calendar"),
        ("a,9999-12-31,1", "in the future"),
        ("a,2026-11-24,1", "in the future"),
        ("a,1899-12-31,1", "before 1900"),
        ("a,yesterday,1", "not a date"),
        ("a,,1", "the date is missing"),
        ("a,2025-01-01,", "the amount is missing"),
        ("a,2025-01-01,NaN", "not an amount"),
        ("a,2025-01-01,inf", "not an amount"),
        ("a,2025-01-01,1e5", "not an amount"),
        ("a,2025-01-01,1,000", "has 4 cells instead of 3"),
        ("a,2025-01-01,1000000000000", "too large"),
        ("a,2025-01-01,99999999999999999999999999", "too large"),
        ("a,2025-01-01", "has 2 cells instead of 3"),
        ("a,2025-01-01,1,2,3", "has 5 cells instead of 3"),
        ("a\0b,2025-01-01,1", "NUL"),
        ('"a,2025-01-01,1', "never closed"),
        (f"{'x' * 10_000},2025-01-01,1", "too long"),
        (",2025-01-01,1", "the customer is missing"),
        ("a,2025-01-01,5 XAG", "XAG"),
    ],
)
def test_a_bad_row_costs_itself_and_says_why(run: Run, bad: str, reason: str) -> None:
    made = run(HEAD + "x,2025-01-01,1\n" + bad + "\n" + "y,2025-01-02,2\nz,2025-01-03,3\n")
    assert [key for key, _, _ in made.brief] == ["user:x", "user:y", "user:z"]
    assert [row[0] for row in made.rejects[1:]] == ["3"]
    assert reason in made.reasons[0]


def test_a_reason_shows_its_first_different_examples(run: Run) -> None:
    bad = "a,1\nb,2025-01-01,1,2,3,4\nc,2\n" + "".join(f"d,{n}th,1\n" for n in range(9))
    made = run(HEAD + ROW * 30 + bad)
    said = made.report.lines("en")
    assert "3 × has 2 cells instead of 3 · has 6 cells instead of 3" in said
    assert any(line.startswith("9 × “0th” is") and line.endswith(" · …") for line in said)
    assert sum(made.report.reasons.said(translator("fr")).values()) == made.report.rejected


@pytest.mark.parametrize("cells", ["31/12/2025 12/31/2025 30/12/2025", "12/30/2025 31/12/2025 12/31/2025"])
def test_a_date_that_the_other_order_would_read_says_which_was_taken(run: Run, cells: str) -> None:
    made = run(HEAD + "".join(f"a,{cell},1\n" for cell in cells.split()))
    way = "month-first" if "12/30" in cells else "day-first"
    assert f", read {way}, is not in the calendar" in made.reasons[0]


@pytest.mark.parametrize("cells", ["46023 1767225600 1767229200", "1767225600 46023"])
def test_a_number_too_small_for_seconds_is_no_time_in_1970(run: Run, cells: str) -> None:
    made = run(HEAD + "".join(f"a,{cell},1\n" for cell in cells.split()))
    assert {e["ts"][:10] for e in made.events} == {"2026-01-01"}
    assert "“46023” is not a date written seconds" in made.reasons
    assert "« 46023 » n’est pas une date écrite en secondes" in made.report.reasons.said(translator("fr"))


@pytest.mark.parametrize("first", [datetime(2026, 1, 17), "17/01/2026"])
def test_in_a_sheet_a_number_among_dates_is_a_day_that_lost_its_format(
    run: Run, first: datetime | str
) -> None:
    book, into = Workbook(), BytesIO()
    sheet: Any = book.active
    for row in (
        ["customer", "date", "total"],
        ["a", first, 1],
        ["b", first, 1],
        ["c", 46040, 1],
    ):
        sheet.append(row)
    book.save(into)
    made = run(
        into.getvalue(), name="x.xlsx", mapping={"dates": "day-first"} if first == "17/01/2026" else {}
    )
    assert [e["ts"][:10] for e in made.events] == ["2026-01-16", "2026-01-16", "2026-01-17"]


@pytest.mark.parametrize(
    "head",
    [
        '"customer\nid",date,total\n',
        'customer,date,"total\n',
        '"customer,date,total\n',
    ],
)
def test_a_line_end_or_stray_quote_in_the_header_costs_no_row(run: Run, head: str) -> None:
    made = run(
        head + 'a,2025-01-01,1\nb,2025-01-02,2\nc,oops,3\n"d",2025-01-03,"4"\n',
        kind="orders",
        mapping={"customer": "customer id"} if "id" in head else {},
    )
    assert [revenue for _, _, revenue in made.brief] == [100, 200, 400]
    assert [row[0] for row in made.rejects[1:]] == [str(4 + head.count("\n") - 1)]


def sheets(**rows: list[list[Any]]) -> bytes:
    book, into = Workbook(), BytesIO()
    book.remove(book.worksheets[0])
    for name, cells in rows.items():
        sheet: Any = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
    book.save(into)
    return into.getvalue()


TABLE: list[list[Any]] = [
    ["customer", "date", "total"],
    ["a", "2025-01-01", 1.5],
    ["b", "2025-01-02", 2],
    ["c", "oops", 2],
]


def test_a_table_is_found_on_another_sheet_and_under_a_title(run: Run) -> None:
    title: list[list[Any]] = [["Export of the shop"], [], ["from", "2025-01-01"]]
    made = run(sheets(About=[["Shop"], ["made by", "Ann"]], Sales=title + TABLE), name="x.xlsx")
    assert made.detected.header == ["customer", "date", "total"]
    assert [revenue for _, _, revenue in made.brief] == [150, 200]
    assert [row[0] for row in made.rejects[1:]] == ["7"]
    said = "\n".join(made.detected.lines("en"))
    assert "only “Sales” is read" in said
    assert "in row 4" in said


def test_another_sheet_is_read_when_it_is_asked_for(run: Run) -> None:
    book = sheets(One=TABLE, Two=[TABLE[0], ["z", "2025-01-05", 9]])
    assert len(run(book, name="x.xlsx").brief) == 2
    assert run(book, name="x.xlsx", mapping={"sheet": "two"}).brief == [("user:z", "Order Completed", 900)]
    with pytest.raises(UserError, match="One, Two"):
        run(book, name="x.xlsx", mapping={"sheet": "Three"})


def test_lines_keep_their_number_through_quoted_line_ends_and_blank_lines(run: Run) -> None:
    made = run('customer,date,total,note\n\na,2025-01-01,1,"x\ny"\n\nb,oops,1,\nc,2025-01-01,1,\n')
    assert [row[0] for row in made.rejects[1:]] == ["6"]


def test_mixed_line_ends_are_all_line_ends(run: Run) -> None:
    made = run("customer,date,total\r\na,2025-01-01,1\nb,2025-01-01,1\rc,2025-01-01,1\r\n")
    assert len(made.brief) == 3
    assert len(run("customer,date,total\ra,2025-01-01,1\rb,2025-01-01,1\r").brief) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_encoding_and_delimiter(run: Run, encoding: str, delimiter: str) -> None:
    rows = [
        ["Client", "Date", "Montant", "Ville"],
        ["Zoé", "2025-01-01", "5", "Orléans"],
        ["Léa", "2025-01-02", "6", ""],
    ]
    made = run("".join(delimiter.join(row) + "\r\n" for row in rows).encode(encoding))
    assert made.brief == [("user:zoé", "Order Completed", 500), ("user:léa", "Order Completed", 600)]
    assert made.events[0]["props"]["Ville"] == "Orléans"


def test_utf16_without_a_mark(run: Run) -> None:
    assert len(run((HEAD + ROW).encode("utf-16-le")).brief) == 1


def test_accents_that_come_late_still_set_the_encoding(run: Run) -> None:
    made = run((HEAD + ROW * 100_000 + "é,2025-01-01,1\n").encode("cp1252"))
    assert made.events[-1]["key"] == "user:é"


def test_duplicate_and_empty_headers_are_made_unique_and_said(run: Run) -> None:
    made = run("customer,date,total,total,,\na,2025-01-01,1,2,x,y\n")
    assert made.detected.header == ["customer", "date", "total", "total (2)", "column 5", "column 6"]
    assert made.events[0]["props"]["total (2)"] == 2
    assert any("total (2)" in line for line in made.detected.lines("en"))


def test_a_file_without_header_gets_one(run: Run) -> None:
    made = run("c1;2025-01-01;5,50\nc2;2025-01-02;6,50\n", mapping={"customer": "column 1"}, kind="orders")
    assert made.brief == [("user:c1", "Order Completed", 550), ("user:c2", "Order Completed", 650)]


def test_excels_own_delimiter_line_is_obeyed(run: Run) -> None:
    made = run("sep=;\nclient;date;total\na;2025-01-01;1,5\n")
    assert made.brief == [("user:a", "Order Completed", 150)]


@pytest.mark.parametrize(
    "name", [";rm -rf.csv", "-x.csv", "con.csv", "é à.csv", "a" * 250 + ".csv", "$(x).csv", "a\nb.csv"]
)
def test_any_file_name(run: Run, name: str) -> None:
    assert len(run(HEAD + ROW, name=name).brief) == 1


@pytest.mark.parametrize(
    "column", ["a,b", 'say "x"', "=1+1", "naïve ☕", "n" * 10_000, "{x}", "%s", "\\", "'"]
)
def test_any_column_name(run: Run, column: str) -> None:
    quoted = '"' + column.replace('"', '""') + '"'
    made = run(f"{quoted},date,total\na,2025-01-01,1\n", mapping={"customer": column[:200]}, kind="orders")
    assert len(made.brief) == 1
    assert made.detected.lines("fr")


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv", Path("/dev/null"), Path("a\0b")):
        with pytest.raises(UserError):
            inspect(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(HEAD + ROW)
    path.chmod(0)
    with pytest.raises(UserError, match="ermission"):
        inspect(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "LITTLE", 1_000_000)
    with pytest.raises(UserError, match="unpacks"):
        run(workbook(b"<row/>" * 300_000), name="x.xlsx")


def test_a_text_that_many_cells_share_is_not_unpacked_for_each(run: Run) -> None:
    cells = b"<row>" + b'<c t="s"><v>1</v></c>' * 3 + b"</row>"
    texts = b"<sst><si><t>customer</t></si><si><t>" + b"A" * 30_000 + b"</t></si></sst>"
    with pytest.raises(UserError, match="unpacks"):
        run(workbook(cells * 1_000, texts), name="x.xlsx")


def workbook(rows: bytes, texts: bytes = b"") -> bytes:
    """A workbook whose one sheet holds these rows, as XML."""
    into = BytesIO()
    with zipfile.ZipFile(BytesIO(_workbook())) as whole, zipfile.ZipFile(into, "w", 8) as made:
        for entry in whole.namelist():
            head, _, rest = whole.read(entry).partition(b"<sheetData>")
            made.writestr(entry, head + b"<sheetData>" + rows + b"</sheetData></worksheet>" if rest else head)
        if texts:
            made.writestr("xl/sharedStrings.xml", texts)
    return into.getvalue()


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b"<row r = '1048576'><c s=\"1\" r='ZZ1048576'><v>1</v></c></row>",
        b"<row><c><v>1</v></c></row>"
        + b"<row/>" * 50_000
        + b"<row>"
        + b"<c><v>1</v></c>" * 1_000
        + b"</row>",
        b'<row r="9999999"><c><v>1</v></c><c><v>1</v></c><c r="C9999999"><v>1</v></c></row>',
    ],
)
def test_a_sheet_that_reaches_far_takes_no_room_for_what_is_empty(run: Run, rows: bytes) -> None:
    with pytest.raises(UserError, match="reach to row"):
        run(workbook(rows), name="x.xlsx")


def test_a_cell_longer_than_any_spreadsheet_has_is_not_unpacked(run: Run) -> None:
    long = b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>' % (b"A" * 3_000_000)
    with pytest.raises(UserError, match="more than 32768 characters"):
        run(workbook(long), name="x.xlsx")


@pytest.mark.parametrize("name", ["orders.csv", "orders.jsonl", "orders.parquet"])
def test_a_cell_that_is_too_long_costs_its_row_alone(run: Run, tmp_path: Path, name: str) -> None:
    rows = [
        {"customer": who, "date": "2025-01-02", "order": order, "total": "1.5"}
        for who, order in (("a", "1"), ("b", "Z" * 10_000_000), ("c", "Z" * 32_768))
    ]
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_text("\n".join(",".join(row) for row in [list(rows[0]), *(row.values() for row in rows)]))
    elif name.endswith("jsonl"):
        path.write_text("\n".join(json.dumps(row) for row in rows))
    else:
        parquet.write_table(pa.Table.from_pylist(rows), path)
    made = run(path)
    assert [key for key, *_ in made.brief] == ["user:a", "user:c"]
    assert made.reasons == ["a cell is longer than 32768 bytes"]
    assert len(",".join(made.rejects[1])) < 2_000


def test_a_row_of_many_long_cells_is_too_long(run: Run) -> None:
    wide = [f"x{n}" for n in range(20)]
    head = ",".join(["customer", "date", "total", *wide])
    long = ",".join(["b", "2025-01-03", "2", *("Z" * 20_000 for _ in wide)])
    made = run(f"{head}\na,2025-01-02,1{',' * len(wide)}\n{long}\n")
    assert [key for key, *_ in made.brief] == ["user:a"]
    assert made.reasons == ["the row is longer than 262144 bytes"]


@cache
def _workbook() -> bytes:
    book, into = Workbook(), BytesIO()
    sheet: Any = book.active
    for row in (["customer", "date", "total"], ["a", "2025-01-01", 1.5], ["b", "2025-01-02", 2]):
        sheet.append(row)
    book.save(into)
    return into.getvalue()


@cache
def _parquet() -> bytes:
    into = BytesIO()
    parquet.write_table(
        pa.table({"customer": ["a", "b"], "date": ["2025-01-01"] * 2, "total": [1.5, 2.0]}), into
    )
    return into.getvalue()


@pytest.mark.parametrize("make", [_workbook, _parquet])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hits=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), min_size=1, max_size=4),
    kept=st.sampled_from([1.0, 0.999, 0.5]),
)
def test_a_damaged_binary_file_is_a_user_error_or_read(
    run: Run, make: Callable[[], bytes], hits: list[tuple[float, int]], kept: float
) -> None:
    whole = bytearray(make())
    for where, byte in hits:
        whole[int(where * len(whole))] = byte
    _survives(run, bytes(whole[: int(kept * len(whole))]))


def _survives(run: Run, content: bytes) -> None:
    try:
        made = run(content, settings=Settings("EUR", "Europe/Paris", "fr"))
    except UserError:
        return
    named = [e for e in made.events if e["name"] != "$identify"]
    assert len({e["id"] for e in made.events}) == len(made.events)
    assert made.report.rows >= len(named) / 2
    assert made.report.lines("fr")
    assert made.detected.lines("en")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
@example(b'customer,date,total\n"a,2025-01-01,1\n"b"",2025,"\n')
@example(b"customer;date;total\r\r\n;;;\r\n\xff\xfe")
def test_any_bytes_after_a_header(run: Run, tail: bytes) -> None:
    _survives(run, (HEAD + ROW).encode() + tail)
    _survives(run, tail)


CELLS = st.sampled_from(
    [
        *(
            "a",
            "C-1",
            "",
            "0",
            "2025-01-01",
            "31/12/2024",
            "12,5",
            "1 000.00",
            "-3",
            "x@y.fr",
            '"',
            '"q"',
            "=1",
        ),
        *("\0", "é", "EUR", "null", "1e9", "99/99/99", "\n", "\r", ";"),
    ]
)
HEADS = st.sampled_from(
    [
        *("customer", "email", "date", "total", "order id", "product", "qty", "price", "currency", "status"),
        *("event", "name"),
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(HEADS, min_size=1, max_size=8),
    st.lists(st.lists(CELLS, max_size=9), max_size=12),
    st.sampled_from([",", ";", "\t", "|", " "]),
)
def test_any_table(run: Run, head: list[str], rows: list[list[str]], delimiter: str) -> None:
    _survives(run, "\n".join(delimiter.join(row) for row in [head, *rows]).encode())


def test_an_object_in_place_of_an_id_is_rejected(run: Run) -> None:
    rows = (
        '{"customer": {"id": 7}, "date": "2025-01-01", "total": 1}',
        '{"customer": "b", "date": "2025-01-01", "total": 2}',
    )
    made = run("\n".join(rows), name="x.jsonl")
    assert [event["key"] for event in made.events] == ["user:b"]
    assert "is an object or a list, not an id" in made.reasons[0]
