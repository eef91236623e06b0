"""What was sold: orders, what they brought, and what one brings on average."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np

from habitue.alerts.figures import known, summed
from habitue.alerts.roles import Asked, Floats, Form, Ground, Ints, Kind, Names, Said
from habitue.kernel.clock import HOUR, Micros
from habitue.kernel.i18n import N_

_ORDERS = """
    SELECT epoch_us(date_trunc('hour', ts)) AS hour, count(*) AS n, count(revenue) AS priced,
        coalesce(sum(revenue), 0)::BIGINT AS revenue
    FROM event WHERE code IN (SELECT code FROM event_name WHERE name = 'Order Completed')
        AND ts >= make_timestamp(?::BIGINT)
    GROUP BY hour ORDER BY hour"""
_TOLD = {
    "orders": N_("Orders"),
    "revenue": N_("Revenue of orders"),
    "average": N_("Average order value"),
}


class Sales(Kind, frozen=True, kw_only=True, tag="sales"):
    title: ClassVar[str] = N_("Sales")
    about: ClassVar[str] = N_("Orders, what they brought before refunds, or what one brings on average.")
    icon: ClassVar[str] = "chart"

    measure: Annotated[
        Literal["orders", "revenue", "average"],
        Asked(
            N_("Counted as"),
            "choice",
            (
                ("orders", N_("orders")),
                ("revenue", N_("revenue before refunds")),
                ("average", N_("average order value")),
            ),
        ),
    ] = "orders"
    within: Annotated[str, Asked(N_("In the last"), "length")] = "1d"

    @property
    def form(self) -> Form:
        return "count" if self.measure == "orders" else "money"

    def figures(self, ground: Ground, since: Ints, at: Ints) -> Floats:
        first = int(since.min()) // HOUR * HOUR if len(since) else 0
        found = ground.warehouse.read(_ORDERS, (first,))
        hours = found["hour"].to_numpy()
        n, priced, revenue = (
            summed(hours, found[name].to_numpy(), since, at) for name in ("n", "priced", "revenue")
        )
        if self.measure == "orders":
            return known(n, ground.born, since)
        revenue = revenue / 10**ground.digits
        if self.measure == "average":
            revenue = np.divide(revenue, priced, out=np.full(len(at), np.nan), where=priced > 0)
        return known(revenue, ground.born, since)

    def told(self, _: Names) -> Said:
        return Said(_TOLD[self.measure])

    def behind(self, _since: Micros, _at: Micros) -> str:
        return "/overview/sales"
