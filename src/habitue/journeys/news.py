"""What has happened since journeys were last looked at: changes of rules and events, in the order they came.

How far it was read is committed with what was done about it. The working copy is disposable and counts its
changes anew once it is made again, so it is told apart by a mark of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from secrets import token_hex
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.people.identities import canonical
from habitue.store.log import EventLog
from habitue.store.warehouse import Warehouse

MARK: Final = "journeys"
"""Under this stands what tells one working copy from another."""


class Offset(Struct, frozen=True):
    """Changes are read up to `change` in the working copy of that mark, events up to `event` of the log."""

    copy: str = ""
    change: int = 0
    event: int = 0


class Change(Struct, frozen=True):
    """A watch's rule came to hold for somebody, or ceased to."""

    version: int
    person: int
    holds: bool
    at: Micros


class Event(Struct, frozen=True):
    """Something happened to somebody; `id` tells it from all others."""

    person: int
    name: str
    at: Micros
    props: Mapping[str, Any]
    id: str


class News(Struct, frozen=True):
    """All of it, and how far it goes."""

    changes: list[Change]
    events: list[Event]
    offset: Offset


def news(
    warehouse: Warehouse, log: EventLog, offset: Offset, versions: Collection[int], names: Collection[str]
) -> News:
    """What is new in these watches, and of the events of these names."""
    mark = warehouse.meta(MARK) or _marked(warehouse)
    after = offset.change if offset.copy == mark else 0
    last = warehouse.read("SELECT coalesce(max(seq), 0) FROM transition").column(0)[0].as_py()
    rows = warehouse.read(_CHANGES, (after, last, sorted(versions)))
    changes = [
        Change(version, person, to is not None, at)
        for version, person, to, at in zip(*(one.to_pylist() for one in rows.columns), strict=True)
    ]
    end = log.end()
    events = _events(warehouse, log, offset.event, names) if names and end > offset.event else []
    return News(changes, events, Offset(mark, max(after, last), end))


def _marked(warehouse: Warehouse) -> str:
    mark = token_hex(8)
    with warehouse.write() as writer:
        writer.note({MARK: mark})
    return mark


_CHANGES: Final = (
    "SELECT version, subject, to_value, epoch_us(ts) AS ts FROM transition "
    "WHERE seq > ? AND seq <= ? AND NOT restated AND list_contains(?, version) ORDER BY seq"
)


def _events(warehouse: Warehouse, log: EventLog, start: int, names: Collection[str]) -> list[Event]:
    wanted = pa.array(sorted(names))
    found: list[Event] = []
    for table in log.read(start):
        mine = pc.and_(pc.is_in(table["name"], wanted), pc.invert(table["history"].fill_null(False)))
        some = table.filter(mine).select(["person", "name", "ts", "props", "id"])
        columns = [*some.columns]
        columns[2] = columns[2].cast(pa.int64())
        for person, name, at, props, id_ in zip(*(one.to_pylist() for one in columns), strict=True):
            found.append(Event(person, name, at, msgspec.json.decode(props), id_.hex()))
    whose = canonical(warehouse, np.array([one.person for one in found], np.int64))
    return [
        msgspec.structs.replace(one, person=person) for one, person in zip(found, whose.tolist(), strict=True)
    ]


def numbers(warehouse: Warehouse, persons: Collection[int]) -> set[int]:
    """All numbers that these people have or had."""
    own = pa.table({"person": pa.array(sorted(persons), pa.int64())})
    rows = warehouse.read("SELECT node FROM merged SEMI JOIN own_persons USING (person)", own_persons=own)
    return {*persons, *rows["node"].to_pylist()}
