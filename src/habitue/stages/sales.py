"""What was sold month by month, as people call months, and how a month compares with another."""

from __future__ import annotations

from msgspec import Struct

from habitue.engine.plan import Subject
from habitue.engine.sweep import Ints
from habitue.kernel.clock import Micros
from habitue.metrics.sales import Sold, first, sold
from habitue.stages.calendar import between, end, month_of, previous
from habitue.store.warehouse import Warehouse


class Sales(Struct, frozen=True):
    """Every month since the first order up to that of `computed`, and as much of each as that one has."""

    computed: Micros
    this: str
    months: dict[str, Sold]
    partly: dict[str, Sold]

    def of(self, month: str) -> Sold:
        """What was sold in a month, so far where it still runs."""
        return self.months.get(month, Sold())

    def before(self, month: str, against: str) -> Sold:
        """What to hold a month against: as much of the other as there is of this one, while it runs."""
        return (self.partly if month == self.this else self.months).get(against, Sold())


def sales(
    warehouse: Warehouse, subject: Subject, zone: str, now: Micros, within: Ints | None = None
) -> Sales:
    """All of it; only of the subjects `within`, where these are given."""
    this = month_of(now, zone)
    since = first(warehouse)
    months = between(month_of(min(now if since is None else since, now), zone), this)
    edges = [end(month, zone, now) for month in (previous(months[0], 2)[0], *months)]
    whole, partly = sold(warehouse, subject, edges, now - edges[-2], within)
    return Sales(now, this, dict(zip(months, whole, strict=True)), dict(zip(months, partly, strict=True)))
