"""The names that the data hold, for rules to be warned of others: of events, their properties, and traits."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import msgspec

from habitue.engine.gather import Read
from habitue.rules.catalogue import Catalogue, Path, Sample

READ: Final = 2_000_000
"""So many events are looked through for those of a name; where there are more, in blocks from all over."""

LOOKED: Final = 5_000
"""Of so many of them, or of all, the properties are read."""


def catalogue(read: Read) -> Catalogue:
    """The names as they stand now; an event's properties are read when first asked for, and then kept."""
    codes = read("SELECT name, code FROM event_name").to_pydict()
    known = dict(zip(codes["name"], codes["code"], strict=True))
    names = (
        read("SELECT DISTINCT name FROM trait UNION SELECT DISTINCT name FROM account_trait")
        .column(0)
        .to_pylist()
    )
    return Catalogue(tuple(known), names, cache(lambda event: _sample(known[event], read)))


def _sample(code: int, read: Read) -> Sample:
    events = read("SELECT count(*) FROM event").column(0)[0].as_py()
    share = f"TABLESAMPLE system({min(100.0, 100 * READ / max(events, 1)):.6f}%) REPEATABLE (1)"
    props = read(
        "SELECT props FROM ("
        f"SELECT props FROM (FROM event_base {share} UNION ALL FROM event_tail {share}) WHERE code = ? "
        f"ORDER BY hash(seq) LIMIT {LOOKED}) WHERE json_valid(props)",
        (code,),
    ).column(0)
    return Sample(
        len(props), frozenset(path for one in props.to_pylist() for path in _paths(msgspec.json.decode(one)))
    )


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where something stands in a value; a list is looked through, as rules do."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, path)
