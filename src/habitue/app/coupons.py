"""Coupon codes of a workspace: pools of them, and which were used, as orders tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from habitue.app.letters import claim
from habitue.app.workspace import Workspace
from habitue.kernel import clock
from habitue.kernel.clock import Micros
from habitue.messaging import outbox
from habitue.store.ops import tell, told
from habitue.templates import coupons
from habitue.templates.coupons import Pool, Used

SEEN: Final = "coupons:seen"
"""How far orders were looked through."""

ENDED: Final = "coupons:ended"
"""How far messages that reached their end were looked through."""

UNSENT: Final = ("skipped", "expired", "failed", "bounced")
"""How messages end that reached nobody."""

_AT_ONCE: Final = 10_000

_USED: Final = """
    SELECT seq, epoch_us(ts) AS at, props ->> '$.coupon' AS code, props ->> '$.order_id' AS order_id
    FROM event
    WHERE seq > ? AND code = (SELECT code FROM event_name WHERE name = 'Order Completed')
        AND json_valid(props) AND json_exists(props, '$.coupon')
    ORDER BY seq
"""


class Couponed(Workspace):
    """The part of a shop that is about coupon codes."""

    def coupon_pools(self) -> list[Pool]:
        """Every pool, with what became of its codes so far."""
        self.track_coupons()
        return coupons.pools(self.ops)

    def make_coupons(self, pool: Pool, by: str = "", now: Micros | None = None) -> None:
        """Add a pool; orders from now on may use its codes. Raises `UserError`."""
        if self.ops.setting(SEEN) is None:
            self.ops.put_setting(SEEN, str(self._last()))
        coupons.make(self.ops, pool, clock.now() if now is None else now, by)

    def load_coupons(self, slug: str, codes: Iterable[str]) -> tuple[int, int]:
        """Add a shop's own codes: how many were new, and how many are no codes. Raises `UserError`."""
        return coupons.load(self.ops, slug, codes)

    def end_coupons(self, slug: str, by: str = "", now: Micros | None = None) -> None:
        """Give no more of a pool. Raises `UserError`."""
        coupons.end(self.ops, slug, clock.now() if now is None else now, by)

    def redeem(self, code: str, order: str | None = None, at: Micros | None = None) -> Used:
        """Note that a code was used; what became of it."""
        with self.ops.begin() as tx:
            return coupons.redeem(tx, code, order, clock.now() if at is None else at)

    def track_coupons(self) -> int:
        """Note the codes in the orders that came since the last time; how many orders had one.

        Codes of messages that were not sent in the end are given again.
        """
        self._take_back()
        seen = self.ops.setting(SEEN)
        if seen is None:
            return 0
        rows = self.warehouse.read(_USED, (int(seen),)).to_pylist()
        if not rows:
            return 0
        with self.ops.begin() as tx:
            for row in rows:
                coupons.redeem(tx, str(row["code"]), row["order_id"], row["at"])
            tell(tx, SEEN, str(rows[-1]["seq"]))
        return len(rows)

    def _take_back(self) -> None:
        with self.ops.begin() as tx:
            after = int(told(tx, ENDED) or 0)
            ended = outbox.ended(tx, after, _AT_ONCE)
            if ended:
                coupons.take_back(tx, [claim(one.message) for one in ended if one.state in UNSENT])
                tell(tx, ENDED, str(ended[-1].number))

    def _last(self) -> int:
        return int(
            self.warehouse.read("SELECT coalesce(max(seq), -1) AS seq FROM event").column(0)[0].as_py()
        )
