"""What was sold month by month and in a period, and what that is held against."""

from __future__ import annotations

from msgspec import Struct

from habitue.engine.plan import Subject
from habitue.engine.sweep import Ints
from habitue.kernel.clock import Micros
from habitue.kernel.period import Period, Versus, between, day_of
from habitue.metrics.sales import Sold, first, sold
from habitue.store.warehouse import Warehouse


class Sales(Struct, frozen=True):
    """Every month since the first order up to that of `computed`, and as much of each as that one has.

    `two` is what was sold in a period that is no month, and in the other that it is held against.
    """

    computed: Micros
    this: Period
    months: dict[Period, Sold]
    partly: dict[Period, Sold]
    two: tuple[Sold, Sold] | None = None

    def of(self, month: Period) -> Sold:
        """What was sold in a month, so far where it still runs."""
        return self.months.get(month, Sold())

    def both(self, versus: Versus) -> tuple[Sold, Sold]:
        """What was sold in a period, and what to hold that against: as much of the other while it runs."""
        if self.two is not None:
            return self.two
        others = self.partly if versus.period == self.this else self.months
        return self.of(versus.period), others.get(versus.against, Sold())


def sales(
    warehouse: Warehouse,
    subject: Subject,
    zone: str,
    now: Micros,
    within: Ints | None = None,
    versus: Versus | None = None,
) -> Sales:
    """All of it; only of the subjects `within`, where these are given. Of months `versus` is not needed."""
    since = first(warehouse)
    months = between(*(day_of(at, zone) for at in (now if since is None else min(since, now), now)))
    spans = [one.span(zone, now) for one in months]
    elapsed = now - spans[-1].before
    lanes = [spans, [one.cut(elapsed) for one in spans]]
    lanes += [[one] for one in versus.spans(zone, now)] if versus else []
    whole, partly, *two = sold(warehouse, subject, lanes, within)
    named = [dict(zip(months, some, strict=True)) for some in (whole, partly)]
    return Sales(now, months[-1], named[0], named[1], (two[0][0], two[1][0]) if versus else None)
