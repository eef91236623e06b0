"""One stage model, asked: who is where, at any instant, and how that came."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from habitue.app.frame import Frame
from habitue.app.workspace import When, Workspace
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.period import Period, between, day_of, month_of, previous
from habitue.metrics.counts import counts, monthly
from habitue.stages.models import Model
from habitue.stages.overview import MONTHS

FURTHEST: Final = 1200
TOO_MANY: Final = N_("Months are counted from 1 to {most} at most, not {months}.")
"""Months that are counted at most: a century."""

_TIME: Final = pa.timestamp("us", "UTC")
_NAMED: Final = "FROM intervals JOIN person ON person = subject"
_THERE: Final = "version = ? AND start <= make_timestamp(?) AND (stop IS NULL OR stop > make_timestamp(?))"


class Stays:
    """The intervals of a live model."""

    def __init__(self, shop: Workspace, model: Model) -> None:
        self.shop = shop
        self.model = model

    def at(self, when: When = None) -> Frame:
        """customer, stage, since, until, expected, life: everybody's stage at an instant (now if not said).

        `until` is null for a stay that lasts: it ends when `expected` if nothing happens, null: never.
        """
        at = self.shop.instant(when)
        return self._listed(
            f"SELECT key, value, start, stop, life {_NAMED} WHERE {_THERE} ORDER BY person",
            (self.model.version, at, at),
        )

    def counts(self, when: When = None) -> dict[str, int]:
        """How many are in each stage at an instant, every stage named."""
        found = counts(self.shop.warehouse, self.model.version, self.shop.instant(when))
        return {self.model.stages[value].id: found.get(value, 0) for value in self.model.shown}

    def by(
        self,
        step: Literal["month"],
        months: int | None = None,
        until: When = None,
        since: When = None,
    ) -> Frame:
        """month, then a column for each stage: how many were in it at the month's end, in the shop's zone.

        The last month is that of `until` (now); so many `months`, or from that of `since` on; else 24.
        """
        if step != "month":
            raise UserError(N_("Stages are counted by month, not by “{step}”."), step=step)
        if months is not None and not 1 <= months <= FURTHEST:
            raise UserError(TOO_MANY, months=months, most=FURTHEST)
        last, zone = self.shop.instant(until), self.shop.settings.timezone
        this = day_of(last, zone)
        shown = previous(this, months or MONTHS) if since is None else self._from(since, this)
        ends = [one.span(zone, last).after for one in shown]
        stages = self.model.stages
        found = monthly(self.shop.warehouse, self.model.version, ends, len(stages))
        columns: dict[str, object] = {"month": [str(one) for one in shown]}
        for value in self.model.shown:
            columns[stages[value].id] = found[:, value]
        return Frame(pa.table(columns))

    def _from(self, since: When, last: date) -> tuple[Period, ...]:
        """The months from that of `since` on; there are none before the first stay."""
        first = day_of(self.shop.instant(since), self.shop.settings.timezone)
        if month_of(first) > month_of(last):
            raise UserError(
                N_("The months can't begin in {first} and end in {last}."),
                first=str(month_of(first)),
                last=str(month_of(last)),
            )
        return between(min(max(first, self.first or first), last), last)

    @property
    def first(self) -> date | None:
        """The day of the first stay, None where there is none."""
        sql = "SELECT epoch_us(min(start)) AS ts FROM intervals WHERE version = ?"
        found = self.shop.warehouse.read(sql, (self.model.version,))["ts"][0].as_py()
        return None if found is None else day_of(found, self.shop.settings.timezone)

    def who(self, stage: str, when: When = None) -> list[str]:
        """Who is in a stage at an instant."""
        at = self.shop.instant(when)
        found = self.shop.warehouse.read(
            f"SELECT key {_NAMED} WHERE {_THERE} AND value = ? ORDER BY person",
            (self.model.version, at, at, self.model.value(stage)),
        )
        return list(found.column(0).to_pylist())

    def history(self) -> Frame:
        """customer, stage, since, until, expected, life: every stay of everybody, by customer and time."""
        return self._listed(
            f"SELECT key, value, start, stop, life {_NAMED} WHERE version = ? AND start <= make_timestamp(?) "
            "ORDER BY person, start",
            (self.model.version, self.shop.instant(None)),
        )

    def _listed(self, sql: str, params: tuple[object, ...]) -> Frame:
        found = self.shop.warehouse.read(sql, params)
        stop, now = found["stop"].cast(_TIME), pa.scalar(self.shop.instant(None)).cast(_TIME)
        over, never = pc.less_equal(stop, now), pa.scalar(None, _TIME)
        names = pa.array([stage.id for stage in self.model.stages])
        values = found["value"].combine_chunks().cast(pa.int32())
        return Frame(
            pa.table(
                {
                    "customer": found["key"],
                    "stage": names.take(values),
                    "since": found["start"].cast(_TIME),
                    "until": pc.if_else(over, stop, never),
                    "expected": pc.if_else(over, never, stop),
                    "life": found["life"],
                }
            )
        )
