"""D1: every message ends, each as what it was; one bad recipient never keeps the others."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from email import message_from_bytes
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any, Final

import pytest

from habitue.kernel.clock import DAY, HOUR, MINUTE, SECOND
from habitue.kernel.errors import UserError
from habitue.messaging import outbox
from habitue.messaging import sender as room
from habitue.messaging.batch import Batch, Door
from habitue.messaging.channel import Composed, Letter, Outcome, Way
from habitue.messaging.journal import BEGUN, SENT, Journal
from habitue.messaging.kinds import brevo
from habitue.messaging.outbox import Wanted
from habitue.messaging.rules import Rules
from habitue.messaging.sender import LOOK
from habitue.people import suppression
from habitue.store import messages
from habitue.store.messages import Sending
from tests.messaging.counter import window
from tests.messaging.postoffice import Office, compose, customers, mark, no, office, relay
from tests.messaging.sink import Sink, sink
from tests.messaging.wanted import NOW, wanted

CASES: Final = int(os.environ.get("HABITUE_CASES", "500"))
TURN: Final = 100


@pytest.fixture
def server() -> Iterator[Sink]:
    with sink() as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


def want(shop: Office, persons: list[int], **more: Any) -> None:
    with shop.ops.begin() as tx:
        outbox.put(tx, [wanted(one, **more) for one in persons], NOW)


def states(shop: Office) -> dict[int, tuple[str, str | None]]:
    with shop.ops.read() as tx:
        return {row.person: (row.state, row.reason) for row in messages.of(tx, range(1000), 1000)}


@pytest.mark.parametrize("manner", ["one by one", "all at once", "lenient"])
def test_each_mail_ends_as_its_recipient_has_it_and_keeps_no_other(
    shop: Office, server: Sink, tmp_path: Path, manner: str
) -> None:
    server.pipelining, server.lenient = manner != "one by one", manner == "lenient"
    names = ("ok", "gone", "full", "policy", "grey", "spam", "cut", "lost", "fine")
    emails = [f"{name}@b.fr" for name in names]
    people = customers(shop.stores, emails)
    want(shop, list(people.values()))
    sender = shop.sender({"email": relay(server.port, bounces="back@b.fr")}, tmp_path / "out")
    assert sender.round() == len(names)
    found = states(shop)
    assert {name: found[people[f"{name}@b.fr"]] for name in names} == {
        "ok": ("sent", None),
        "gone": ("bounced", "refused"),
        "full": ("held", "busy"),
        "policy": ("bounced", "refused"),
        "grey": ("held", "busy"),
        "spam": ("failed", "refused"),
        "cut": ("held", "busy"),
        "lost": ("unknown", "lost"),
        "fine": ("sent", None),
    }
    assert shop.blocked == ["gone@b.fr"]
    assert Counter(one.state for one in shop.told) == Counter(state for state, _ in found.values())
    assert sender.round() == 0
    shop.now += 6 * MINUTE
    sender.round()
    assert states(shop)[people["grey@b.fr"]] == ("sent", None)
    back, to, mail = server.taken[0]
    assert (back.partition("+")[0], to, message_from_bytes(mail)["Subject"]) == (
        "back",
        "ok@b.fr",
        "Hello N0",
    )
    shop.now += DAY + HOUR
    sender.round()
    ends = {"sent", "bounced", "failed", "unknown", "expired"}
    assert {state for state, _ in states(shop).values()} <= ends


def test_what_customers_wait_for_goes_again_under_the_same_mark_and_marketing_does_not(
    shop: Office, server: Sink, tmp_path: Path
) -> None:
    people = customers(shop.stores, ["lost@b.fr"])
    want(shop, list(people.values()))
    want(shop, list(people.values()), run="order", purpose="transactional")
    ways = {"email": relay(server.port)}
    marketing, other = (shop.sender(ways, tmp_path / "out", lane) for lane in (1, 0))
    for sender in (marketing, other):
        sender.round()
    shop.now += 2 * SECOND
    assert (marketing.round(), other.round()) == (0, 1)
    marks = Counter(message_from_bytes(mail)["Message-ID"] for _, _, mail in server.taken)
    assert sorted(marks.values()) == [1, 2]


def test_a_server_that_is_away_keeps_everything_and_is_asked_ever_less_often(
    shop: Office, server: Sink, tmp_path: Path
) -> None:
    people = customers(shop.stores, [f"c{n}@b.fr" for n in range(50)])
    want(shop, list(people.values()))
    server.away = True
    sender = shop.sender({"email": relay(server.port)}, tmp_path / "out")
    for _ in range(25):
        sender.round()
        shop.now += SECOND
    assert server.connections <= 2 * 4
    assert set(states(shop).values()) == {("wanted", None)}
    server.away = False
    shop.now += MINUTE
    assert sender.round() == 50
    assert set(states(shop).values()) == {("sent", None)}
    assert len({to for _, to, _ in server.taken}) == len(server.taken) == 50


def test_a_sender_that_is_told_to_end_does_not_wait_for_an_answer_that_never_comes(
    shop: Office, server: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C7: what hangs after the last dot is undecidable, what was not begun goes back."""
    monkeypatch.setattr(room, "_GRACE", 0.3)
    people = customers(shop.stores, ["hang@b.fr", *(f"c{n}@b.fr" for n in range(30))])
    want(shop, [people["hang@b.fr"]], priority=9)
    sender = shop.sender({"email": relay(server.port, connections=1)}, tmp_path / "out")
    working = Thread(target=sender.round)
    working.start()
    while not server.taken:
        time.sleep(0.01)
    want(shop, list(people.values())[1:])
    began = time.monotonic()
    sender.stop()
    working.join()
    assert time.monotonic() - began < 3
    found = Counter(states(shop).values())
    assert found == {("unknown", "lost"): 1, ("wanted", None): 30}


def test_connections_are_used_again(shop: Office, server: Sink, tmp_path: Path) -> None:
    people = customers(shop.stores, [f"c{n}@b.fr" for n in range(10)])
    sender = shop.sender({"email": relay(server.port)}, tmp_path / "out")
    for n, person in enumerate(people.values()):
        want(shop, [person], step=f"s{n}")
        sender.round()
    assert (len(server.taken), server.connections) == (10, 1)


def test_a_text_that_cannot_be_made_stops_its_own_mail_only(
    shop: Office, server: Sink, tmp_path: Path
) -> None:
    people = customers(shop.stores, ["a@b.fr", "b@b.fr"])
    want(shop, list(people.values()))

    def picky(row: Sending, traits: Any) -> Composed:
        if traits["name"] == "N0":
            raise UserError("“first_name” is missing.")
        return compose(row, traits)

    shop.sender({"email": relay(server.port)}, tmp_path / "out", compose=picky).round()
    assert states(shop)[people["a@b.fr"]] == ("failed", "template")
    assert states(shop)[people["b@b.fr"]] == ("sent", None)
    with shop.ops.read() as tx:
        line = outbox.history(tx, [people["a@b.fr"]])[0].lines[-1]
    assert line.fields == {"why": "“first_name” is missing."}


class Recorder:
    """A way out that keeps what it is handed; `before` is called while a letter is on its way."""

    connections = 1

    def __init__(self, before: Callable[[Letter], None] = lambda _: None) -> None:
        self.before, self.taken = before, list[Letter]()

    def connect(self) -> Recorder:
        return self

    def arrived(self, _marks: list[str]) -> dict[str, bool] | None:
        return None

    def hand(self, letter: Letter, letting_go: Callable[[], None]) -> Outcome:
        letting_go()
        self.before(letter)
        self.taken.append(letter)
        return Outcome("sent")

    def close(self) -> None:
        """Nothing to close."""


def test_who_says_no_while_a_batch_is_under_way_gets_nothing_of_it(shop: Office, tmp_path: Path) -> None:
    people = customers(shop.stores, [f"c{n}@b.fr" for n in range(50)])
    want(shop, list(people.values()))

    def during(letter: Letter) -> None:
        if letter.to == "c5@b.fr":
            no(shop.stores, "user:45", NOW)
            with shop.ops.begin() as tx:
                suppression.suppress(tx, ["email:c44@b.fr"], "email", "unsubscribed", "test", NOW)
        if letter.to == "c25@b.fr":
            no(shop.stores, "user:46", NOW)
            shop.stores.load()  # gone from the inbox again, and in the working copy
        if letter.to in ("c5@b.fr", "c25@b.fr"):
            time.sleep(LOOK)

    way = Recorder(during)
    shop.sender({"email": way}, tmp_path / "out").round()
    stopped = {people[f"c{n}@b.fr"] for n in (44, 45, 46)}
    assert {to for to, said in states(shop).items() if said != ("sent", None)} == stopped
    assert {states(shop)[one] for one in stopped} == {("skipped", "consent")}
    assert len(way.taken) == 47


@pytest.mark.parametrize("cancelled", [False, True], ids=["paused", "cancelled"])
def test_what_is_held_back_while_a_batch_is_under_way_does_not_leave(
    shop: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cancelled: bool
) -> None:
    called, look = Event(), Door.call_back

    def noticed(door: Door, batch: Batch) -> None:
        look(door, batch)
        if batch.back:
            called.set()

    monkeypatch.setattr(Door, "call_back", noticed)
    people = customers(shop.stores, [f"c{n}@b.fr" for n in range(50)])
    want(shop, list(people.values())[:40])
    want(shop, list(people.values())[40:], origin="journey:other", step="v1:more")

    def during(letter: Letter) -> None:
        if letter.to == "c5@b.fr":
            with shop.ops.begin() as tx:
                if cancelled:
                    outbox.cancel(tx, "journey:welcome", now=NOW)
                else:
                    outbox.pause(tx, "journey:welcome", NOW)
            assert called.wait(10)

    way = Recorder(during)
    sender = shop.sender({"email": way}, tmp_path / "out")
    sender.round()
    expected = {f"c{n}@b.fr" for n in (*range(6), *range(40, 50))}
    assert {one.to for one in way.taken} == expected
    left = {states(shop)[people[f"c{n}@b.fr"]] for n in range(6, 40)}
    assert left == {("skipped", "stopped") if cancelled else ("wanted", None)}
    assert sender.round() == 0
    if not cancelled:
        with shop.ops.begin() as tx:
            outbox.resume(tx, "journey:welcome", NOW)
        sender.round()
    assert len(way.taken) == (16 if cancelled else 50)


def test_no_marketing_leaves_after_a_no_in_any_order(shop: Office, tmp_path: Path) -> None:
    """D4: no by two ways, messages wanted of both kinds, the inbox loaded; `HABITUE_CASES=10000` acts."""
    dice = Random(9)
    people = customers(shop.stores, [f"c{n}@b.fr" for n in range(60)])
    numbers, said_no, way = list(people.values()), set[str](), Recorder()
    sender = shop.sender({"email": way}, tmp_path / "out")
    for turn in range(max(1, CASES // TURN)):
        wants: list[Wanted] = []
        for act in range(TURN):
            n, one = dice.randrange(60), f"{turn}.{act}"
            chance = dice.random()
            if chance < 0.8:
                purpose = dice.choice(("marketing", "marketing", "transactional"))
                wants.append(wanted(numbers[n], step=one, purpose=purpose, due=NOW + turn * MINUTE))
            elif chance < 0.81:
                no(shop.stores, f"user:{n}", shop.now)
                said_no.add(f"c{n}@b.fr")
            elif chance < 0.82:
                with shop.ops.begin() as tx:
                    suppression.suppress(tx, [f"email:c{n}@b.fr"], "email", "unsubscribed", "t", shop.now)
                said_no.add(f"c{n}@b.fr")
            elif chance < 0.822:
                shop.stores.load()
        with shop.ops.begin() as tx:
            outbox.put(tx, wants, shop.now)
        before = len(way.taken)
        sender.round()
        assert not [one.to for one in way.taken[before:] if one.to in said_no], turn
        shop.now += MINUTE
    assert len(said_no) > 3
    assert len(way.taken) > CASES / 10


def test_two_workers_send_nothing_twice(ops_url: str, tmp_path: Path) -> None:
    with office(tmp_path, ops_url) as shop:
        people = customers(shop.stores, [f"c{n}@b.fr" for n in range(120)])
        want(shop, list(people.values()))
        way = Recorder()
        senders = [shop.sender({"email": way}, tmp_path / f"out{n}", most=25) for n in range(2)]
        for sender in senders:
            sender._swept = NOW  # as two machines would: neither takes the other for its own past

        def work(n: int) -> None:
            for _ in range(12):
                senders[n].round()

        threads = [Thread(target=work, args=(n,)) for n in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert len(way.taken) == len({one.id for one in way.taken}) == 120
        assert set(states(shop).values()) == {("sent", None)}


def test_a_worker_whose_lease_ran_out_stops_and_another_decides(
    shop: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was stopped for a minute in the middle of a batch, and wakes: what it has left is not its own."""
    people = customers(shop.stores, [f"c{n}@b.fr" for n in range(10)])
    want(shop, list(people.values()))
    other = shop.sender({"email": Recorder()}, tmp_path / "other")
    other._swept = 0

    def asleep(_letter: Letter) -> None:
        if len(way.taken) == 4:
            shop.now += 2 * MINUTE
            batches[0].renewed -= 120.0
            other.round()

    way, batches = Recorder(asleep), list[Any]()
    sender = shop.sender({"email": way}, tmp_path / "out")
    hand_all = sender._hand_all

    def watched(batch: Batch, ways: Mapping[str, Way]) -> None:
        batches.append(batch)
        hand_all(batch, ways)

    monkeypatch.setattr(sender, "_hand_all", watched)
    monkeypatch.setattr(sender, "_renew", lambda _batch: None)  # it sleeps
    sender.round()
    assert len(way.taken) == 5
    found = Counter(states(shop).values())
    assert found[("unknown", "lost")] >= 5
    assert sum(found.values()) == 10
    assert ("wanted", None) not in found


def test_a_journal_is_believed_only_on_the_machine_that_ran_on(tmp_path: Path) -> None:
    path = tmp_path / "out" / "lane1.journal"
    one = Journal(path)
    assert one.found == {}
    one.clear()
    one.note(1, 2, BEGUN)
    one.note(1, 2, SENT)
    one.note(1, 3, BEGUN)
    one.close()
    with path.open("ab") as file:
        file.write(b"half")
    again = Journal(path)
    assert again.found == {(1, 2): SENT, (1, 3): BEGUN}
    again.clear()
    again.close()
    assert Journal(path).found == {}
    path.write_bytes(b"another start of the machine".ljust(40) + b"x" * 24)
    assert Journal(path).found is None


def test_after_a_crash_each_message_is_known_for_what_it_was(shop: Office, tmp_path: Path) -> None:
    """Of six taken: one was sent, two were let go of, three were not begun; nobody wrote anything down."""
    people = customers(shop.stores, [f"c{n}@b.fr" for n in range(6)])
    numbers = list(people.values())
    want(shop, numbers)
    dead = shop.sender({"email": Recorder()}, tmp_path / "out")
    dead._recover(NOW)
    batch = dead._door.take(1, dead._worker, ("email",), NOW, 100, MINUTE)
    assert batch is not None
    ids = {row.person: row.id for row in batch.rows}
    for number, what in ((numbers[0], BEGUN), (numbers[0], SENT), (numbers[1], BEGUN), (numbers[2], BEGUN)):
        dead._journal.note(batch.token, ids[number], what)
    dead.close()

    class Asked(Recorder):
        def arrived(self, marks: list[str]) -> dict[str, bool] | None:
            return {one: one == mark(ids[numbers[1]]) for one in marks}

    blind = shop.sender({"email": Recorder()}, tmp_path / "out")
    asked = {True: shop.sender({"email": Asked()}, tmp_path / "out"), False: blind}[True]
    blind.close()
    asked.round()
    assert states(shop) == dict.fromkeys(numbers, ("sent", None))
    way = next(iter(asked._ways().values()))
    assert isinstance(way, Recorder)
    assert sorted(one.id for one in way.taken) == sorted(ids[one] for one in numbers[2:])


def test_where_a_relay_can_be_asked_nothing_stays_unknown(shop: Office, server: Sink, tmp_path: Path) -> None:
    """It takes one mail and breaks off before it says so, and another one it never had."""
    people = customers(shop.stores, ["lost@b.fr", "vanished@b.fr"])
    want(shop, list(people.values()))
    log = tmp_path / "relay.log"
    log.write_text("")
    with shop.ops.read() as tx:
        ids = {row.person: row.id for row in messages.of(tx, people.values(), 9)}
    log.write_text(f"<{mark(ids[people['lost@b.fr']])}@b.fr>\n")
    sender = shop.sender({"email": relay(server.port, relay_log=str(log))}, tmp_path / "out")
    sender.round()
    assert states(shop)[people["lost@b.fr"]] == ("sent", None)
    assert states(shop)[people["vanished@b.fr"]] == ("held", "busy")
    shop.now += 2 * MINUTE
    server.vanishing = False
    sender.round()
    assert states(shop)[people["vanished@b.fr"]] == ("sent", None)
    assert [to for _, to, _ in server.taken] == ["lost@b.fr", "vanished@b.fr"]


def test_rules_of_the_workspace_are_the_guards(shop: Office, tmp_path: Path) -> None:
    people = customers(shop.stores, ["a@b.fr", "b@b.fr"], agreeing=False)
    want(shop, list(people.values()))
    shop.rules = Rules()
    way = Recorder()
    shop.sender({"email": way}, tmp_path / "out").round()
    assert set(states(shop).values()) == {("skipped", "consent")}
    assert way.taken == []


def test_a_provider_that_wants_to_be_left_alone_gets_the_same_message_later_and_once(
    shop: Office, tmp_path: Path
) -> None:
    people = customers(shop.stores, [f"n{n}@b.fr" for n in range(3)])
    want(shop, list(people.values()))
    given = brevo.Settings(sender="Shop <a@b.fr>", key="k", connections=1)
    ok: tuple[int, dict[str, str], bytes] = (201, {}, b'{"messageId": "<9@brevo>"}')
    with window() as desk:
        way = brevo.opened(given, desk.url)
        sender = shop.sender({"email": way}, tmp_path / "out")
        desk.answers = [(429, {"retry-after": "60"}, b"{}"), ok]
        sender.round()
        assert {state for state, _ in states(shop).values()} == {"wanted"}
        assert (len(desk.heard), sender.round()) == (1, 0)
        shop.now += MINUTE
        desk.answers = [ok, None, ok]
        sender.round()
        assert sorted(state for state, _ in states(shop).values()) == ["sent", "unknown", "wanted"]
        shop.now += MINUTE
        sender.round()
        assert sorted(state for state, _ in states(shop).values()) == ["sent", "sent", "unknown"]
        with shop.ops.read() as tx:
            found = messages.referred(tx, "email", "<9@brevo>")
            assert found is not None
            assert (found.state, found.attempts) == ("sent", 1)
            assert messages.referred(tx, "sms", "<9@brevo>") is None
        assert len({one.body for one in desk.heard}) == 3
