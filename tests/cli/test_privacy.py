"""Two hundred people leave a word of their own in every way in; after their erasure it is nowhere."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import duckdb
import psycopg
import pyarrow as pa
import pytest
from pyarrow import parquet

from habitue.app import Shop
from habitue.store.ops import driver
from tests.cli.conftest import Habitue, answer
from tests.cradle import Cradle

MANY: Final = 200
STAYING: Final = 7
"""One of them who is not erased."""

WORD: Final = re.compile(r"zq(\d{3})k", re.IGNORECASE)


def word(n: int) -> str:
    return f"zq{n:03}k"


def phone(n: int) -> str:
    return f"+3361234{n:04}"


class Life:
    """A workspace that is served, and its write key."""

    def __init__(self, habitue: Habitue, cradle: Cradle, place: Path, port: int) -> None:
        self.habitue, self.cradle, self.place, self.port = habitue, cradle, place, port
        added = answer(habitue, place, "sources", "add", "shop")
        self.key = added["write_key"]

    @contextmanager
    def served(self) -> Iterator[str]:
        words = "serve", "--data", self.place, "--port", str(self.port)
        with self.cradle.start(*words, stderr=None) as server:
            assert server.stdout
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found
            yield found[0].rstrip("/")
            server.terminate()

    def send(self, url: str, path: str, body: bytes, root: str = "v1") -> int:
        basic = base64.b64encode(f"{self.key}:".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        try:
            with urlopen(Request(f"{url}/{root}/{path}", body, headers)) as response:
                return int(response.status)
        except OSError as error:
            return int(getattr(error, "code", 0))


def imported(life: Life, folder: Path) -> None:
    """Orders with a rejected row each, and customers with their traits, from files."""
    orders, people = folder / "orders.csv", folder / "people.csv"
    with orders.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["customer", "date", "order id", "amount", "product", "note"])
        for n in range(MANY):
            rows.writerow(
                [f"u-{word(n)}", f"2025-0{n % 9 + 1}-12", f"o-{word(n)}", n + 1, "Tea", f"note {word(n)}"]
            )
            rows.writerow([f"u-{word(n)}", "2025-13-45", f"bad-{word(n)}", n + 1, "Tea", f"bad {word(n)}"])
    with people.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["customer", "email", "first name", "last name", "city", "created"])
        for n in range(MANY):
            who = word(n)
            rows.writerow(
                [f"u-{who}", f"{who}@file.fr", f"Ada{who}", f"Love{who}", f"City{who}", "2025-01-02"]
            )
    for path, kind in ((orders, "orders"), (people, "customers")):
        assert life.habitue("import", path, "--as", kind, "--data", life.place).returncode == 0


def called(n: int) -> list[dict[str, Any]]:
    """What the site tells of one of them."""
    who, at = word(n), f"2026-0{n % 9 + 1}-03T10:00:00Z"
    context = {
        "ip": f"10.1.{n}.{n}",
        "userAgent": f"agent {who}",
        "page": {"url": f"https://x.fr/{who}?q={who}", "path": f"/{who}", "search": f"?q={who}"},
        "campaign": {"source": f"src-{who}", "name": f"camp-{who}"},
        "locale": f"fr-{who}",
        "traits": {"email": f"{who}@context.fr"},
    }
    base = {"userId": f"u-{who}", "anonymousId": f"a-{who}", "timestamp": at, "context": context}
    order = {
        "order_id": f"web-{who}",
        "revenue": 10 + n,
        "currency": "EUR",
        "coupon": f"code-{who}",
        "shipping_address": {"street": f"1 rue {who}", who: [who]},
        "products": [{"product_id": "P1", "name": "Tea", "quantity": 2, "engraving": who}],
    }
    return [
        base
        | {
            "type": "identify",
            "traits": {"email": f"{who}@web.fr", "phone": phone(n), "name": f"Ada Love{who}"},
        },
        base | {"type": "identify", "traits": {"nested": {who: {"list": [who]}}}},
        base | {"type": "track", "event": "Order Completed", "properties": order, "messageId": f"m-{who}"},
        base | {"type": "page", "name": f"Page {who}", "properties": {"url": f"https://x.fr/?mail={who}"}},
        base | {"type": "group", "groupId": f"acme-{who}", "traits": {"name": f"Acme {who}"}},
        base
        | {"type": "track", "event": "Survey Answered", "properties": {"score": 9, "comment": f"I am {who}"}},
    ]


def broken(n: int) -> list[dict[str, Any]]:
    """Calls that nobody can take."""
    who = word(n)
    return [
        {"type": "track", "userId": f"u-{who}", "properties": {"why": f"dead {who}"}},
        {
            "type": "track",
            "event": "X",
            "userId": f"u-{who}",
            "timestamp": f"once {who}",
            "properties": {"a": who},
        },
        {"type": "nonsense", "email": f"{who}@web.fr", "text": f"dead too {who}"},
    ]


def agreed(n: int) -> dict[str, str]:
    """A yes with all that proves it."""
    who = word(n)
    proof = {"text": f"I, {who}, agree", "text_id": f"t-{who}", "ip": f"10.9.9.{n}", "form": f"/form/{who}"}
    return {"channel": "email", "status": "granted", "by": f"clerk {who}"} | proof


def everything(place: Path, database: str | None) -> str:
    """All that is kept: every file's bytes, and whatever they hold compressed, read."""
    said = [path.read_bytes().decode("latin-1") for path in place.rglob("*") if path.is_file()]
    said += [str(parquet.read_table(path).to_pylist()) for path in place.rglob("*.parquet")]
    with duckdb.connect(str(place / "work.duckdb"), read_only=True) as copy:
        names = [row[0] for row in copy.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        said += [str(copy.execute(f'FROM "{name}"').fetchall()) for name in names]
    said += [_text(cell) for row in _rows(place, database) for cell in row]
    return "\n".join(said)


def _rows(place: Path, database: str | None) -> Iterator[Any]:
    if database:
        with psycopg.connect(database.replace("+psycopg", "")) as tx:
            names = tx.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (name,) in names:
                yield from tx.execute(f'SELECT * FROM "{name}"').fetchall()
        return
    with driver().connect(place / "ops.sqlite") as tx:
        for (name,) in tx.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            yield from tx.execute(f'SELECT * FROM "{name}"').fetchall()


def _text(cell: object) -> str:
    """A cell; of a body that holds Arrow, its rows."""
    if not isinstance(cell, bytes):
        return str(cell)
    try:
        return str(pa.ipc.open_stream(cell).read_all().to_pylist())
    except pa.ArrowInvalid:
        return cell.decode("latin-1")


def figures(place: Path) -> tuple[Any, ...]:
    """What must not change: how many are in each stage at each month's end, what each month earned."""
    months = """SELECT date_trunc('month', ts) AS month, sum(revenue) AS earned, count(*) AS events
        FROM event GROUP BY ALL ORDER BY ALL"""
    with Shop.open(place) as shop:
        stages = shop.stages().by("month", months=30).arrow().to_pylist()
        return (
            stages,
            shop.warehouse.read(months).to_pylist(),
            shop.segment('ever("Order Completed")').count(),
        )


def named(said: str) -> set[int]:
    return {int(n) for n in WORD.findall(said)}


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_is_left_of_who_was_erased_and_every_total_stays(
    habitue: Habitue, cradle: Cradle, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    place, database = tmp_path / "shop", None
    if kind == "postgresql":
        database = request.getfixturevalue("postgresql").database("privacy_canaries")
    made = habitue("init", place, *(["--database", database] if database else []))
    assert made.returncode == 0, made.stderr
    life = Life(habitue, cradle, place, 18500 + 20 * (kind == "postgresql"))
    imported(life, tmp_path)
    with life.served() as url:
        for first in range(0, MANY, 10):
            ten = range(first, first + 10)
            batch = json.dumps({"batch": [call for n in ten for call in called(n)]}).encode()
            assert life.send(url, "batch", batch) == 200
            for n in ten:
                life.send(url, "batch", json.dumps({"batch": broken(n)}).encode())
        for n in range(0, MANY, 10):
            yes = json.dumps(agreed(n)).encode()
            assert life.send(url, f"customers/user:u-{word(n)}/consents", yes, "api/v1") == 201
        assert life.send(url, "batch", f'{{"userId": "u-{word(3)}", broken {word(3)}@web.fr'.encode()) == 400
        for n in range(0, 20, 2):
            keys = f"u-{word(n)}", f"u-{word(n + 1)}"
            why = ("--why", f"twins {word(n)}", "--by", f"by {word(n)}")
            assert habitue("merge", *keys, *why, "--data", place).returncode == 0
    assert named(everything(place, database)) == set(range(MANY))
    before = figures(place)
    leaving = tmp_path / "leaving.txt"
    leaving.write_text("\n".join(f"u-{word(n)}" for n in range(MANY) if n // 2 != STAYING // 2))
    with life.served() as url:
        late = {
            "type": "page",
            "userId": f"u-{word(5)}",
            "timestamp": "2026-02-03T10:00:00Z",
            "name": word(5),
        }
        assert life.send(url, "page", json.dumps(late).encode()) == 200
        done = habitue("erase", "--file", leaving, "--yes", "--data", place, "--by", "ada")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
    said = everything(place, database)
    assert named(said) == {STAYING - 1, STAYING}
    assert not any(phone(n)[1:] in said for n in range(MANY) if n // 2 != STAYING // 2)
    assert phone(STAYING)[1:] in said
    after = figures(place)
    assert (after[0], after[2]) == (before[0], before[2])
    assert [(m["month"], m["earned"]) for m in after[1]] == [(m["month"], m["earned"]) for m in before[1]]
    assert sum(m["events"] for m in after[1]) == sum(m["events"] for m in before[1]) + 1
    with Shop.open(place) as shop:
        assert shop.rebuild().differing == ()
    assert figures(place) == after
    listed = answer(habitue, place, "erasures")
    assert [(one["by"], one["reason"]) for one in listed] == [("ada", "asked for")]


def test_nothing_is_erased_before_it_is_meant_and_what_is_said_is_said_in_french_too(
    habitue: Habitue, empty: Path, orders: Path, tmp_path: Path
) -> None:
    assert habitue("import", orders, "--data", empty).returncode == 0
    asked = habitue("erase", "c-1", "--data", empty, "--language", "fr")
    assert asked.returncode == 0
    assert "user:c-1" in asked.stdout
    assert "--yes" in asked.stdout
    assert answer(habitue, empty, "erasures") == []
    for words in (("erase", "--yes"), ("erase", "c-9", "--yes"), ("retention", "--prospects", "soon")):
        assert habitue(*words, "--data", empty).returncode == 2
    assert habitue("export", "c-1", "--to", tmp_path / "a" / "c.zip", "--data", empty).returncode == 0
    done = habitue("erase", "c-1", "--yes", "--data", empty, "--language", "fr")
    assert "1 personne est effacée." in done.stdout
    assert len(answer(habitue, empty, "erasures", "--list")["erased"]) == 1
    again = habitue("import", orders, "--data", empty)
    assert "erased since" in again.stdout
    assert "nothing changed" not in again.stdout
    assert "there already" in again.stdout
    kept = habitue("retention", "--customers", "1d", "--data", empty, "--csv")
    assert "c-2,customer," in kept.stdout
    assert "Prospects go after 3 years" in kept.stderr
    assert "Customers go after 1 day " in kept.stderr
    french = habitue("retention", "--prospects", "never", "--data", empty, "--language", "fr").stderr
    assert "Les prospects sont gardés sans limite de durée." in french
    assert "Les clients partent après 1\xa0jour " in french
    assert answer(habitue, empty, "retention", "--run")["people"] == 1
    assert [one["reason"] for one in answer(habitue, empty, "erasures")] == ["retention", "asked for"]
