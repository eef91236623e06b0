"""A message that gives a coupon has one code for ever, however often it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from habitue.app import Shop
from habitue.app.templates import Brand
from habitue.kernel import clock
from habitue.kernel.clock import SECOND
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.store import messages
from habitue.templates.coupons import Pool
from habitue.templates.passes import Pass
from habitue.templates.shape import Template, Text

BODY = '<p>{{ coupon.code }} {{ coupon.value }}</p><p><a href="{{ links.unsubscribe }}">x</a></p>'


def test_a_message_written_again_and_looked_at_again_has_the_same_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    with Shop.create(tmp_path / "shop") as shop:
        shop.consent("user:ada", status="granted")
        shop.name_brand(Brand("Tea"))
        shop.make_coupons(Pool("tea", "Tea", "5 €", "TEA"))
        kept = shop.publish_template(Template("hello", {"en": Text(BODY, "Hello", "a", "html")})).kept
        person = shop.person("user:ada")
        wanted = Wanted(
            origin="api",
            run="1",
            person=person,
            channel="email",
            due=now,
            purpose="transactional",
            template=kept.version,
            values={"coupon": {"pool": "tea"}},
        )
        with shop.ops.begin() as tx:
            outbox.put(tx, [wanted], now)
        with shop.ops.read() as tx:
            [row] = messages.due(tx, 0, now, 10)
        monkeypatch.setattr(Shop, "base", "https://x.example")
        written = shop._composer()
        first, again = written(row, {}).text, written(row, {}).text
        assert first.splitlines()[0] == again.splitlines()[0]
        assert "TEA-" in first
        assert "5 €" in first
        assert shop.coupon_pools()[0].given == 1
        seen = shop.sent(Pass(row.id, person, "email", "marketing", now // SECOND))
        assert seen is not None
        assert seen.text.splitlines()[0] == first.splitlines()[0]
