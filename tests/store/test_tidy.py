from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from random import Random

import pyarrow as pa
import pytest

from habitue.store import tidy as module
from habitue.store.tidy import Sweep, tidy
from habitue.store.warehouse import Warehouse
from habitue.store.writer import Writer

STEP = 40


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a run were ten rows and a step forty."""
    for name, value in (
        ("RUN", 10),
        ("STEP", STEP),
        ("MANY", 400),
        ("SAME", 0.0),
        ("LOOKS", 3),
        ("LARGE", 50),
    ):
        monkeypatch.setattr(module, name, value)


def swept(warehouse: Warehouse, name: str) -> Sweep:
    return module.swept(warehouse, name) or Sweep()


class Told:
    """Events as they come in, of persons some of whom do more than others."""

    def __init__(self, dice: Random) -> None:
        self.warehouse = Warehouse.open(None)
        self._dice = dice
        self._seq = 0

    def take(self, n: int, upto: int) -> None:
        people = [min(self._dice.randrange(upto), self._dice.randrange(upto)) for _ in range(n)]
        seqs = range(self._seq, self._seq + n)
        rows = {"person": people, "node": people, "seq": seqs, "ts": [self._dice.randrange(9) for _ in seqs]}
        told = pa.table({name: pa.array([*column], pa.int64()) for name, column in rows.items()})
        with self.warehouse.write() as writer:
            writer.run(
                "INSERT INTO event_tail BY NAME SELECT * REPLACE (make_timestamp(ts) AS ts, "
                "person::INTEGER AS person, node::INTEGER AS node) FROM told",
                told=told,
            )
        self._seq += n

    def move(self) -> None:
        """One person's rows become another's, as in a merge."""
        old, new = self._dice.randrange(30), self._dice.randrange(30)
        with self.warehouse.write() as writer:
            rows = writer.read("SELECT * REPLACE (? AS person) FROM event WHERE person = ?", (new, old))
            for part in ("base", "tail"):
                writer.run(f"DELETE FROM event_{part} WHERE person = ?", (old,))
            writer.append("event_tail", rows)

    def rows(self, what: str) -> list[tuple[int, ...]]:
        found = self.warehouse.read(f"SELECT person, epoch_us(ts) AS ts, seq FROM {what}")
        return [tuple(row.values()) for row in found.to_pylist()]

    def runs(self) -> int:
        """How often a base's order begins anew."""
        return sum(one > next_ for one, next_ in pairwise(self.rows("event_base ORDER BY rowid"))) + 1


@pytest.fixture
def told() -> Iterator[Told]:
    made = Told(Random(1))
    yield made
    made.warehouse.close()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_in_and_moves_no_row_is_lost_and_in_the_end_each_persons_lie_together(
    seed: int,
) -> None:
    dice = Random(seed)
    told = Told(dice)
    for _ in range(25):
        told.take(dice.randrange(50), dice.choice((5, 60, 100)))
        if dice.random() < 0.2:
            told.move()
        before = sorted(told.rows("event"))
        tidy(told.warehouse, busy=dice.random() < 0.5)
        assert sorted(told.rows("event")) == before
    tidy(told.warehouse)
    while swept(told.warehouse, "event").cursor:
        tidy(told.warehouse)
    assert told.warehouse.lengths(["event_tail"])[0] < 10
    new = swept(told.warehouse, "event").done
    old = [row for row in told.rows("event_base ORDER BY rowid") if row[2] < new]
    assert len(old) > 200
    people = [person for person, _ in groupby(old, key=lambda row: row[0])]
    assert len(people) - len(set(people)) <= 12  # those who were moved since


@pytest.mark.usefixtures("small")
def test_a_sweep_makes_one_run_of_many_in_steps_that_write_little(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(16):
        told.take(25, 80)
        tidy(told.warehouse, busy=True)
    assert told.runs() == 16
    written = []

    def counted(writer: Writer, name: str, low: int, high: int) -> None:
        written.append(len([row for row in told.rows("event_base") if low <= row[0] < high]))
        rewrite(writer, name, low, high)

    rewrite = module._rewrite
    monkeypatch.setattr(module, "_rewrite", counted)
    while swept(told.warehouse, "event").done < 400:
        tidy(told.warehouse)
    assert told.runs() == 1
    assert (sum(written), len(written) <= 2 * 400 // STEP) == (400, True)
    assert max(written) <= 2 * STEP


@pytest.mark.usefixtures("small")
def test_while_much_comes_in_nothing_is_swept_until_it_is_too_much(told: Told) -> None:
    for _ in range(17):
        told.take(25, 80)
        tidy(told.warehouse, busy=True)
    assert (told.runs(), swept(told.warehouse, "event")) == (17, (25, 0, 0))
    told.take(25, 80)
    tidy(told.warehouse, busy=True)
    assert swept(told.warehouse, "event").cursor > 0


@pytest.mark.usefixtures("small")
def test_ranges_in_which_little_is_new_stay_as_they_lie(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    told.take(400, 100)
    told.warehouse.compact()
    assert swept(told.warehouse, "event") == (400, 0, 0)
    monkeypatch.setattr(module, "SAME", 0.2)
    told.take(50, 10)
    for _ in range(30):
        tidy(told.warehouse)
    assert swept(told.warehouse, "event") == (450, 0, 0)
    lie = told.rows("event_base ORDER BY rowid")
    assert [row[0] for row in lie[:100]] == sorted(row[0] for row in lie[:100])
    assert min(row[0] for row in lie[:100]) > 9


@pytest.mark.usefixtures("small")
def test_a_base_from_before_there_were_runs_is_not_written_anew(told: Told) -> None:
    told.take(300, 100)
    told.warehouse.compact()
    with told.warehouse.write() as writer:
        writer.run("DELETE FROM meta WHERE key = 'swept:event'")
    lay = told.rows("event_base ORDER BY rowid")
    tidy(told.warehouse)
    told.take(25, 100)
    tidy(told.warehouse)
    assert swept(told.warehouse, "event") == (300, 0, 0)
    assert told.rows("event_base ORDER BY rowid")[:300] == lay


def test_few_rows_wait_in_the_tail(told: Told) -> None:
    told.take(500, 20)
    tidy(told.warehouse)
    assert told.warehouse.lengths(["event_base", "event_tail"]) == [0, 500]


@pytest.mark.usefixtures("small")
def test_whoever_is_folded_again_has_their_new_intervals_however_the_others_lie() -> None:
    dice, warehouse = Random(1), Warehouse.open(None)
    holds: dict[tuple[int, int], list[int]] = {}
    ways = set()
    for _ in range(25):
        pairs = {(dice.randrange(2), dice.randrange(60)) for _ in range(dice.randrange(1, 25))}
        fresh = {pair: [dice.randrange(5) for _ in range(dice.randrange(3))] for pair in pairs}
        holds |= fresh
        with warehouse.write() as writer:
            _refold(writer, fresh)
        before = warehouse.meta("beside:interval")
        tidy(warehouse, busy=dice.random() < 0.6)
        ways.add((before is None, warehouse.meta("beside:interval") is None))
        told: dict[tuple[int, int], list[int]] = {pair: [] for pair in holds}
        rows = warehouse.read("SELECT version, subject, value FROM intervals ORDER BY start")
        for version, subject, value in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            told[version, subject].append(value)
        assert told == holds
    assert len(ways) == 4  # beside and whole, again and again


def _refold(writer: Writer, fresh: dict[tuple[int, int], list[int]]) -> None:
    """As a refresh does."""
    pairs = ", ".join(map(str, fresh))
    rows = [
        f"({version}, {subject}, make_timestamp({start}), make_timestamp({start + 1}), {value}, 1)"
        for (version, subject), values in fresh.items()
        for start, value in enumerate(values)
    ]
    writer.run(f"DELETE FROM interval_tail WHERE (version, subject) IN ({pairs})")
    writer.run(f"INSERT INTO refolded FROM (VALUES {pairs}) AS t (version, subject) EXCEPT FROM refolded")
    if rows:
        writer.run(f"INSERT INTO interval_tail VALUES {', '.join(rows)}")
