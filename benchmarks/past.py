"""A journey tried on the past year of a million customers: `python -m benchmarks.past [SHOP]`.

The journey thanks for each order, waits, goes two ways by a rule, and asks for a review, as the recipe does;
another begins with a stage and ends with an order. The shop is that of `benchmarks.stocked`, made first where
it is not there; nothing is kept.
"""

from __future__ import annotations

import time
from typing import Final

from benchmarks.shop import NOW
from benchmarks.stocked import placed
from habitue.app import Shop
from habitue.journeys.reading import from_text

WANTED: Final = 10.0
THANKS: Final = """
id = "thanks"
again = "always"
entry = { is = "event", event = "Order Completed", key = "order_id" }
goal = { event = "Order Completed", within = "60d", leaves = false }
[[steps]]
id = "hour"
is = "wait"
length = "1h"
[[steps]]
id = "which"
is = "split"
[[steps.branches]]
id = "first"
when = 'count("Order Completed") == 1'
[[steps.branches.steps]]
id = "new"
is = "send"
template = "thanks"
[[steps.branches]]
id = "again"
[[steps.branches.steps]]
id = "known"
is = "send"
template = "welcome"
[[steps]]
id = "fortnight"
is = "wait"
length = "14d"
[[steps]]
id = "review"
is = "send"
template = "welcome"
"""
WINBACK: Final = """
id = "winback"
again = "90d"
entry = { is = "enters", rule = 'days_since_last("Order Completed") > 90' }
goal = { event = "Order Completed", within = "60d" }
[[steps]]
id = "first"
is = "send"
template = "welcome"
[[steps]]
id = "until"
is = "until"
event = "Order Completed"
within = "14d"
[[steps]]
id = "last"
is = "send"
template = "thanks"
"""


def main() -> None:
    with placed() as place, Shop.open(place) as shop:
        for text in (THANKS, WINBACK):
            journey, _ = from_text(text)
            began, cpu = time.perf_counter(), time.process_time()
            found = shop.replay_journey(journey, NOW)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            mark = "ok  " if seconds <= WANTED else "MISS"
            print(
                f"{mark} {journey.id} over 12 months: {found.entered:,} entered of {found.people:,}, "
                f"{found.sent:,} mails, {found.converted:,} converted: {seconds:.1f} s "
                f"(target: ≤ {WANTED:.0f} s; ratio {seconds / WANTED:.2f}), {cpu:.1f} s of a core",
                flush=True,
            )


if __name__ == "__main__":
    main()
