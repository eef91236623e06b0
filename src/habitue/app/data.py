"""What comes in, as people look at it: where from, what it is like, and what is unexpected about it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from msgspec import Struct

from habitue.app.shelf import Shelf
from habitue.ingest.calls import sources
from habitue.ingest.calls.sources import Source
from habitue.ingest.traces import REJECTS
from habitue.kernel import clock
from habitue.kernel.clock import HOUR, Micros
from habitue.metrics import catalogue, volume
from habitue.metrics.catalogue import Details, Entry
from habitue.metrics.volume import Feed
from habitue.stages.kept import Made
from habitue.store import jobs, refused
from habitue.store.jobs import Job
from habitue.store.refused import Dead

_BESIDE: Final = re.compile(r"[0-9a-f]{12}(-corrections)?")
PATIENCE: Final = 0.4
"""Seconds for which a page waits for the first close look."""


class Origin(Struct, frozen=True):
    """Where events come from: over HTTP (`source`, unless it is closed) or from files and the like, and how
    many refused ones wait to be looked at.
    """

    name: str
    source: Source | None
    feed: Feed | None
    refused: int


class Data(Shelf):
    """A workspace with its catalogue."""

    def catalogue_entries(self, now: Micros | None = None, *, wait: bool = True) -> list[Entry]:
        """Every event name and trait; without `wait` perhaps with what was seen some time ago, or not yet."""
        when = clock.now() if now is None else now
        zone = self.settings.timezone

        def look(_: bool) -> Made[Details]:
            generation = self.generation
            return Made(catalogue.details(self.warehouse, zone, when), generation, when)

        if wait:
            seen: Made[Details] | None = self.details.get("", when, HOUR, look, wait=True)
        else:
            seen = self.details.glance("", when, HOUR, look, PATIENCE)
        return catalogue.entries(self.warehouse, zone, when, seen.value if seen else None)

    def origins(self, now: Micros | None = None) -> list[Origin]:
        """Where events come from: first who may send over HTTP, then all else by name."""
        feeds = volume.feeds(self.warehouse, self.settings.timezone, clock.now() if now is None else now)
        waiting = refused.by_source(self.ops)
        live = {one.id: one for one in sources.open_(self.ops)}
        names = [*live, *sorted((feeds.keys() | waiting.keys()) - live.keys())]
        return [Origin(one, live.get(one), feeds.get(one), waiting.get(one, 0)) for one in names]

    def feed(self, source: str, now: Micros | None = None) -> Feed | None:
        """What one source has sent."""
        when = clock.now() if now is None else now
        return volume.feeds(self.warehouse, self.settings.timezone, when).get(source)

    def hours(self, now: Micros | None = None) -> list[tuple[Micros, int]]:
        """How many events happened in each of the last 48 hours, the oldest first."""
        return volume.hours(self.warehouse, clock.now() if now is None else now)

    def names_of_sources(self) -> frozenset[str]:
        """All that ever were, also those that are closed: none is given again."""
        return frozenset(sources.all_(self.ops))

    def refused_one(self, number: int) -> Dead | None:
        """An event that could not be taken and waits to be looked at; None where there is no such one."""
        return refused.numbered(self.ops, number)

    def imports(self, most: int = 100) -> list[Job]:
        """The files that were imported, the latest first."""
        return jobs.latest(self.ops, most)

    def beside(self, name: str) -> Path | None:
        """The file of an import's rejected rows or corrections, by its name; None where there is none."""
        path = self.directory / REJECTS / f"{name}.csv"
        return path if _BESIDE.fullmatch(name) and path.is_file() else None
