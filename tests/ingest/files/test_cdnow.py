"""CDNOW's real purchases come in whole by an ordinary mapping."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from habitue.ingest.files import Settings, parse
from habitue.kernel.errors import UserError
from tests.ingest.files.conftest import Run

DATA = Path(os.environ.get("HABITUE_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")
CDNOW = DATA / "CDNOW_master.txt"
MAP = "customer=customer_id,ts=date,quantity=number_of_cds,revenue=dollar_value"


@pytest.mark.skipif(not CDNOW.exists(), reason="CDNOW_master.txt is not here (set HABITUE_TEST_DATA)")
def test_cdnow_by_mapping(run: Run) -> None:
    made = run(CDNOW, mapping=parse(MAP), settings=Settings("USD", "America/New_York"))
    rows = [line.split() for line in CDNOW.read_text().splitlines()[1:]]
    assert len(made.events) == len(rows) == 69_659
    assert len({e["id"] for e in made.events}) == 69_659
    assert made.report.customers == 23_570
    assert [e["revenue"] for e in made.events] == [int(Decimal(row[3]) * 100) for row in rows]
    assert [e["props"]["quantity"] for e in made.events] == [int(row[2]) for row in rows]
    assert made.events[0]["ts"] == "1997-01-01T05:00:00+00:00"
    assert made.report.rejected == 0
    assert made.report.identical == 255


@pytest.mark.skipif(not DATA.exists(), reason="no data directory (set HABITUE_TEST_DATA)")
def test_every_real_file_is_read_or_asked_about(run: Run) -> None:
    asked = 0
    for path in sorted(DATA.glob("*.csv")):
        try:
            assert run(path).events
        except UserError:
            asked += 1
    assert asked < len(list(DATA.glob("*.csv")))
