from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.kernel.clock import DAY, HOUR
from habitue.kernel.errors import UserError
from habitue.messaging import outbox
from habitue.messaging.outbox import Wanted
from habitue.store import messages
from habitue.store.messages import Change
from habitue.store.ops import Ops
from tests.messaging.wanted import NOW, wanted


@pytest.fixture
def ops(ops_url: str) -> Iterator[Ops]:
    with closing(Ops.open(ops_url)) as opened:
        yield opened


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ops]:
    with closing(Ops.open(tmp_path_factory.mktemp("plain") / "ops.sqlite")) as opened:
        yield opened


def end(ops: Ops, numbers: list[int], state: str = "sent") -> None:
    with ops.begin() as tx:
        messages.change(tx, dict.fromkeys(numbers, "[]"), [Change(n, state) for n in numbers], NOW)


def due(ops: Ops, at: int = NOW, lane: int = 1) -> list[int]:
    with ops.begin() as tx:
        return [one.id for one in messages.due(tx, lane, at, 1000)]


ONE = st.builds(
    wanted,
    person=st.integers(1, 3),
    run=st.sampled_from("ab"),
    step=st.sampled_from(("", "s")),
    epoch=st.integers(0, 1),
    origin=st.sampled_from(("journey:a", "api")),
    channel=st.sampled_from(("email", "sms")),
)


@settings(max_examples=20)
@given(parts=st.lists(st.lists(ONE, max_size=6), max_size=4))
def test_what_is_wanted_twice_is_there_once(plain: Ops, parts: list[list[Wanted]]) -> None:
    with plain.begin() as tx:
        messages.forget(tx, range(9))
    new = 0
    for part in parts:
        with plain.begin() as tx:
            new += outbox.put(tx, part, NOW)
    names = ("origin", "step", "run", "epoch", "channel", "person")
    asked = {tuple(getattr(one, name) for name in names) for part in parts for one in part}
    with plain.read() as tx:
        kept = [tuple(getattr(row, name) for name in names) for row in messages.of(tx, range(9), 1000)]
    assert (new, Counter(kept)) == (len(asked), Counter(asked))


def test_many_alike_are_what_each_of_them_would_be(ops: Ops) -> None:
    many = range(1, 501)
    own = [{"n": n} for n in many]
    dues = [NOW + n for n in many]
    each = [wanted(n, values={"n": n}, due=NOW + n, expires=NOW + n + 9) for n in many]
    with ops.begin() as tx:
        runs = [f"r{n}" for n in many]
        late = [one + 9 for one in dues]
        assert outbox.put_many(tx, wanted(0, run="-"), many, runs, NOW, dues, late, own) == 500
        assert outbox.put(tx, each, NOW) == 0
        first = messages.one(tx, 1)
        assert outbox.put(tx, [wanted(1, values={"n": 1}, due=NOW + 1, expires=NOW + 10, epoch=1)], NOW) == 1
        again = messages.of(tx, [1], 1)[0]
    assert first is not None
    both = ({**row._mapping, "id": 0, "epoch": 0} for row in (first, again))
    assert next(both) == next(both)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": ""},
        {"origin": "a:b:c"},
        {"run": ""},
        {"run": "a\0b"},
        {"channel": "web"},
        {"channel": "carrier pigeon"},
        {"purpose": "Spam!"},
    ],
)
def test_what_could_not_be_told_apart_or_sent_is_refused(plain: Ops, wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError), plain.begin() as tx:
        outbox.put(tx, [wanted(**wrong)], NOW)


def test_each_ends_once_in_one_order_and_a_reader_who_stops_anywhere_misses_none(ops: Ops) -> None:
    """Three who end messages at once, one who cancels, and a reader beside them who never looks back."""
    with ops.begin() as tx:
        outbox.put_many(tx, wanted(0, run="-"), range(90), [f"r{n}" for n in range(90)], NOW)
        numbers = [one.id for one in messages.due(tx, 1, NOW, 100)]
    start, seen, working = Barrier(5), [], True

    def work(mine: list[int]) -> None:
        start.wait()
        for first in range(0, len(mine), 3):
            end(ops, mine[first : first + 3])

    def stop() -> None:
        start.wait()
        for n in range(75, 90):
            with ops.begin() as tx:
                outbox.cancel(tx, "journey:welcome", [f"r{n}"], now=NOW)

    def read() -> None:
        start.wait()
        dice, after = Random(1), 0
        while True:
            last_look = not working
            with ops.read() as tx:
                found = outbox.ended(tx, after, dice.randint(1, 7))
            seen.extend(found)
            after = found[-1].number if found else after
            if last_look and not found:
                return

    workers = [Thread(target=work, args=(numbers[n:75:3],)) for n in range(3)] + [Thread(target=stop)]
    reader = Thread(target=read)
    for one in (*workers, reader):
        one.start()
    for one in workers:
        one.join()
    working = False
    reader.join()
    assert [one.number for one in seen] == list(range(1, 91))
    assert sorted(one.message for one in seen) == numbers
    assert Counter(one.state for one in seen) == {"sent": 75, "skipped": 15}


def test_a_mail_that_comes_back_ends_again(plain: Ops) -> None:
    with plain.begin() as tx:
        outbox.put(tx, [wanted(77)], NOW)
        number = messages.of(tx, [77], 1)[0].id
    end(plain, [number])
    with plain.read() as tx:
        last = outbox.ended(tx, 0, 10_000)[-1]
    end(plain, [number], "bounced")
    with plain.read() as tx:
        assert [one.state for one in outbox.ended(tx, last.number, 9)] == ["bounced"]
        assert [one.message for one in outbox.ended(tx, 0, 10_000)].count(number) == 1


def test_what_was_stopped_does_not_go_and_what_has_left_stays(ops: Ops) -> None:
    with ops.begin() as tx:
        outbox.put(tx, [wanted(n) for n in (1, 2, 3)] + [wanted(4, step="v1:bye")], NOW)
    end(ops, [1])
    with ops.begin() as tx:
        assert outbox.cancel(tx, "journey:welcome", ["r2", "r4"], "v1:hello", now=NOW + 1) == 1
        assert outbox.cancel(tx, "journey:other", now=NOW) == 0
        assert outbox.cancel(tx, "journey:welcome", now=NOW + 2, reason="left") == 2
        found = outbox.tally(tx, "journey:welcome")
        told = outbox.history(tx, [2, 9])
    assert due(ops) == []
    assert found == {
        ("v1:hello", "sent", None): 1,
        ("v1:hello", "skipped", "stopped"): 1,
        ("v1:hello", "skipped", "left"): 1,
        ("v1:bye", "skipped", "left"): 1,
    }
    assert [(line.at, line.state, line.reason) for line in told[0].lines] == [(NOW + 1, "skipped", "stopped")]


def test_what_rests_is_not_taken_and_what_came_due_meanwhile_is_due_when_it_goes_on(ops: Ops) -> None:
    with ops.begin() as tx:
        outbox.put(tx, [wanted(1, due=NOW - HOUR), wanted(2, due=NOW + HOUR)], NOW)
        outbox.put(tx, [wanted(3, due=NOW + 9 * DAY), wanted(4, origin="api")], NOW)
        assert outbox.pause(tx, "journey:welcome", NOW)
        assert not outbox.pause(tx, "journey:welcome", NOW + 1)
        outbox.put(tx, [wanted(5, due=NOW + HOUR)], NOW)
    assert due(ops, NOW + DAY) == [4]
    with ops.begin() as tx:
        assert outbox.paused(tx) == {"journey:welcome": NOW}
        assert messages.next_due(tx) == NOW
        assert outbox.resume(tx, "journey:welcome", NOW + DAY)
        assert not outbox.resume(tx, "journey:welcome", NOW + DAY)
        planned = {row.person: row.planned for row in messages.of(tx, range(9), 9)}
    assert planned == {1: NOW - HOUR, 2: NOW + DAY, 3: NOW + 9 * DAY, 4: NOW, 5: NOW + DAY}
    assert sorted(due(ops, NOW + DAY)) == [1, 2, 4, 5]


def test_tens_of_thousands_are_wanted_in_one_go(tmp_path: Path) -> None:
    many = range(20_000)
    with closing(Ops.open(tmp_path / "ops.sqlite")) as ops:
        with ops.begin() as tx:
            runs = [*map(str, many)]
            assert outbox.put_many(tx, wanted(0, run="-"), many, runs, NOW) == 20_000
        with ops.begin() as tx:
            assert outbox.cancel(tx, "journey:welcome", runs[:10_000], now=NOW) == 10_000
        with ops.read() as tx:
            assert outbox.tally(tx, "journey:welcome") == {
                ("v1:hello", "wanted", None): 10_000,
                ("v1:hello", "skipped", "stopped"): 10_000,
            }
