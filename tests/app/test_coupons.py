"""A message that gives a coupon has one code for ever, however often it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from habitue.app import Shop
from habitue.app.letters import claim
from habitue.app.templates import Brand
from habitue.journeys.fault import JourneyError
from habitue.journeys.reading import from_text
from habitue.journeys.roles import Act, Message
from habitue.kernel import clock
from habitue.kernel.clock import SECOND
from habitue.kernel.errors import UserError
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.store import messages
from habitue.templates import coupons
from habitue.templates.coupons import Pool
from habitue.templates.passes import Pass
from habitue.templates.shape import Template, Text
from tests.ingest.stores import parcel
from tests.messaging.wanted import NOW

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
        written = shop._composer(shop._house())
        first, again = written(row, {}).text, written(row, {}).text
        assert first.splitlines()[0] == again.splitlines()[0]
        assert "TEA-" in first
        assert "5 €" in first
        assert shop.coupon_pools()[0].given == 1
        seen = shop.sent(Pass(row.id, person, "email", "marketing", now // SECOND))
        assert seen is not None
        assert seen.text.splitlines()[0] == first.splitlines()[0]


def test_a_code_of_a_message_that_was_not_sent_is_given_to_the_next(tmp_path: Path) -> None:
    """A journey's send step names the pool; who is stopped after the code was drawn gives it back."""
    now = clock.now()
    with Shop.create(tmp_path / "shop") as shop:
        for pool, prefix in (("tea", None), ("own", "TEA")):
            shop.make_coupons(Pool(pool, pool, "5 €", prefix))
        assert shop.load_coupons("tea", ["A-1", "A-2"]) == (2, 0)
        with shop.ops.begin() as tx:
            given = [coupons.take(tx, pool, claim(n), n, now).code for n, pool in ((1, "tea"), (2, "own"))]
            wanted = [
                Wanted(origin="journey:x", run=str(n), person=n, channel="email", due=now, template=1)
                for n in (1, 2, 3)
            ]
            outbox.put(tx, wanted, now)
            numbers = messages.waiting(tx, "journey:x", None, None)
            third = coupons.take(tx, "tea", claim(3), 3, now).code
            outbox.cancel(tx, "journey:x", ["1", "2"], now=now)
        assert sorted(numbers) == [1, 2, 3]
        assert [one.given for one in shop.coupon_pools()] == [1, 0]
        with shop.ops.begin() as tx:
            assert coupons.take(tx, "tea", claim(4), 4, now).code == given[0] == "A-1"
            assert coupons.take(tx, "tea", claim(3), 3, now).code == third == "A-2"
            assert coupons.take(tx, "own", claim(5), 5, now).code != given[1]
        shop.track_coupons()
        assert [one.given for one in shop.coupon_pools()] == [2, 1]


def test_a_journey_that_gives_coupons_is_live_only_with_their_pool(tmp_path: Path) -> None:
    step = 'id = "m"\nis = "send"\ntemplate = "hello"\ncoupon = "tea"\n'
    body = f'id = "x"\nentry = {{ is = "manual" }}\n[[steps]]\n{step}'
    with Shop.create(tmp_path / "shop") as shop:
        shop.publish_template(Template("hello", {"en": Text(BODY, "Hello", "a", "html")}))
        journey, found = from_text(body)
        assert found == []
        with pytest.raises(JourneyError, match="tea"):
            shop.publish_journey(journey, "ada")
        shop.make_coupons(Pool("tea", "Tea", "5 €", "TEA"))
        shop.publish_journey(journey, "ada")
        (one,) = shop.journey("x").journey.every()
        assert isinstance(one.does, Act)
        assert one.does.deed() == Message("email", "marketing", "hello", None, {"coupon": {"pool": "tea"}})
        with pytest.raises(UserError, match="/journeys/x"):
            shop.retire_template("hello")
        shop.stop_journey("x", "ada")
        shop.retire_template("hello")
        assert not shop.template("hello").live


def test_a_template_stays_while_somebody_is_on_their_way_to_it(tmp_path: Path) -> None:
    wait = '[[steps]]\nid = "w"\nis = "wait"\nlength = "9d"\n'
    body, mail = f'id = "x"\nentry = {{ is = "manual" }}\n{wait}', '[[steps]]\nid = "m"\nis = "send"\n'
    with Shop.create(tmp_path / "shop", now=NOW) as shop:
        shop.put([parcel("load", {"key": "user:ada"})], NOW)
        shop.refresh(NOW)
        shop.publish_template(Template("hello", {"en": Text(BODY, "Hello", "a", "html")}))
        shop.publish_journey(from_text(f'{body}{mail}template = "hello"\n')[0], "ada", NOW)
        shop.enter_journey("x", ["ada"], "ada", NOW)
        shop.publish_journey(from_text(body)[0], "ada", NOW)
        for _ in range(2):  # finishing an older version, then one that was stopped
            with pytest.raises(UserError, match=r"finishing: x \(/journeys/x\)"):
                shop.retire_template("hello")
            shop.stop_journey("x", "ada", now=NOW)
        shop.leave_journey("x", ["ada"], "ada", NOW)
        shop.retire_template("hello")
        assert not shop.template("hello").live
