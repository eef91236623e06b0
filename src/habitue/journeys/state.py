"""Which journeys run: published, paused, stopped, and what becomes of those under way when one changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from habitue.journeys import kept, trials
from habitue.journeys.kept import KIND, Saved
from habitue.journeys.plan import Plan, plan
from habitue.journeys.walk import MOVED, STOPPED
from habitue.kernel.clock import Micros
from habitue.messaging import outbox
from habitue.store import acts, runs
from habitue.store import versions as store
from habitue.store.ops import Ops, Tx
from habitue.store.runs import State

Flying: TypeAlias = Literal["stay", "move", "exit"]
FLYING: Final[tuple[Flying, ...]] = ("stay", "move", "exit")
"""What becomes of those under way in the version before: they finish it, go on in the new one, or leave."""


@dataclass(frozen=True)
class Running:
    """A version that is live, or that some are still in."""

    saved: Saved
    plan: Plan
    state: State

    @property
    def slug(self) -> str:
        return self.saved.journey.id

    @property
    def open(self) -> bool:
        """Whether it lets people in."""
        return self.saved.live and self.state.since is not None and self.state.paused is None


def running(ops: Ops) -> list[Running]:
    """Those that are live, and earlier versions that some are still in."""
    return [*ops.kept(running, lambda: _running(ops))]


def _running(ops: Ops) -> list[Running]:
    with ops.read() as tx:
        states = runs.states(tx)
    wanted = {slug: {*one.draining} for slug, one in states.items() if one.since is not None or one.draining}
    known = trials.settled(ops)
    return [
        Running(saved, plan(saved.journey, known), states[slug])
        for slug, versions in wanted.items()
        for saved in kept.versions(ops, slug)
        if saved.live or saved.version in versions
    ]


def under_way(ops: Ops) -> list[Running]:
    """Those that are live, and earlier or stopped versions that some are in right now."""
    every = running(ops)
    with ops.read() as tx:
        busy = {*_busy(tx, [one.saved.version for one in every if not one.saved.live])}
    return [one for one in every if one.saved.live or one.saved.version in busy]


def states(ops: Ops) -> dict[str, State]:
    """How every journey stands that ever ran, by its id."""
    with ops.read() as tx:
        return runs.states(tx)


def publish(ops: Ops, saved: Saved, flying: Flying, now: Micros, by: str) -> None:
    """Make it the live version: whoever comes in from now on goes its way."""
    slug = saved.journey.id
    before = next((one for one in kept.live(ops) if one.journey.id == slug), None)
    with ops.begin() as tx:
        old = runs.states(tx).get(slug)
        draining = [*(old.draining if old else ())]
        others = [one for one in ([before.version] if before else []) + draining if one != saved.version]
        if flying == "stay":
            draining = _busy(tx, others)
        for version in others if flying != "stay" else ():
            earlier = next(one for one in kept.versions(ops, slug) if one.version == version)
            _carry(tx, earlier, saved, flying, now)
            draining = []
        since = old.since if old and old.since is not None else now
        runs.put(tx, State(slug, since, old.cursor if old and old.since is not None else now, None, draining))
        outbox.resume(tx, f"journey:{slug}", now)
    # Last: until then nobody comes in, whatever stops the work.
    store.publish(ops, KIND, slug, saved.version, saved.number, now, by)


def _carry(tx: Tx, earlier: Saved, saved: Saved, flying: Flying, now: Micros) -> None:
    """Move those in an earlier version to the same step of this one, or to the next that is left of it."""
    if flying == "exit":
        runs.expel(tx, earlier.version, None, now, STOPPED)
        return
    old, new = plan(earlier.journey), plan(saved.journey)
    places = {
        place: target for place in range(len(old.nodes)) if (target := _place(old, new, place)) is not None
    }
    runs.move(tx, earlier.version, saved.version, places, now)
    runs.expel(tx, earlier.version, None, now, MOVED)


def _place(old: Plan, new: Plan, place: int) -> int | None:
    """Where somebody at this place of the old plan goes on in the new one."""
    while place >= 0:
        found = new.node(old.nodes[place].step.id)
        if found is not None:
            return found
        place = old.nodes[place].then
    return None


def pause(ops: Ops, slug: str, now: Micros, by: str) -> None:
    """Let nobody in and nobody on, and send nothing, until `resume`."""
    with ops.begin() as tx:
        state = runs.states(tx).get(slug)
        if state and state.paused is None:
            runs.put(tx, state._replace(paused=now))
            outbox.pause(tx, f"journey:{slug}", now)
            acts.note(tx, now, by, "pause", f"{KIND}:{slug}")


def resume(ops: Ops, slug: str, now: Micros, by: str) -> None:
    """Go on: who is late goes on from now, what is too late to be sent stays unsent."""
    with ops.begin() as tx:
        state = runs.states(tx).get(slug)
        if state and state.paused is not None:
            runs.put(
                tx, state._replace(paused=None, since=now if state.since is not None else None, cursor=now)
            )
            outbox.resume(tx, f"journey:{slug}", now)
            acts.note(tx, now, by, "resume", f"{KIND}:{slug}")


def stop(ops: Ops, slug: str, flying: Flying, now: Micros, by: str) -> None:
    """Let nobody in any more; those under way finish it (stay), or leave."""
    live = next((one for one in kept.live(ops) if one.journey.id == slug), None)
    with ops.begin() as tx:
        state = runs.states(tx).get(slug) or State(slug, None, now, None, [])
        draining = _busy(tx, [*state.draining, *([live.version] if live else [])])
        if flying != "stay":
            for version in draining:
                runs.expel(tx, version, None, now, STOPPED)
            outbox.cancel(tx, f"journey:{slug}", now=now)
            draining = []
        runs.put(tx, state._replace(since=None, paused=None, draining=draining))
        outbox.resume(tx, f"journey:{slug}", now)
    store.retire(ops, KIND, slug, now, by)


def drained(ops: Ops) -> None:
    """Forget earlier versions that nobody is in any more."""
    for state in states(ops).values():
        if state.draining:
            with ops.begin() as tx:
                left = _busy(tx, state.draining)
                if left != state.draining:
                    runs.put(tx, state._replace(draining=left))


def _busy(tx: Tx, versions: Sequence[int]) -> list[int]:
    """Those of the versions that somebody is in, each once."""
    return [one for one in dict.fromkeys(versions) if runs.inside(tx, [one])]
