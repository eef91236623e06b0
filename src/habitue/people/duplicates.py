"""Pairs of customers that may be one, as they are shown: both sides, and what speaks for it and against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa
from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_
from habitue.people import profiles
from habitue.people.privacy import ERASED
from habitue.people.profiles import Person
from habitue.store.pairs import Outcome, Pair
from habitue.store.warehouse import Warehouse

FOR: Final[Mapping[tuple[str, str], str]] = {
    ("name", "same"): N_("the same name"),
    ("name", "swapped"): N_("the same name, first and last name swapped"),
    ("name", "spelling"): N_("names that differ by a letter"),
    ("name", "initial"): N_("the same last name; the first name is missing or an initial"),
    ("name", "given"): N_("the same first name"),
    ("email", "same"): N_("the same e-mail address"),
    ("email", "spelling"): N_("e-mail addresses that differ by a letter"),
    ("email", "local"): N_("the same name before the @ of the e-mail address"),
    ("phone", "same"): N_("the same phone number"),
    ("phone", "spelling"): N_("phone numbers that differ by a digit"),
    ("address", "same"): N_("the same postal address"),
    ("address", "postcode"): N_("the same postcode"),
    ("address", "city"): N_("the same town"),
    ("birthday", "same"): N_("the same birthday"),
    ("birthday", "spelling"): N_("birthdays that differ by a digit"),
}
AGAINST: Final[Mapping[tuple[str, str], str]] = {
    ("name", "given"): N_("another last name"),
    ("email", "local"): N_("another e-mail provider"),
    ("email", "other"): N_("another e-mail address"),
    ("phone", "other"): N_("another phone number"),
    ("address", "other"): N_("another town"),
    ("birthday", "other"): N_("another birthday"),
}
"""What each level says, in words (`people.likeness.FIELDS`)."""


class Duplicate(Struct, frozen=True):
    """Two customers who may be one: how likely, in words (messages) why and why not, and what was decided.

    Merged they are one customer, who is both `one` and `other`; `keys` says which two keys were compared.
    """

    id: int
    likely: float
    agree: list[str]
    differ: list[str]
    one: Person
    other: Person
    keys: tuple[str, str]
    found: Micros
    outcome: Outcome | None
    settled: Micros | None
    by: str | None


class Keys(Struct, frozen=True):
    """Of a pair's keys, whose they are now, and what these persons are called."""

    person: Mapping[int, int]
    called: Mapping[int, str]
    key: Mapping[int, str]

    def persons(self, pair: Pair) -> frozenset[int]:
        """Whom the pair is about now: one where they are merged, nobody where one is erased or gone."""
        both = frozenset(self.person.get(node, node) for node in (pair.one, pair.other))
        known = all(not self.called.get(one, ERASED).startswith(ERASED) for one in both)
        return both if known else frozenset()


def keys(warehouse: Warehouse, pairs: Iterable[Pair]) -> Keys:
    """Whose the keys of these pairs are."""
    nodes = sorted({node for pair in pairs for node in (pair.one, pair.other)})
    sql = """SELECT node, coalesce(merged.person, node) AS person, person.key AS called, node.key
        FROM asked LEFT JOIN merged USING (node) LEFT JOIN node USING (node)
        LEFT JOIN person ON person.person = coalesce(merged.person, node)"""
    rows = warehouse.read(sql, asked=pa.table({"node": pa.array(nodes, pa.int32())})).to_pylist()
    return Keys(
        {row["node"]: row["person"] for row in rows},
        {row["person"]: row["called"] for row in rows if row["called"]},
        {row["node"]: row["key"] for row in rows if row["key"]},
    )


def waiting(pairs: Iterable[Pair], known: Keys) -> list[Pair]:
    """Those nobody has decided about, of two customers still; whom somebody kept apart stay so."""
    every = list(pairs)
    seen = {known.persons(pair) for pair in every if pair.outcome == "dismissed"}
    found = []
    for pair in every:
        both = known.persons(pair)
        if pair.settled is None and len(both) == 2 and both not in seen:
            seen.add(both)
            found.append(pair)
    return found


def shown(warehouse: Warehouse, pairs: list[Pair], known: Keys) -> list[Duplicate]:
    """The pairs with both sides; a merged one shows its customer twice."""
    people = profiles.people(warehouse, [one for pair in pairs for one in known.persons(pair)])
    found = []
    for pair in filter(known.persons, pairs):
        one, other = (people.get(known.person.get(node, node)) for node in (pair.one, pair.other))
        if one and other:
            both = known.key[pair.one], known.key[pair.other]
            found.append(_shown(pair, one, other, both))
    return found


def _shown(pair: Pair, one: Person, other: Person, keys: tuple[str, str]) -> Duplicate:
    agree, differ = (
        [words[level] for level in pair.levels.items() if level in words] for words in (FOR, AGAINST)
    )
    own = pair.found, pair.outcome, pair.settled, pair.by
    return Duplicate(pair.id, pair.likely, agree, differ, one, other, keys, *own)


def ruled(warehouse: Warehouse) -> set[frozenset[int]]:
    """The customers that somebody took apart."""
    sql = """SELECT coalesce(a.person, one) AS one, coalesce(b.person, other) AS other FROM (
            SELECT least(one, other) AS one, greatest(one, other) AS other, arg_max(act, seq) AS act
            FROM ruling GROUP BY ALL HAVING act = 'split'
        ) LEFT JOIN merged a ON a.node = one LEFT JOIN merged b ON b.node = other"""
    return {frozenset(row.values()) for row in warehouse.read(sql).to_pylist()}
