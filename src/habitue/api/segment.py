"""`/api/v1/segment`: any rule, saved or not."""

from __future__ import annotations

from datetime import datetime

from litestar.di import NamedDependency

from habitue.api import shapes
from habitue.api.asked import At, RuleText, Size, read
from habitue.app import Shop
from habitue.kernel import clock
from habitue.stages.choice import instant


@read("/segment")
def show(shop: NamedDependency[Shop], rule: RuleText, at: At = None, size: Size = 100) -> shapes.Segment:
    """Who satisfies a rule at an instant: how many, the first of them, and what the rule says in words."""
    segment = shop.segment(rule)
    when = instant(at, shop.settings.timezone, clock.now())
    return shapes.Segment(
        rule=rule,
        at=clock.iso(when),
        sentence={"en": segment.sentence("en"), "fr": segment.sentence("fr")},
        count=segment.count(when),
        customers=segment.members(when)[:size],
    )


@read("/segment/history")
def history(shop: NamedDependency[Shop], rule: RuleText, size: Size = 1_000) -> shapes.History:
    """Who satisfied a rule from when to when until now, by customer and time."""
    found = shop.segment(rule).history().arrow()
    rows = found.slice(0, size).to_pylist()
    return shapes.History(
        rule=rule,
        total=found.num_rows,
        rows=[
            shapes.Membership(row["subject"], str(_iso(row["from"])), _iso(row["to"]), _iso(row["expected"]))
            for row in rows
        ],
    )


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
