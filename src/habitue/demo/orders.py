"""What they buy: buy till you die (beta-geometric/NBD), with gamma-gamma spending.

Fader, Hardie & Lee, "Counting your customers the easy way" (2005): while alive a customer orders at a
Poisson rate of their own, and after any order may be gone for good with a chance of their own. Fader &
Hardie, "The gamma-gamma model of monetary value" (2013): baskets are gamma around a mean of their own.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.demo import frame
from habitue.demo.catalogue import FIRST, GIFTS, LINES, MOST, PRICES, SIZES, TASTES
from habitue.demo.frame import Bools, Ints, Texts
from habitue.demo.people import People
from habitue.demo.season import Season, sales
from habitue.demo.words import WORDS
from habitue.kernel.clock import DAY

OFTEN: Final = 150
"""No customer comes back more often than this."""

COUPONS: Final = ("", "BIENVENUE", "SOLDES", "NOEL10")
PERCENT: Final = np.array([0, 10, 15, 10])


class Orders(NamedTuple):
    """One row per order, by customer and time."""

    who: Ints
    ts: Ints
    online: Bools
    number: Texts
    product: Ints
    """The first product in the basket."""
    revenue: Ints
    props: Texts
    last: Ints
    """Per person: the instant of their last order, or of joining for those who have none."""
    gone: Bools
    """Per person: whether they dropped out after it."""


def orders(rng: np.random.Generator, season: Season, people: People) -> Orders:
    """All orders up to the season's end; every customer has at least one."""
    who, ts, gone = _instants(rng, season, people)
    first = np.append(True, who[1:] != who[:-1])
    online = np.where(rng.random(len(who)) < 0.9, people.online[who], ~people.online[who])
    line, offsets = _lines(rng, ts, people.spend[who], people.taste[who])
    product, quantity = line // MOST, line % MOST + 1
    goods = np.add.reduceat(PRICES[product] * quantity, offsets[:-1])
    coupon = _coupons(rng, ts, first, online)
    discount = goods * PERCENT[coupon] // 100
    number = frame.fill("A@", frame.digits(np.argsort(np.argsort(ts, kind="stable")) + 1, 6))
    last = season.at(people.joined)
    np.maximum.at(last, who, ts)
    return Orders(
        who=who,
        ts=ts,
        online=online,
        number=number,
        product=product[offsets[:-1]],
        revenue=goods - discount,
        props=_props(rng, number, goods - discount, discount, online, coupon, line, offsets),
        last=last,
        gone=gone,
    )


def completed(orders: Orders) -> pa.Table:
    """The orders as events."""
    return frame.events("Order Completed", orders.who, orders.ts, orders.props, orders.revenue)


def refunded(rng: np.random.Generator, orders: Orders) -> pa.Table:
    """One order in forty is sent back within three weeks, half of them whole; its revenue is negative."""
    back = np.flatnonzero(rng.random(len(orders.who)) < 0.025)
    share = np.where(rng.random(len(back)) < 0.5, 100, rng.integers(20, 80, len(back)))
    money = -(orders.revenue[back] * share // 100)
    props = frame.fill(
        '{"order_id":"@","revenue":@,"reason":"@"}',
        orders.number.take(pa.array(back)),
        frame.major(money),
        frame.pick(pa.array(WORDS["refunds"]), rng.integers(0, len(WORDS["refunds"]), len(back))),
    )
    ts = orders.ts[back] + (rng.uniform(3, 20, len(back)) * DAY).astype(np.int64)
    return frame.events("Order Refunded", orders.who[back], ts, props, money)


def _instants(rng: np.random.Generator, season: Season, people: People) -> tuple[Ints, Ints, Bools]:
    """Who ordered when, by customer and time; and per person whether they have dropped out by the end."""
    buyers = people.customers
    returns = np.minimum(rng.geometric(people.quits[:buyers]) - 1, OFTEN)
    who = np.repeat(np.arange(buyers), returns)
    gaps = rng.exponential(1 / people.rate[who])
    sums = np.cumsum(gaps)
    start = np.cumsum(returns) - returns
    before = np.where(returns > 0, np.append(0.0, sums)[start], 0.0)
    days = people.joined[who] + sums - before[who]
    inside = days < season.days
    gone = np.zeros(len(people.joined), bool)
    gone[:buyers] = np.bincount(who[~inside], minlength=buyers) == 0
    who = np.append(np.arange(buyers), who[inside])
    days = np.append(people.joined[:buyers], days[inside])
    order = np.lexsort((days, who))
    return who[order], season.at(days[order]), gone


def _lines(rng: np.random.Generator, ts: Ints, mean: frame.Floats, taste: Ints) -> tuple[Ints, Ints]:
    """The lines of all orders (positions in `LINES`), and where each starts; no product twice in one."""
    target = mean * rng.gamma(4, 1 / 4, len(ts))
    count = 1 + np.minimum(rng.poisson(0.9, len(ts)), 5)
    order = np.repeat(np.arange(len(ts)), count)
    category = np.where(rng.random(len(order)) < 0.6, taste[order], frame.choose(rng, TASTES, len(order)))
    gift = _before_christmas(ts)[order] & (rng.random(len(order)) < 0.3)
    category[gift] = GIFTS
    product = FIRST[category] + (rng.random(len(order)) ** 1.6 * SIZES[category]).astype(np.int64)
    basket = np.unique(order * len(PRICES) + product)
    order, product = np.divmod(basket, len(PRICES))
    kinds = np.bincount(order)
    quantity = np.clip(np.rint(target[order] / kinds[order] / PRICES[product]), 1, MOST).astype(np.int64)
    return product * MOST + quantity - 1, np.append(0, np.cumsum(kinds))


def _before_christmas(ts: Ints) -> Bools:
    """From 20 November to 23 December."""
    day = ts // DAY
    year_end = ts.astype("datetime64[us]").astype("datetime64[Y]") + np.timedelta64(1, "Y")
    start = year_end.astype("datetime64[D]").astype(np.int64)
    return (start - day > 8) & (start - day <= 42)


def _coupons(rng: np.random.Generator, ts: Ints, first: Bools, online: Bools) -> Ints:
    luck = rng.random(len(ts))
    coupon = np.where(sales(ts) & (luck < 0.5), 2, np.where(_before_christmas(ts) & (luck < 0.15), 3, 0))
    return np.where(first & online & (luck < 0.3), 1, coupon)


def _props(
    rng: np.random.Generator,
    number: Texts,
    revenue: Ints,
    discount: Ints,
    online: Bools,
    coupon: Ints,
    line: Ints,
    offsets: Ints,
) -> Texts:
    lines = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), frame.pick(LINES, line))
    used = frame.pick(pa.array(COUPONS), coupon)
    shop = frame.pick(pa.array(WORDS["shops"]), frame.choose(rng, [4, 3, 2, 1], len(online)))
    return frame.fill(
        '{"order_id":"@","revenue":@,"currency":"EUR","channel":"@"@@@,"products":[@]}',
        number,
        frame.major(revenue),
        frame.pick(pa.array(["store", "online"]), online.astype(np.int8)),
        frame.optional(frame.fill(',"store":"@"', shop), ~online),
        frame.optional(frame.fill(',"shipping":@', frame.major(np.where(revenue < 4500, 490, 0))), online),
        frame.optional(frame.fill(',"coupon":"@","discount":@', used, frame.major(discount)), coupon > 0),
        pc.binary_join(lines, ","),
    )
