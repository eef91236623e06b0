"""Nobody is written to after they said no, whatever else happens, until they say yes again themselves.

Every human is known by an id and an e-mail address. What befalls them is drawn: they unsubscribe, subscribe,
are asked; a file is imported over it; their profile is sent again; the keys are merged and split; the address
is suppressed or erased; and all that waits is loaded, or not yet.
`HABITUE_CASES=10000` draws as many humans on each database; a hundred are drawn otherwise.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from msgspec import Raw

from habitue.app import Shop
from habitue.ingest.calls import intake, protocol
from habitue.ingest.calls.intake import Arrival
from habitue.ingest.calls.protocol import Sending
from habitue.ingest.loader import load
from habitue.kernel.clock import DAY, iso
from habitue.people import consent, suppression
from habitue.people.consent import Answer
from tests.ingest.stores import parcel

CASES: Final = int(os.environ.get("HABITUE_CASES", "100"))
HUMANS: Final = 40
STANDS: Final = {"granted": "yes", "pending": "asked"}
LIVE: Final = ("granted", "withdrawn", "denied", "pending")
ACTS: Final = (
    *(f"{key} {status}" for key in ("user", "email") for status in LIVE),
    *("user imported yes", "email imported yes", "user imported no", "email imported long ago"),
    *(
        "sync yes",
        "sync yes",
        "sync no",
        "merge",
        "merge",
        "split",
        "complaint",
        "unsubscribed",
        "erased",
        "lift",
    ),
    "nothing",
)


class Deed(NamedTuple):
    """What befell a human's key (0: the id, 1: the address) at an instant; `waits` until it is loaded."""

    what: str
    key: int
    ts: int


class Human:
    """What was done to one, and what has to follow from it, worked out by living through it."""

    def __init__(self, number: int) -> None:
        self.keys = (f"user:h{number}", f"email:h{number}@example.com")
        self.loaded: list[Deed] = []
        self.waiting: list[Deed] = []
        self.reasons: set[tuple[str, str]] = set()

    def stands(self) -> list[str | None]:
        """Of each key's human: yes, no, asked or nothing, from what is loaded."""
        parted = max((deed.ts for deed in self.loaded if deed.what == "split"), default=0)
        merges = (deed for deed in self.loaded if deed.what == "merge" and deed.ts > parted)
        link = min(merges, key=lambda deed: deed.ts, default=None)
        now: list[str | None] = [None, None]
        synced: str | None = None
        one = False
        for deed in sorted(self.loaded, key=lambda deed: deed.ts):
            if deed is link:
                strict = [word for word in ("no", "asked", "yes") if word in now]
                now, one = [strict[0] if strict else None] * 2, True
            elif deed.what not in ("merge", "split"):
                new = self.after(now[deed.key], deed.what, synced)
                now = [new, new] if one else [new if n == deed.key else now[n] for n in (0, 1)]
            if deed.what.startswith("sync"):
                synced = deed.what
        return now

    def together(self) -> bool:
        last = max(
            (deed for deed in self.loaded if deed.what in ("merge", "split")),
            key=lambda d: d.ts,
            default=None,
        )
        return last is not None and last.what == "merge"

    @staticmethod
    def after(now: str | None, what: str, synced: str | None) -> str | None:
        if what in ("withdrawn", "denied", "imported no", "sync no"):
            return "no"
        if what == "pending":
            return now or "asked"
        if what == "granted" or (what == "sync yes" and synced == "sync no"):
            return "yes"
        return now or "yes"

    def refusing(self) -> list[bool]:
        """Of each key, whether the last that waits from its owner is a no."""
        last = [None, None]
        for deed in self.waiting:
            if deed.what in ("granted", "withdrawn", "denied"):
                last[deed.key] = deed.what  # type: ignore[call-overload]
        return [said in ("withdrawn", "denied") for said in last]

    def reachable(self) -> bool:
        """Whether the address may be written to."""
        no = self.refusing()
        refused = any(no) if self.together() else no[1]
        return self.stands()[1] == "yes" and not refused and not self.reasons


NUMBERS: Final = count()


class Reaching(RuleBasedStateMachine):
    shop: Shop
    source: str
    drawn = 0

    def __init__(self) -> None:
        super().__init__()
        self.humans = [Human(next(NUMBERS)) for _ in range(HUMANS)]
        self.now = 1_000 * DAY
        type(self).drawn += HUMANS

    @rule(acts=st.lists(st.sampled_from(ACTS), min_size=HUMANS, max_size=HUMANS))
    def befalls(self, acts: list[str]) -> None:
        events: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        calls = []
        for human, act in zip(self.humans, acts, strict=True):
            self.now += 1
            first, _, rest = act.partition(" ")
            key = int(first == "email")
            if rest in LIVE:
                self.answer(human, key, rest)
            elif rest.startswith("imported"):
                ts = self.now - 900 * DAY if rest.endswith("long ago") else self.now
                yes = "denied" if rest.endswith("no") else "granted"
                told = {"channel": "email", "status": yes}
                events[True].append(
                    {"name": "$consent", "key": human.keys[key], "ts": ts, "props": json.dumps(told)}
                )
                human.waiting.append(Deed(rest, key, ts))
            elif first == "sync":
                calls.append(self.profile(human, rest == "yes"))
                human.waiting.append(Deed(act, 0, self.now))
            elif first in ("merge", "split"):
                events[False].append(
                    {"name": f"${first}", "key": human.keys[0], "also": [human.keys[1]], "ts": self.now}
                )
                human.waiting.append(Deed(first, 0, self.now))
            elif first == "lift":
                self.shop.lift(human.keys[1], now=self.now)
                human.reasons.clear()
            elif first != "nothing":
                where = suppression.ALL if first == "erased" else "email"
                self.shop.suppress(human.keys[1], where, first, now=self.now)
                human.reasons.add((where, first))
        for history, rows in events.items():
            if rows:
                named = [{"revenue": None, "props": "{}", **row} for row in rows]
                self.shop.put([parcel(f"step{next(NUMBERS)}", *named, history=history)], self.now)
        self.call(calls)

    def answer(self, human: Human, key: int, status: Any) -> None:
        self.shop.answer(human.keys[key], Answer(status=status), "form", self.now, now=self.now)
        human.waiting.append(Deed(status, key, self.now))
        if status == "granted" and (key == 1 or human.together()):
            human.reasons -= {("email", "unsubscribed"), ("all", "erased")}

    def profile(self, human: Human, agreed: bool) -> dict[str, Any]:
        traits = {"consent": {"email": agreed}}
        number, user = next(NUMBERS), human.keys[0].removeprefix("user:")
        told = {"userId": user, "traits": traits, "messageId": f"m{number}", "timestamp": iso(self.now)}
        return {"type": "identify", **told}

    def call(self, calls: list[dict[str, Any]]) -> None:
        if calls:
            body = protocol.stored([Raw(json.dumps(one).encode()) for one in calls], Sending(), None)
            intake.commit(self.shop.ops, [Arrival(self.source, False, self.now, len(calls), body, [])])

    @rule()
    def loaded(self) -> None:
        load(self.shop.ops, self.shop.log, self.shop.warehouse)
        for human in self.humans:
            human.loaded += human.waiting
            human.waiting.clear()
        self.what_stands_is_one_recorded_answer()

    def what_stands_is_one_recorded_answer(self) -> None:
        for human in self.humans:
            stands = human.stands()[1]
            if stands:
                (one,) = self.shop.standing(human.keys[1])
                kept = [(each.status, each.at, each.source) for each in self.shop.consents(human.keys[1])]
                assert (one.status, one.since, one.source) in kept, (one, kept)
                assert STANDS.get(one.status, "no") == stands, (one, human.loaded)
                assert one.agreed == (stands == "yes")

    @invariant()
    def nobody_is_written_to_against_their_will(self) -> None:
        shop = self.shop
        found = shop.warehouse.read(
            "SELECT key, coalesce(person, node) FROM node LEFT JOIN merged USING (node)"
        )
        known = dict(zip(*(column.to_pylist() for column in found.columns), strict=True))
        whose = {human: known[human.keys[1]] for human in self.humans if human.keys[1] in known}
        with shop.ops.begin() as tx:
            yes = consent.allowed(tx, shop.warehouse, set(whose.values()), "email", now=self.now)
            no = suppression.blocked(tx, [human.keys[1] for human in self.humans], "email")
        for human in self.humans:
            reached = whose.get(human) in yes and human.keys[1] not in no
            assert reached == human.reachable(), (human.loaded, human.waiting, human.reasons)


@contextmanager
def machine(place: Path, database: str | None) -> Iterator[type[Reaching]]:
    with Shop.create(place, database=database) as shop:
        shop.add_source("shop", "server")
        yield type("Machine", (Reaching,), {"shop": shop, "source": "shop"})


def test_nobody_is_written_to_after_a_no_until_their_own_yes(tmp_path: Path, ops_url: str) -> None:
    database = None if ops_url.startswith("sqlite") else ops_url
    with machine(tmp_path / "shop", database) as drawn:
        run_state_machine_as_test(
            drawn,
            settings=settings(
                max_examples=-(-CASES // HUMANS),
                stateful_step_count=12,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        assert drawn.drawn >= CASES
