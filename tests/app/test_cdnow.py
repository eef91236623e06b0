"""Real purchases: CDNOW's customers, counted by the product and by SQL over the raw file, month by month."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from habitue.app import Settings, Shop
from habitue.kernel import clock

MAPPING = {"customer": "customer_id", "ts": "date", "quantity": "number_of_cds", "revenue": "dollar_value"}
HEADER = "customer_id date number_of_cds dollar_value"
ENDS = [f"{year}-{month:02d}-01" for year in (1997, 1998, 1999) for month in range(1, 13)][1:]

# Who bought before the instant, by what they had done by then: nothing of the product is used here.
COUNTED = """
    WITH raw AS (
        SELECT customer, strptime(day, '%Y%m%d') AS ts
        FROM (SELECT string_split_regex(trim(line), '\\s+') AS cells,
                     cells[1] AS customer, cells[2] AS day
              FROM read_csv($path, columns = {line: 'VARCHAR'}, delim = '\\x01', header = true, quote = ''))
    ),
    known AS (
        SELECT customer, count(*) AS orders,
               date_diff('day', min(ts), $at::TIMESTAMP) AS since_first,
               date_diff('day', max(ts), $at::TIMESTAMP) AS since_last
        FROM raw WHERE ts <= $at::TIMESTAMP GROUP BY customer
    )
    SELECT CASE WHEN since_last >= 365 THEN 'lost'
                WHEN since_last >= 90 THEN 'dormant'
                WHEN orders = 1 AND since_first < 30 THEN 'new'
                ELSE 'active' END AS stage, count(*)
    FROM known GROUP BY stage
"""


def _master() -> Path:
    folder = os.environ.get("HABITUE_TEST_DATA")
    default = Path(__file__).parents[2].parent / "shared" / "data"
    path = Path(folder or default) / "CDNOW_master.txt"
    if not path.is_file():
        pytest.skip("CDNOW_master.txt is not here: put it into HABITUE_TEST_DATA")
    return path


def _sample(folder: Path) -> Path:
    """The 1/10 sample that a public package carries: a number for all customers first, and no header."""
    found = find_spec("lifetimes")
    assert found is not None
    assert found.origin is not None
    source = Path(found.origin).parent / "datasets" / "CDNOW_sample.txt"
    rows = [line.split()[1:] for line in source.read_text("ascii").splitlines()]
    path = folder / "sample.txt"
    path.write_text("\n".join([HEADER, *(" ".join(row) for row in rows)]) + "\n", "ascii")
    return path


@pytest.fixture(scope="module", params=["master", "sample"])
def purchases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _master() if request.param == "master" else _sample(tmp_path_factory.mktemp("cdnow"))


@pytest.fixture(scope="module")
def shop(purchases: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop.create(tmp_path_factory.mktemp("shop") / "cdnow", Settings("USD", "UTC", "en"))
    made.import_file(purchases, mapping=MAPPING, now=clock.instant("2000-01-01"))
    return made


def test_every_stage_at_every_month_end_is_what_sql_over_the_raw_file_counts(
    shop: Shop, purchases: Path
) -> None:
    for end in ENDS:
        found = duckdb.execute(COUNTED, {"path": str(purchases), "at": end}).fetchall()
        expected = {
            "suspect": 0,
            "prospect": 0,
            "new": 0,
            "active": 0,
            "dormant": 0,
            "lost": 0,
            **dict(found),
        }
        assert shop.stages("transactional").counts(end) == expected, end


def test_a_month_ends_before_the_next_one_begins(shop: Shop, purchases: Path) -> None:
    before = COUNTED.replace("ts <= $at", "ts < $at")
    for row in shop.stages("transactional").by("month", months=18, until="1998-07-01"):
        following = clock.iso(clock.instant(f"{row['month']}-01") + 31 * clock.DAY)[:8] + "01"
        known = duckdb.execute(before, {"path": str(purchases), "at": following}).fetchall()
        assert sum(row[stage] for stage in ("new", "active", "dormant", "lost")) == sum(n for _, n in known)


def test_every_purchase_is_an_order_and_every_cent_is_there(shop: Shop, purchases: Path) -> None:
    rows = [line.split() for line in purchases.read_text("ascii").splitlines()[1:]]
    cents = sum(round(float(row[3]) * 100) for row in rows)
    found = shop.warehouse.read("SELECT count(*), sum(revenue)::BIGINT, count(DISTINCT person) FROM event")
    assert [column[0].as_py() for column in found.columns] == [
        len(rows),
        cents,
        len({row[0] for row in rows}),
    ]


def test_importing_the_file_again_changes_nothing(shop: Shop, purchases: Path) -> None:
    before = shop.warehouse.read("SELECT count(*), sum(hash(subject, start, stop, value)) FROM intervals")
    again = shop.import_file(purchases, mapping=MAPPING, now=clock.instant("2000-01-01"))
    assert again.known == sum(again.events.values())
    assert (
        shop.warehouse.read("SELECT count(*), sum(hash(subject, start, stop, value)) FROM intervals")
        == before
    )
