"""What messages came to: what became of them, what orders are put down to them, and what they changed.

The last two answer different questions and stand nowhere in one column. An order is *put down* to a message
because it came after it. What messages *changed* is seen beside people whom chance left alone, among all who
were to get them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from habitue.app.journeys import Journeying
from habitue.broadcasts.state import share
from habitue.engine.sweep import Ints
from habitue.journeys import kept
from habitue.journeys.kept import Saved
from habitue.kernel import clock
from habitue.kernel.clock import DAY, Micros, duration
from habitue.messaging import outbox
from habitue.messaging.holdout import GLOBAL, held
from habitue.messaging.outbox import Told
from habitue.metrics import credit, gains
from habitue.metrics.credit import Credit, Windows, credited
from habitue.metrics.reactions import reactions
from habitue.metrics.uplift import Uplift, compare, grouped
from habitue.people.identities import canonical
from habitue.store import acts, messages, runs, traffic
from habitue.store.ops import tell

DAYS: Final = 30
WITHIN: Final = "7d"
"""How long after a message orders count beside those of who was left alone, where no goal says it."""

_SETTING: Final = "attribution"
_VERSION: Final = re.compile(r"v\d+:")
_RULES: Final = 200
"""So many changes of the rules are looked back through."""


class Contrast(Struct, frozen=True):
    """What messages changed, and how it is known.

    The control group is the journey's or broadcast's `own`, or that of `all` marketing; a `share` of people.
    Who came in later than `since` counts, and what they did `within` that time: the `goal`, or an order. For
    `open` of them it isn't over.
    """

    uplift: Uplift
    group: Literal["own", "all"]
    share: float
    since: Micros
    within: str
    goal: bool
    open: int


class Results(Struct, frozen=True):
    """Of an origin, from one instant to another, by step: messages by state and reason, what they met with,
    and what is put down to them; `contrast` is None where nobody is left alone.
    """

    origin: str
    since: Micros
    until: Micros
    windows: Windows
    messages: dict[tuple[str, str, str | None], int]
    reactions: dict[tuple[str, str], int]
    credit: dict[str, Credit]
    contrast: Contrast | None

    @property
    def orders(self) -> int:
        return sum(one.orders for one in self.credit.values())

    @property
    def revenue(self) -> int:
        return sum(one.revenue for one in self.credit.values())

    def count(self, step: str, *states: str) -> int:
        """How many of a step's messages are in one of these states."""
        return sum(n for (at, state, _), n in self.messages.items() if at == step and state in states)


class People(NamedTuple):
    """Whom chance had its say about, one element each: since when, and whether they are left alone.

    `converted` is None where an order is what counts.
    """

    person: Ints
    start: Ints
    alone: NDArray[np.bool_]
    converted: NDArray[np.bool_] | None = None


class Resulting(Journeying):
    """The part of a shop that tells what messages came to."""

    # --- how orders are put down ------------------------------------------------------------------

    def attribution(self) -> Windows:
        """How long before an order a message counts."""
        return credit.read(self.ops.setting(_SETTING))

    def set_attribution(self, windows: Windows, by: str, now: Micros | None = None) -> None:
        """Let messages count so long from now on, for the past too. Raises `UserError`."""
        when, kept = clock.now() if now is None else now, credit.written(windows)
        with self.ops.begin() as tx:
            tell(tx, _SETTING, kept)
            acts.note(
                tx, when, by, "attribution", "workspace", click=windows.click, delivery=windows.delivery
            )

    # --- what became of it ------------------------------------------------------------------------

    def results(
        self, origin: str, since: Micros | None = None, until: Micros | None = None, within: str | None = None
    ) -> Results:
        """What an origin's messages came to (`journey:welcome`, `broadcast:12`): of the last 30 days if not
        said. `within` says how long what people do counts beside a control group.
        """
        end = clock.now() if until is None else until
        begin = end - DAYS * DAY if since is None else since
        windows = self.attribution()
        with self.ops.read() as tx:
            told = messages.tallied(tx, origin, begin, end)
        states: Counter[tuple[str, str, str | None]] = Counter()
        for step, state, reason, n in told:
            states[stepped(step), state, reason] += n
        met: Counter[tuple[str, str]] = Counter()
        for (step, what), n in reactions(self.warehouse, origin, begin, end).items():
            met[stepped(step), what] += n
        put_down = credited(self.warehouse, begin, end, windows, origin)
        return Results(
            origin, begin, end, windows, dict(states), dict(met), _added(put_down),
            self.contrast(origin, begin, end, within),
        )  # fmt: skip

    def contrast(
        self, origin: str, since: Micros, until: Micros, within: str | None = None
    ) -> Contrast | None:
        """What an origin's messages changed; None where chance leaves nobody alone."""
        kind, _, name = origin.partition(":")
        versions = kept.versions(self.ops, name) if kind == "journey" else []
        newest = _last(versions)
        goal = newest.journey.goal if newest else None
        length = within or (goal.within if goal else "30d" if newest else WITHIN)
        if newest and newest.journey.head.holdout:
            part = newest.journey.head.holdout
            mine = [one for one in versions if one.since is not None]
            begin = max(since, _alike(mine, part))
            found = self._entered(newest.journey.id, mine, part, begin, until, goal is not None)
            return self._measured(found, "own", part, begin, length, until)
        rules = self.messaging_rules()
        own = rules.holdouts.get(origin, 0.0) or share(self.ops, origin)
        if not own and not rules.holdout:
            return None
        begin = max(since, self._steady(origin))
        with self.ops.read() as tx:
            rows = traffic.assigned(tx, origin, begin, until)
        person, alone, start = _columns(rows, 3)
        found = People(person, start, alone.astype(np.bool_))
        return self._measured(found, "own" if own else "all", own or rules.holdout, begin, length, until)

    def _entered(
        self, slug: str, versions: Sequence[Saved], share: float, since: Micros, until: Micros, goal: bool
    ) -> People:
        """Who came into a journey, or would have but for the control group."""
        with self.ops.read() as tx:
            rows = runs.assigned(tx, slug, [one.version for one in versions], since, until)
        filled = [(person, entered, reached is not None) for person, entered, reached in rows]
        person, start, converted = _columns(filled, 3)
        alone = held(slug, share, person)
        # Who gets no marketing at all gets none in either group: they only blur what is to be seen.
        rules = self.messaging_rules()
        counts = (
            ~held(rules.salt + GLOBAL, rules.holdout, person) if rules.holdout else np.full(len(person), True)
        )
        reached = converted.astype(np.bool_)[counts] if goal else None
        return People(person[counts], start[counts], alone[counts], reached)

    def _measured(
        self,
        found: People,
        group: Literal["own", "all"],
        share: float,
        since: Micros,
        within: str,
        until: Micros,
    ) -> Contrast:
        open_ = int((found.start > until - duration(within)).sum())
        uplift = self.measured(found, within)
        return Contrast(uplift, group, share, since, within, found.converted is not None, open_)

    def measured(self, found: People, within: str) -> Uplift:
        """What those to whom it was to happen did more than those whom chance left alone.

        Each customer counts once, from the first time on that chance had its say about them.
        """
        person = canonical(self.warehouse, found.person) if len(found.person) else found.person
        order = np.argsort(found.start, kind="stable")
        _, first = np.unique(person[order], return_index=True)
        mine = order[first]
        start = found.start[mine]
        spent = gains.spent(self.warehouse, person[mine].astype(np.int32), start, start + duration(within))
        reached = spent.orders > 0 if found.converted is None else found.converted[mine]
        alone = found.alone[mine]
        treated, control = (grouped(reached[some], spent.revenue[some]) for some in (~alone, alone))
        return compare(treated, control)

    def _steady(self, origin: str) -> Micros:
        """Since when as many are left alone as now."""
        rules, since = self.messaging_rules(), 0
        now = rules.holdout, rules.holdouts.get(origin, 0.0), rules.salt
        for deed in acts.latest(self.ops, _RULES, act="messaging rules"):
            told = deed.detail.get("rules", {})
            if (
                told.get("holdout", 0.0),
                told.get("holdouts", {}).get(origin, 0.0),
                told.get("salt", ""),
            ) != now:
                break
            since = deed.at
        return since

    # --- who it was -------------------------------------------------------------------------------

    def stopped(
        self, origin: str, step: str, state: str, reason: str | None, since: Micros, most: int = 50
    ) -> list[tuple[int, Told]]:
        """The latest messages of a step that ended so, with the number of whom each is for."""
        with self.ops.read() as tx:
            steps = {
                one for one, *_ in messages.tallied(tx, origin, since, clock.LAST) if stepped(one) == step
            }
            return outbox.because(tx, origin, steps, state, reason, since, most)


def stepped(step: str) -> str:
    """The step that a message is of, whatever version of a journey wanted it."""
    return _VERSION.sub("", step, count=1) if _VERSION.match(step) else step


def _added(found: dict[tuple[str, str], Credit]) -> dict[str, Credit]:
    """By step, whatever the version."""
    by_step: dict[str, list[Credit]] = defaultdict(list)
    for (_, step), one in found.items():
        by_step[stepped(step)].append(one)
    return {
        step: Credit(*(sum(column) for column in zip(*map(_numbers, some), strict=True)))
        for step, some in by_step.items()
    }


def _numbers(one: Credit) -> tuple[int, int, int, int]:
    return one.orders, one.revenue, one.customers, one.clicked


def _last(versions: Sequence[Saved]) -> Saved | None:
    """The live version, else the one that was last."""
    ran = [one for one in versions if one.since is not None]
    return next((one for one in ran if one.live), max(ran, key=lambda one: one.since or 0, default=None))


def _alike(versions: Sequence[Saved], share: float) -> Micros:
    """Since when a journey's versions leave as many alone as the newest does."""
    since = 0
    for one in sorted(versions, key=lambda saved: saved.since or 0, reverse=True):
        if one.journey.head.holdout != share:
            break
        since = one.since or 0
    return since - 1


def _columns(rows: Sequence[tuple[Any, ...]], n: int) -> tuple[Ints, ...]:
    columns = zip(*rows, strict=True) if rows else [()] * n
    return tuple(np.array(one, np.int64) for one in columns)
