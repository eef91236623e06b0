"""Journeys in a workspace: checked, kept in versions, exported."""

from __future__ import annotations

from habitue.app.shelf import Shelf
from habitue.journeys import kept
from habitue.journeys.around import Around
from habitue.journeys.fault import Fault
from habitue.journeys.graph import Journey
from habitue.journeys.kept import Saved
from habitue.journeys.reading import from_text
from habitue.journeys.writing import diff
from habitue.kernel.clock import Micros
from habitue.store import versions


class Journeying(Shelf):
    """The part of a shop that is about journeys."""

    def around_journeys(self) -> Around:
        """The names that a journey may use."""
        return Around(
            self.catalogue(),
            {model.id: tuple(stage.id for stage in model.stages) for model in self.models()},
            [segment.id for segment in self.segments()],
            journeys=versions.slugs(self.ops, kept.KIND),
        )

    def read_journey(self, text: str) -> tuple[Journey, list[Fault]]:
        """The journey of a text, and its warnings; raises `JourneyError` with all that is wrong."""
        return from_text(text, self.around_journeys())

    def journeys(self) -> list[Saved]:
        """The newest version of every journey."""
        return kept.latest(self.ops)

    def journey(self, name: str, number: int | None = None) -> Saved:
        """One version of a journey, the newest if not said; raises `UserError`."""
        return kept.numbered(self.ops, name, number)

    def keep_journey(self, journey: Journey, by: str, now: Micros) -> Saved:
        """Keep it as the next version of its id; what is live stays live."""
        with self.working:
            return kept.keep(self.ops, journey, now, by)

    def compare_journeys(self, name: str, one: int | None = None, other: int | None = None) -> str:
        """What differs between two versions, line by line; the newest and the one before where not said."""
        later = self.journey(name, other)
        earlier = self.journey(name, max(1, later.number - 1) if one is None else one)
        return diff(earlier.journey, later.journey, (f"{name} {earlier.number}", f"{name} {later.number}"))
