"""Answers on paper: for people in their own way, for programs without ambiguity."""

from __future__ import annotations

import csv
import io
import json

import pytest

from habitue.api.answer import Cell, Column, Facts, Sheet
from habitue.cli.paper import Form, Paper
from habitue.kernel.clock import instant
from habitue.kernel.i18n import Language, translator

COLUMNS = (
    Column("customer", "Customer"),
    Column("since", "Since", "time"),
    Column("revenue", "Revenue", "money"),
    Column("share", "Share", "share"),
    Column("orders", "Orders", "count"),
)
ROW: tuple[Cell, ...] = ("user:c-1", instant("2026-01-31T23:30:00Z"), 1234567, 0.1234, 12345)


def printed(
    capsys: pytest.CaptureFixture[str], form: Form, rows: list[tuple[Cell, ...]], language: Language = "en"
) -> str:
    Paper(form, translator(language), "Europe/Paris", "EUR").sheet(Sheet(COLUMNS, iter(rows)))
    return capsys.readouterr().out


def test_a_table_speaks_french_on_the_shops_clock(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "table", [ROW], "fr")
    assert "01/02/2026 00:30" in text
    assert "12 345,67 €" in text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\xa0", " ")
    assert "12,3\N{NARROW NO-BREAK SPACE}%" in text


def test_json_is_an_array_of_objects_in_utc_and_major_units(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(capsys, "json", [ROW, ROW])) == 2 * [
        {
            "customer": "user:c-1",
            "since": "2026-01-31T23:30:00Z",
            "revenue": "12345.67",
            "share": 0.1234,
            "orders": 12345,
        }
    ]


def test_no_rows_are_an_empty_array_and_a_lone_header(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(capsys, "json", [])) == []
    assert printed(capsys, "csv", []) == "customer,since,revenue,share,orders\n"


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_no_csv_cell_runs_as_a_formula(capsys: pytest.CaptureFixture[str], evil: str) -> None:
    rows = list(csv.reader(io.StringIO(printed(capsys, "csv", [(evil, *ROW[1:])]))))
    assert rows[1][0] == "'" + evil


def test_a_negative_amount_stays_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.reader(io.StringIO(printed(capsys, "csv", [("x", None, -1250, None, 0)]))))
    assert rows[1] == ["x", "", "-12.50", "", "0"]


def test_of_a_very_long_cell_people_see_the_beginning_and_programs_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows: list[tuple[Cell, ...]] = [("x" * 40_000, *ROW[1:])]
    assert max(map(len, printed(capsys, "table", rows).splitlines())) < 1_000
    assert "x" * 40_000 in printed(capsys, "json", rows)
    assert "x" * 40_000 in printed(capsys, "csv", rows)


def test_a_name_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in printed(capsys, "table", [("\x1b[2Jgone\x07", *ROW[1:])])


def test_a_report_is_lines_for_people_and_fields_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    for form, expected in {
        "table": "two rows\n",
        "json": '{"rows":2,"file":"=x"}\n',
        "csv": "rows,file\n2,'=x\n",
    }.items():
        Paper(form, translator("en")).facts(Facts({"rows": 2, "file": "=x"}, ["two rows"]))  # type: ignore[arg-type]
        assert capsys.readouterr().out == expected


def test_the_table_of_a_report_is_its_csv(capsys: pytest.CaptureFixture[str]) -> None:
    facts = Facts({"n": 2, "days": [{"day": 1, "name": "=x"}, {"day": 2, "name": "b"}]}, [], table="days")
    Paper("csv", translator("en")).facts(facts)
    assert capsys.readouterr().out == "day,name\n1,'=x\n2,b\n"


def test_a_reader_who_has_had_enough_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Closed())
    with pytest.raises(BrokenPipeError):
        Paper("table", translator("en")).sheet(Sheet(COLUMNS, iter([ROW])))
