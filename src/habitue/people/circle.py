"""Around some keys: all that was said about them and about whoever is one with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import pyarrow as pa

from habitue.people.graph import Claim, Groups, Node, Ruling, components

Run = Callable[..., pa.Table]
"""`Writer.run` or `Warehouse.read`."""

_CLAIMS: Final = "SELECT one, other, epoch_us(ts), seq FROM claim WHERE {}"
_RULINGS: Final = "SELECT act, one, other, epoch_us(ts), seq FROM ruling WHERE {}"
_ABOUT: Final = "one IN (SELECT node FROM asked) OR other IN (SELECT node FROM asked)"
_HOUSE: Final = """
    WITH house AS (SELECT coalesce(person, node) AS person FROM asked LEFT JOIN merged USING (node))
    SELECT node FROM merged SEMI JOIN house USING (person) UNION SELECT person FROM house
"""


class Circle(NamedTuple):
    """`inside` are the keys whose person `groups` settles; `keys` and `groups` have some more."""

    inside: list[Node]
    keys: dict[Node, str]
    groups: Groups


def circle(run: Run, seeds: set[Node]) -> Circle:
    """The persons of these keys, and of all that were or are one with them.

    A key is judged once all its claims are known, so they are fetched for whoever is met on the way.
    """
    claims: set[Claim] = set()
    rulings: set[Ruling] = set()
    keys: dict[Node, str] = {}
    met: set[Node] = set()
    inside = {node for (node,) in _read(run, _HOUSE, seeds)} | seeds
    while fresh := inside - met:
        met |= fresh
        claims.update(map(Claim._make, _read(run, _CLAIMS.format(_ABOUT), fresh)))
        rulings.update(map(Ruling._make, _read(run, _RULINGS.format(_ABOUT), fresh)))
        ends = {end for said in (claims, rulings) for each in said for end in (each.one, each.other)}
        strangers = (ends | fresh) - keys.keys()
        keys.update(_read(run, "SELECT node, key FROM node SEMI JOIN asked USING (node)", strangers))
        groups = components(keys, claims, rulings)
        whose = {groups.person[node] for node in inside}
        inside |= {node for node, person in groups.person.items() if person in whose}
    return Circle(sorted(inside), keys, groups)


def _read(run: Run, sql: str, nodes: Iterable[Node]) -> Iterable[tuple[Any, ...]]:
    found = run(sql, asked=pa.table({"node": pa.array(sorted(nodes), pa.int32())}))
    return zip(*(column.to_pylist() for column in found.columns), strict=True)
