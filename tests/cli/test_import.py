"""What comes in, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import ISO, ORDERS, Habitue, answer, table


def test_import_tells_how_it_read_the_file_and_what_it_refused(
    habitue: Habitue, empty: Path, orders: Path
) -> None:
    report = answer(habitue, empty, "import", orders)
    assert (report["rows"], report["customers"], report["rejected"]) == (3, 2, 1)
    assert report["events"] == {"Order Completed": 2}
    assert (report["revenue"], report["stored_revenue"]) == ("32.50", "32.50")
    assert ISO.fullmatch(report["first"])
    assert "2026-02-30" in Path(report["rejects"]).read_text("utf-8-sig")
    said = habitue("import", orders, "--data", empty)
    assert "3 rows read" in said.stdout
    assert "nothing changed: the 2 events of this file were all there already" in said.stdout
    assert "net revenue in the file: €32.50; newly stored: €0.00" in said.stdout


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


def test_a_corrected_file_names_the_orders_and_lists_them_all(
    habitue: Habitue, empty: Path, tmp_path: Path
) -> None:
    head, file = "customer,date,order_id,amount\n", tmp_path / "x.csv"
    file.write_text(f"{head}c1,2026-01-05,o1,10\nc2,2026-01-06,o2,20\nc3,2026-01-07,o3,30\n")
    answer(habitue, empty, "import", file)
    file.write_text(
        f"{head}c1,2026-01-05,o1,99\nc2,2026-01-07,o2,20\nc4,2026-01-07,o3,30\nc5,2026-01-08,o4,5\n"
    )
    wished = answer(habitue, empty, "import", file, "--dry-run")
    report = answer(habitue, empty, "import", file)
    counts = ("known", "differing", "conflicts", "stored", "revenue", "stored_revenue")
    assert [report[name] for name in counts] == [wished[name] for name in counts]
    assert [report[name] for name in counts] == [3, 3, 1, 1, "154.00", "5.00"]
    assert (wished["corrections"], wished["lines"]) == (None, report["lines"])
    said = "\n".join(report["lines"])
    assert "o1: €10.00, in the file €99.00 · o2: 2026-01-06, in the file 2026-01-07" in said
    assert "another customer, and stays with the first: o3: c3, in the file c4" in said
    listed = table(Path(report["corrections"]).read_text("utf-8-sig"))
    assert [
        (row["order_id"], row["what"], row["amount_stored"], row["amount_in_file"]) for row in listed
    ] == [
        ("o1", "figures", "10.00", "99.00"),
        ("o2", "figures", "20.00", "20.00"),
        ("o3", "customer", "30.00", "30.00"),
    ]
    assert Path(report["corrections"]).parent == empty / "rejects"
    bought = habitue("segment", 'ever("Order Completed")', "--csv", "--data", empty)
    assert [row["customer"] for row in table(bought.stdout)] == ["user:c1", "user:c2", "user:c3", "user:c5"]
    said = habitue("import", file, "--data", empty, "--language", "fr").stdout
    assert "rien n’a changé" in said
    assert "o3\u00a0: c3, dans le fichier c4" in said


def test_an_order_of_a_customer_by_two_keys_is_no_conflict(
    habitue: Habitue, empty: Path, tmp_path: Path
) -> None:
    head, file = "customer,email,date,order_id,amount\n", tmp_path / "x.csv"
    file.write_text(f"{head},a@b.fr,2026-01-05,o1,10\n7,,2026-01-05,o2,10\n")
    answer(habitue, empty, "import", file)
    habitue("merge", "a@b.fr", "7", "--why", "one human", "--data", empty)
    file.write_text(f"{head}7,a@b.fr,2026-01-05,o1,10\n7,a@b.fr,2026-01-05,o2,10\n")
    report = answer(habitue, empty, "import", file)
    assert (report["known"], report["conflicts"], report["differing"]) == (2, 0, 0)


def test_customers_may_number_their_own_orders(habitue: Habitue, empty: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    rows = (f"c{c},2026-01-{n:02},{n},10\n" for c in range(6) for n in range(1, 8))
    file.write_text("customer,date,order_id,amount\n" + "".join(rows))
    report = answer(habitue, empty, "import", file)
    assert (report["stored"], report["rejected"]) == (42, 0)
    assert any("customers share order numbers" in line for line in report["chosen"])


def test_a_refresh_with_nothing_new_says_that_imports_need_none(
    habitue: Habitue, empty: Path, orders: Path
) -> None:
    answer(habitue, empty, "import", orders)
    assert "No new events were waiting" in habitue("refresh", "--data", empty).stdout
    assert "Aucun nouvel événement" in habitue("refresh", "--data", empty, "--language", "fr").stdout


def test_only_some_rows_are_read_when_it_is_asked_for(habitue: Habitue, empty: Path, orders: Path) -> None:
    report = answer(habitue, empty, "import", orders, "--map", "ts=date", "--only", "label, long=Tea|Cup")
    assert (report["rows"], report["stored"], report["revenue"]) == (3, 1, "12.50")
    assert answer(habitue, empty, "import", orders)["stored"] == 0
    assert answer(habitue, empty, "import", orders, "--only", "")["stored"] == 1


def test_an_import_is_listed_and_undone(habitue: Habitue, empty: Path, orders: Path) -> None:
    answer(habitue, empty, "import", orders)
    told = answer(habitue, empty, "import", "--undo", "1")
    assert (told["undone"], told["events"], told["alone"], told["revenue"]) == (False, 2, 2, "32.50")
    assert answer(habitue, empty, "import", "--undo", "1", "--yes", "--by", "Odile")["undone"] is True
    listed = answer(habitue, empty, "imports")
    assert [(row["file"], row["undone"] is None) for row in listed] == [(orders.name, False)]
    assert sum(row["customers"] for row in answer(habitue, empty, "stages")) == 0
    assert "with --undo" in habitue("import", "--data", empty).stderr
