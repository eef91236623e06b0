"""Two years of a small tea and coffee shop, the same to the byte for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.demo import answers, companies, frame, letters, mistakes, orders, visits
from habitue.demo import people as crowd
from habitue.demo.frame import Ints
from habitue.demo.season import Season
from habitue.ingest.inbox import Parcel
from habitue.kernel.clock import MINUTE, YEAR
from habitue.store.log import PARCEL

SOURCE: Final = "demo"
YEARS: Final = (1980, 2200)
"""The first and the last year in which the two years may end."""
PARCELS: Final = 8
"""One delivery a quarter, then one more with what came late or twice."""


def parcels(seed: int = 1, customers: int = 20_000, *, until: int) -> Iterator[Parcel]:
    """Everything that happened in the two years before `until` (µs), in parcels of a quarter each.

    About 800,000 events for 20,000 customers, 4,000 sign-ups and 8,000 passers-by. All are marked as history.
    `until` must lie within `YEARS`.
    """
    rng = np.random.default_rng([seed, customers, until])
    season = Season(until - 2 * YEAR, until)
    people = crowd.people(rng, season, customers)
    table = _draw(rng, season, people)
    table, behind = mistakes.late(rng, _finish(rng, people, table), 0.002)
    cuts = [len(table) * part // PARCELS for part in range(PARCELS + 1)]
    pieces = [table.slice(start, stop - start) for start, stop in pairwise(cuts)]
    for number, piece in enumerate([*pieces, pa.concat_tables([behind, mistakes.again(rng, table, 0.003)])]):
        key = f"demo:{seed}:{customers}:{until}:{number}"
        yield Parcel(key=key, source=SOURCE, history=True, table=piece.combine_chunks())


def _draw(rng: np.random.Generator, season: Season, people: crowd.People) -> pa.Table:
    """All events of all people in no order."""
    bought = orders.orders(rng, season, people)
    sales = orders.completed(bought)
    tables = [
        sales,
        mistakes.again(rng, sales, 0.0008),
        mistakes.tests(rng, season.start, season.until, len(people.keys), 30),
        orders.refunded(rng, bought),
        *visits.before_orders(rng, bought),
        *visits.without_order(rng, season, people, bought),
        answers.surveys(rng, people, bought),
        answers.closed(rng, bought),
    ]
    born = _born(tables, len(people.keys) + 1)
    known = np.arange(people.known)
    tables += [
        frame.events("$identify", known, born[known] + MINUTE // 2, crowd.identify(rng, people)),
        frame.events("$consent", known, born[known] + MINUTE // 2, crowd.consent(rng, people)),
        companies.joined(rng, season, people, born),
        *letters.letters(rng, season, people, bought, born),
    ]
    return _possible(pa.concat_tables(tables).unify_dictionaries(), season.until)


def _possible(table: pa.Table, until: int) -> pa.Table:
    """What lies before the end, and for those who close their account before that."""
    who, ts = table["who"].to_numpy(), table["ts"].to_numpy()
    left = table.filter(pc.equal(table["name"], "Account Closed"))
    end = np.full(int(who.max()) + 1, until - 1)
    np.minimum.at(end, left["who"].to_numpy(), left["ts"].to_numpy())
    return table.filter(pa.array(ts <= end[who]))


def _born(tables: list[pa.Table], size: int) -> Ints:
    """Per person, the instant of the first event."""
    born = np.full(size, np.iinfo(np.int64).max)
    for table in tables:
        np.minimum.at(born, table["who"].to_numpy(), table["ts"].to_numpy())
    return born


def _finish(rng: np.random.Generator, people: crowd.People, table: pa.Table) -> pa.Table:
    """In order of time, with message ids and keys in place of row numbers."""
    table = table.take(pa.array(np.argsort(table["ts"].to_numpy(), kind="stable")))
    who = table["who"].to_numpy()
    testers = pa.array(["user:test"])
    ids = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), len(table), [None, pa.py_buffer(rng.bytes(16 * len(table)))]
    )
    columns = {
        "id": ids,
        "key": pa.concat_arrays([people.keys, testers]).take(pa.array(who)),
        "account": companies.keys(people).take(_account(people, who)),
        "ts": table["ts"].cast(pa.timestamp("us", "UTC")),
        "name": table["name"].cast(pa.string()),
        "revenue": table["revenue"],
        "props": table["props"],
        "also": pa.nulls(len(table), PARCEL.field("also").type),
    }
    return pa.table(columns, schema=PARCEL)


def _account(people: crowd.People, who: Ints) -> pa.Array:
    """The company's position for each row, null for private people."""
    account = np.append(people.account, -1)[who]
    return pa.array(account, mask=account < 0)
