"""The catalogue: every event name and trait, its volume and properties, and what is unexpected about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct

from habitue.kernel.clock import Micros
from habitue.metrics import properties, sample, unusual, volume
from habitue.metrics.personal import Kind
from habitue.metrics.properties import Known
from habitue.metrics.sample import Sample
from habitue.metrics.unusual import Oddity
from habitue.metrics.volume import Volume
from habitue.store.warehouse import Warehouse

_PERSONS: Final = {
    "event": """
        SELECT name, n FROM (SELECT code, count(DISTINCT person) AS n FROM event GROUP BY code)
        JOIN event_name USING (code)""",
    "trait": """
        SELECT name, count(DISTINCT person) AS n FROM trait
        WHERE starts_with(name, 'trait.') GROUP BY name""",
}

_UNCOUNTED: Final = """
    SELECT name, count(*) AS n FROM event JOIN event_name USING (code)
    WHERE name IN ('Order Completed', 'Order Refunded') AND revenue IS NULL AND json_valid(props)
        AND coalesce(props ->> '$.revenue', props ->> '$.total', props ->> '$.value') IS NOT NULL
    GROUP BY name"""


class Close(Struct, frozen=True):
    """What is seen of a name by looking at its events: how many persons have it, what they are like."""

    persons: int
    properties: list[Known]
    oddities: list[Oddity]


class Details(Struct, frozen=True):
    """What takes a while: a close look at each event name and trait, and the traits' volumes."""

    events: dict[str, Close]
    traits: dict[str, Close]
    told: list[Volume]


class Entry(Struct, frozen=True):
    """An event name, or a trait; `close` is None where nobody looked yet."""

    kind: Literal["event", "trait"]
    volume: Volume
    close: Close | None
    warnings: list[Oddity]

    @property
    def title(self) -> str:
        """Its name as people say it: a trait without the word `trait.`."""
        return self.name.removeprefix("trait.") if self.kind == "trait" else self.name

    @property
    def name(self) -> str:
        return self.volume.name

    @property
    def personal(self) -> list[Kind]:
        """The personal data that some property seems to hold."""
        return sorted({one.personal for one in self.close.properties if one.personal}) if self.close else []


def details(warehouse: Warehouse, zone: str, now: Micros) -> Details:
    """Look closely: seconds on a large shop."""
    return Details(
        _close(warehouse, "event", sample.events(warehouse, now)),
        _close(warehouse, "trait", sample.traits(warehouse, now)),
        volume.traits(warehouse, zone, now),
    )


def entries(warehouse: Warehouse, zone: str, now: Micros, seen: Details | None) -> list[Entry]:
    """All there is, with what was seen closely: the events by their number, then the traits by theirs."""
    seen = seen or Details({}, {}, [])
    return [
        *(_entry("event", one, seen.events.get(one.name)) for one in volume.events(warehouse, zone, now)),
        *(_entry("trait", one, seen.traits.get(one.name)) for one in seen.told),
    ]


def _entry(kind: Literal["event", "trait"], found: Volume, close: Close | None) -> Entry:
    odd = unusual.volume(found)
    return Entry(kind, found, close, [*([odd] if odd else []), *(close.oddities if close else ())])


def _close(warehouse: Warehouse, kind: str, samples: Mapping[str, Sample]) -> dict[str, Close]:
    persons = dict(_rows(warehouse, _PERSONS[kind]))
    uncounted = dict(_rows(warehouse, _UNCOUNTED)) if kind == "event" else {}
    whole: Callable[[str], str] = str if kind == "event" else properties.value
    made = {}
    for name, one in samples.items():
        times = [properties.found(map(whole, some.bodies)) for some in one]
        odd = [
            *unusual.uncounted(uncounted.get(name, 0)),
            *unusual.properties(times[0], len(one.recent.bodies), times[1], len(one.before.bodies)),
        ]
        made[name] = Close(persons.get(name, 0), properties.known(one, times, name), odd)
    return made


def _rows(warehouse: Warehouse, sql: str) -> Iterator[tuple[str, int]]:
    found = warehouse.read(sql)
    return zip(found["name"].to_pylist(), found["n"].to_pylist(), strict=True)
