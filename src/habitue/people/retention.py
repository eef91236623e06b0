"""Whom the retention rules let go: nothing was heard of them, by an act of their own, for too long."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.people.privacy import ERASED, act
from habitue.store.warehouse import Warehouse

ORDER: Final = "Order Completed"


class Silent(Struct, frozen=True):
    """Somebody who did nothing since; `customer` if they ever ordered."""

    person: int
    key: str
    since: Micros
    customer: bool


# What a file says of somebody is no act of theirs, nor is a score; what came live is: they filled in a form.
_SILENT: Final = f"""
    WITH acted AS (
        SELECT person, max(ts) AS ts, bool_or(code = ?) AS customer FROM event
        WHERE code IN (SELECT code FROM acts) GROUP BY person
    ), told AS (
        SELECT person, max(ts) AS ts FROM trait
        WHERE starts_with(name, 'trait.') AND source <> '' AND NOT starts_with(source, 'import:')
              AND source <> '$merge' GROUP BY person
    ), heard AS (
        SELECT person, key, coalesce(customer, false) AS customer,
               greatest(birth, coalesce(acted.ts, birth), coalesce(told.ts, birth)) AS since
        FROM person LEFT JOIN acted USING (person) LEFT JOIN told USING (person)
        WHERE NOT starts_with(key, '{ERASED}:')
    )
    SELECT person, key, epoch_us(since) AS since, customer FROM heard
    WHERE customer = ? AND since <= make_timestamp(?) ORDER BY heard.since, person
"""


def silent(warehouse: Warehouse, customers: bool, until: Micros) -> list[Silent]:
    """The customers, or those who never ordered, of whom nothing was heard after `until`; longest first.

    Whoever never did anything was heard of when they were first taken in.
    """
    names = warehouse.read("SELECT code, name FROM event_name")
    acts = names.filter([act(name) for name in names["name"].to_pylist()])
    codes = dict(zip(names["name"].to_pylist(), names["code"].to_pylist(), strict=True))
    rows = warehouse.read(_SILENT, (codes.get(ORDER, -1), customers, until), acts=acts)
    return [Silent(**row) for row in rows.to_pylist()]
