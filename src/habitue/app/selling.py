"""What a shop sold, month by month, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from habitue.app.frame import Frame
from habitue.app.stays import FURTHEST, TOO_MANY
from habitue.app.workspace import When, Workspace
from habitue.kernel import money
from habitue.kernel.errors import UserError
from habitue.kernel.period import Period, day_of, previous
from habitue.metrics.counts import who
from habitue.segments import saved
from habitue.stages.overview import MONTHS
from habitue.stages.sales import Sales, sales


class Selling(Workspace):
    """The part of a shop that tells what was sold."""

    def sales(self, months: int = MONTHS, until: When = None, segment: str | None = None) -> Frame:
        """month, revenue, orders, average_order, customers, again, repeat_rate: of so many months up to that
        of `until`.

        Revenue is net of the refunds of the month, `average_order` is before any; `again` are those of the
        customers who ordered to whom it was not the first order. Only of who is in a saved segment then,
        where one is named. Raises `UserError` for a segment that there is not, and for too many months.
        """
        found, names = self.sold(months, until, segment)
        return Frame(tabled(found, names, self.settings.currency))

    def sold(
        self, months: int = MONTHS, until: When = None, segment: str | None = None
    ) -> tuple[Sales, tuple[Period, ...]]:
        """The same with amounts in minor units, and the months that were asked for."""
        if not 1 <= months <= FURTHEST:
            raise UserError(TOO_MANY, months=months, most=FURTHEST)
        last, zone = self.instant(until), self.settings.timezone
        version = saved.named(self.segments(), segment).version if segment else None
        within = None if version is None else who(self.warehouse, version, last)
        found = sales(self.warehouse, "person", zone, last, within)
        return found, previous(day_of(last, zone), months)


def tabled(found: Sales, months: Sequence[Period], currency: str) -> pa.Table:
    """A row for each of these months, amounts in major units."""
    rows = [found.of(month) for month in months]
    exact = pa.decimal128(19, money.digits(currency))

    def amounts(units: Sequence[int | None]) -> pa.Array:
        told: list[Decimal | None] = [None if one is None else money.major(one, currency) for one in units]
        return pa.array(told, exact)

    return pa.table(
        {
            "month": [str(month) for month in months],
            "revenue": amounts([one.revenue for one in rows]),
            "orders": [one.orders for one in rows],
            "average_order": amounts([one.mean for one in rows]),
            "customers": [one.buyers for one in rows],
            "again": [one.again for one in rows],
            "repeat_rate": pa.array([one.repeat for one in rows], pa.float64()),
        }
    )
