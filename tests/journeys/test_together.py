"""Several workers on one database bring journeys forward together: each thing is done once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from threading import Barrier, Thread
from uuid import uuid4

import pytest

from habitue.app import Shop
from habitue.journeys import live
from habitue.journeys.live import Live
from habitue.journeys.reading import from_text
from habitue.kernel.clock import DAY
from habitue.store.ops import Ops
from tests import mould, postgres
from tests.journeys.scene import CART, HAPPENINGS, T, Told, at, checkouts, state, tell, write

MANY = tuple(range(24))
STORY = [(now, [*told, *(checkouts(*MANY[4:]) if not n else ())]) for n, (now, told) in enumerate(HAPPENINGS)]


class Died(BaseException):
    """The worker is gone."""


def begun(place: Path, database: str | None) -> Shop:
    shop = Shop.create(place, database=database, now=T - DAY)
    seen: list[Told] = [(f"user:{n}", "Page Viewed", T - DAY, {}) for n in MANY]
    tell(shop, T - DAY, *seen)
    shop.refresh(T)
    write(shop, "cart")
    shop.publish_journey(from_text(CART)[0], "ada", T)
    shop.live.templates = lambda _: 7
    return shop


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[object]]]:
    """What becomes of everybody where one worker does all of it."""
    with begun(tmp_path_factory.mktemp("alone") / "shop", None) as shop:
        for now, told in STORY:
            if told:
                tell(shop, now, *told)
            shop.refresh(now)
            shop.advance(now)
        shop.refresh(at(63) + 2 * DAY)
        yield state(shop)


@contextmanager
def workers(shop: Shop, n: int) -> Iterator[list[Live]]:
    """As many as there are processes, each with connections of its own."""
    url = shop.ops.engine.url.render_as_string(hide_password=False)
    with ExitStack() as stack:
        own = [stack.enter_context(closing(Ops.open(url))) for _ in range(n)]
        yield [Live(one, shop.log, shop.warehouse, shop.ground, shop.running, lambda _: 7) for one in own]


def together(some: list[Live], now: int) -> None:
    """All of them at once, again and again until nothing is left."""
    start = Barrier(len(some))

    def work(one: Live) -> None:
        start.wait()
        for _ in range(9):
            with suppress(Died):
                one.tick(now)

    threads = [Thread(target=work, args=(one,)) for one in some]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_many_workers_of_whom_one_dies_again_and_again_do_what_one_does(
    alone: dict[str, list[object]],
    postgresql: postgres.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "AT_ONCE", 4)
    with (
        begun(tmp_path / "shop", mould.migrated(postgresql, f"together_{uuid4().hex}")) as shop,
        workers(shop, 3) as some,
    ):
        died: list[str] = []

        def between(step: str) -> None:
            if len(died) % 7 == 0 or step not in died[-3:]:
                died.append(step)
                raise Died

        # One of them dies at one boundary after the other; what it held is free at once.
        some[0].between = between
        for now, told in STORY:
            if told:
                tell(shop, now, *told)
            shop.refresh(now)
            together(some, now)
        shop.refresh(at(63) + 2 * DAY)
        assert state(shop) == alone
        assert alone["sent"]
        assert "walked" in died


def test_two_who_let_the_same_customer_in_do_it_once(postgresql: postgres.Server, tmp_path: Path) -> None:
    with (
        begun(tmp_path / "shop", mould.migrated(postgresql, f"twice_{uuid4().hex}")) as shop,
        workers(shop, 4) as some,
    ):
        person, came, start = shop.person("user:1"), [0] * 4, Barrier(4)

        def work(n: int) -> None:
            start.wait()
            came[n] = some[n].put_in("cart", [person], f"batch{n}", at(1))

        threads = [Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(came) == [0, 0, 0, 1]
