"""What was sold month by month and in a period, and what that is held against."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from habitue.engine.plan import Subject
from habitue.engine.sweep import Ints
from habitue.kernel.clock import Micros
from habitue.kernel.period import Period, Versus, between, day_of, edges
from habitue.metrics.sales import Ledger, Sold, first, ledger
from habitue.store.warehouse import Warehouse


class Sales(Struct, frozen=True, eq=False):
    """Every month since the first order up to that of `computed`, and all periods by the ledger."""

    computed: Micros
    zone: str
    months: dict[Period, Sold]
    ledger: Ledger

    def of(self, month: Period) -> Sold:
        """What was sold in a month, so far where it still runs."""
        return self.months.get(month, Sold())

    def both(self, versus: Versus) -> tuple[Sold, Sold]:
        """What was sold in a period, and what to hold that against: as much of the other while it runs."""
        one, other = versus.spans(self.zone, self.computed)
        return self.ledger.sold(one), self.ledger.sold(other)


def sales(
    warehouse: Warehouse, subject: Subject, zone: str, now: Micros, within: Ints | None = None
) -> Sales:
    """All of it; only of the subjects `within`, where these are given."""
    since = first(warehouse)
    months = between(*(day_of(at, zone) for at in (now if since is None else min(since, now), now)))
    found = ledger(warehouse, subject, np.array(edges(months[0].first, zone, now), np.int64), within)
    return Sales(now, zone, {one: found.sold(one.span(zone, now)) for one in months}, found)
