"""Alerts in a workspace: kept, looked at when it is time, and told; each look and each telling once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from habitue.alerts import kept
from habitue.alerts.alert import HOOK, Alert
from habitue.alerts.judge import Reading
from habitue.alerts.kept import Saved
from habitue.alerts.looks import heard, last
from habitue.alerts.machine import Standing, look
from habitue.alerts.reading import from_text, lacking, read
from habitue.alerts.replay import DAYS, Replayed, readings, replay
from habitue.alerts.roles import Ground, Names, Plain, Stages
from habitue.alerts.saying import Speech
from habitue.app.shelf import Shelf
from habitue.journeys import kept as journeys
from habitue.kernel import clock, money
from habitue.kernel.clock import LAST, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language
from habitue.metrics import volume
from habitue.store import incidents, members
from habitue.store.incidents import Incident, State
from habitue.store.ops import Tx
from habitue.team.rights import Actor

NO_INCIDENT = N_("This incident is over, or there is none of that number.")


class Watched(Struct, frozen=True):
    """An alert with how it stands: the last look, what it found, who muted it, the incident under way."""

    saved: Saved
    state: State
    incident: Incident | None

    @property
    def alert(self) -> Alert:
        return self.saved.alert

    @property
    def reading(self) -> Reading | None:
        """What the last look found."""
        return reading(self.state.reading)


def reading(raw: Mapping[str, Any] | None) -> Reading | None:
    """A reading as it was kept."""
    return None if raw is None else msgspec.convert(raw, Reading)


class Alerting(Shelf):
    """The part of a shop that tells the team."""

    # --- definitions ------------------------------------------------------------------------------

    def alerts(self) -> list[Watched]:
        """Every alert, the oldest first."""
        states = incidents.states(self.ops)
        open_ = {one.slug: one for one in incidents.incidents(self.ops, most=1000, only_open=True)}
        return [
            Watched(one, states.get(one.alert.id, State(one.alert.id)), open_.get(one.alert.id))
            for one in kept.live(self.ops)
        ]

    def alert(self, name: str) -> Watched:
        """One alert; raises `UserError` with the nearest name."""
        kept.named(self.ops, name)
        return next(one for one in self.alerts() if one.alert.id == name)

    def read_alert(self, source: str | Mapping[str, Any]) -> Alert:
        """The alert of a text or a body; raises `AlertError` with all that is wrong."""
        names, to = self.alert_names(), self.alert_targets()
        return from_text(source, names, to) if isinstance(source, str) else read(source, names, to)

    def save_alert(self, alert: Alert, by: str, now: Micros | None = None) -> Saved:
        """Let it look from now on, in place of the one of its id."""
        return kept.keep(self.ops, alert, clock.now() if now is None else now, by)

    def remove_alert(self, name: str, by: str, now: Micros | None = None) -> None:
        """Let it look no more; an incident of its that is under way is over."""
        when = clock.now() if now is None else now
        kept.remove(self.ops, name, when, by)
        with self.ops.begin() as tx:
            if found := incidents.under_way(tx, name):
                incidents.change(tx, found.id, {"ended": when})

    def alert_names(self, *, seen: bool = False) -> Names:
        """What alerts may name, and how it is called; with the events and sources that were `seen`."""
        feeds = volume.feeds(self.warehouse, self.settings.timezone, clock.now()) if seen else {}
        models = self.models()
        return Names(
            {one.id: one.kind.name for one in models},
            {f"{one.id}.{stage.id}": stage.name for one in models for stage in one.stages},
            {one.id: Plain(one.title) for one in self.segments() if one.subject == "person"},
            {one.journey.id: Plain(one.journey.title) for one in journeys.latest(self.ops)},
            tuple(sorted(self.catalogue().events)) if seen else (),
            tuple(feeds),
        )

    def alert_targets(self) -> frozenset[str]:
        """To whom an alert may be sent: the team, and the webhooks."""
        team = {one["email"] for one in members.all_(self.ops)}
        return frozenset(team | {f"{HOOK}{one.slug}" for one in incidents.hooks(self.ops)})

    def speech(self, language: Language | None = None) -> Speech:
        """How figures are told to a reader, in the workspace's language where none is said."""
        own = self.settings
        return Speech(language or own.language, own.timezone, own.currency, self.alert_names())

    # --- looking ----------------------------------------------------------------------------------

    def alert_ground(self) -> Ground:
        """What alerts read."""
        born = self.warehouse.read("SELECT epoch_us(min(first)) AS born FROM tally")["born"][0].as_py()
        return Ground(
            self.warehouse,
            self.settings.timezone,
            {
                one.id: Stages(one.version, {stage.id: one.value(stage.id) for stage in one.stages})
                for one in self.models()
            },
            {one.id: one.version for one in self.segments()},
            lambda slug, since: incidents.sent(self.ops, f"journey:{slug}", since),
            born,
            money.digits(self.settings.currency),
        )

    def watch(self, now: Micros | None = None) -> int:
        """Look at each alert whose time has come; how many of them began or ended an incident, or told.

        After an outage only the last look counts: what was meanwhile is over.
        """
        when, told = clock.now() if now is None else now, 0
        zone = self.settings.timezone
        states = incidents.states(self.ops)
        due = [
            (one.alert, at)
            for one in kept.live(self.ops)
            if (at := last(one.alert, when, zone)) > (states.get(one.alert.id, State("")).looked or 0)
        ]
        if not due:
            return 0
        ground, names = self.alert_ground(), self.alert_names()
        for alert, at in due:
            there = not lacking(alert.watch, names)
            found = readings(alert, ground, [at])[0] if there else Reading(None)
            told += self._looked(alert, states.get(alert.id, State(alert.id)), found, at, when)
        return told

    def _looked(self, alert: Alert, state: State, found: Reading, at: Micros, now: Micros) -> bool:
        """Write down what a look found and what is told of it, all at once or not at all."""
        raw = msgspec.to_builtins(found)
        with self.ops.begin() as tx:
            if not incidents.looked(tx, alert.id, state.looked, at, raw):
                return False
            open_ = incidents.under_way(tx, alert.id)
            before = Standing()
            if open_:
                before = Standing(open_.begun, open_.told, open_.fine, open_.snoozed)
            after, what = look(before, found, at, alert.every, state.muted is not None)
            number = open_.id if open_ else None
            values = {"told": after.told, "fine": after.fine, "snoozed": after.snoozed, "last": raw}
            if number is None and after.begun is not None:
                number = incidents.begin(tx, alert.id, at, {**values, "first": raw})
            elif number is not None:
                incidents.change(tx, number, _ended(at) if after.begun is None else values)
            if what is not None and number is not None:
                self._told(tx, number, alert, what, raw, now)
        return before != after or what is not None

    def _told(
        self, tx: Tx, number: int, alert: Alert, what: str, raw: Mapping[str, Any], now: Micros
    ) -> None:
        due = heard(alert.quiet, now, self.settings.timezone)
        incidents.tell(tx, number, what, now, raw, [(one, due) for one in alert.to])

    def replay_alert(self, alert: Alert, now: Micros | None = None, days: int = DAYS) -> Replayed:
        """What it would have told over the last days."""
        return replay(alert, self.alert_ground(), clock.now() if now is None else now, days)

    # --- what people say to it --------------------------------------------------------------------

    def mute_alert(self, name: str, by: str, now: Micros | None = None, *, on: bool = True) -> None:
        """Tell nothing of it until it is unmuted; it goes on looking."""
        kept.named(self.ops, name)
        incidents.mute(self.ops, name, by, clock.now() if now is None else now, on=on)

    def snooze_incident(self, number: int, until: Micros | None, by: str, now: Micros | None = None) -> None:
        """Tell nothing of an incident until then (`clock.LAST`: until it is over); None: tell again."""
        if not incidents.snooze(self.ops, number, until, by, clock.now() if now is None else now):
            raise UserError(NO_INCIDENT)

    def snooze_alert(self, name: str, length: str, by: str, now: Micros | None = None) -> int:
        """Tell nothing of what is under way for a length, or until it is `over`; `none`: tell again.

        Returns the incident's number; raises `UserError` where nothing is under way.
        """
        when, found = clock.now() if now is None else now, self.alert(name).incident
        if found is None:
            raise UserError(N_("Nothing of “{id}” is under way."), id=name)
        known: dict[str, Micros | None] = {"over": LAST, "none": None}
        until = known[length] if length in known else when + clock.duration(length)
        self.snooze_incident(found.id, until, by, when)
        return found.id

    def untold(self, actor: Actor) -> int:
        """How much was told that a member has not seen yet."""
        if actor.id is None:
            return 0
        with self.ops.read() as tx:
            return incidents.unread(tx, actor.id)

    def alerts_seen(self, actor: Actor, now: Micros) -> None:
        """A member has seen what was told."""
        if actor.id is not None:
            incidents.see(self.ops, actor.id, now)


def _ended(at: Micros) -> dict[str, Any]:
    """What becomes of an incident that is over; what it was at last stays."""
    return {"ended": at, "snoozed": None}
