"""What names a segment or a stage is told, and what is live keeps its segment from being removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from habitue.app import Shop
from habitue.app.usage import Use, segment_uses, stage_uses
from habitue.broadcasts.shape import Broadcast
from habitue.kernel.clock import instant
from habitue.kernel.errors import UserError

NOW = instant("2026-11-23T10:00Z")
JOURNEY = """
id = "cart"
name = "Cart"
entry = { is = "event", event = "Checkout Started" }

[[steps]]
id = "which"
is = "split"
[[steps.branches]]
id = "vip"
when = 'segment("vip") and stage("transactional") in ["new", "active"]'
[[steps.branches]]
id = "rest"
"""


def test_all_that_names_a_segment_or_a_stage_is_told(tmp_path: Path) -> None:
    with Shop.create(tmp_path / "shop", now=NOW) as shop:
        shop.refresh(NOW)
        shop.save_segment("vip", 'count("Order Completed") >= 3', NOW, by="test")
        shop.save_segment("cold", 'segment("vip") and stage("transactional") == "dormant"', NOW, by="test")
        shop.keep_journey(shop.read_journey(JOURNEY)[0], "test", NOW)
        shop.keep_broadcast(Broadcast("news", "News", 'segment("vip")'), "test", NOW)
        watch = {"is": "flow", "from": "active", "to": "dormant"}
        shop.save_alert(shop.read_alert({"id": "a", "watch": watch, "when": {"rule": "high"}}), "test", NOW)
        assert segment_uses(shop, "vip") == [
            Use("segment", "cold", "cold", needs=True),
            Use("journey", "cart", "Cart", needs=False),
            Use("broadcast", "news", "News", needs=False),
        ]
        told = [[one.id for one in stage_uses(shop, "transactional", of)] for of in ("new", "dormant")]
        assert told == [["cart"], ["cold", "a"]]
        with pytest.raises(UserError, match=r"still used by: cold \(/segments/cold\)"):
            shop.remove_segment("vip", by="test", now=NOW)
        watch = {"is": "segment", "segment": "cold"}
        raw = {"id": "b", "watch": watch, "when": {"rule": "above", "limit": 1}}
        shop.save_alert(shop.read_alert(raw), "test", NOW)
        with pytest.raises(UserError, match=r"still used by: b \(/alerts/b\)"):
            shop.remove_segment("cold", by="test", now=NOW)
        shop.remove_alert("b", "test", NOW)
        shop.remove_segment("cold", by="test", now=NOW)
        shop.remove_segment("vip", by="test", now=NOW)
