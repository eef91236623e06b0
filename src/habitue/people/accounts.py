"""Accounts: firms, families, clubs, and who belongs to them from when until when.

A person belongs to an account from the first of their events that names it, until a `group` call says
`"left": true`; `"role"` in one says what they are there. All else in its traits is the account's.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from habitue.engine.ties import GROUP, ties
from habitue.kernel.clock import Micros
from habitue.people import profiles, traits
from habitue.people.profiles import Happening
from habitue.people.traits import Said
from habitue.store.warehouse import Warehouse


class Membership(Struct, frozen=True):
    """A person in an account: as what, from when until when (None: still)."""

    person: int
    customer: str
    name: str | None
    account: str
    role: str | None
    since: Micros
    until: Micros | None


class Account(Struct, frozen=True):
    """What is known of one account; `revenue` is minor units, net of refunds, of orders that name it."""

    account: int
    key: str
    birth: Micros
    traits: dict[str, Any]
    history: list[Said]
    members: list[Membership]
    orders: int
    revenue: int
    events: list[Happening]


def number(warehouse: Warehouse, names: list[str]) -> int | None:
    """The account that has one of these keys."""
    sql = "SELECT account FROM account WHERE key IN (SELECT unnest(?)) ORDER BY account LIMIT 1"
    found = warehouse.read(sql, (names,)).column(0).to_pylist()
    return found[0] if found else None


def account(warehouse: Warehouse, one: int, events: int) -> Account | None:
    """One account with its latest events; None where there is none."""
    row = next(iter(warehouse.read(_ACCOUNT, (one,)).to_pylist()), None)
    if row is None:
        return None
    history = traits.account_history(warehouse, one)
    return Account(
        **row,
        traits={said.name: said.value for said in history if said.current and said.value is not None},
        history=history,
        members=_memberships(warehouse, f"account = {one}"),
        events=profiles.happenings(warehouse, one, events, kind="account"),
    )


def of(warehouse: Warehouse, person: int) -> list[Membership]:
    """The accounts of a person, also those they have left."""
    return _memberships(warehouse, f"person = {person}")


_ACCOUNT: Final = """
    SELECT account.account, any_value(key) AS key, epoch_us(any_value(birth)) AS birth,
        count(*) FILTER (name = 'Order Completed') AS orders, coalesce(sum(revenue), 0)::BIGINT AS revenue
    FROM account LEFT JOIN (
        SELECT account, name, revenue FROM event JOIN event_name USING (code)
        WHERE name IN ('Order Completed', 'Order Refunded')
    ) USING (account) WHERE account.account = ? GROUP BY ALL"""

_MEMBERSHIPS: Final = """
    WITH tied AS ({ties}), roles AS (
        SELECT person, account, arg_max(json_extract(props, '$.role') ->> '$', (ts, seq)) AS role
        FROM event JOIN event_name USING (code)
        WHERE {where} AND name = '{group}' AND json_exists(props, '$.role') GROUP BY ALL
    )
    SELECT person, person.key AS customer, account.key AS account, role,
        epoch_us(since) AS since, epoch_us(until) AS until
    FROM tied JOIN person USING (person) JOIN account USING (account) LEFT JOIN roles USING (person, account)
    ORDER BY until IS NOT NULL, since, person"""


def _memberships(warehouse: Warehouse, where: str) -> list[Membership]:
    sql = _MEMBERSHIPS.format(ties=ties(where), where=where, group=GROUP)
    rows = warehouse.read(sql).to_pylist()
    names = profiles.names(warehouse, [row["person"] for row in rows])
    return [Membership(name=names.get(row["person"]), **row) for row in rows]
