"""Broadcasts in a workspace: drafted, checked, sent, held up, ended; and who would get one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from threading import Lock
from typing import Any, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from habitue.app.blanks import said
from habitue.app.funnel import UNWRITTEN, Funnel
from habitue.app.posting import SMS, Posting
from habitue.app.segments import Segmented
from habitue.broadcasts import check, live, plan, state
from habitue.broadcasts.check import Fault, Known
from habitue.broadcasts.live import Live
from habitue.broadcasts.plan import LATER, Bools, Ints, Plan
from habitue.broadcasts.results import Result, clicked, results
from habitue.broadcasts.shape import RESERVED, SLUG, Broadcast, body, from_body
from habitue.broadcasts.winner import Score
from habitue.kernel import clock
from habitue.kernel.clock import LAST, Micros, duration
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_
from habitue.messaging import crowd
from habitue.messaging.forecast import NAMES, Forecast, forecast
from habitue.messaging.guards import BROADCAST
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import Rules
from habitue.metrics import credit
from habitue.metrics.credit import credited
from habitue.store import acts, broadcasts, messages, traffic
from habitue.store.broadcasts import Kept, Turn
from habitue.store.ops import Tx
from habitue.templates import kept as templates

SAMPLE: Final = 20
"""So many customers are named of each who are lost."""


class Course(Struct, frozen=True):
    """How a broadcast goes: messages by state and reason, who is still to be put into the outbox, each
    variant's results and all its turns.
    """

    tally: Mapping[tuple[str, str | None], int]
    left: int
    results: Sequence[Result]
    turns: Sequence[Turn]

    @property
    def recipients(self) -> int:
        return sum(self.tally.values()) + self.left

    def among(self, *states: str) -> int:
        """How many are in one of these states."""
        return sum(n for (state, _), n in self.tally.items() if state in states)


class Broadcasting(Segmented, Posting):
    """The part of a shop that is about broadcasts."""

    # --- drafts -----------------------------------------------------------------------------------

    def broadcasts(self) -> list[Kept]:
        """All of them, the newest first."""
        return state.every(self.ops)

    def broadcast(self, name: str) -> Kept:
        """One of them; raises `UserError` with the nearest name."""
        return state.one(self.ops, name)

    def check_broadcast(self, one: Broadcast, now: Micros | None = None) -> list[Fault]:
        """All that there is to say of it."""
        live_ = [each.template for each in templates.foremost(self.ops) if each.live]
        known = {each.slug: (each.channel, each.purpose) for each in live_}
        when = clock.now() if now is None else now
        return check.check(one, Known(known, self.settings.timezone, self._read), when)

    def _read(self, rule: str) -> Sequence[Any]:
        return self.segment(rule).warnings

    def keep_broadcast(self, one: Broadcast, by: str, now: Micros | None = None) -> Kept:
        """Keep it as a draft, sound or not. Raises `UserError` where that one is no draft any more."""
        when = clock.now() if now is None else now
        if SLUG.fullmatch(one.id) is None or one.id in RESERVED:
            raise UserError(
                N_("“{name}” can't name a broadcast. Use small letters, digits, - and _."), name=one.id[:80]
            )
        with self.ops.begin() as tx:
            made = broadcasts.add(tx, one.id, body(one), when, by)
            if made is None:
                kept = broadcasts.hold(tx, one.id)
                state.among(kept, ("draft",))
                broadcasts.change(tx, kept.id, body(one), when, by)
            else:
                acts.note(tx, when, by, "broadcast draft", one.origin)
        return self.broadcast(one.id)

    def free_broadcast(self, wish: str) -> str:
        """A name like this one that no broadcast has."""
        taken, name, number = {kept.slug for kept in self.broadcasts()}, wish, 1
        while name in taken or name in RESERVED:
            number += 1
            name = f"{wish}-{number}"
        return name

    def copy_broadcast(self, name: str, by: str, now: Micros | None = None) -> Kept:
        """A draft that says the same, to be sent another time."""
        one = from_body(self.broadcast(name).body)
        return self.keep_broadcast(replace(one, id=self.free_broadcast(one.id), at=""), by, now)

    def drop_broadcast(self, name: str, by: str, now: Micros | None = None) -> None:
        """Forget a draft that was never sent."""
        when = clock.now() if now is None else now
        with self.ops.begin() as tx:
            kept = broadcasts.hold(tx, self.broadcast(name).slug)
            state.among(kept, ("draft",))
            broadcasts.drop(tx, kept.id)
            acts.note(tx, when, by, "broadcast dropped", f"broadcast:{name}")

    # --- under way --------------------------------------------------------------------------------

    def steer_broadcast(self, name: str, act: str, by: str, variant: str = "") -> None:
        """Do with it what a word says; `variant` is the one to `choose`. Raises `UserError`."""
        steps: dict[str, Callable[[], object]] = {
            "send": lambda: self.send_broadcast(name, by),
            "recall": lambda: self.unschedule_broadcast(name, by),
            "pause": lambda: self.pause_broadcast(name, by),
            "resume": lambda: self.resume_broadcast(name, by),
            "cancel": lambda: self.cancel_broadcast(name, by),
            "choose": lambda: self.choose_variant(name, variant, by),
            "drop": lambda: self.drop_broadcast(name, by),
        }
        if act not in steps:
            raise UserError(N_("Choose one of: {known}."), known=", ".join(steps))
        steps[act]()

    def send_broadcast(self, name: str, by: str, now: Micros | None = None) -> Kept:
        """Let it go, now or when its time comes. Raises `BroadcastError` with all that is wrong."""
        when, kept = clock.now() if now is None else now, self.broadcast(name)
        state.among(kept, ("draft",))
        one = from_body(kept.body)
        check.sound(self.check_broadcast(one, when))
        starts = plan.starts(one, self.settings.timezone, when)
        with self.ops.begin() as tx:
            state.move(tx, kept, "scheduled", when, by, {"starts": starts})
            broadcasts.settle(tx, kept.id, starts=starts, decides=None, winner=None)
        return self.broadcast(name)

    def unschedule_broadcast(self, name: str, by: str, now: Micros | None = None) -> None:
        """Make a draft again of one that has not begun."""
        kept = self.broadcast(name)
        state.among(kept, ("scheduled",))
        with self.ops.begin() as tx:
            state.move(tx, kept, "draft", clock.now() if now is None else now, by)

    def pause_broadcast(self, name: str, by: str, now: Micros | None = None) -> None:
        """Send nothing more of it until it is resumed."""
        live.pause(self.ops, self.broadcast(name), clock.now() if now is None else now, by)

    def resume_broadcast(self, name: str, by: str, now: Micros | None = None) -> None:
        """Let a paused one go on."""
        with self._mailing:
            live.resume(self.ops, self.broadcast(name), clock.now() if now is None else now, by)

    def cancel_broadcast(self, name: str, by: str, now: Micros | None = None) -> None:
        """End it for good: who has not got it doesn't."""
        live.cancel(self.ops, self.broadcast(name), clock.now() if now is None else now, by)

    def choose_variant(self, name: str, variant: str, by: str, now: Micros | None = None) -> None:
        """Say which variant the others get, where it could not be told. Raises `UserError`."""
        when, kept = clock.now() if now is None else now, self.broadcast(name)
        state.among(kept, ("asking",))
        known = [each.id for each in from_body(kept.body).variants]
        if variant not in known:
            raise UserError(N_("Choose one of: {known}."), known=", ".join(known))
        with self._mailing:
            self.mailing.choose(kept, variant, when, by, {"why": "chosen"})

    def advance_broadcasts(self, now: Micros | None = None) -> int:
        """Bring forward those that are under way; how many messages were put into the outbox."""
        with self._mailing:
            return self.mailing.tick(clock.now() if now is None else now)

    @cached_property
    def _mailing(self) -> Lock:
        return Lock()

    @cached_property
    def mailing(self) -> Live:
        """The broadcasts under way."""
        return Live(
            self.ops,
            self.warehouse,
            self.sending_rules,
            self._members,
            lambda persons: crowd.zoned(self.warehouse, persons, self.settings.timezone),
            lambda name: templates.live(self.ops, name),
            self._scores,
            self._lost,
        )

    def _lost(self, one: Broadcast, persons: Ints, meant: Ints) -> Bools:
        """Who would not get it, as things stand."""
        with self.ops.read() as tx:
            told = self._foreseen(tx, one, persons, meant, meant, clock.now())
        return (told.why > 0) & ~told.waits

    def _foreseen(
        self,
        tx: Tx,
        one: Broadcast,
        persons: Ints,
        dues: Ints,
        meant: Ints,
        now: Micros,
        parts: Ints | int = 1,
    ) -> Forecast:
        """What the guards would say of it, of so many parts."""
        rules = self._rules(tx)
        rules = replace(rules, holdouts={**rules.holdouts, one.origin: one.holdout})
        untils = meant + duration(one.within) if one.within else np.full(len(persons), LAST)
        region = self.settings.terms.region
        like = _like(one, int(dues.min()) if len(dues) else 0)
        return forecast(tx, self.warehouse, like, persons, dues, rules, region, now, untils, parts)

    def _members(self, one: Broadcast, at: Micros) -> Ints:
        """Who is meant at an instant, and not left out."""
        meant = self._all(one.to, at)
        for rule in one.without:
            meant = np.setdiff1d(meant, self._all(rule, at), assume_unique=True)
        return meant

    def _all(self, rule: str, at: Micros) -> Ints:
        return self.segment(rule).persons(at).astype(np.int64) if rule.strip() else np.empty(0, np.int64)

    def _scores(self, kept: Kept, one: Broadcast, now: Micros) -> list[Score]:
        clicks = one.trial is not None and one.trial.by == "clicks"
        until = now if kept.decides is None else min(now, kept.decides)
        found = results(self.ops, self.warehouse, one, until)
        return [Score(each.variant, each.reached, each.clicks if clicks else each.orders) for each in found]

    # --- looking ----------------------------------------------------------------------------------

    def broadcast_funnel(self, one: Broadcast, now: Micros | None = None) -> Funnel:
        """Who would get it if it were sent now, or when its time comes, and who is lost to which guard.

        By the guards that will decide: what customers do until then may change it.
        """
        when = clock.now() if now is None else now
        starts = max(when, plan.starts(one, self.settings.timezone, when))
        meant = self._all(one.to, when)
        members = self._members(one, when)
        rules = self.sending_rules()
        made = self._planned(one, members, starts, rules)
        # What text messages cost is known only of what they say: where that decides, it is asked first.
        priced = one.channel == SMS and SMS in rules.budgets
        texts = said(self, one, made, np.full(len(made.person), priced))
        with self.ops.read() as tx:
            told = self._foreseen(tx, one, made.person, made.due, made.meant, when, texts.parts)
        gets = (told.why == 0) | told.waits
        texts = texts if priced else said(self, one, made, gets)
        blank = gets & texts.blank
        lacking = Counter(texts.lacking[blank].tolist())
        gets &= ~blank
        lost = np.bincount(told.why[~told.waits], minlength=len(NAMES))
        waits = np.bincount(told.why[told.waits & ~blank], minlength=len(NAMES))
        return Funnel(
            len(meant),
            len(meant) - len(members),
            {name: int(lost[n]) for n, name in enumerate(NAMES) if n and lost[n]}
            | ({UNWRITTEN: int(blank.sum())} if blank.any() else {}),
            {name: int(waits[n]) for n, name in enumerate(NAMES) if n and waits[n]},
            int(gets.sum()),
            {
                name: tuple(made.person[told.why == n][:SAMPLE].tolist())
                for n, name in enumerate(NAMES)
                if n and (lost[n] or waits[n])
            }
            | {UNWRITTEN: tuple(made.person[blank][:SAMPLE].tolist())},
            int(made.due[gets].min()) if gets.any() else None,
            int(made.due[gets].max()) if gets.any() else None,
            tuple(name for name, _ in lacking.most_common(SAMPLE)),
            int(texts.parts[gets].sum()),
            int(told.cost[gets].sum()) if one.channel in rules.budgets else None,
        )

    def _planned(self, one: Broadcast, members: Ints, starts: Micros, rules: Rules) -> Plan:
        """The plan, with those who wait for the winner where they would come if it took no longer."""
        made = self.mailing.planned(one, members, starts, rules)
        later = made.variant == LATER
        if one.trial is None or not later.any():
            return made
        begins = (int(made.due[~later].max()) if (~later).any() else starts) + duration(one.trial.after)
        due, meant = made.due.copy(), np.where(later, begins, made.meant)
        due[later] = self.mailing.paced(one, made.person[later], meant[later], rules)
        return Plan(made.person, made.variant, due, meant)

    def broadcast_course(self, kept: Kept, now: Micros | None = None) -> Course:
        """How it goes, or went."""
        one = from_body(kept.body)
        with self.ops.read() as tx:
            rows = messages.tally(tx, one.origin)
            left, turns = broadcasts.left(tx, kept.id), broadcasts.turns(tx, kept.id)
        tally: dict[tuple[str, str | None], int] = {}
        for _, at, reason, n in rows:
            tally[at, reason] = tally.get((at, reason), 0) + n
        when = clock.now() if now is None else now
        return Course(tally, left, results(self.ops, self.warehouse, one, when), turns)

    def broadcast_tally(self, kept: Kept) -> list[tuple[str, int]]:
        """How many of its messages are in each state, now."""
        with self.ops.read() as tx:
            return [(at, n) for _, at, _, n in messages.tally(tx, from_body(kept.body).origin)]

    def broadcast_people(self, kept: Kept, at: str, reason: str | None, most: int = 200) -> list[int]:
        """Some of those whose message is in a state, for a reason."""
        with self.ops.read() as tx:
            return traffic.stopped(tx, from_body(kept.body).origin, at, reason, most)

    def brought(self, since: Micros | None, now: Micros | None = None) -> dict[str, tuple[int, int, int]]:
        """What is put down to each broadcast that began since: revenue (minor units), orders, and how many
        customers clicked.
        """
        if since is None:
            return {}
        when = clock.now() if now is None else now
        found: dict[str, tuple[int, int, int]] = {
            origin: (0, 0, n) for origin, n in clicked(self.warehouse, since).items()
        }
        put_down = credited(self.warehouse, since, when, credit.read(self.ops.setting("attribution")))
        for (origin, _), one in put_down.items():
            if origin.startswith(BROADCAST):
                revenue, orders, clicks = found.get(origin, (0, 0, 0))
                found[origin] = (revenue + one.revenue, orders + one.orders, clicks)
        return found


def _like(one: Broadcast, starts: Micros) -> Wanted:
    return Wanted(
        origin=one.origin,
        run="-",
        person=0,
        channel=one.channel,
        due=starts,
        purpose=one.purpose,
        priority=one.priority,
    )
