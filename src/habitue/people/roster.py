"""A list of people in the order that somebody wants, leafed through from any place on.

A place is the value that the list is ordered by and the person's number: what comes in meanwhile shifts
nothing, and a page far down costs what the first one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

import pyarrow as pa
from msgspec import json

from habitue.kernel.clock import LAST, Micros
from habitue.people import profiles
from habitue.people.profiles import Choice
from habitue.store.warehouse import Warehouse

Sort = Literal["since", "next", "orders", "revenue", "first", "last", "name", "best"]
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
SUMMED: Final = ("orders", "revenue", "first", "last")
"""What is read off everybody's sums; `best` is how well somebody was found."""

BESIDE: Final = (*SUMMED, "name")
"""What is read off a table of everybody: their sums, or their places by name (`ranks`)."""


class Place(NamedTuple):
    """Where a page ends."""

    value: int
    person: int


class Leaf(NamedTuple):
    """A page of a list: how many there are in all, the persons, and where it begins and ends."""

    total: int
    persons: list[int]
    first: Place | None
    last: Place | None
    more: bool


_SUMS: Final = """
    SELECT person, count(*) FILTER (name = 'Order Completed')::INTEGER AS orders,
        coalesce(sum(revenue), 0)::BIGINT AS revenue,
        epoch_us(min(ts) FILTER (name = 'Order Completed')) AS first,
        epoch_us(max(ts) FILTER (name = 'Order Completed')) AS last
    FROM event JOIN event_name USING (code) WHERE name IN ('Order Completed', 'Order Refunded')
        AND ts <= make_timestamp(?)
    GROUP BY person"""


def sums(warehouse: Warehouse, at: Micros) -> pa.Table:
    """The orders of all who ordered by then, added up."""
    return warehouse.read(_SUMS, (at,))


def ranks(warehouse: Warehouse) -> pa.Table:
    """Everybody's place by the name that a list shows, else by e-mail or key; capitals and accents aside."""
    return warehouse.read(_RANKS, (list(_NAMED), *_NAMED), large=True)


def everybody(
    warehouse: Warehouse, choice: Choice, sort: Sort, *, down: bool = True, sums: pa.Table | None = None
) -> list[int]:
    """All persons of the choice, in an order."""
    every, params = profiles.query(warehouse, choice)
    joined = "LEFT JOIN sums ON sums.person = subject" if sort in BESIDE else ""
    way = "DESC" if down else ""
    sql = f"SELECT subject FROM ({every}) {joined} ORDER BY {_key(sort, down)} {way}, subject {way}"
    tables = profiles.picked(choice) | ({} if sums is None else {"sums": sums})
    return list(warehouse.read(sql, params, **tables)["subject"].to_pylist())


def standing(warehouse: Warehouse, version: int, start: Micros, stop: Micros) -> pa.Table:
    """Everybody's stays that are under way at some instant from `start` to `stop`: of each one, or few."""
    sql = """SELECT version, subject, start, stop, value FROM intervals
        WHERE version = ? AND start <= make_timestamp(?) AND (stop IS NULL OR stop > make_timestamp(?))"""
    return warehouse.read(sql, (version, stop, start))


def told(warehouse: Warehouse, persons: Sequence[int], names: Sequence[str]) -> dict[int, dict[str, Any]]:
    """The values that count of these names (`trait.city`, `consent.email`) for each of these persons."""
    if not names or not persons:
        return {}
    wanted = pa.table({"person": pa.array(persons, pa.int32())})
    found: dict[int, dict[str, Any]] = {}
    for row in warehouse.read(_TOLD, (list(names),), wanted=wanted).to_pylist():
        if row["value"] is not None:
            found.setdefault(row["person"], {})[row["name"]] = json.decode(row["value"])
    return found


_TOLD: Final = """
    SELECT person, name, arg_max(value, (rank, ts, seq)) AS value FROM said
    WHERE person IN (SELECT person FROM wanted) AND name IN (SELECT unnest(?)) GROUP BY ALL"""


def rows(
    warehouse: Warehouse, choice: Choice, persons: Sequence[int], names: Sequence[str], sums: pa.Table
) -> pa.Table:
    """What is known of these persons, in their order: key, name, e-mail, stay and sums, and what was told
    under the names, as texts."""
    names = list(dict.fromkeys(names))
    asked = tuple(dict.fromkeys((*_NAMED, *names)))
    wide = ", ".join(f"any_value(value) FILTER (name = ?) AS c{n}" for n in range(len(asked)))
    more = ", ".join(f'c{asked.index(name)} AS "m{n}"' for n, name in enumerate(names))
    sql = _ROWS.format(wide=wide, more=f", {more}" if more else "")
    params = (choice.version, choice.after, choice.after, list(asked), *asked)
    wanted = pa.table({"person": pa.array(persons, pa.int32()), "n": pa.array(range(len(persons)))})
    found = warehouse.read(sql, params, wanted=wanted, sums=sums)
    titles = [name for name in found.column_names if not name.startswith("m")]
    return found.rename_columns([*titles, *names])


_NAMED: Final = (
    *("trait.name", "trait.firstName", "trait.first_name", "trait.lastName", "trait.last_name"),
    "trait.email",
)
_ROWS: Final = """
    WITH here AS (
        SELECT * FROM (
            SELECT *, lead(value) OVER (PARTITION BY subject ORDER BY start) AS next
            FROM intervals WHERE version = ? AND subject IN (SELECT person FROM wanted)
        ) WHERE start <= make_timestamp(?) AND (stop IS NULL OR stop > make_timestamp(?))
    ), told AS (
        SELECT person, name, arg_max(value, (rank, ts, seq)) ->> '$' AS value FROM said
        WHERE person IN (SELECT person FROM wanted) AND name IN (SELECT unnest(?)) GROUP BY ALL
    ), wide AS (SELECT person, {wide} FROM told GROUP BY person)
    SELECT key,
        coalesce(
            nullif(c0, ''), nullif(trim(concat_ws(' ', coalesce(c1, c2), coalesce(c3, c4))), '')
        ) AS name,
        value, start AT TIME ZONE 'UTC' AS since, stop AT TIME ZONE 'UTC' AS until, here.next, life,
        coalesce(orders, 0) AS orders, coalesce(revenue, 0) AS revenue,
        make_timestamp(first) AT TIME ZONE 'UTC' AS first, make_timestamp(last) AT TIME ZONE 'UTC' AS last
        {more}
    FROM wanted JOIN person USING (person) LEFT JOIN here ON subject = wanted.person
    LEFT JOIN wide USING (person) LEFT JOIN sums USING (person) ORDER BY n
"""


_NAME: Final = "nullif(trim(concat_ws(' ', coalesce(c1, c2), coalesce(c3, c4))), '')"
_RANKS: Final = f"""
    WITH told AS (
        SELECT person, name, arg_max(value, (rank, ts, seq)) ->> '$' AS value FROM said
        WHERE name IN (SELECT unnest(?)) GROUP BY ALL
    ), wide AS (
        SELECT person, {", ".join(f"any_value(value) FILTER (name = ?) AS c{n}" for n in range(6))}
        FROM told GROUP BY person
    )
    SELECT person, row_number() OVER (ORDER BY plain_of(
        coalesce(nullif(c0, ''), {_NAME}, nullif(c5, ''), regexp_replace(key, '^[a-z]+:', ''))
    ), person)::BIGINT AS rank
    FROM person LEFT JOIN wide USING (person)"""


def leaf(
    warehouse: Warehouse,
    choice: Choice,
    size: int,
    sort: Sort = "since",
    *,
    down: bool = True,
    after: Place | None = None,
    before: Place | None = None,
    sums: pa.Table | None = None,
) -> Leaf:
    """One page, from a place on or (`before`) up to one; who has no value to be ordered by comes last."""
    every, params = profiles.query(warehouse, choice)
    back = before is not None
    place, falling = before or after, down != back
    joined = "LEFT JOIN sums ON sums.person = subject" if sort in BESIDE else ""
    sql = f"""WITH every AS MATERIALIZED ({every}),
        keyed AS (SELECT subject, {_key(sort, down)} AS k FROM every {joined})
        SELECT subject, k, (SELECT count(*) FROM every) AS n FROM keyed
        {f"WHERE (k, subject) {'<' if falling else '>'} (?, ?)" if place else ""}
        ORDER BY k {"DESC" if falling else ""}, subject {"DESC" if falling else ""} LIMIT {size + 1}"""
    tables = profiles.picked(choice) | ({} if sums is None else {"sums": sums})
    found = warehouse.read(sql, [*params, *(place or ())], **tables).to_pylist()
    return _leaf(found, size, back, found[0]["n"] if found else profiles.total(warehouse, choice))


def _leaf(found: list[dict[str, Any]], size: int, back: bool, total: int) -> Leaf:
    shown = found[:size][::-1] if back else found[:size]
    places = [Place(row["k"], row["subject"]) for row in shown]
    persons = [place.person for place in places]
    first, last = (places[0], places[-1]) if places else (None, None)
    return Leaf(total, persons, first, last, len(found) > size)


def _key(sort: Sort, down: bool) -> str:
    """The value to order by; what is not there stands behind all else."""
    none = -1 if down else LAST
    return {
        "since": "epoch_us(start)",
        "next": f"coalesce(epoch_us(stop), {none})",
        "orders": "coalesce(orders, 0)",
        "revenue": "coalesce(revenue, 0)",
        "first": f"coalesce(first, {none})",
        "last": f"coalesce(last, {none})",
        "name": f"coalesce(rank, {none})",
        "best": "score",
    }[sort]
