"""Who is known by which keys, what joined them, and which keys join nobody: read from the working copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import pyarrow as pa
from msgspec import Struct

from habitue.engine.sweep import Ints
from habitue.kernel.clock import Micros
from habitue.people.circle import circle
from habitue.people.graph import LIMITS, Node, Refusal, rank
from habitue.people.keys import JUNK
from habitue.store.warehouse import Warehouse


class Joint(Struct, frozen=True):
    """Why two keys are one customer's: a source said so at that instant, or somebody decided it."""

    one: str
    other: str
    ts: Micros
    source: str | None
    by: str | None = None
    why: str | None = None


class Identities(Struct, frozen=True):
    """All the keys of one customer, the strongest first, what joins them, and what was refused to."""

    person: Node
    keys: Sequence[str]
    joints: Sequence[Joint]
    refused: Sequence[Refusal]

    def beside(self, key: str) -> list[str]:
        """The keys that are joined to this one directly."""
        pairs = [(joint.one, joint.other) for joint in self.joints]
        return [other for pair in pairs for one, other in (pair, pair[::-1]) if one == key]


class Decision(Struct, frozen=True):
    """A line of the merge log: who decided what about two keys, when and why."""

    ts: Micros
    act: Literal["merge", "split"]
    one: str
    other: str
    by: str | None
    why: str | None


def whole(warehouse: Warehouse, number: Node) -> Node:
    """The person of a key's number, or the number itself."""
    found = warehouse.read("SELECT person FROM merged WHERE node = ?", (number,)).column(0).to_pylist()
    return found[0] if found else number


def wholes(warehouse: Warehouse, numbers: Sequence[Node]) -> dict[Node, Node]:
    """The persons of many keys' numbers."""
    asked = pa.table({"node": pa.array(sorted(set(numbers)), pa.int32())})
    sql = "SELECT node, coalesce(person, node) AS person FROM asked LEFT JOIN merged USING (node)"
    if not numbers:
        return {}
    nodes, persons = (one.to_pylist() for one in warehouse.read(sql, asked=asked).columns)
    return dict(zip(nodes, persons, strict=True))


def canonical(warehouse: Warehouse, nodes: Ints) -> Ints:
    """The people that these numbers are, or were before they were joined with others."""
    own = pa.table({"node": np.unique(nodes)})
    rows = warehouse.read(
        "SELECT node, person FROM merged SEMI JOIN own_nodes USING (node) ORDER BY node", own_nodes=own
    )
    if not len(rows):
        return nodes
    before, now = (np.asarray(one.to_numpy()).astype(np.int64) for one in rows.columns)
    place = np.minimum(np.searchsorted(before, nodes), len(before) - 1)
    return np.where(before[place] == nodes, now[place], nodes)


def somebody(warehouse: Warehouse) -> Node | None:
    """Some customer, of whom a name is known if of anybody; always the same one. None where there is none."""
    for sql in (
        "SELECT min(person) AS one FROM trait WHERE name IN ('trait.first_name', 'trait.firstName')",
        "SELECT min(person) AS one FROM person",
    ):
        found: Node | None = warehouse.read(sql).column(0)[0].as_py()
        if found is not None:
            return found
    return None


def there(warehouse: Warehouse, numbers: Sequence[Node]) -> list[Node]:
    """Those of these numbers, in their order, that are customers."""
    asked = pa.table({"person": pa.array(numbers, pa.int32())})
    found = warehouse.read("SELECT person FROM person SEMI JOIN asked USING (person)", asked=asked)
    known = set(found["person"].to_pylist())
    return [one for one in numbers if one in known]


def whose(warehouse: Warehouse, names: Sequence[str]) -> tuple[Node, str] | None:
    """The person who has one of these keys, and that key: the first of them that anybody has."""
    sql = """SELECT coalesce(merged.person, node) AS person, node.key, known.person IS NULL AS nobody
        FROM node LEFT JOIN merged USING (node)
        LEFT JOIN person AS known ON known.person = coalesce(merged.person, node)
        WHERE node.key IN (SELECT unnest(?))"""
    found = warehouse.read(sql, (list(names),)).to_pylist()
    first = min(found, key=lambda row: (row["nobody"], names.index(row["key"])), default=None)
    return None if first is None else (first["person"], first["key"])


def identities(warehouse: Warehouse, person: Node) -> Identities:
    """What one person is known by."""
    inside, keys, groups = circle(warehouse.read, {person})
    own = {node for node in inside if groups.person[node] == groups.person[person]}
    links = [link for link in groups.links if link.one in own]
    told = _told(warehouse, own)
    joints = [
        Joint(keys[link.one], keys[link.other], link.ts, **told[link.one, link.other, link.seq])
        for link in links
    ]
    refused = [refusal for refusal in groups.refused if refusal.node in own]
    return Identities(groups.person[person], sorted((keys[node] for node in own), key=rank), joints, refused)


def decisions(warehouse: Warehouse) -> list[Decision]:
    """The merge log, the latest first."""
    sql = """SELECT epoch_us(ts) AS ts, act, a.key AS one, b.key AS other, who AS "by", why FROM ruling
        JOIN node a ON a.node = one JOIN node b ON b.node = other ORDER BY seq DESC"""
    return [Decision(**row) for row in warehouse.read(sql).to_pylist()]


def shared(warehouse: Warehouse) -> list[Refusal]:
    """The keys whose claims don't count: claimed with too many, or junk; those with the most claims first."""
    pairs = [(*pair, most) for pair, most in LIMITS.items()]
    limits = pa.table(dict(zip(("weak", "strong", "most"), map(list, zip(*pairs, strict=True)), strict=True)))
    rows = warehouse.read(_SHARED, limits=limits, junk=pa.table({"word": sorted(JUNK)})).to_pylist()
    crowded = {row["node"] for row in rows}
    found = [one for one in circle(warehouse.read, crowded).groups.refused if one.node in crowded]
    return sorted(found, key=lambda one: (-one.many, one.key))


# Who may be refused: those that are have at least so many claims; a device counts what people decided too.
_SHARED: Final = """
    WITH ends AS (FROM claim SELECT one, other UNION ALL FROM claim SELECT other, one),
    decided AS (
        FROM ruling SELECT one, other WHERE act = 'merge' UNION ALL
        FROM ruling SELECT other, one WHERE act = 'merge'
    ), named AS (
        SELECT node, split_part(key, ':', 1) AS kind, lower(key[strpos(key, ':') + 1:]) AS bare FROM node
    ),
    met AS (
        SELECT named.*, told.kind AS met
        FROM ends JOIN named ON node = one JOIN (SELECT node AS n, kind FROM named) AS told ON n = other
    )
    SELECT node FROM met JOIN limits ON kind = weak AND met = strong
    GROUP BY node, met HAVING count(*) > any_value(most)
    UNION
    SELECT node FROM (FROM ends UNION ALL FROM decided) JOIN named ON node = one
    WHERE kind = 'anon' GROUP BY node HAVING count(*) > 1
    UNION
    SELECT node FROM met WHERE bare IN (SELECT word FROM junk) OR NOT regexp_matches(bare, '[1-9\\p{L}]')
"""


def _told(warehouse: Warehouse, nodes: set[Node]) -> dict[tuple[Node, Node, int], dict[str, str | None]]:
    """Who or what said of two keys that they are one person's, in which event."""
    sql = """
        SELECT one, other, seq, source, NULL AS "by", NULL AS why FROM claim SEMI JOIN asked ON node = one
        UNION ALL SELECT least(one, other), greatest(one, other), seq, NULL, who, why
        FROM ruling SEMI JOIN asked ON node = one"""
    asked = pa.table({"node": pa.array(sorted(nodes), pa.int32())})
    return {
        (row.pop("one"), row.pop("other"), row.pop("seq")): row
        for row in warehouse.read(sql, asked=asked).to_pylist()
    }
