"""What comes in, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import ISO, ORDERS, Habitue, answer


def test_import_tells_how_it_read_the_file_and_what_it_refused(
    habitue: Habitue, empty: Path, orders: Path
) -> None:
    report = answer(habitue, empty, "import", orders)
    assert (report["rows"], report["customers"], report["rejected"]) == (3, 2, 1)
    assert report["events"] == {"Order Completed": 2}
    assert report["revenue"] == 32.5
    assert ISO.fullmatch(report["first"])
    assert "2026-02-30" in Path(report["rejects"]).read_text("utf-8-sig")
    said = habitue("import", orders, "--data", empty)
    assert "3 rows read" in said.stdout
    assert "2 events were there already" in said.stdout


def test_a_dry_run_keeps_nothing(habitue: Habitue, empty: Path, orders: Path) -> None:
    assert answer(habitue, empty, "import", orders, "--dry-run")["dry_run"] is True
    assert sum(row["customers"] for row in answer(habitue, empty, "stages")) == 0


def test_any_file_name_will_do(habitue: Habitue, empty: Path, tmp_path: Path) -> None:
    (tmp_path / "-x.csv").write_text(ORDERS, "utf-8")
    assert habitue("import", "--data", empty, "--", "-x.csv", cwd=tmp_path).returncode == 0
    raw = bytes(tmp_path / "strange") + b"\xff\n.csv"
    Path(raw.decode(errors="surrogateescape")).write_text(ORDERS, "utf-8")
    done = habitue("import", raw, "--data", empty, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["known"] == 2


def test_a_mapped_column_may_hold_a_comma(habitue: Habitue, empty: Path, orders: Path) -> None:
    answer(
        habitue,
        empty,
        "import",
        orders,
        "--map",
        'customer=customer,ts=date,revenue=amount,product="label, long"',
    )
    bought = habitue(
        "segment", 'ever("Order Completed", where=props.products.name == "Tea")', "--count", "--data", empty
    )
    assert bought.stdout == "1\n"


@pytest.mark.parametrize(
    "words",
    [
        ("nowhere.csv",),
        ("orders.csv", "--as", "songs"),
        ("orders.csv", "--map", "nonsense"),
        ("orders.csv", "--map", "customer=Nobody"),
        ("orders.csv", "--rate", "USD"),
        ("orders.csv", "--rate", "USD=nan"),
    ],
)
def test_a_wrong_import_is_refused_with_a_reason(
    habitue: Habitue, empty: Path, orders: Path, words: tuple[str, ...]
) -> None:
    refused = habitue("import", *words, "--data", empty, cwd=orders.parent)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("habitue: ")
    assert "Traceback" not in refused.stderr


def test_refresh_goes_up_to_the_instant_asked_for(habitue: Habitue, empty: Path, orders: Path) -> None:
    answer(habitue, empty, "import", orders)
    assert answer(habitue, empty, "refresh", "--now", "2027-01-01T00:00Z")["now"] == "2027-01-01T00:00:00Z"
    assert habitue("refresh", "--now", "soon", "--data", empty).returncode == 2
