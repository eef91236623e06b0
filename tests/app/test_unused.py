"""Keys under which nothing happened: named beside a customer's, and gone with them."""

from __future__ import annotations

from pathlib import Path

from habitue.app import Shop
from habitue.kernel.clock import DAY, instant
from tests.ingest.stores import parcel

START = instant("2026-01-01")
NOW = START + 300 * DAY


def test_an_id_that_only_they_named_goes_with_them(tmp_path: Path) -> None:
    alias: dict[str, object] = {"name": "$alias", "revenue": None, "props": "{}"}
    shop = Shop.create(tmp_path / "shop", now=START)
    take = parcel(
        "load",
        {"key": "user:bob"},
        {"key": "user:ada", "also": ["user:devicezz1", "anon:devicezz1"]} | alias,
        {"key": "user:ada", "also": ["user:kiosk", "anon:kiosk"]} | alias,
        {"key": "user:bob", "also": ["user:kiosk", "anon:kiosk"]} | alias,
    )
    shop.put([take], NOW)
    shop.refresh(NOW)
    done = shop.erase(["ada"], now=NOW)
    assert (done.people, done.shared) == (1, ["anon:kiosk", "user:kiosk"])
    assert shop.rebuild(NOW).differing == ()
    files = [shop.directory / name for name in ("ops.sqlite", "ops.sqlite-wal", "work.duckdb")]
    assert [path for path in files if path.exists() and b"devicezz1" in path.read_bytes()] == []
    shop.close()
