"""What a person may ask of a workspace: all that it knows of them, and to be forgotten by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Literal

import pyarrow as pa
from msgspec import Struct, convert, to_builtins

from habitue.app import access
from habitue.app.identities import ruling
from habitue.app.imports import Told
from habitue.app.workspace import Workspace
from habitue.ingest import erasing, inbox, traces, whole
from habitue.ingest.erasing import Gone, Plan
from habitue.journeys import kept as journeys
from habitue.kernel import clock
from habitue.kernel.clock import DAY, Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import N_, Language
from habitue.people import identities, identity, retention
from habitue.people.keys import email_key, phone_key, spoken
from habitue.people.privacy import ERASED, Marks
from habitue.people.retention import Silent
from habitue.store import acts, aged, erasures
from habitue.store.erasures import Request
from habitue.store.warehouse import Warehouse

FROM_LOG: Final = N_("Erasing from the event log")
ANEW: Final = N_("Writing the working copy anew")
PROSPECTS: Final = "retention.prospects"
CUSTOMERS: Final = "retention.customers"
ALONE: Final = "retention.alone"
MESSAGES: Final = "retention.messages"
LOOKED: Final = "retention.looked"
AGED: Final = "retention.aged"
THREE_YEARS: Final = "3y"

_AT_ONCE: Final = 5_000

Kept = Literal["prospects", "customers"]


class Erased(Struct, frozen=True):
    """A request that was carried out: its number, how many people, and keys of theirs that others share."""

    request: int
    people: int
    shared: list[str]


class Rules(Struct, frozen=True):
    """After how long (such as `3y`; None: never) whoever is silent is to go, and whether by itself; and what
    was sent to people, and the journeys that are over.
    """

    prospects: str | None
    customers: str | None
    alone: bool
    messages: str | None = THREE_YEARS


class Private(Workspace):
    """The part of a shop that is about privacy."""

    def refresh(self, now: Any = None, told: Told | None = None) -> Any:
        """Take in what waits and bring everything up to date."""
        raise NotImplementedError

    # --- access -----------------------------------------------------------------------------------

    def record(self, customer: str | int) -> access.Record:
        """All that is kept of a customer anywhere, whatever keys it came in under."""
        with self.working:
            person = self.person(customer)
            return access.record(self, person, self._marks(self._plan([person])))

    def export(self, customer: str | int, to: Path | str, language: Language | None = None) -> list[Path]:
        """Write that into a new directory or ZIP file, for programs and for people; the files made."""
        return access.write(
            self.record(customer), Path(to), language or self.settings.language, self.settings
        )

    # --- erasure ----------------------------------------------------------------------------------

    def erase(
        self,
        customers: Sequence[str | int],
        by: str = "",
        *,
        reason: str = "asked",
        now: Micros | None = None,
        told: Told | None = None,
    ) -> Erased:
        """Forget these people everywhere; their events stay, as the events of nobody.

        Raises `UserError` where one is not known; then nothing was done. Whom only an import told of that was
        taken back is known to the log, and goes too. Once it was asked it is carried out, whatever happens on
        the way: the next opening goes on with it.
        """
        when = clock.now() if now is None else now
        with self.working:
            self.finish_erasures(told)
            self.refresh(when, told)
            meant = {customer: self._undone(customer) for customer in customers}
            people = [self._living(customer) for customer, one in meant.items() if one is None]
            self._hold_apart(people, when)
            plan = self._plan(people, [one for one in meant.values() if one is not None])
            n = len(plan.people)
            asked = erasures.ask(self.ops, by, reason, n, to_builtins(plan), when)
            shared = self._shared(plan)
            self.finish_erasures(told)
            self.refresh(when, told)
        return Erased(asked, n, shared)

    def erasures(self) -> list[Request]:
        """What was asked to be erased, by whom, and when it was done; the latest first."""
        return erasures.every(self.ops)

    def finish_erasures(self, told: Told | None = None) -> int:
        """Carry out what was asked and is not done; how many requests that were. Nothing to do is quick."""
        with self.working:
            waiting = erasures.undone(self.ops)
            for request in waiting:
                self._carry_out(request, told)
            return len(waiting)

    def replay_erasures(
        self, by: str = "", *, listed: str | None = None, now: Micros | None = None, told: Told | None = None
    ) -> Erased | None:
        """Erase again who came back with an older copy of the stores; None where nobody did.

        `listed` are lines of `erased_list`, kept outside, for where the copy knows nothing of it.
        """
        if listed is not None:
            erasures.learn(self.ops, _lines(listed))
        with self.working:
            self.refresh(now, told)
            known, secret = erasures.erased(self.ops), erasures.secret(self.ops)
            rows = self.warehouse.read("SELECT key, node, epoch_us(birth) AS birth FROM node").to_pylist()
            found = erasures.among(secret, known, (row["key"] for row in rows))
            back = [r["node"] for r in rows if r["key"] in found and (r["birth"] or 0) < found[r["key"]]]
            people = sorted({identities.whole(self.warehouse, node) for node in back})
            return self.erase(people, by, reason="replay", now=now, told=told) if people else None

    def erased_list(self) -> str:
        """Everybody ever erased, as lines of an instant and a keyed hash: to be kept beside the backups."""
        known = sorted(erasures.erased(self.ops).items(), key=lambda one: (one[1], one[0]))
        return "".join(f"{clock.iso(at)} {one}\n" for one, at in known)

    def goes_by(self, customer: str | int) -> list[str]:
        """The keys of whom would be erased; raises `UserError`."""
        undone = self._undone(customer)
        return (
            [undone.key] if undone else [*identities.identities(self.warehouse, self.person(customer)).keys]
        )

    def _undone(self, customer: str | int) -> Gone | None:
        """Who is known no more but to an import that was taken back."""
        if isinstance(customer, int) or not self.log.retracted():
            return None
        keys = spoken(customer)
        if identities.whose(self.warehouse, keys) is not None:
            return None
        found = identity.known(self.ops, list(keys))
        return next((Gone(found[key], found[key], key) for key in keys if key in found), None)

    def _living(self, customer: str | int) -> int:
        person = self.person(customer)
        key = self.warehouse.read("SELECT key FROM person WHERE person = ?", (person,))["key"].to_pylist()
        if key and key[0].startswith(f"{ERASED}:"):
            raise UserError(N_("“{key}” was erased already."), key=customer)
        return person

    def _hold_apart(self, people: Sequence[int], now: Micros) -> None:
        """Keep whom too many shared keys from becoming one now that there are fewer to share them."""
        apart = erasing.loosened(self.warehouse, erasing.chosen(self.warehouse, people))
        if apart:
            parcels = [ruling("split", one, other, "habitue", ERASED, now) for one, other in apart]
            inbox.put(self.ops, parcels, now)
            self.refresh(now)

    def _plan(self, people: Sequence[int], undone: Sequence[Gone] = ()) -> Plan:
        gone = [*erasing.chosen(self.warehouse, people), *undone]
        whole_ = sorted({one.person for one in gone})
        names, addresses = _told(self.warehouse, whole_, self.settings.terms.region)
        own = {one.key for one in gone}
        taken = _others(self.warehouse, addresses - own)
        alone = erasing.alone(self.warehouse, whole_)
        return Plan(token_hex(32), gone, sorted(names), sorted(addresses - own - taken), alone)

    def _marks(self, plan: Plan) -> Marks:
        return Marks(plan.keys, plan.names, self.settings.terms.region)

    def _shared(self, plan: Plan) -> list[str]:
        """Keys that they used and that others use too."""
        nodes = pa.table({"node": pa.array([one.node for one in plan.gone], pa.int32())})
        rows = self.warehouse.read(
            "SELECT DISTINCT key FROM (SELECT one AS a, other AS b FROM claim UNION ALL SELECT other, one "
            "FROM claim) SEMI JOIN gone ON a = gone.node JOIN node ON node.node = b "
            "WHERE b NOT IN (SELECT node FROM gone) ORDER BY 1",
            gone=nodes,
        )
        return list(rows["key"].to_pylist())

    def _carry_out(self, request: Request, told: Told | None) -> None:
        """One request, from wherever it was left: the plan goes when nothing else is left of them."""
        if request.plan is not None:
            plan = convert(request.plan, Plan)
            whole.check(self.ops, self.log, self.warehouse)
            erasing.on_log(self.log, plan, _step(told, FROM_LOG))
            if told:
                told(ANEW, 0, 0)
            erasing.on_copy(self.log, self.warehouse, plan)
            for forget in self.forgetting:
                forget()
            traces.forget_files(self.directory, self._marks(plan))
            traces.forget(self.ops, request, plan, self._marks(plan))
            self.generation += 1
        self.ops.purge(*traces.CLEARED)
        erasures.finish(self.ops, request, clock.now())

    # --- retention --------------------------------------------------------------------------------

    def retention(self) -> Rules:
        """After how long whoever is silent is to go: prospects after three years if nothing else was said."""
        said = {name: self.ops.setting(name) for name in (PROSPECTS, CUSTOMERS, ALONE, MESSAGES)}
        usual = {name: THREE_YEARS if said[name] is None else said[name] for name in (PROSPECTS, MESSAGES)}
        alone = said[ALONE] == "yes"
        return Rules(usual[PROSPECTS] or None, said[CUSTOMERS] or None, alone, usual[MESSAGES] or None)

    def keep_for(
        self,
        *,
        prospects: str | None = None,
        customers: str | None = None,
        messages: str | None = None,
        alone: bool | None = None,
        by: str = "",
        now: Micros | None = None,
    ) -> Rules:
        """Change the rules: a length such as `3y`, or `never`; `alone` lets the server apply them daily."""
        before = self.retention()
        for name, length in ((PROSPECTS, prospects), (CUSTOMERS, customers), (MESSAGES, messages)):
            if length is not None:
                if length != "never":
                    clock.duration(length)
                self.ops.put_setting(name, "" if length == "never" else length)
        if alone is not None:
            self.ops.put_setting(ALONE, "yes" if alone else "no")
        rules = self.retention()
        if rules != before:
            with self.ops.begin() as tx:
                told = {name: getattr(rules, name) for name in Rules.__struct_fields__}
                acts.note(tx, clock.now() if now is None else now, by, "retention", "workspace", **told)
        return rules

    def silent(self, now: Micros | None = None) -> list[Silent]:
        """Whom the rules let go now: prospects first, the longest silent first."""
        when, rules = clock.now() if now is None else now, self.retention()
        found: list[Silent] = []
        for length, customers in ((rules.prospects, False), (rules.customers, True)):
            if length is not None:
                found += retention.silent(self.warehouse, customers, when - clock.duration(length))
        return found

    def retain(self, by: str = "", *, now: Micros | None = None, told: Told | None = None) -> Erased | None:
        """Erase whom the rules let go; None where that is nobody."""
        with self.working:
            self.refresh(now, told)
            people = [one.person for one in self.silent(now)]
            return self.erase(people, by, reason="retention", now=now, told=told) if people else None

    def forget_sent(self, now: Micros | None = None) -> int:
        """Let go of messages and runs that were kept long enough; how many.

        Of a journey that lets everybody in only once it stays known who was in it.
        """
        length, when = self.retention().messages, clock.now() if now is None else now
        if length is None:
            return 0
        before = when - clock.duration(length)
        once = [one.journey.id for one in journeys.latest(self.ops) if one.journey.head.again == "never"]
        gone = 0
        for forget in (aged.messages, partial(aged.runs, but=once)):
            n = _AT_ONCE
            while n == _AT_ONCE:
                with self.ops.begin() as tx:
                    n = forget(tx, before, _AT_ONCE)
                gone += n
        return gone

    def attend(self, now: Micros | None = None) -> None:
        """What a server does by itself: what was left undone and, once a day, the rules if it may."""
        when = clock.now() if now is None else now
        self.finish_erasures()
        if when - int(self.ops.setting(AGED) or 0) >= DAY:
            self.ops.put_setting(AGED, str(when))
            self.forget_sent(when)
        if self.retention().alone and when - int(self.ops.setting(LOOKED) or 0) >= DAY:
            self.ops.put_setting(LOOKED, str(when))
            self.retain("habitue", now=when)


_TOLD: Final = """
    SELECT DISTINCT person, name[7:] AS name, value ->> '$' AS value FROM trait SEMI JOIN gone USING (person)
    WHERE name IN ('trait.email', 'trait.phone', 'trait.mobile', 'trait.name', 'trait.firstName',
                   'trait.lastName', 'trait.first_name', 'trait.last_name') AND value IS NOT NULL
"""


def _told(warehouse: Warehouse, people: Sequence[int], region: str | None) -> tuple[set[str], set[str]]:
    """The full names that people ever gave, and the addresses at which they said they can be reached."""
    rows = warehouse.read(_TOLD, gone=pa.table({"person": pa.array(people, pa.int32())})).to_pylist()
    parts: dict[tuple[int, str], set[str]] = {}
    for row in rows:
        parts.setdefault((row["person"], row["name"].replace("_n", "N")), set()).add(str(row["value"]))
    names = {name for (_, kind), told in parts.items() if kind == "name" for name in told}
    for person in people:
        first, last = (parts.get((person, f"{which}Name"), set()) for which in ("first", "last"))
        names |= {f"{one} {other}" for one in first for other in last}
    reach = {email_key(value) for (_, kind), told in parts.items() if kind == "email" for value in told}
    reach |= {
        phone_key(value, region)
        for (_, kind), told in parts.items()
        if kind in ("phone", "mobile")
        for value in told
    }
    return {name for name in names if len(name) >= 6}, {key for key in reach if key}


def _others(warehouse: Warehouse, keys: set[str]) -> set[str]:
    """Those of the keys that somebody has."""
    asked = pa.table({"key": pa.array(sorted(keys), pa.string())})
    return set(
        warehouse.read("SELECT key FROM node SEMI JOIN asked USING (key)", asked=asked)["key"].to_pylist()
    )


def _lines(text: str) -> dict[str, Micros]:
    found: dict[str, Micros] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        at, _, one = line.partition(" ")
        if len(one) != 64 or not set(one) <= set("0123456789abcdef"):
            raise UserError(N_("“{line}” is no line of a list of erasures."), line=line[:80])
        found[one] = clock.instant(at)
    return found


def _step(told: Told | None, name: str) -> Callable[[int, int], None] | None:
    return None if told is None else lambda done, total: told(name, done, total)
