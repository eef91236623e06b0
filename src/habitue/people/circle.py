"""Around some keys: all that was said about them and about whoever is one with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, NamedTuple

import pyarrow as pa

from habitue.people.graph import ANON, Claim, Groups, Node, Ruling, components, kind

Run = Callable[..., pa.Table]
"""`Writer.read` or `Warehouse.read`."""

_CLAIMS: Final = "SELECT one, other, epoch_us(ts), seq FROM claim WHERE {}"
_RULINGS: Final = "SELECT act, one, other, epoch_us(ts), seq FROM ruling WHERE {}"
_KEYS: Final = "SELECT node, key, birth IS NOT NULL FROM node SEMI JOIN asked USING (node)"
_ABOUT: Final = "one IN (SELECT node FROM asked) OR other IN (SELECT node FROM asked)"
_HOUSE: Final = """
    WITH house AS (SELECT coalesce(person, node) AS person FROM asked LEFT JOIN merged USING (node))
    SELECT node FROM merged SEMI JOIN house USING (person) UNION SELECT person FROM house
"""


class Circle(NamedTuple):
    """`inside` are the keys whose person `groups` settles; `keys` and `groups` have some more.

    `groups` knows nothing of what is said about a user under whose id nothing ever happened: an alias names
    one where it means a visitor (docs/sdk.md).
    """

    inside: list[Node]
    keys: dict[Node, str]
    groups: Groups


def circle(run: Run, seeds: set[Node], without: Collection[Node] = ()) -> Circle:
    """The persons of these keys, and of all that were or are one with them; as if nobody named `without`.

    A key is judged once all its claims are known, and what joins those it was claimed with to others of their
    kind, so both are fetched for whoever is met on the way.
    """
    claims: set[Claim] = set()
    rulings: set[Ruling] = set()
    keys: dict[Node, str] = {}
    gone, unheard = set(without), set(without)
    met: set[Node] = set()
    inside, near, housed = set(seeds), set[Node](), set[Node]()
    groups = Groups({}, ())
    while fresh := (inside | near) - met:
        inside |= {node for (node,) in _read(run, _HOUSE, inside - housed)}
        housed, fresh = set(inside), (inside | near) - met
        met |= fresh
        claims.update(map(Claim._make, _read(run, _CLAIMS.format(_ABOUT), fresh)))
        rulings.update(map(Ruling._make, _read(run, _RULINGS.format(_ABOUT), fresh)))
        ends = {end for said in (claims, rulings) for each in said for end in (each.one, each.other)}
        for node, key, born in _read(run, _KEYS, (ends | fresh) - keys.keys()):
            keys[node] = key
            if not born and kind(key) == "user":
                unheard.add(node)
        heard = [claim for claim in claims if unheard.isdisjoint(claim[:2])]
        groups = components(keys, heard, [one for one in rulings if gone.isdisjoint((one.one, one.other))])
        whose = {groups.person[node] for node in inside}
        inside |= {node for node, person in groups.person.items() if person in whose}
        near |= _near(keys, heard, rulings, inside, groups)
    return Circle(sorted(inside), keys, groups)


def _near(
    keys: dict[Node, str],
    claims: Iterable[Claim],
    rulings: Iterable[Ruling],
    inside: set[Node],
    groups: Groups,
) -> set[Node]:
    """Who must be known too for the refusals to be right, as far as can be told yet.

    That is whoever a crowded key was claimed with, and what makes one of them; around a device, as customers.
    """
    crowds = {(refusal.node, refusal.to) for refusal in groups.refused if refusal.node in inside}
    if not crowds:
        return set()
    ways = _ways((each.one, each.other) for said in (claims, rulings) for each in said)
    devices = {crowd for crowd in crowds if kind(keys[crowd[0]]) == ANON}
    links = _ways((link.one, link.other) for link in groups.links)
    firm = [(one, other) for one, other in links if ANON not in (kind(keys[one]), kind(keys[other]))]
    customers = _reached({other for node, other in ways if (node, kind(keys[other])) in devices}, firm)
    crowds |= {(refusal.node, refusal.to) for refusal in groups.refused if refusal.node in customers}
    alike = [(node, other) for node, other in ways if kind(keys[node]) == kind(keys[other])]
    return customers | _reached({other for node, other in ways if (node, kind(keys[other])) in crowds}, alike)


def _ways(pairs: Iterable[tuple[Node, Node]]) -> list[tuple[Node, Node]]:
    return [way for pair in pairs for way in (pair, pair[::-1])]


def _reached(start: set[Node], ways: Iterable[tuple[Node, Node]]) -> set[Node]:
    """Those, and all to whom one can walk from them."""
    beside: dict[Node, set[Node]] = {}
    for node, other in ways:
        beside.setdefault(node, set()).add(other)
    found = more = start
    while more := {other for node in more for other in beside.get(node, ())} - found:
        found = found | more
    return found


def _read(run: Run, sql: str, nodes: Collection[Node]) -> Iterable[tuple[Any, ...]]:
    if not nodes:
        return ()
    found = run(sql, asked=pa.table({"node": pa.array(sorted(nodes), pa.int32())}))
    return zip(*(column.to_pylist() for column in found.columns), strict=True)
