"""Journeys in a workspace: checked, kept in versions, published, brought forward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from msgspec import Struct

from habitue.app import blanks
from habitue.app.imports import Told
from habitue.app.letters import Answering
from habitue.app.travels import Travelled
from habitue.journeys import kept, state, trials, watches
from habitue.journeys.around import Around
from habitue.journeys.entering import APART
from habitue.journeys.facts import Ground
from habitue.journeys.fault import Fault
from habitue.journeys.graph import Journey
from habitue.journeys.kept import Saved
from habitue.journeys.live import Live, Ticked
from habitue.journeys.news import numbers
from habitue.journeys.past import Past, past
from habitue.journeys.plan import plan
from habitue.journeys.reading import from_text, read
from habitue.journeys.recipes import Recipe
from habitue.journeys.replay import DAYS, Replayed, replay
from habitue.journeys.state import Flying
from habitue.journeys.trials import Trial
from habitue.journeys.trips import Trip, trips
from habitue.journeys.walk import STOPPED
from habitue.journeys.writing import body, diff
from habitue.kernel import clock
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language
from habitue.kernel.region import region
from habitue.messaging import outbox, rules
from habitue.messaging.rules import Rules
from habitue.store import acts, drafts, runs, versions
from habitue.store.drafts import Kept
from habitue.store.runs import State
from habitue.templates import coupons
from habitue.templates import kept as templates
from habitue.templates.starters import starters


class Figures(Struct, frozen=True):
    """How a journey goes: what passed by version, node and what; who is inside by version and node; of those
    who entered how many, and converted; messages by step, state and reason.
    """

    passed: dict[tuple[int, int, str], int]
    inside: dict[tuple[int, int], int]
    entered: int
    converted: int
    messages: dict[tuple[str, str, str | None], int]

    def steps(self, saved: Sequence[Saved]) -> Counter[tuple[str, str]]:
        """By step, whichever of these versions people were in: who came `in`, went on (`out`), `left`, and is
        `there`.
        """
        found: Counter[tuple[str, str]] = Counter()
        for one in saved:
            for place, node in enumerate(plan(one.journey).nodes):
                for what in ("in", "out", "left"):
                    found[node.step.id, what] += self.passed.get((one.version, place, what), 0)
                found[node.step.id, "there"] += self.inside.get((one.version, place), 0)
        return found


class Inside(Struct, frozen=True):
    """Somebody in a journey: since when, at which step since when, and when they go on."""

    key: str
    step: str
    entered: Micros
    since: Micros
    on: Micros | None


class Journeying(Travelled, Answering):
    """The part of a shop that is about journeys."""

    def around_journeys(self, live: bool = False) -> Around:
        """The names that a journey may use: one that is to be `live`, or is only kept."""
        return Around(
            self.catalogue(),
            {model.id: tuple(stage.id for stage in model.stages) for model in self.models()},
            [segment.id for segment in self.segments()],
            templates=templates.slugs(self.ops),
            journeys=versions.slugs(self.ops, kept.KIND),
            coupons=[one.slug for one in coupons.pools(self.ops)],
            live=live,
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

    # --- running ----------------------------------------------------------------------------------

    def publish_journey(
        self,
        journey: Journey,
        by: str,
        now: Micros | None = None,
        flying: Flying = "stay",
        told: Told | None = None,
    ) -> Saved:
        """Make it the live version of its id: what it looks out for is folded before.

        `flying` is what becomes of those who are under way in the version before. Raises `JourneyError` where
        it sends what isn't there.
        """
        when = clock.now() if now is None else now
        pools = [one.slug for one in coupons.pools(self.ops)]
        read(body(journey), Around(templates=templates.slugs(self.ops), coupons=pools, live=True))
        with self.working:
            saved = kept.keep(self.ops, journey, when, by)
            self._brought(when, told, *watches.keep(self.ops, journey, when, by))
            self.live.begin()
            state.publish(self.ops, saved, flying, when, by)
            self.generation += 1
        return self.journey(journey.id, saved.number)

    def pause_journey(self, name: str, by: str, now: Micros | None = None) -> None:
        """Let nobody in and nobody on, and send nothing, until it is resumed."""
        self._steered(name, lambda when: state.pause(self.ops, name, when, by), now)

    def resume_journey(self, name: str, by: str, now: Micros | None = None) -> None:
        """Let a paused journey go on."""
        self._steered(name, lambda when: state.resume(self.ops, name, when, by), now)

    def stop_journey(self, name: str, by: str, flying: Flying = "stay", now: Micros | None = None) -> None:
        """Let nobody in any more; those under way finish it, or leave."""
        self._steered(name, lambda when: state.stop(self.ops, name, flying, when, by), now)

    def enter_journey(
        self, name: str, customers: Sequence[str | int], by: str, now: Micros | None = None
    ) -> int:
        """Put customers into a live journey by hand; how many came in. Raises `UserError`."""
        when, persons = clock.now() if now is None else now, [self.person(one) for one in customers]
        self.journey(name)
        with self.working:
            if not any(one.slug == name and one.open for one in self.running()):
                raise UserError(N_("“{id}” is not live: nobody can come in."), id=name)
            came = self.live.put_in(name, persons, f"{by}:{when}", when)
            with self.ops.begin() as tx:
                acts.note(tx, when, by, "enter journey", f"journey:{name}", customers=len(persons))
        return came

    def leave_journey(
        self, name: str, customers: Sequence[str | int], by: str, now: Micros | None = None
    ) -> int:
        """Take customers out of a journey, with what it has not sent yet; how many. Raises `UserError`."""
        when, persons = clock.now() if now is None else now, {self.person(one) for one in customers}
        self.journey(name)
        with self.working, self.ops.begin() as tx:
            gone = runs.stop(tx, name, sorted(numbers(self.warehouse, persons)), when, STOPPED)
            outbox.cancel(tx, f"journey:{name}", [str(one) for one in gone], now=when)
            acts.note(tx, when, by, "leave journey", f"journey:{name}", customers=len(gone))
        return len(gone)

    def journey_states(self) -> dict[str, State]:
        """How every journey stands that ever ran."""
        return state.states(self.ops)

    def advance(self, now: Micros | None = None) -> Ticked:
        """Let people into the live journeys and bring forward those whose time has come."""
        with self.working:
            done = self.live.tick(clock.now() if now is None else now)
            if done.forward:
                state.drained(self.ops)
            return done

    @cached_property
    def live(self) -> Live:
        """The journeys under way."""
        return Live(
            self.ops,
            self.log,
            self.warehouse,
            self.ground,
            self.running,
            lambda slug: templates.live(self.ops, slug),
        )

    def ground(self) -> Ground:
        """What walking a journey reads."""
        return Ground(self.warehouse.read, self.known(), self.settings.timezone)

    def _steered(self, name: str, change: Callable[[Micros], None], now: Micros | None) -> None:
        self.journey(name)
        with self.working:
            change(clock.now() if now is None else now)
            self.generation += 1

    def configure(self, timezone: str, language: str, by: str, now: Micros | None = None) -> None:
        """See `Workspace`. By another clock a time may be over that had not come by the last: those whose day
        it is are looked for again, and who was let in for that day is not let in twice.
        """
        with self.working:
            moved = timezone != self.settings.timezone
            super().configure(timezone, language, by, now)
            if moved:
                with self.ops.begin() as tx:
                    runs.look_again(tx, APART)

    # --- what would have been ---------------------------------------------------------------------

    def replay_journey(self, journey: Journey, now: Micros | None = None, days: int = DAYS) -> Replayed:
        """The journey over the last days as if it had been live: nothing is sent or kept."""
        when = clock.now() if now is None else now
        life = self._past(journey, when - days * DAY)
        return replay(journey, self.ground(), self.messaging_rules(), when, life, days, self._fresh())

    def try_journey(
        self, journey: Journey, customer: str | int, now: Micros | None = None, days: int = DAYS
    ) -> list[Trip]:
        """One customer's ways through it, step by step with the reasons; none who would not come in."""
        when, person = clock.now() if now is None else now, self.person(customer)
        life = self._past(journey, when - days * DAY)
        return trips(journey, self.ground(), self.messaging_rules(), life, person, when, days)

    def _past(self, journey: Journey, since: Micros) -> Past:
        """What was so before beside the log, with what caps look back to."""
        since -= self.messaging_rules().memory
        region_, long = self.settings.terms.region, partial(blanks.long, self)
        return past(self.ops, self.warehouse, region_, journey.id, since, long)

    def messaging_rules(self) -> Rules:
        """What the workspace allows itself to send."""
        with self.ops.read() as tx:
            zone = self.settings.timezone
            return rules.read(tx, zone, region(zone), self.settings.currency)

    def _fresh(self) -> dict[str, int]:
        """The rules whose intervals are there, by their text."""
        live = {one.version for one in self.definitions()}
        return {text: version for text, version in watches.kept(self.ops).items() if version in live}

    # --- drafts -----------------------------------------------------------------------------------

    def journey_draft(self, name: str) -> Kept | None:
        """What somebody is changing in a journey, where somebody is."""
        return next(iter(drafts.of(self.ops, kept.KIND, name)), None)

    def draft_journey(self, name: str, body: dict[str, Any], by: str, now: Micros | None = None) -> None:
        """Keep a draft as it is now."""
        when, old = clock.now() if now is None else now, self.journey_draft(name)
        if old is None:
            drafts.add(self.ops, kept.KIND, name, body, when, by)
        else:
            drafts.change(self.ops, old.id, body, when, by)

    def discard_journey(self, name: str) -> None:
        """Let go of a draft."""
        for one in drafts.of(self.ops, kept.KIND, name):
            drafts.drop(self.ops, one.id)

    def begin_recipe(self, recipe: Recipe, language: Language, by: str, now: Micros | None = None) -> str:
        """A draft of a recipe, with the messages it sends where they are not there yet; its id."""
        when = clock.now() if now is None else now
        known = {*templates.slugs(self.ops)}
        for slug, starter in recipe.templates.items():
            if slug not in known:
                fresh = templates.keep(self.ops, starters()[starter].named(slug, language), when, by)
                templates.publish(self.ops, fresh, when, by)
        return self.begin_journey(recipe.id, recipe.said(language), by, when)

    def begin_journey(self, wish: str, body: Mapping[str, Any], by: str, now: Micros | None = None) -> str:
        """A new draft that says this, under an id like the wished one that no other has; its id."""
        taken = {*versions.slugs(self.ops, kept.KIND), *drafts.slugs(self.ops, kept.KIND)}
        name, number = wish, 2
        while name in taken:
            name, number = f"{wish}-{number}", number + 1
        self.draft_journey(name, {**body, "id": name}, by, now)
        return name

    def drafted_journeys(self) -> list[str]:
        """The journeys that somebody is changing, or has not published yet."""
        return drafts.slugs(self.ops, kept.KIND)

    # --- how they go ------------------------------------------------------------------------------

    def journey_figures(self, saved: Sequence[Saved], now: Micros, days: int = 30) -> Figures:
        """What passed through these versions of a journey in the last days."""
        numbers = [one.version for one in saved]
        with self.ops.read() as tx:
            passed = runs.passed(tx, numbers, now // DAY - days)
            inside = runs.inside(tx, numbers)
            ends = runs.outcomes(tx, saved[0].journey.id, now - days * DAY)
            messages = outbox.tally(tx, f"journey:{saved[0].journey.id}")
        return Figures(
            {(one.version, one.node, one.what): int(one.n) for one in passed},
            inside,
            sum(one.n for one in ends),
            sum(one.n for one in ends if one.reached),
            messages,
        )

    def journey_inside(self, saved: Sequence[Saved], most: int = 100) -> list[Inside]:
        """Who is in a journey, of which these are the versions; the last to come in first."""
        with self.ops.read() as tx:
            rows = runs.within(tx, saved[0].journey.id, most)
        found = self.warehouse.read(
            "SELECT node, key FROM node WHERE node IN (SELECT unnest(?))", ([row.person for row in rows],)
        )
        keys = dict(zip(found["node"].to_pylist(), found["key"].to_pylist(), strict=True))
        plans = {one.version: plan(one.journey) for one in saved}
        return [
            Inside(
                keys.get(row.person, ""),
                plans[row.version].nodes[row.node].step.id if row.node >= 0 else "",
                row.entered,
                row.since,
                row.look,
            )
            for row in rows
            if row.version in plans
        ]

    def journey_trials(self, saved: Saved, now: Micros) -> list[Trial]:
        """How the ways stand that are tried against each other in a version of a journey."""
        return trials.stand(self.ops, self.warehouse, plan(saved.journey), now)

    def choose_way(self, name: str, step: str, way: str, by: str, now: Micros | None = None) -> None:
        """Let everybody take this way from now on. Raises `UserError`."""
        when, saved = clock.now() if now is None else now, self.journey(name)
        live = next((one for one in self.journey_versions(name) if one.live), saved)
        with self.working:
            for one in self.journey_trials(live, when):
                names = [each.id for each in one.ways]
                if one.step == step and way in names:
                    if not trials.choose(self.ops, name, one, names.index(way), by, when):
                        raise UserError(N_("A way was chosen here already."))
                    self.generation += 1
                    return
        raise UserError(N_("No two ways are tried here."))

    def journey_versions(self, name: str) -> list[Saved]:
        """Every version of a journey, oldest first; none where there is no such journey."""
        return kept.versions(self.ops, name)
