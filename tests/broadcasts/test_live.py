"""Broadcasts under way: whatever stops the work, each recipient gets it once, or not at all with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
import pytest
from msgspec.structs import replace

from habitue.app.identities import ruling
from habitue.broadcasts import live, state
from habitue.broadcasts.live import Live
from habitue.broadcasts.plan import LATER, Ints
from habitue.broadcasts.shape import Broadcast, Trial, Variant, body
from habitue.broadcasts.winner import Score
from habitue.ingest import inbox
from habitue.kernel.clock import DAY, HOUR, MINUTE, SECOND, moment
from habitue.kernel.errors import UserError
from habitue.messaging import crowd, outbox
from habitue.messaging.batch import Door
from habitue.messaging.forecast import NAMES, forecast
from habitue.messaging.outbox import Told, Wanted
from habitue.messaging.quiet import Quiet
from habitue.messaging.rules import Budget, Cap, Rules
from habitue.people import suppression
from habitue.people.identities import canonical
from habitue.store import broadcasts, messages, traffic
from habitue.store.broadcasts import Kept
from habitue.store.messages import Change, Going
from habitue.store.ops import Tx
from tests.ingest.stores import Stores, opened
from tests.messaging.postoffice import customers, no
from tests.messaging.wanted import NOW

COUNT = 40
TWO = (Variant("a", "spring"), Variant("b", "summer"))
TEMPLATES = {"spring": 11, "summer": 12}


class Died(Exception):
    """The process is gone."""


@dataclass
class Town:
    """Customers, and a door that lets through what the guards do."""

    stores: Stores
    rules: Rules = field(default_factory=lambda: Rules(caps={}, quiet={}, zone="Europe/Paris"))
    persons: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    scores: list[Score] = field(default_factory=list)
    lost: Sequence[int] = ()
    dies: Random | None = None

    def live(self) -> Live:
        def between(_: str) -> None:
            if self.dies is not None and self.dies.random() < 0.3:
                raise Died

        return Live(
            self.stores.ops,
            self.stores.warehouse,
            lambda: self.rules,
            lambda _, __: self.persons,
            lambda persons: crowd.zoned(self.stores.warehouse, persons, self.rules.zone),
            TEMPLATES.get,
            lambda _, __, ___: self.scores,
            lambda _, persons, __: np.isin(persons, self.lost),
            between,
        )

    def guarding(self, tx: Tx) -> Rules:
        return replace(self.rules, holdouts=live.holdouts(tx))

    def send(self, one: Broadcast, starts: int) -> Kept:
        with self.stores.ops.begin() as tx:
            made = broadcasts.add(tx, one.id, body(one), starts, "ada")
            assert made is not None
            broadcasts.settle(tx, made, starts=starts)
            broadcasts.move(tx, made, 1, "scheduled", starts, "ada")
        return self.kept(one)

    def kept(self, one: Broadcast) -> Kept:
        return state.one(self.stores.ops, one.id)

    def deliver(self, now: int, most: int = 1000) -> list[int]:
        """Take what is due through the guards, and call it sent; whom that reached, as they are by now."""
        door = Door(self.stores.ops, self.stores.warehouse, self.guarding, "FR")
        batch = door.take(1, "w", ("email",), now, most, MINUTE)
        if batch is None:
            return []
        with self.stores.ops.begin() as tx:
            trails = {row.id: row.trail for row in batch.rows}
            messages.change(tx, trails, [Change(row.id, "sent") for row in batch.rows], now)
        return [batch.people.whose[row.id] for row in batch.rows]

    def told(self, one: Broadcast) -> list[Told]:
        with self.stores.ops.read() as tx:
            every = range(COUNT * 4)
            return [each for each in outbox.history(tx, every, 10_000) if each.origin == one.origin]

    def run(self, one: Broadcast, now: int, step: int = MINUTE, most: int = 400) -> int:
        """Let time go on until it is over; when that is."""
        while self.kept(one).state not in broadcasts.OVER and most:
            self.live().tick(now)
            self.deliver(now)
            now, most = now + step, most - 1
        return now


def settled(stores: Stores) -> Town:
    emails = [f"p{n}@b.fr" for n in range(COUNT)]
    known = customers(stores, emails)
    return Town(stores, persons=np.array([known[one] for one in emails], np.int64))


@pytest.fixture
def town(tmp_path: Path, ops_url: str) -> Iterator[Town]:
    with opened(tmp_path, ops_url) as stores:
        yield settled(stores)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with opened(tmp_path_factory.mktemp("town")) as stores:
        yield settled(stores)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty people are many."""
    monkeypatch.setattr(live, "PART", 7)
    monkeypatch.setattr(live, "PARTS", 2)


def merge(stores: Stores, pair: Sequence[int], now: int) -> None:
    one, other = pair
    inbox.put(stores.ops, [ruling("merge", f"user:{one}", f"user:{other}", "ada", "the same", now)], now)
    stores.load()


def spoiled(town: Town, one: Broadcast, kept: Kept, dice: Random, now: int) -> None:
    """Something that people do meanwhile."""
    ops = town.stores.ops
    match kept.state, dice.randrange(8):
        case "sending", 0:
            live.pause(ops, kept, now, "ada")
        case "paused", 0 | 1 | 2:
            live.resume(ops, kept, now, "ada")
        case "asking", 0 | 1:
            town.live().choose(kept, "b", now, "ada", {})
        case _, 3:
            merge(town.stores, dice.sample(range(COUNT), 2), now)
        case _, 4:
            no(town.stores, f"user:{dice.randrange(COUNT)}", now)
        case "sending" | "paused", 5 if one.name == "cancelled" and dice.random() < 0.7:
            live.cancel(ops, kept, now, "ada")


@pytest.mark.long
def test_each_gets_it_once_or_not_at_all_with_a_reason(town: Town) -> None:
    """Killed anywhere, paused, resumed, merged: compared with a count of what was fixed in the beginning."""
    dice, ends, seen = Random(11), Counter[str](), Counter[str]()
    for round_ in range(3):
        several, asks = bool(round_ % 3), round_ % 2
        one = Broadcast(
            f"r{round_}",
            "cancelled" if round_ == 2 else "",
            variants=TWO if several else TWO[:1],
            pace=("", "3/m", "60/h")[round_ % 3],
            holdout=0.1 * (round_ % 2),
            trial=Trial(0.4, after="10m", unsure="ask" if asks else "first") if several else None,
        )
        now = NOW + round_ * 30 * DAY
        town.scores = [Score("a", 500, 20), Score("b", 500, dice.choice((20, 60)))]
        meant = canonical(town.stores.warehouse, town.persons)
        town.persons = np.unique(meant)
        fixed, reached = {*town.persons.tolist()}, [0][:0]
        town.send(one, now)
        for _ in range(400):
            town.dies = dice
            try:
                town.live().tick(now)
            except Died:
                seen["died"] += 1
            fresh = town.deliver(now, dice.choice((1, 9, 50)))
            before = canonical(town.stores.warehouse, np.array(reached, np.int64)).tolist()
            assert len({*fresh}) == len(fresh)
            assert not {*fresh} & {*before}
            reached += fresh
            kept = town.kept(one)
            if kept.state in broadcasts.OVER:
                break
            town.dies = None
            spoiled(town, one, kept, dice, now)
            now += dice.choice((SECOND, 10 * MINUTE, 45 * MINUTE, 2 * HOUR))
        town.dies = None
        town.run(one, now)
        kept = town.kept(one)
        ends[kept.state] += 1
        whole = dict(zip(fixed, canonical(town.stores.warehouse, np.array([*fixed])).tolist(), strict=True))
        mine = town.told(one)
        assert {one_.state for one_ in mine} <= {"sent", "skipped", "expired"}
        assert all(one_.reason for one_ in mine if one_.state != "sent")
        if kept.state == "finished":
            with town.stores.ops.read() as tx:
                had = traffic.had(tx, one.origin, [*fixed])
            assert {whole[number] for number in had} == {*whole.values()}
        with town.stores.ops.read() as tx:
            assert not broadcasts.left(tx, kept.id)
            assert one.origin not in outbox.paused(tx)
        seen.update(reason for one_ in mine if (reason := one_.reason))
    assert ends["finished"] > 1
    assert ends["cancelled"]
    assert seen["died"] > 5
    assert {"consent", "holdout"} <= seen.keys()


def test_a_winner_goes_to_those_who_waited(shared: Town) -> None:
    one = Broadcast("win", variants=TWO, trial=Trial(0.5, after="2h"))
    now = NOW + 400 * DAY
    shared.send(one, now)
    for _ in range(3):
        shared.live().tick(now)
    with shared.stores.ops.read() as tx:
        tally = outbox.tally(tx, one.origin)
    assert tally == {("a", "wanted", None): 10, ("b", "wanted", None): 10}
    shared.deliver(now)
    shared.scores = [Score("a", 500, 20), Score("b", 500, 60)]
    shared.live().tick(now + 2 * HOUR - 1)
    assert shared.kept(one).winner is None
    shared.live().tick(now + 2 * HOUR)
    assert (shared.kept(one).winner, shared.kept(one).told["why"]) == ("b", "clear")
    shared.run(one, now + 2 * HOUR)
    assert Counter(each.template for each in shared.told(one) if each.state == "sent") == {11: 10, 12: 30}


@pytest.mark.parametrize("unsure", ["first", "ask"])
def test_who_cant_be_told_apart_gets_the_first_or_somebody_is_asked(shared: Town, unsure: str) -> None:
    one = Broadcast(
        f"tie-{unsure}",
        variants=TWO,
        trial=Trial(0.5, after="1h", unsure="ask" if unsure == "ask" else "first"),
    )
    now = NOW + (500 if unsure == "ask" else 450) * DAY
    shared.send(one, now)
    shared.scores = [Score("a", 5, 2), Score("b", 5, 3)]
    for at in (now, now + HOUR):
        shared.live().tick(at)
        shared.deliver(at)
    kept = shared.kept(one)
    if unsure == "first":
        assert (kept.winner, kept.told["why"]) == ("a", "few")
    else:
        assert (kept.state, kept.winner) == ("asking", None)
        shared.live().tick(now + DAY)
        assert shared.kept(one).state == "asking"
        shared.live().choose(kept, "b", now + DAY, "ada", {"why": "chosen"})
        assert shared.kept(one).winner == "b"
    shared.run(one, now + DAY)
    assert sum(each.state == "sent" for each in shared.told(one)) == len(np.unique(shared.persons))


def test_the_pace_holds_and_goes_on_after_a_pause(shared: Town) -> None:
    one, now = Broadcast("slow", pace="4/h"), NOW + 600 * DAY
    one = replace(one, variants=TWO[:1])
    shared.send(one, now)
    for _ in range(4):
        shared.live().tick(now)
    times = []

    def go(start: int, hours: int) -> None:
        for n in range(hours * 4):
            at = start + n * 15 * MINUTE
            shared.live().tick(at)
            times.extend([at] * len(shared.deliver(at)))

    go(now, 3)
    live.pause(shared.stores.ops, shared.kept(one), now + 3 * HOUR, "ada")
    go(now + 3 * HOUR, 2)
    assert len(times) == 12
    live.resume(shared.stores.ops, shared.kept(one), now + 51 * HOUR, "ada")
    go(now + 51 * HOUR, 8)
    assert len(times) == COUNT
    assert min(np.diff(times)) == 15 * MINUTE
    assert shared.kept(one).state == "finished"


def test_what_should_have_begun_two_days_ago_is_a_draft_again(shared: Town) -> None:
    late = Broadcast("late", variants=TWO[:1])
    gone = Broadcast("gone", variants=(Variant("a", "no-such"),))
    shared.send(late, NOW + 700 * DAY)
    shared.send(gone, NOW + 702 * DAY)
    shared.live().tick(NOW + 702 * DAY)
    assert [(shared.kept(one).state, shared.kept(one).told) for one in (late, gone)] == [
        ("draft", {"why": "late"}),
        ("draft", {"why": "template"}),
    ]


def test_who_is_lost_takes_nobodys_place(shared: Town) -> None:
    one = Broadcast("lost", variants=TWO[:1], pace="1/h")
    shared.lost = shared.persons[::2].tolist()
    made = shared.live().planned(one, shared.persons, NOW, shared.rules)
    gone = np.isin(made.person, shared.lost)
    shared.lost = ()
    assert {*made.due[gone].tolist()} == {NOW}
    assert sorted(made.due[~gone].tolist()) == [NOW + n * HOUR for n in range(int((~gone).sum()))]


def test_an_evening_is_an_evening_everywhere(shared: Town) -> None:
    one = Broadcast("east", variants=TWO[:1], at="2028-06-01 18:30", clock="customer")
    made = shared.live().planned(one, shared.persons, NOW, shared.rules)
    assert {f"{moment(at, 'Europe/Paris'):%H:%M}" for at in made.due.tolist()} == {"18:30"}
    assert not (made.variant == LATER).any()


def test_each_step_is_taken_from_where_it_stands(shared: Town) -> None:
    ops, now = shared.stores.ops, NOW + 800 * DAY
    one = Broadcast("steps", variants=TWO[:1], pace="1/h")
    kept = shared.send(one, now)
    for wrong in (live.pause, live.resume):
        with pytest.raises(UserError):
            wrong(ops, kept, now, "ada")
    shared.live().tick(now)
    with pytest.raises(UserError, match="Somebody else"), ops.begin() as tx:
        state.move(tx, kept, "draft", now, "ada")
    live.cancel(ops, shared.kept(one), now, "ada")
    assert shared.deliver(now + HOUR) == []
    shared.live().tick(now + HOUR)
    assert {(each.state, each.reason) for each in shared.told(one)} == {("skipped", "stopped")}
    with pytest.raises(UserError):
        live.cancel(ops, shared.kept(one), now, "ada")


# --- what is said beforehand ----------------------------------------------------------------------


def odd(stores: Stores, dice: Random, now: int) -> Ints:
    """People of every kind: without an address, with another's, blocked, unwilling, and merged ones."""
    emails = [
        dice.choice(["", "no address", f" P{n}@B.fr ", f"mailto:p{n}@b.fr", f"p{n % 5}@b.fr", f"é{n}@b.fr"])
        for n in range(120)
    ]
    found = customers(stores, emails)
    every = np.unique(np.array([*found.values()], np.int64))
    rows = stores.warehouse.read("SELECT person FROM person")["person"].to_numpy()
    for n in dice.sample(range(120), 30):
        no(stores, f"user:{n}", now)
    with stores.ops.begin() as tx:
        keys = [f"email:p{n}@b.fr" for n in range(0, 120, 9)]
        suppression.suppress(tx, keys, "email", "bounce", "test", now)
        suppression.suppress(tx, ["email:é7@b.fr"], "all", "unsubscribed", "test", now)
    for _ in range(6):
        merge(stores, dice.sample(range(120), 2), now)
    return np.unique(canonical(stores.warehouse, np.union1d(every, rows.astype(np.int64))))


def earlier(stores: Stores, persons: Sequence[int], dice: Random, now: int) -> None:
    """What they had lately, and what awaits them."""
    with stores.ops.begin() as tx:
        for n, person in enumerate(dice.sample([*persons], 50)):
            at = now - dice.choice((HOUR, 3 * HOUR, 15 * HOUR, 2 * DAY, 6 * DAY))
            outbox.put(
                tx,
                [Wanted(origin="journey:x", run=f"{n}", person=person, channel="email", due=at, template=1)],
                at,
            )
        rows = messages.due(tx, 1, now, 1000)
        messages.send(
            tx,
            [Going(row.id, "-", "[]", cost=1) for row in rows],
            "w",
            0,
            now,
            now,
        )
        for row in rows:
            tx.exec_driver_sql(f"UPDATE message SET \"left\" = planned, state = 'sent' WHERE id = {row.id}")
        rival = Wanted(
            origin="journey:y", run="1", person=0, channel="email", due=now + HOUR, priority=5, template=1
        )
        outbox.put_many(tx, rival, [*persons[:9]], [str(one) for one in persons[:9]], now)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_said_beforehand_is_what_the_door_says(tmp_path: Path, seed: int) -> None:
    dice, now = Random(seed), NOW + DAY
    with opened(tmp_path) as stores:
        persons = odd(stores, dice, now)
        earlier(stores, persons.tolist(), dice, now)
        rules = Rules(
            caps={"email": (Cap(1, "16h"), Cap(2, "7d"))},
            quiet={"email": Quiet("11:00", "12:00")} if seed == 2 else {},
            holdouts={"broadcast:x": 0.1},
            holdout=0.1,
            budgets={"email": Budget(45, 1)} if seed == 1 else {},
        )
        persons = np.array(dice.sample(persons.tolist(), len(persons)), np.int64)
        like = Wanted(origin="broadcast:x", run="-", person=0, channel="email", due=now, template=1)
        dues = np.full(len(persons), now, np.int64)
        with stores.ops.read() as tx:
            told = forecast(tx, stores.warehouse, like, persons, dues, rules, "FR", now)
        with stores.ops.begin() as tx:
            outbox.put_many(tx, like, persons.tolist(), [*map(str, persons.tolist())], now)
        door = Door(stores.ops, stores.warehouse, lambda _: rules, "FR")
        assert door.take(1, "w", ("email",), now, 10_000, MINUTE) is not None
        with stores.ops.read() as tx:
            every = outbox.history(tx, persons.tolist(), 10_000)
            whose = {
                one.message: person
                for person in persons.tolist()
                for one in outbox.history(tx, [person], 10)
                if one.origin == "broadcast:x"
            }
        real = {whose[one.message]: one for one in every if one.origin == "broadcast:x"}
        seen = Counter[str]()
        for person, why, waits in zip(persons.tolist(), told.why.tolist(), told.waits.tolist(), strict=True):
            one, name = real[person], NAMES[why]
            seen[name] += 1
            if name in ("twin", "budget") and one.state == "held":
                continue  # it waits for something, and then finds the address served, or the money spent
            assert (one.state == "sending") == (name == "go"), (person, name, one)
            assert one.reason == (None if name == "go" else name)
            assert (one.state == "held") == waits
        some = {"address", "suppressed", "consent", "holdout", "twin", "collision"}
        assert some | ({"quiet", "cap"} if seed == 2 else {"go", "budget"}) <= {*seen}


def test_addresses_of_many_are_those_of_each(tmp_path: Path) -> None:
    with opened(tmp_path) as stores:
        persons = odd(stores, Random(5), NOW)
        with stores.ops.read() as tx:
            many = crowd.reached(tx, stores.warehouse, persons, "email", "FR")
            few = crowd.reached(tx, stores.warehouse, persons[:1], "email", "FR")
            nobody = crowd.reached(tx, stores.warehouse, persons, "push", "FR")
        assert 0 < (many.address < 0).sum() < len(persons)
        assert (many.blocked > 0).sum() > 5
        assert len(few.address) == 1
        assert (nobody.address < 0).all()
