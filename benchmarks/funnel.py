"""Who would get a broadcast to a million, who is lost to which guard: `python -m benchmarks.funnel [SHOP]`.

Asked three times as the page asks it, each time of a rule that nobody asked before, so that nothing is known
already. The shop is that of `benchmarks.stocked`, made first where it is not there.
"""

from __future__ import annotations

import time
from typing import Final

from benchmarks.shop import NOW
from benchmarks.stocked import placed
from habitue.app import Shop
from habitue.broadcasts.shape import Broadcast, Variant

WANTED: Final = 2.0
RULES: Final = (
    'ever("Order Completed") or consent("email")',
    'count("Order Completed", within="365d") >= 0',
    'days_since_first("Order Completed") > 1',
)


def main() -> None:
    with placed() as place, Shop.open(place) as shop:
        for n, rule in enumerate(RULES):
            one = Broadcast(f"harvest-{n}", to=rule, variants=(Variant("a", "welcome"),))
            began, cpu = time.perf_counter(), time.process_time()
            found = shop.broadcast_funnel(one, NOW)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            lost = ", ".join(f"{name} {many:,}" for name, many in found.lost.items())
            mark = "ok  " if seconds <= WANTED else "MISS"
            print(
                f"{mark} funnel: {found.meant:,} meant, {found.gets:,} get it, lost: {lost}: {seconds:.2f} s "
                f"(target: ≤ {WANTED:.0f} s; ratio {seconds / WANTED:.2f}), {cpu:.2f} s of a core",
                flush=True,
            )


if __name__ == "__main__":
    main()
