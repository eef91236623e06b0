"""What comes in, told in the terminal: the last calls of a running server, and the catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Habitue, answer, table
from tests.cradle import Cradle


@pytest.fixture(scope="module")
def place(habitue: Habitue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with 12 events of a source, one of whose coupons names somebody."""
    folder = tmp_path_factory.mktemp("incoming")
    shop, file = folder / "shop", folder / "events.jsonl"
    rows = [
        {"customer": f"c-{n % 3}", "event": "Coupon Applied", "date": f"2026-11-{n + 1:02d}", "coupon": mail}
        for n, mail in enumerate(["TEA-10"] * 11 + ["for ada@example.com"])
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    assert habitue("init", shop).returncode == 0
    done = habitue("import", file, "--as", "events", "--data", shop)
    assert done.returncode == 0, done.stderr
    return shop


def test_the_catalogue_lists_every_event_and_what_it_holds(habitue: Habitue, place: Path) -> None:
    one = next(row for row in answer(habitue, place, "catalogue") if row["name"] == "Coupon Applied")
    assert (one["kind"], one["events"], one["persons"]) == ("event", 12, 3)
    assert one["personal"] == "e-mail address"
    assert one["first"] < one["last"]
    rows = table(habitue("catalogue", "Coupon Applied", "--data", place, "--csv").stdout)
    coupon = next(one for one in rows if one["property"] == "coupon")
    assert coupon["examples"] == ""
    assert float(coupon["share"]) == 1


def test_an_unknown_name_is_a_mistake_that_says_where_to_look(habitue: Habitue, place: Path) -> None:
    done = habitue("catalogue", "Nothing", "--data", place)
    assert (done.returncode, "habitue catalogue" in done.stderr) == (2, True)


def test_without_a_server_there_are_no_calls(habitue: Habitue, place: Path) -> None:
    done = habitue("calls", "--data", place)
    assert (done.returncode, "habitue serve" in done.stderr) == (0, True)


def test_a_running_server_tells_its_calls(habitue: Habitue, cradle: Cradle, place: Path) -> None:
    key = answer(habitue, place, "sources", "add", "shop")["write_key"]
    with cradle.start("serve", "--data", place, "--port", "18420", stderr=None) as server:
        assert server.stdout
        assert "http://" in server.stdout.readline()
        url = json.loads((place / "lock").read_text())["url"].rstrip("/")
        for event in ("Seen", ""):
            httpx.post(f"{url}/v1/track", json={"userId": "u1", "event": event}, auth=(key, ""))
        first, second = answer(habitue, place, "calls")
        (refused,) = answer(habitue, place, "calls", "--refused", "--source", "shop")
        server.terminate()
    assert (first["outcome"], first["names"], first["reason"]) == ("accepted", "Seen", None)
    assert refused == second
    assert second["reason"] == "The event has no name."
