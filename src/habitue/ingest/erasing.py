"""People taken out of the log and of the working copy: their events stay, as the events of nobody.

Each step may be cut short anywhere and done again: what it finds done it leaves alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from habitue.ingest.apply import Progress, catch_up, take
from habitue.ingest.retract import counting
from habitue.people import privacy
from habitue.people.circle import circle
from habitue.people.graph import Node
from habitue.people.merging import RULINGS
from habitue.store.log import LOG, EventLog
from habitue.store.warehouse import Warehouse
from habitue.store.writer import Writer


class Gone(Struct, frozen=True):
    """A key that is to be forgotten: its number, that of its person, and itself."""

    node: Node
    person: Node
    key: str


class Plan(Struct, frozen=True):
    """Whom to erase: all their keys; by what else they are named; the accounts that nobody else is in.

    What takes the place of keys and ids is made of `salt` (hexadecimal), which goes with the plan.
    """

    salt: str
    gone: list[Gone]
    names: list[str] = []
    addresses: list[str] = []
    accounts: list[str] = []

    @property
    def people(self) -> list[Node]:
        return sorted({one.person for one in self.gone})

    @property
    def keys(self) -> list[str]:
        """Every key, and the addresses that are none yet."""
        return sorted({one.key for one in self.gone} | set(self.addresses))


# An alias names a user and a visitor, as nobody knows which of them an old id was: one is unused.
_UNUSED: Final = """
    WITH pairs AS (SELECT one, other FROM claim UNION ALL SELECT one, other FROM ruling),
    said AS (SELECT one AS node, other FROM pairs UNION ALL SELECT other, one FROM pairs)
    SELECT said.node, min(person) AS person, any_value(key) AS key
    FROM said JOIN node USING (node) LEFT JOIN gone ON gone.node = said.other
    WHERE birth IS NULL AND said.node IN (SELECT node FROM said SEMI JOIN gone ON other = gone.node)
    GROUP BY ALL HAVING count(*) = count(person) AND said.node NOT IN (SELECT node FROM gone) ORDER BY 1
"""


def chosen(warehouse: Warehouse, people: Sequence[Node]) -> list[Gone]:
    """All the keys of these people and of whoever was merged into them, and those that only they named."""
    found = circle(warehouse.read, set(people))
    whose = found.groups.person
    wanted = {whose[person] for person in people}
    gone = [Gone(node, whose[node], found.keys[node]) for node in found.inside if whose[node] in wanted]
    return gone + [Gone(**row) for row in warehouse.read(_UNUSED, gone=_numbers(gone)).to_pylist()]


_ALONE: Final = """
    WITH met AS (SELECT DISTINCT account FROM event SEMI JOIN gone USING (person) WHERE account IS NOT NULL)
    SELECT account.key FROM account SEMI JOIN met USING (account)
    WHERE account NOT IN (SELECT account FROM event ANTI JOIN gone USING (person) WHERE account IS NOT NULL)
    ORDER BY 1
"""


def alone(warehouse: Warehouse, people: Sequence[Node]) -> list[str]:
    """The accounts in which there is nobody but these people."""
    return list(warehouse.read(_ALONE, gone=_people(people)).column(0).to_pylist())


def loosened(warehouse: Warehouse, gone: Sequence[Gone]) -> list[tuple[str, str]]:
    """Keys that too many share, and with whom they would be joined once these people claim them no more."""
    nodes = {one.node for one in gone}
    pairs = warehouse.read(f"SELECT one, other FROM claim WHERE {_BY['one']}", gone=_numbers(gone))
    shared = {end for row in pairs.to_pylist() for end in row.values()} - nodes
    if not shared:
        return []
    before, after = circle(warehouse.read, shared), circle(warehouse.read, shared, without=nodes)
    joined = {(link.one, link.other) for link in before.groups.links}
    return [
        (after.keys[link.one], after.keys[link.other])
        for link in after.groups.links
        if (link.one, link.other) not in joined and not shared.isdisjoint((link.one, link.other))
    ]


# --- the log --------------------------------------------------------------------------------------


class Anonymous:
    """Makes rows of the log nobody's (`store.log.Change`): those of the plan, and what others say of them."""

    columns = ("person", "key", "nodes")

    def __init__(self, plan: Plan) -> None:
        self._salt = bytes.fromhex(plan.salt)
        self._whose = {one.node: one.person for one in plan.gone}
        self._accounts = set(plan.accounts)

    @cached_property
    def _nodes(self) -> pa.Array:
        return pa.array(list(self._whose), pa.int64())

    def touches(self, rows: pa.Table) -> bool:
        return bool(len(self._found(rows)))

    def __call__(self, rows: pa.Table) -> pa.Table:
        found = self._found(rows)
        if not len(found):
            return rows
        rest = np.setdiff1d(np.arange(len(rows)), found)
        changed = pa.Table.from_pylist(
            [self._changed(row) for row in rows.take(found).to_pylist()], schema=LOG
        )
        every = pa.concat_tables([rows.take(rest).cast(LOG), changed])
        return every.take(np.argsort(np.concatenate([rest, found]), kind="stable"))

    def _found(self, rows: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The places of rows that are theirs and still say so, and of those of others that name them."""
        named = pc.starts_with(rows["key"], f"{privacy.ERASED}:")
        theirs = pc.and_not(pc.is_in(rows["person"], self._nodes), named)
        lists = rows["nodes"].combine_chunks()
        beside = pc.list_parent_indices(lists).filter(pc.is_in(pc.list_flatten(lists), self._nodes))
        return np.union1d(np.flatnonzero(theirs.to_numpy(zero_copy_only=False)), beside.to_numpy())

    def _changed(self, row: dict[str, Any]) -> dict[str, Any]:
        return self._nobodys(row) if row["person"] in self._whose else self._unnamed(row)

    def _nobodys(self, row: dict[str, Any]) -> dict[str, Any]:
        person = self._whose[row["person"]]
        own = row["name"].startswith("$")
        return row | {
            "person": person,
            "key": privacy.nobody(self._salt, person),
            "account_key": renamed(row["account_key"], self._accounts, self._salt),
            "id": privacy.token(self._salt, "id", row["seq"]),
            "props": "{}" if own else privacy.cut(row["props"], self._salt),
            "also": None,
            "nodes": None,
        }

    def _unnamed(self, row: dict[str, Any]) -> dict[str, Any]:
        """Somebody else's row: without them, and without a reason that may name them."""
        pairs = zip(row["also"] or (), row["nodes"] or (), strict=True)
        kept = [pair for pair in pairs if pair[1] not in self._whose]
        return row | {
            "also": [key for key, _ in kept] or None,
            "nodes": [node for _, node in kept] or None,
            "props": "{}" if row["name"] in RULINGS else row["props"],
        }


def renamed(key: str | None, accounts: set[str], salt: bytes) -> str | None:
    """The key of an account, or another where nobody was in it but who is erased."""
    return f"{privacy.ERASED}:{privacy.token(salt, 'account', key).hex()}" if key in accounts else key


def on_log(log: EventLog, plan: Plan, progress: Progress | None = None) -> None:
    """Make their events nobody's, and delete what older states of the log say."""
    log.rewrite(Anonymous(plan), progress)
    log.purge()


# --- the working copy -----------------------------------------------------------------------------


def on_copy(log: EventLog, warehouse: Warehouse, plan: Plan) -> None:
    """Make the working copy what it would be from the log as it is now, in a file that never held more.

    Whoever was erased is to be folded anew, as history.
    """
    catch_up(log, warehouse)
    rows = [_quiet(counting(log, table)) for table in log.read(people=plan.people)]
    with warehouse.write() as writer:
        _clear(warehouse, writer, plan)
        if any(map(len, rows)):
            take(writer, pa.concat_tables(rows))
    warehouse.cleanse()


def _quiet(rows: pa.Table) -> pa.Table:
    """As history: nothing is triggered by an erasure."""
    return rows.set_column(rows.column_names.index("history"), "history", pa.repeat(True, len(rows)))


_BY: Final = {
    "node": "node IN (SELECT node FROM gone)",
    "person": "person IN (SELECT person FROM gone)",
    "one": "one IN (SELECT node FROM gone) OR other IN (SELECT node FROM gone)",
}
"""How the rows are found in whatever tables there are; stays and changes are about numbers, and stay."""


def _clear(warehouse: Warehouse, writer: Writer, plan: Plan) -> None:
    gone = _numbers(plan.gone)
    ruled = f"SELECT seq FROM ruling WHERE {_BY['one']}"
    for part in ("base", "tail"):
        writer.run(f"UPDATE event_{part} SET props = '{{}}' WHERE seq IN ({ruled})", gone=gone)
    for column, theirs in _BY.items():
        for table in warehouse.tables(column):
            writer.run(f"DELETE FROM {table} WHERE {theirs}", gone=gone)
    salt, accounts = bytes.fromhex(plan.salt), set(plan.accounts)
    for key in plan.accounts:
        writer.run("UPDATE account SET key = ? WHERE key = ?", (renamed(key, accounts, salt), key))


def _numbers(gone: Sequence[Gone]) -> pa.Table:
    return pa.table(
        {name: pa.array([getattr(one, name) for one in gone], pa.int32()) for name in ("node", "person")}
    )


def _people(people: Sequence[Node]) -> pa.Table:
    return pa.table({"person": pa.array(people, pa.int32())})
