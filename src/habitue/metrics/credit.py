"""Which message an order is put down to: the last one that the customer did something with before it.

That is the last message in which they clicked, not longer ago than a time; where there is none, the last one
that reached them, not longer ago than another. It says what came after what. Whether the order would have
come without it is for a control group to say (`metrics.uplift`).
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from habitue.kernel.clock import HOUR, YEAR, Micros, duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.metrics.gains import orders
from habitue.metrics.named import codes, ending
from habitue.store.warehouse import Warehouse


class Windows(Struct, frozen=True, forbid_unknown_fields=True):
    """How long before an order a click counts, and a message that only arrived; none: it doesn't count."""

    click: str = "5d"
    delivery: str = "1d"

    @property
    def lengths(self) -> tuple[Micros, Micros]:
        return tuple(duration(one) if one else 0 for one in (self.click, self.delivery))  # type: ignore[return-value]  # two

    @property
    def longest(self) -> Micros:
        return max(self.lengths)


class Credit(Struct, frozen=True):
    """What is put down to messages: orders, what they brought (minor units, less what was paid back), by how
    many customers; and how many of the orders came after a click.
    """

    orders: int = 0
    revenue: int = 0
    customers: int = 0
    clicked: int = 0


def checked(windows: Windows) -> Windows:
    """The same; raises `UserError` for what makes no sense."""
    click, delivery = windows.lengths
    if not click and not delivery:
        raise UserError(N_("Let a click count, or a message that arrived: else no order is put down to any."))
    if any(one and not HOUR <= one <= YEAR // 4 for one in (click, delivery)):
        raise UserError(N_("A message counts for an hour at least and 91 days at most."))
    return windows


def written(windows: Windows) -> str:
    """As a setting is kept."""
    return msgspec.json.encode(checked(windows)).decode()


def read(kept: str | None) -> Windows:
    """As it is kept; the usual ones where nothing is."""
    return msgspec.json.decode(kept, type=Windows) if kept else Windows()


SHOWN: Final = "In-App Opened"
"""A message on the site has come when it is shown: until then it waits, and nobody knows of it."""

# A click by a program is nobody's: only what is told as `… Clicked` counts. What customers wait for, such as
# the confirmation of an order, has no part in the order.
_TOUCHED: Final = """
    SELECT person, ts, props ->> '$.message' AS message, props ->> '$.origin' AS origin,
        coalesce(props ->> '$.step', '') AS step, coalesce(code IN ({clicks}), false) AS click
    FROM event WHERE code IN ({every}) AND ts > make_timestamp(?) AND ts <= make_timestamp(?)
        AND props ->> '$.origin' IS NOT NULL
        AND coalesce(props ->> '$.purpose', '') <> 'transactional'
        AND coalesce(props ->> '$.machine', '') <> 'true'
"""

_CREDITED: Final = """
    WITH touched AS ({touched}),
    gone AS (SELECT DISTINCT props ->> '$.message' AS message FROM event WHERE code IN ({gone})),
    clicks AS (SELECT * FROM touched WHERE click),
    arrived AS (SELECT * FROM touched ANTI JOIN gone USING (message) WHERE NOT click),
    bought AS (
        SELECT row_number() OVER () AS place, person, ts, net FROM ({orders})
        WHERE ts > make_timestamp(?) AND ts <= make_timestamp(?)
    ),
    told AS (
        SELECT bought.*, clicks.ts AS clicked, clicks.origin AS one, clicks.step AS one_step
        FROM bought ASOF LEFT JOIN clicks ON bought.person = clicks.person AND bought.ts >= clicks.ts
    ),
    both_told AS (
        SELECT told.*, arrived.ts AS came, arrived.origin AS other, arrived.step AS other_step
        FROM told ASOF LEFT JOIN arrived ON told.person = arrived.person AND told.ts >= arrived.ts
    ),
    put_down AS (
        SELECT person, net,
            coalesce(epoch_us(ts) - epoch_us(clicked) <= ?, false) AS by_click,
            coalesce(epoch_us(ts) - epoch_us(came) <= ?, false) AS by_message,
            one, one_step, other, other_step
        FROM both_told
    )
    SELECT CASE WHEN by_click THEN one ELSE other END AS origin,
        CASE WHEN by_click THEN one_step ELSE other_step END AS step,
        count(*)::BIGINT AS orders, sum(net)::BIGINT AS revenue, count(DISTINCT person)::BIGINT AS customers,
        count(*) FILTER (by_click)::BIGINT AS clicked
    FROM put_down WHERE by_click OR by_message GROUP BY ALL
"""


def credited(
    warehouse: Warehouse, since: Micros, until: Micros, windows: Windows, origin: str | None = None
) -> dict[tuple[str, str], Credit]:
    """What the orders after an instant, up to another, are put down to: by origin and step, of all origins or
    of one. One order is put down to one message.
    """
    click, delivery = windows.lengths
    clicks, gone = ending(warehouse, "Clicked"), ending(warehouse, "Bounced")
    every = f"{ending(warehouse, 'Clicked', 'Sent')}, {codes(warehouse, SHOWN)}"
    touched = _TOUCHED.format(clicks=clicks, every=every)
    sql = _CREDITED.format(
        touched=touched, gone=gone, orders=orders(warehouse, since, "person IN (SELECT person FROM touched)")
    )
    # A window of nothing lets in nothing, not what came at the same instant.
    asked = (since - windows.longest, until, since, until, click or -1, delivery or -1)
    rows = warehouse.read(sql, asked).to_pylist()
    return {
        (row["origin"], row["step"]): Credit(row["orders"], row["revenue"], row["customers"], row["clicked"])
        for row in rows
        if origin in (None, row["origin"])
    }
