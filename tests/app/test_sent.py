"""What is to be sent is a customer's: handed out with all else, and erased with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from habitue.app import Shop
from habitue.kernel.clock import DAY, instant
from habitue.messaging import outbox
from tests.ingest.stores import parcel
from tests.messaging.wanted import wanted

START = instant("2026-01-01")
NOW = START + 300 * DAY


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop", now=START) as made:
        yield made


def test_messages_are_handed_out_and_erased_with_their_customer(shop: Shop, tmp_path: Path) -> None:
    ada: dict[str, object] = {"key": "user:ada", "also": ["email:ada@vanishing.fr"]}
    shop.put([parcel("told", ada, {"key": "user:bob"})], NOW)
    shop.refresh(NOW)
    ours, theirs = shop.person("ada"), shop.person("bob")
    friend = {"friend": "ada@vanishing.fr"}
    with shop.ops.begin() as tx:
        outbox.put(tx, [wanted(ours, values=friend), wanted(theirs, values=friend)], NOW)
        outbox.put(tx, [wanted(theirs, run="other", values={"n": 1})], NOW)
        outbox.cancel(tx, "journey:welcome", [f"r{ours}"], now=NOW)
    files = shop.export("ada", tmp_path / "out", "fr")
    (told,) = json.loads(files[0].read_text())["messages"]
    assert (told["origin"], told["state"], told["values"]) == ("journey:welcome", "skipped", friend)
    assert [one["reason"] for one in told["decisions"]] == ["stopped"]
    assert "non envoyé" in files[1].read_text()
    shop.erase(["ada"], "eva", now=NOW)
    with shop.ops.read() as tx:
        assert outbox.history(tx, [ours]) == []
        assert [one.values for one in outbox.history(tx, [theirs])] == [{"n": 1}, {}]
    held = [path for path in shop.directory.rglob("*") if path.is_file()]
    assert [path.name for path in held if b"vanishing" in path.read_bytes()] == []
