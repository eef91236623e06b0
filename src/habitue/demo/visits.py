"""What they look at: the visit before each order on-line, the visits without one, and the passers-by."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from habitue.demo import frame
from habitue.demo.catalogue import FIRST, PRODUCTS, SIZES
from habitue.demo.frame import Floats, Ints
from habitue.demo.orders import Orders
from habitue.demo.people import People
from habitue.demo.season import Season
from habitue.kernel.clock import SECOND

PAGES: Final = {
    '{"path":"/"}': 5,
    '{"path":"/","source":"google"}': 4,
    '{"path":"/","source":"newsletter"}': 3,
    '{"path":"/","source":"instagram"}': 2,
    '{"path":"/collections/thes"}': 3,
    '{"path":"/collections/cafes"}': 3,
    '{"path":"/pages/la-maison"}': 1,
}
"""What is opened first, and how often."""


def before_orders(rng: np.random.Generator, orders: Orders) -> list[pa.Table]:
    """A page, a product and the checkout in the half hour before each order made on-line."""
    row = np.flatnonzero(orders.online)
    who, ts, product = orders.who[row], orders.ts[row], orders.product[row]
    viewed = rng.random(len(row)) < 0.7
    value = frame.fill('{"revenue":@}', frame.major(orders.revenue[row]))
    return [
        _page(rng, who, _earlier(rng, ts, 600, 1800)),
        _product("Product Viewed", who[viewed], _earlier(rng, ts, 400, 590)[viewed], product[viewed]),
        _product("Product Added", who, _earlier(rng, ts, 150, 390), product),
        frame.events("Checkout Started", who, _earlier(rng, ts, 30, 140), value),
    ]


def without_order(rng: np.random.Generator, season: Season, people: People, orders: Orders) -> list[pa.Table]:
    """Visits while they are with us and some weeks beyond; one in eight leaves a basket behind."""
    who, days = _strolls(rng, season, people, orders)
    ts = season.at(days)
    row = np.flatnonzero(ts < season.until)
    who, ts = who[row], ts[row]
    size = SIZES[people.taste[who]]
    product = FIRST[people.taste[who]] + (rng.random(len(who)) * size).astype(np.int64)
    deep = rng.random(len(who))
    looked, added, tried = deep < 0.55, deep < 0.12, deep < 0.04
    return [
        _page(rng, who, ts),
        _product("Product Viewed", who[looked], _later(rng, ts, 20, 200)[looked], product[looked]),
        _product("Product Added", who[added], _later(rng, ts, 210, 400)[added], product[added]),
        frame.events(
            "Checkout Started",
            who[tried],
            _later(rng, ts, 410, 600)[tried],
            pa.array(["{}"] * int(tried.sum())),
        ),
    ]


def _strolls(rng: np.random.Generator, season: Season, people: People, orders: Orders) -> tuple[Ints, Floats]:
    """Who comes to look and when, in shop days: often before the first order, then at a steady pace."""
    last = season.of(orders.last)
    leave = np.where(orders.gone, last + rng.exponential(40, len(last)), season.days)
    leave = np.where(np.arange(len(last)) < people.customers, leave, last + rng.exponential(25, len(last)))
    stay = np.minimum(leave, season.days) - people.joined
    visits = rng.poisson(stay / 42 + np.where(people.online, 0.5, 0.1))
    who = np.repeat(np.arange(len(last)), visits)
    strolls = people.joined[who] + rng.random(len(who)) * stay[who]
    browsed = np.flatnonzero(people.online & (rng.random(len(last)) < 0.6))
    first = people.joined[browsed]
    ahead = np.minimum(np.abs(first - rng.exponential(6, len(browsed))), first)
    strangers = np.arange(people.customers, len(last))
    return np.concatenate([who, browsed, strangers]), np.concatenate(
        [strolls, ahead, people.joined[strangers]]
    )


def _page(rng: np.random.Generator, who: Ints, ts: Ints) -> pa.Table:
    return frame.events(
        "Page", who, ts, frame.pick(pa.array(list(PAGES)), frame.choose(rng, list(PAGES.values()), len(who)))
    )


def _product(name: str, who: Ints, ts: Ints, product: Ints) -> pa.Table:
    return frame.events(name, who, ts, frame.pick(PRODUCTS, product))


def _earlier(rng: np.random.Generator, ts: Ints, least: int, most: int) -> Ints:
    return ts - rng.integers(least * SECOND, most * SECOND, len(ts))


def _later(rng: np.random.Generator, ts: Ints, least: int, most: int) -> Ints:
    return ts + rng.integers(least * SECOND, most * SECOND, len(ts))
