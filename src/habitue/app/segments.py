"""Saved segments as people look at them: how large they are and were, who is in them, what uses them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from msgspec import Struct

from habitue.app.counting import Counting
from habitue.app.publishing import Published
from habitue.app.shelf import Shelf
from habitue.engine.plan import Definition
from habitue.kernel import clock
from habitue.kernel.clock import DAY, MINUTE, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.rules.check import references
from habitue.segments import crowd, saved
from habitue.segments.crowd import Shared, Stay, Way
from habitue.segments.saved import Segment
from habitue.segments.sizes import Sizes, sizes
from habitue.stages.kept import Kept, Made
from habitue.stages.overview import end, month_of, previous

WEEKS: Final = 26
MONTHS: Final = 24
DAYS: Final = 30
_KEPT: Final = 64


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

    @cached_property
    def _seen(self) -> Kept[Any, Any]:
        """What was read off the intervals, until the next refresh or for a minute."""
        return Kept(lambda: self.generation, _KEPT)

    @cached_property
    def counting(self) -> Counting:
        """Counts rules while they are written."""
        return Counting(self)

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

    def users(self, name: str, among: Sequence[Definition] | None = None) -> tuple[Definition, ...]:
        """The live definitions that refer to a segment."""
        about = "segment", name
        alive = self.definitions() if among is None else among
        return tuple(one for one in alive if any(about in references(rule) for rule in one.all))

    def listed_segments(self, now: Micros | None = None) -> list[Listed]:
        """All saved segments, by name."""
        when = clock.now() if now is None else now
        live = [one for one in self.segments() if one.subject == "person"]
        past = [when - n * 7 * DAY for n in range(WEEKS, 0, -1)]
        instants = [*sorted({*past, when - DAYS * DAY}), when]
        found = self._sizes([one.version for one in live], instants, ("weeks", when // MINUTE))
        alive = self.definitions()
        before, weekly = instants.index(when - DAYS * DAY), [instants.index(at) for at in (*past, when)]
        return [
            Listed(
                one,
                int(found[one.version].inside[-1]),
                int(found[one.version].inside[before]),
                tuple(int(found[one.version].inside[at]) for at in weekly),
                self.users(one.id, alive),
            )
            for one in sorted(live, key=lambda one: one.title.casefold())
        ]

    def segment_months(self, version: int, now: Micros) -> Periods:
        """The last two years of a definition by month, on the shop's clock; this month up to now."""
        zone = self.settings.timezone
        names = previous(month_of(now, zone), MONTHS + 1)
        return self._periods(version, [end(name, zone, now) + (n < MONTHS) for n, name in enumerate(names)])

    def segment_days(self, version: int, now: Micros) -> Periods:
        """The last thirty days, up to now."""
        return self._periods(version, [now - n * DAY for n in range(DAYS, -1, -1)])

    def _periods(self, version: int, edges: Sequence[Micros]) -> Periods:
        # What happens at an edge belongs to the period that it begins.
        instants = [at - 1 for at in edges[:-1]] + [edges[-1]]
        key = len(edges), edges[-1] // MINUTE
        return Periods(tuple(edges[:-1]), tuple(edges[1:]), self._sizes([version], instants, key)[version])

    def _sizes(self, versions: Sequence[int], instants: Sequence[Micros], key: object) -> dict[int, Sizes]:
        def read(_: bool) -> Made[dict[int, Sizes]]:
            generation = self.generation
            return Made(sizes(self.warehouse, versions, instants), generation, instants[-1])

        found: dict[int, Sizes] = self._seen.get((tuple(versions), key), instants[-1], None, read, True).value
        return found

    def segment_stays(
        self, version: int, way: Way, start: Micros, stop: Micros, limit: int | None = None, offset: int = 0
    ) -> tuple[int, list[Stay]]:
        """How many are in a version at `stop`, or came or went from `start` until then; and some of them."""
        return crowd.stays(self.warehouse, version, way, start, stop, limit, offset)

    def segment_shared(self, version: int, now: Micros) -> list[Shared]:
        """How many of a definition are in each value of the other live ones about people."""
        others = [
            one.version for one in self.definitions() if one.subject == "person" and one.version != version
        ]

        def read(_: bool) -> Made[list[Shared]]:
            generation = self.generation
            return Made(crowd.shared(self.warehouse, version, others, now), generation, now)

        key = "shared", version, tuple(others), now // MINUTE
        found: list[Shared] = self._seen.get(key, now, None, read, True).value
        return found
