"""Coupon codes: each goes to one claim, whatever dies in between, and no more are given than there are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from habitue.kernel.clock import DAY
from habitue.store.ops import Ops
from habitue.templates import coupons
from habitue.templates.coupons import Pool
from habitue.templates.fault import Unfit

NOW = 1_700_000_000_000_000
GIVER = """
import sys
from pathlib import Path
from habitue.store.ops import Ops
from habitue.templates import coupons
ops = Ops.open(Path(sys.argv[1]))
for n in range(int(sys.argv[2]), 10**9):
    with ops.begin() as tx:
        code = coupons.take(tx, "welcome", f"message:{n}", n, 1).code
    print(n, code, flush=True)
"""


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    opened = Ops.open(ops_url)
    yield opened
    opened.close()


def take(ops: Ops, claim: str, slug: str = "welcome", person: int = 1, now: int = NOW) -> coupons.Coupon:
    with ops.begin() as tx:
        return coupons.take(tx, slug, claim, person, now)


def test_the_same_claim_has_the_same_code_and_another_another(ops: Ops) -> None:
    coupons.make(ops, Pool("welcome", "Welcome", "10 %", "TEA", days=30), NOW)
    first, again, other = take(ops, "message:1"), take(ops, "message:1"), take(ops, "message:2")
    assert first == again
    assert first.code != other.code
    assert first.code.startswith("TEA-")
    assert first.fields() == {"code": first.code, "value": "10 %", "expires": "2023-12-14T22:13:20Z"}
    (pool,) = coupons.pools(ops)
    assert (pool.given, pool.redeemed, pool.left) == (2, 0, None)


def test_what_is_undone_has_given_nothing(ops: Ops) -> None:
    coupons.make(ops, Pool("welcome", "", prefix=None), NOW)
    coupons.load(ops, "welcome", ["A-1", "A-2"])
    with suppress(ZeroDivisionError), ops.begin() as tx:
        assert coupons.take(tx, "welcome", "message:1", 1, NOW).code == "A-1"
        raise ZeroDivisionError
    assert take(ops, "message:2").code == "A-1"
    assert take(ops, "message:1").code == "A-2"


def test_no_more_are_given_than_there_are_or_than_was_said(ops: Ops) -> None:
    coupons.make(ops, Pool("welcome", "", most=2), NOW)
    coupons.make(ops, Pool("brought", "", prefix=None), NOW)
    coupons.make(ops, Pool("over", "", until=NOW), NOW)
    assert coupons.load(ops, "brought", ["one", "One", " o-n-e ", "zwei", "", "a\tb"]) == (2, 1)
    for n in range(2):
        take(ops, f"message:{n}")
        take(ops, f"message:{n}", "brought")
    for slug in ("welcome", "brought", "over", "nowhere"):
        with pytest.raises(Unfit):
            take(ops, "message:9", slug)
    assert take(ops, "message:1") == take(ops, "message:1")
    assert [one.left for one in coupons.pools(ops)] == [0, 0, None]
    coupons.end(ops, "brought", NOW)
    with pytest.raises(Unfit):
        take(ops, "message:10", "brought")


def test_a_code_counts_once_however_it_is_typed(ops: Ops) -> None:
    coupons.make(ops, Pool("welcome", "", days=1), NOW)
    mine, late = take(ops, "message:1", person=7), take(ops, "message:2")

    def use(code: str, order: str | None, at: int = NOW) -> str:
        with ops.begin() as tx:
            return coupons.redeem(tx, code, order, at).state

    assert use(mine.code.lower().replace("-", " "), "o-1") == "redeemed"
    assert use(mine.code, "o-1") == "redeemed"
    assert use(mine.code, "o-2") == "again"
    assert use(late.code, "o-3", NOW + 2 * DAY) == "late"
    assert use("NOBODY-KNOWS", "o-4") == "unknown"
    assert use("", None) == "unknown"
    assert coupons.pools(ops)[0].redeemed == 2


def test_many_at_once_are_given_different_codes(ops: Ops) -> None:
    coupons.make(ops, Pool("welcome", "", prefix=None), NOW)
    coupons.load(ops, "welcome", [f"code-{n:03}" for n in range(100)])
    given: dict[str, str] = {}

    def giver(first: int) -> None:
        for n in range(first, first + 25):
            given[f"message:{n}"] = take(ops, f"message:{n}").code

    threads = [threading.Thread(target=giver, args=(first,)) for first in (0, 25, 50, 75)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(given.values())) == 100
    assert {claim: take(ops, claim).code for claim in given} == given


def test_who_is_killed_while_giving_gives_no_code_twice(tmp_path: Path) -> None:
    place = tmp_path / "ops.sqlite"
    ops = Ops.open(place)
    coupons.make(ops, Pool("welcome", "", prefix=None), NOW)
    coupons.load(ops, "welcome", [f"code-{n:05}" for n in range(20_000)])
    ops.close()
    told: dict[int, str] = {}
    for _ in range(2):
        words = [sys.executable, "-c", GIVER, str(place), str(max(told, default=0))]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ) as giver:
            assert giver.stdout is not None
            for _ in range(40):
                n, code = giver.stdout.readline().split()
                assert told.setdefault(int(n), code) == code
            giver.send_signal(signal.SIGKILL)
            for line in giver.stdout.read().splitlines():
                if len(parts := line.split()) == 2 and len(parts[1]) == 10:
                    told[int(parts[0])] = parts[1]
    ops = Ops.open(place)
    assert len(set(told.values())) == len(told) > 40
    assert {n: take(ops, f"message:{n}").code for n in told} == told
    ops.close()
