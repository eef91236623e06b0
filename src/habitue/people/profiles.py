"""Who is in a stage, and one person's page: read from the working copy, at most a page at a time.

`revenue` is minor units, net of refunds. Names and e-mails are the person's latest traits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, Final, Literal

import pyarrow as pa
from msgspec import Struct, json

from habitue.kernel.clock import Micros
from habitue.people import search
from habitue.store.warehouse import Warehouse

NOBODY: Final = -1
"""Stands for "had no stage yet" among the values of a `Choice`."""

_NAMED: Final = ("name", "email", "firstName", "lastName", "first_name", "last_name")


class Choice(Struct, frozen=True):
    """Which people: in `values` at the instant `after` (any stage when empty), and in `was` at `before`.

    `ever` asks for people who had at least one stay in that value by `after`; `segment` (its version) for
    those in it at `after`; `search` for those found by words, phone numbers without a country being of
    `region`; `only` for none but these; `then` and `until` for those who come into that value next, by that
    instant, if nothing happens. `standing` are all stays around `after`, where they are at hand.
    """

    version: int
    after: Micros
    values: tuple[int, ...] = ()
    before: Micros | None = None
    was: tuple[int, ...] = ()
    ever: int | None = None
    search: str = ""
    region: str | None = None
    segment: int | None = None
    only: pa.Array | None = None
    then: int | None = None
    until: Micros | None = None
    standing: pa.Table | None = None


class Member(Struct, frozen=True):
    """One line of a list: the stay at hand, what comes after it if nothing happens, and the orders so far."""

    person: int
    key: str
    name: str | None
    email: str | None
    value: int
    since: Micros
    until: Micros | None
    then: int | None
    life: int
    orders: int
    revenue: int
    last_order: Micros | None
    first_order: Micros | None = None


class Stay(Struct, frozen=True):
    """One interval `[start, stop)` in a stage; `stop` may lie in the future, None is never."""

    start: Micros
    stop: Micros | None
    value: int
    life: int


class Begun(Struct, frozen=True):
    """A stay that has begun, as it is told at an instant: `stop` is None while it lasts.

    It ends when `expected`, in the stage `then`, if nothing happens; None is never.
    """

    start: Micros
    stop: Micros | None
    value: int
    life: int
    expected: Micros | None
    then: int | None


class Happening(Struct, frozen=True):
    """One event of a person, properties as sent."""

    ts: Micros
    seq: int
    name: str
    revenue: int | None
    props: dict[str, Any]


class Person(Struct, frozen=True):
    """What is known of one person."""

    person: int
    key: str
    birth: Micros
    traits: dict[str, Any]
    orders: int
    revenue: int
    first_order: Micros | None
    last_order: Micros | None

    @property
    def name(self) -> str | None:
        """The name they gave, whole or in two parts."""
        return _name(self.traits)


def total(warehouse: Warehouse, choice: Choice) -> int:
    """How many people the choice holds."""
    sql, params = _chosen(warehouse, choice)
    found = warehouse.read(f"SELECT count(*) AS n FROM ({sql})", params, **picked(choice))
    return int(found["n"][0].as_py())


def chosen(warehouse: Warehouse, choice: Choice, limit: int | None = None, offset: int = 0) -> list[int]:
    """The persons of the choice: those found best first, else the latest arrivals in the stage."""
    sql, params = _chosen(warehouse, choice)
    cut = f"LIMIT {limit} OFFSET {offset}" if limit is not None else ""
    order = f"ORDER BY score DESC, start DESC, subject {cut}"
    found = warehouse.read(f"SELECT subject FROM ({sql}) {order}", params, **picked(choice))
    return list(found["subject"].to_pylist())


def page(warehouse: Warehouse, choice: Choice, limit: int, offset: int) -> tuple[int, list[int]]:
    """How many the choice holds, and some of them as `chosen` gives them, in one go."""
    sql, params = _chosen(warehouse, choice)
    found = warehouse.read(
        f"WITH all_ AS MATERIALIZED ({sql}) SELECT subject, (SELECT count(*) FROM all_) AS n FROM all_ "
        f"ORDER BY score DESC, start DESC, subject LIMIT {limit} OFFSET {offset}",
        params,
        **picked(choice),
    ).to_pydict()
    if not found["n"]:
        return (total(warehouse, choice) if offset else 0), []
    return found["n"][0], found["subject"]


def members(warehouse: Warehouse, version: int, at: Micros, persons: Sequence[int]) -> list[Member]:
    """Those persons' lines as of the instant `at`, in the given order."""
    if not persons:
        return []
    stays = {row["subject"]: row for row in _rows(warehouse, _STANDING, (version, at, at), persons)}
    sums = {row["person"]: row for row in _rows(warehouse, _ORDERS, (at,), persons)}
    keys = {row["person"]: row["key"] for row in _rows(warehouse, _KEYS, (), persons)}
    traits = known_traits(warehouse, persons, _NAMED)
    return [
        Member(
            person=person,
            key=keys[person],
            name=_name(traits.get(person, {})),
            email=_text(traits.get(person, {}).get("email")),
            value=stays[person]["value"],
            since=stays[person]["start"],
            until=stays[person]["stop"],
            then=stays[person]["next"],
            life=stays[person]["life"],
            **_sums(sums.get(person)),
            first_order=sums[person]["first_order"] if person in sums else None,
        )
        for person in persons
        if person in stays and person in keys  # one that was merged is gone before it is folded
    ]


def person(warehouse: Warehouse, number: int) -> Person | None:
    """One person by number, also by that of a key that was merged into another; None where there is none."""
    merged = warehouse.read("SELECT person FROM merged WHERE node = ?", (number,)).column(0).to_pylist()
    whole = merged[0] if merged else number
    return people(warehouse, [whole]).get(whole)


def people(warehouse: Warehouse, persons: Sequence[int]) -> dict[int, Person]:
    """Those of the persons that there are, by number."""
    persons = [one for one in persons if 0 <= one < 1 << 31]
    if not persons:
        return {}
    sql = """SELECT person, key, epoch_us(birth) AS birth FROM person
        WHERE person IN (SELECT person FROM wanted)"""
    sums = {row["person"]: row for row in _rows(warehouse, _ORDERS, (_LATEST,), persons)}
    traits = known_traits(warehouse, persons)
    return {
        row["person"]: Person(
            **row,
            traits=traits.get(row["person"], {}),
            **_sums(sums.get(row["person"])),
            first_order=sums[row["person"]]["first_order"] if row["person"] in sums else None,
        )
        for row in _rows(warehouse, sql, (), persons)
    }


def stays(warehouse: Warehouse, version: int, person: int) -> list[Stay]:
    """All the stays of a person in time order, known future ones included."""
    sql = """SELECT epoch_us(start) AS start, epoch_us(stop) AS stop, value, life FROM intervals
        WHERE version = ? AND subject = ? ORDER BY intervals.start"""
    return [Stay(**row) for row in _rows(warehouse, sql, (version, person))]


def begun(stays: Sequence[Stay], now: Micros) -> list[Begun]:
    """Those of all the stays of a person that have begun: what is to come stands in the last, as expected."""
    return [_begun(stay, then, now) for stay, then in zip_longest(stays, stays[1:]) if stay.start <= now]


def _begun(stay: Stay, then: Stay | None, now: Micros) -> Begun:
    if stay.stop is not None and stay.stop <= now:
        return Begun(stay.start, stay.stop, stay.value, stay.life, None, None)
    following = then.value if then and then.start == stay.stop else None
    return Begun(stay.start, None, stay.value, stay.life, stay.stop, following)


def known(warehouse: Warehouse, persons: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Number, key, name, e-mail and phone of these persons."""
    traits = known_traits(warehouse, persons, (*_NAMED, "phone")) if persons else {}
    return {
        row["person"]: {
            **row,
            "name": _name(traits.get(row["person"], {})),
            **{field: _text(traits.get(row["person"], {}).get(field)) for field in ("email", "phone")},
        }
        for row in (_rows(warehouse, _KEYS, (), persons) if persons else ())
    }


def names(warehouse: Warehouse, persons: Sequence[int]) -> dict[int, str | None]:
    """How these persons are called."""
    return {person: _name(known) for person, known in known_traits(warehouse, persons, _NAMED).items()}


def happenings(
    warehouse: Warehouse,
    subject: int,
    limit: int,
    before: tuple[Micros, int] | None = None,
    kind: Literal["person", "account"] = "person",
    names: Sequence[str] | None = None,
) -> list[Happening]:
    """The latest events of a subject, or those before the `(ts, seq)` at which the last page ended.

    Only those of some names, where these are said.
    """
    ts, seq = before or (_LATEST, 0)
    only = "" if names is None else "AND name IN (SELECT unnest(?::VARCHAR[]))"
    sql = f"""SELECT epoch_us(ts) AS ts, seq, name, revenue, props FROM event JOIN event_name USING (code)
        WHERE {kind} = ? AND (ts, seq) < (make_timestamp(?), ?) {only}
        ORDER BY event.ts DESC, seq DESC LIMIT ?"""
    asked = [] if names is None else [list(names)]
    rows = _rows(warehouse, sql, (subject, ts, seq, *asked, limit))
    return [Happening(**{**row, "props": json.decode(row["props"] or "{}")}) for row in rows]


def paid(warehouse: Warehouse, person: int) -> list[Micros]:
    """When the person ordered."""
    return [ts for ts, _, ordered in spent(warehouse, person) if ordered]


def spent(warehouse: Warehouse, person: int) -> list[tuple[Micros, int, bool]]:
    """When the person ordered or was paid back, how much (net, minor units), and whether it was an order."""
    sql = """SELECT epoch_us(ts) AS ts, coalesce(revenue, 0) AS revenue, name = 'Order Completed' AS ordered
        FROM event JOIN event_name USING (code)
        WHERE person = ? AND name IN ('Order Completed', 'Order Refunded') ORDER BY event.ts, seq"""
    return [(row["ts"], row["revenue"], row["ordered"]) for row in _rows(warehouse, sql, (person,))]


_LATEST: Final = 253_402_214_400_000_000
_AT: Final = "version = ? AND start <= make_timestamp(?) AND (stop IS NULL OR stop > make_timestamp(?))"

_STANDING: Final = """
    SELECT subject, value, epoch_us(start) AS start, epoch_us(stop) AS stop, life, next FROM (
        SELECT *, lead(value) OVER (PARTITION BY subject ORDER BY start) AS next
        FROM intervals WHERE version = ? AND subject IN (SELECT person FROM wanted)
    ) WHERE start <= make_timestamp(?) AND (stop IS NULL OR stop > make_timestamp(?))"""

_KEYS: Final = "SELECT person, key FROM person WHERE person IN (SELECT person FROM wanted)"

_ORDERS: Final = """
    SELECT person, count(*) FILTER (name = 'Order Completed') AS orders,
        coalesce(sum(revenue), 0)::BIGINT AS revenue,
        epoch_us(min(ts) FILTER (name = 'Order Completed')) AS first_order,
        epoch_us(max(ts) FILTER (name = 'Order Completed')) AS last_order
    FROM event JOIN event_name USING (code)
    WHERE person IN (SELECT person FROM wanted) AND name IN ('Order Completed', 'Order Refunded')
        AND ts <= make_timestamp(?)
    GROUP BY person"""


def picked(choice: Choice) -> dict[str, pa.Table]:
    """The table that the query of `query` reads beside those of the working copy, if it does."""
    only = {} if choice.only is None else {"picked": pa.table({"person": choice.only})}
    # Not the name of a table: what is lent stays lent for a while, and a view would read it instead.
    return only if choice.standing is None else only | {"present": choice.standing}


def query(warehouse: Warehouse, choice: Choice) -> tuple[str, list[Any]]:
    """The query for the choice's `(subject, start, stop, score)`, to be read with what `picked` gives."""
    return _chosen(warehouse, choice)


def _chosen(warehouse: Warehouse, choice: Choice) -> tuple[str, list[Any]]:
    """The query for the choice; only numbers and bound values are put into it."""
    standing = [value for value in choice.values if value != NOBODY]
    stays = "intervals" if choice.standing is None else "present"
    rows, params = f"(SELECT *, 0 AS score FROM {stays})", list[Any]()
    if choice.search:
        found = search.hits(warehouse, choice.search, choice.region)
        rows, params = f"{stays} JOIN ({found.text}) ON person = subject", [*found.params]
    sql = f"SELECT subject, start, stop, score FROM {rows} WHERE {_AT}"
    params += [choice.version, choice.after, choice.after]
    if standing:
        sql += f" AND value IN {_ids(standing)}"
    if choice.before is not None and choice.was:
        was = f"SELECT subject FROM intervals WHERE {_AT}"
        only = _ids(value for value in choice.was if value != NOBODY)
        ways = [f"subject IN ({was} AND value IN {only})"] if only != "()" else []
        ways += [f"subject NOT IN ({was})"] if NOBODY in choice.was else []
        sql += f" AND ({' OR '.join(ways)})"
        params += [choice.version, choice.before, choice.before] * len(ways)
    if choice.ever is not None:
        sql += f" AND subject IN ({_EVER})"
        params += [choice.version, choice.ever, choice.after]
    if choice.until is not None:
        coming = "SELECT subject, start FROM intervals WHERE version = ? AND value = ?"
        coming += " AND start > make_timestamp(?) AND start <= make_timestamp(?)"
        sql += f" AND stop <= make_timestamp(?) AND (subject, stop) IN ({coming})"
        params += [choice.until, choice.version, choice.then, choice.after, choice.until]
    if choice.segment is not None:
        sql += f" AND subject IN (SELECT subject FROM intervals WHERE {_AT})"
        params += [choice.segment, choice.after, choice.after]
    if choice.only is not None:
        sql += " AND subject IN (SELECT person FROM picked)"
    return sql, params


_EVER: Final = "SELECT subject FROM intervals WHERE version = ? AND value = ? AND start <= make_timestamp(?)"


def known_traits(
    warehouse: Warehouse, persons: Sequence[int], names: Sequence[str] = ()
) -> dict[int, dict[str, Any]]:
    """The value that counts of each trait, without the leading `trait.`."""
    only = "AND name IN (SELECT 'trait.' || unnest(?))" if names else "AND starts_with(name, 'trait.')"
    sql = f"""SELECT person, name[7:] AS name, arg_max(value, (rank, ts, seq)) AS value FROM said
        WHERE person IN (SELECT person FROM wanted) {only} GROUP BY ALL ORDER BY ALL"""
    found: dict[int, dict[str, Any]] = {}
    wanted = pa.table({"person": pa.array(persons, pa.int32())})
    rows = warehouse.read(sql, (list(names),) if names else (), wanted=wanted)
    for person, name, told in zip(*(one.to_pylist() for one in rows.columns), strict=True):
        value = json.decode(told) if told is not None else None
        if value is not None:
            found.setdefault(person, {})[name] = value
    return found


def _rows(
    warehouse: Warehouse, sql: str, params: Sequence[Any] = (), wanted: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """The rows; the query may read the persons `wanted`: joining them is faster than a long list."""
    tables = {} if wanted is None else {"wanted": pa.table({"person": pa.array(wanted, pa.int32())})}
    return list(warehouse.read(sql, params, **tables).to_pylist())


def _ids(numbers: Iterable[int]) -> str:
    return f"({', '.join(str(int(n)) for n in numbers)})"


def _sums(row: dict[str, Any] | None) -> dict[str, Any]:
    return {
        name: row[name] if row else None if name == "last_order" else 0
        for name in ("orders", "revenue", "last_order")
    }


def _text(value: object) -> str | None:
    return str(value) if value not in (None, "") else None


def _name(traits: dict[str, Any]) -> str | None:
    parts = (
        traits.get("firstName") or traits.get("first_name"),
        traits.get("lastName") or traits.get("last_name"),
    )
    return _text(traits.get("name")) or _text(" ".join(str(part) for part in parts if part))
