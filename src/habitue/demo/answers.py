"""What they tell us: recommendation (NPS), satisfaction (CSAT), and why some close their account."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from habitue.demo import frame
from habitue.demo.frame import Bools, Ints, Texts
from habitue.demo.orders import Orders
from habitue.demo.people import People
from habitue.demo.words import WORDS
from habitue.kernel.clock import DAY


def surveys(rng: np.random.Generator, people: People, orders: Orders) -> pa.Table:
    """One order in eleven is answered about a week later; who will stay is who would recommend us."""
    row = np.flatnonzero(rng.random(len(orders.who)) < 0.09)
    who = orders.who[row]
    mood = 1.1 - 2.6 * np.sqrt(people.quits[who]) + rng.normal(0, 0.55, len(row))
    nps = rng.random(len(row)) < 0.65
    score = np.where(
        nps, np.clip(np.rint(8.4 + 1.9 * mood), 0, 10), np.clip(np.rint(4.2 + 0.8 * mood), 1, 5)
    ).astype(np.int64)
    level = np.where(nps, (score > 6).astype(int) + (score > 8), (score > 2).astype(int) + (score > 3))
    said = frame.fill(',"comment":@', _comments(rng, people.english[who], level))
    props = frame.fill(
        '{"kind":"@","score":@@}',
        frame.pick(pa.array(["csat", "nps"]), nps.astype(np.int8)),
        frame.digits(score),
        frame.optional(said, rng.random(len(row)) < np.where(level == 1, 0.15, 0.4)),
    )
    return frame.events("Survey Answered", who, _days_after(rng, orders.ts[row], 5, 9), props)


def closed(rng: np.random.Generator, orders: Orders) -> pa.Table:
    """A few of those who dropped out say so, with a reason, days after their last order."""
    who = np.flatnonzero(orders.gone & (rng.random(len(orders.gone)) < 0.025))
    reason = frame.pick(pa.array(WORDS["closings"]), frame.choose(rng, [5, 2, 3, 3, 4, 1], len(who)))
    return frame.events(
        "Account Closed", who, _days_after(rng, orders.last[who], 4, 60), frame.fill('{"reason":"@"}', reason)
    )


def _comments(rng: np.random.Generator, english: Bools, level: Ints) -> Texts:
    """A comment as JSON text in the customer's language: level 0 for a detractor, 1 passive, 2 a promoter."""
    groups = [[json.dumps(text, ensure_ascii=False) for text in group["texts"]] for group in WORDS["comment"]]
    return frame.one_of(rng, level + 3 * english, groups)


def _days_after(rng: np.random.Generator, ts: Ints, least: float, most: float) -> Ints:
    return ts + (rng.uniform(least, most, len(ts)) * DAY).astype(np.int64)
