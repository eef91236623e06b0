"""Which source's word counts for a trait, and which traits are numbers: what a workspace has settled.

A word counts from its instant on until a later one of a source that counts as much or more. So at every
instant it is the last word of the strongest source that has spoken by then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import pyarrow as pa

from habitue.engine.extract import Sql

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Standing:
    """`ranks`: of each source, by the trait's name or "" for all others; one not named has 0.

    `numbers`: the traits that are declared numbers. Names are full: `trait.country`.
    """

    ranks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()

    def of(self, name: str) -> Mapping[str, int]:
        """The sources' ranks for one trait; scores and consents have none."""
        return self.ranks.get(name, self.ranks.get("", {})) if name.startswith("trait.") else {}

    def rank(self, name: str) -> Sql:
        """The rank of a row's `source`."""
        ranks = {source: rank for source, rank in self.of(name).items() if rank}
        if not ranks:
            return Sql("0")
        cases = " ".join(f"WHEN ? THEN {int(rank)}" for rank in ranks.values())
        return Sql(f"CASE source {cases} ELSE 0 END", tuple(ranks))

    def value(self, name: str) -> str:
        """A row's value as rules read it."""
        return "as_number(value)" if name in self.numbers else "value"

    def read(self, name: str, value: Any) -> Any:
        """A value as rules read it: of a trait that is a number, the number that a text spells."""
        if name in self.numbers and isinstance(value, str) and _NUMBER.fullmatch(value):
            return msgspec.json.decode(value)
        return value


def standing(read: Callable[[str], pa.Table]) -> Standing:
    """As the working copy has it."""
    ranks: dict[str, dict[str, int]] = {}
    for row in read("SELECT trait, source, rank FROM standing ORDER BY ALL").to_pylist():
        ranks.setdefault(row["trait"], {})[row["source"]] = row["rank"]
    return Standing(ranks, frozenset(read("SELECT trait FROM declared").column(0).to_pylist()))
