"""Coupon codes on the command line: a pool is made, and orders tell which codes were used."""

from __future__ import annotations

import json
from pathlib import Path

from habitue.app import Shop
from habitue.templates import coupons
from tests.cli.conftest import Habitue, answer


def test_a_pool_is_made_and_the_orders_tell_which_codes_were_used(tmp_path: Path, habitue: Habitue) -> None:
    place, file = tmp_path / "shop", tmp_path / "codes.txt"
    assert habitue("init", place).returncode == 0
    file.write_text("TEA-1\nTEA-2\ntea 1\n")
    assert answer(habitue, place, "coupons", "new", "tea", "--file", file, "--value", "5 €") == {
        "pool": "tea", "codes": 2, "wrong": 0,
    }  # fmt: skip
    assert habitue("coupons", "new", "tea", "--data", place).returncode == 2
    with Shop.open(place) as shop, shop.ops.begin() as tx:
        given = coupons.take(tx, "tea", "message:1", 1, 1)
    orders = tmp_path / "orders.jsonl"
    order = {"event": "Order Completed", "userId": "c-1", "timestamp": "2026-11-01T10:00:00Z",
             "properties": {"order_id": "o-1", "revenue": 12, "coupon": given.code.lower()}}  # fmt: skip
    orders.write_text(json.dumps({"type": "track", "messageId": "m-1", **order}) + "\n")
    assert habitue("import", orders, "--data", place).returncode == 0
    (row,) = answer(habitue, place, "coupons")
    assert (row["pool"], row["given"], row["redeemed"], row["left"]) == ("tea", 1, 1, 1)
    assert answer(habitue, place, "coupons", "use", given.code, "--order", "o-1")["state"] == "redeemed"
    assert answer(habitue, place, "coupons", "use", given.code)["state"] == "again"
    assert answer(habitue, place, "coupons", "end", "tea") == {"pool": "tea"}
    assert answer(habitue, place, "coupons")[0]["left"] == 0
