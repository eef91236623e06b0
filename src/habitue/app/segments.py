"""Saved segments as people look at them: how large they are and were, who is in them, what uses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from keyword import iskeyword
from typing import Any, Final, TypeVar

from msgspec import Struct

from habitue.app import usage
from habitue.app.counting import Counting
from habitue.app.publishing import Published
from habitue.app.saving import Savings
from habitue.app.selection import Selection
from habitue.app.shelf import Shelf
from habitue.engine.plan import Definition
from habitue.kernel import clock
from habitue.kernel.clock import DAY, MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.kernel.period import day_of, previous
from habitue.rules.check import accept, references
from habitue.segments import crowd, saved
from habitue.segments.crowd import Shared, Stay, Way
from habitue.segments.persona import Mark, persona
from habitue.segments.saved import Segment
from habitue.segments.sizes import Sizes, sizes
from habitue.stages.kept import Kept, Made

WEEKS: Final = 26
MONTHS: Final = 24
DAYS: Final = 30
_KEPT: Final = 64
V = TypeVar("V")


class Listed(Struct, frozen=True):
    """A segment with its size now, that of 30 days ago, those of the last weeks, and what refers to it."""

    segment: Segment
    size: int
    before: int
    weeks: tuple[int, ...]
    users: tuple[Definition, ...]


class Periods(Struct, frozen=True, eq=False):
    """The last months or days, the oldest first: from when (inclusive) until when (not), and the sizes."""

    begun: tuple[Micros, ...]
    ends: tuple[Micros, ...]
    sizes: Sizes


class Segmented(Shelf):
    """The part of a shop that is about saved segments."""

    def segment(self, rule: str) -> Selection:
        """Any rule, or the name of a saved segment; raises `RuleError` with all that is wrong."""
        if saved.NAME.fullmatch(rule.strip()) and not iskeyword(rule.strip()):
            rule = f'segment("{saved.named(self.segments(), rule.strip()).id}")'
        tree, warnings = accept(
            rule,
            "person",
            self.catalogue(),
            {model.id: tuple(stage.id for stage in model.stages) for model in self.models()},
            [segment.id for segment in self.segments()],
        )
        return Selection(self, rule, tree, warnings)

    @cached_property
    def _seen(self) -> Kept[Any, Any]:
        """What was read off the intervals."""
        return Kept(lambda: self.generation, _KEPT)

    @cached_property
    def counting(self) -> Counting:
        """Counts rules while they are written."""
        return Counting(self)

    @cached_property
    def savings(self) -> Savings:
        """Segments on their way to being saved."""
        return Savings()

    def segment_named(self, name: str) -> Segment:
        """The live version of a segment; raises `UserError` with the nearest name."""
        return saved.named(self.segments(), name)

    def segment_versions(self, name: str) -> list[Segment]:
        """Every version that a segment ever had, oldest first."""
        return saved.all_versions(self.ops, name)

    def restore_segment(
        self, name: str, number: int, *, by: str = "", now: Micros | None = None
    ) -> Published:
        """Save an earlier version of a segment again, as its newest."""
        found = {one.number: one for one in self.segment_versions(name)}
        if number not in found:
            known = ", ".join(map(str, found))
            text = N_("The segment “{name}” has no version {number}. There are: {known}.")
            raise UserError(text, name=name, number=number, known=known)
        one = found[number]
        return self.save_segment(name, one.rule, now, title=one.name, about=one.about, by=by)

    def remove_segment(self, name: str, *, by: str = "", now: Micros | None = None) -> None:
        """Let a saved segment be live no more; raises `UserError` that says what needs it."""
        own = self.segment_named(name)
        if needed := [one for one in usage.segment_uses(self, own.id) if one.needs]:
            told = ", ".join(f"{one.title} ({one.place})" for one in needed)
            text = N_("“{id}” is still used by: {users}. Change these first.")
            raise UserError(text, id=own.id, users=told)
        super().remove_segment(name, by=by, now=now)

    def users(self, name: str, among: Sequence[Definition] | None = None) -> tuple[Definition, ...]:
        """The live definitions that refer to a segment."""
        about = "segment", name
        alive = self.definitions() if among is None else among
        return tuple(one for one in alive if any(about in references(rule) for rule in one.all))

    def listed_segments(self, now: Micros | None = None) -> list[Listed]:
        """All saved segments, by name; of many customers perhaps as they were a moment ago."""
        when = clock.now() if now is None else now
        live = [one for one in self.segments() if one.subject == "person"]
        found = self._kept(("weeks",), when, lambda: self._weeks(live, when))
        if new := [one for one in live if one.version not in found]:
            versions = [one.version for one in new]
            found = found | self._kept(("weeks", *versions), when, lambda: self._weeks(new, when))
        alive = self.definitions()
        return [
            Listed(
                one,
                int(found[one.version].inside[-1]),
                int(found[one.version].inside[0]),
                tuple(found[one.version].inside[1:].tolist()),
                self.users(one.id, alive),
            )
            for one in sorted(live, key=lambda one: one.title.casefold())
        ]

    def _weeks(self, live: Sequence[Segment], now: Micros) -> dict[int, Sizes]:
        """Thirty days ago first, then the ends of the last weeks."""
        weeks = [now - n * 7 * DAY for n in range(WEEKS, -1, -1)]
        return sizes(self.warehouse, [one.version for one in live], [now - DAYS * DAY, *weeks])

    def segment_months(self, version: int, now: Micros) -> Periods:
        """The last two years of a definition by month, on the shop's clock; this month up to now."""
        zone = self.settings.timezone
        months = [one.span(zone, now) for one in previous(day_of(now, zone), MONTHS)]
        edges = [*(one.before + 1 for one in months), now]
        return self._kept(("months", version), now, lambda: self._periods(version, edges))

    def segment_days(self, version: int, now: Micros) -> Periods:
        """The last thirty days, up to now."""
        edges = [now - n * DAY for n in range(DAYS, -1, -1)]
        return self._kept(("days", version), now, lambda: self._periods(version, edges))

    def _periods(self, version: int, edges: Sequence[Micros]) -> Periods:
        # What happens at an edge belongs to the period that it begins.
        instants = [*(at - 1 for at in edges[:-1]), edges[-1]]
        found = sizes(self.warehouse, [version], instants)[version]
        return Periods(tuple(edges[:-1]), tuple(edges[1:]), found)

    def segment_stays(
        self, version: int, way: Way, start: Micros, stop: Micros, limit: int | None = None, offset: int = 0
    ) -> tuple[int, list[Stay]]:
        """How many are in a version at `stop`, or came or went from `start` until then; and some of them."""
        return crowd.stays(self.warehouse, version, way, start, stop, limit, offset)

    def segment_shared(self, version: int, now: Micros) -> list[Shared]:
        """How many of a definition are in each value of the other live ones about people."""
        alive = [one for one in self.definitions() if one.subject == "person"]
        others = [one.version for one in alive if one.version != version]
        return self._kept(
            ("shared", version, *others), now, lambda: crowd.shared(self.warehouse, version, others, now)
        )

    def segment_marks(self, version: int, now: Micros) -> list[Mark]:
        """What sets the people of a definition apart from all others."""
        return self._kept(("marks", version), now, lambda: persona(self.warehouse, version, now))

    def _kept(self, key: tuple[object, ...], now: Micros, make: Callable[[], V]) -> V:
        """What was read off the intervals since the last refresh, and within the last minute."""

        def read(_: bool) -> Made[V]:
            generation = self.generation
            return Made(make(), generation, now)

        found: Made[V] = self._seen.get(key, now, MINUTE, read)
        return found.value
