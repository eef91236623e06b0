"""Refresh brings every definition to where a fold from scratch would, and tells each change once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from habitue.engine.fold import Progress
from habitue.engine.plan import Book, Definition, Subject, in_order
from habitue.engine.refresh import forget, refresh
from habitue.engine.sweep import NEVER
from habitue.kernel.clock import DAY, Micros
from habitue.metrics.lives import Library, Lives
from habitue.rules.nodes import Account, AnyMember, Not, Segment
from habitue.rules.text import parse
from habitue.store.warehouse import Warehouse
from tests.engine import world
from tests.rules.strategies import ORIGIN

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

Told = tuple[int | None, int | None, Micros, bool]
"""A transition of one subject: from, to, when, restated."""


@dataclass(frozen=True)
class Round:
    """What arrives before a refresh at `now`, which breaks off where it is `stopped` after some steps."""

    acts: tuple[world.Act, ...]
    history: bool
    now: Micros
    stopped: int | None
    compacted: bool


@st.composite
def rounds(draw: st.DrawFn) -> list[Round]:
    """A company's acts in the order of their arrival, however late or early, some refreshes broken off."""
    acts = draw(world.companies(people=4, most=5)).acts
    cuts = sorted(draw(st.lists(st.integers(0, len(acts)), min_size=1, max_size=5)))
    nows = sorted(draw(st.sets(st.integers(0, 20), min_size=len(cuts) + 1, max_size=len(cuts) + 1)))
    return [
        Round(
            acts[low:high],
            draw(st.sampled_from((False, False, True))),
            ORIGIN + half * DAY // 2 + draw(st.sampled_from((-1, 0, 1))),
            draw(st.sampled_from((None, None, *range(7)))),
            draw(st.booleans()),
        )
        for (low, high), half in zip(pairwise((0, *cuts, len(acts))), nows, strict=True)
    ]


@st.composite
def shelves(draw: st.DrawFn) -> list[Definition]:
    """A segment or a model by itself, or definitions of both kinds of subjects that refer to each other."""
    subject: Subject = draw(st.sampled_from(("person", "person", "account")))
    if draw(st.integers(0, 2)):
        rules = draw(st.lists(world.asking(subject, 0, 3), min_size=1, max_size=2))
        return [Definition(1, "model", "m", subject, ("a", "b", "c"), (*rules, None), None, frozenset({1}))]
    book = world.definitions(draw(world.books(subject)), subject)
    other = world.opposite(subject)
    over = Definition(200, "segment", "over", other, ("in",), (draw(world.lifting(other)),))
    back = Segment("over") if draw(st.booleans()) else Not(Segment("over"))
    lifted = AnyMember(back) if subject == "account" else Account(back)
    around = Definition(201, "segment", "around", subject, ("in",), (lifted,))
    near = Definition(202, "segment", "near", subject, ("in",), (Segment("around"),))
    return draw(st.permutations([*book, over, around, near]))


class Interrupted(Exception):
    """The power went."""


def stop_after(steps: int | None) -> Progress | None:
    left = steps

    def progress(_done: int, _of: int) -> None:
        nonlocal left
        if left == 0:
            raise Interrupted
        left = None if left is None else left - 1

    return None if steps is None else progress


@dataclass
class Shadow:
    """What was told of one definition: up to when, from which intervals, and each subject's value then."""

    told: Micros | None = None
    stays: dict[int, list[world.Stay]] = field(default_factory=dict)
    values: dict[int, int] = field(default_factory=dict)


def read(warehouse: Warehouse, table: str, version: int) -> dict[int, list[world.Stay]]:
    """The stored intervals of a version."""
    found = warehouse.read(
        f"SELECT subject, epoch_us(start) AS start, coalesce(epoch_us(stop), {NEVER}) AS stop, value "
        f"FROM {table} WHERE version = {version} ORDER BY subject, start"
    )
    by_subject: dict[int, list[world.Stay]] = {}
    for row in found.to_pylist():
        by_subject.setdefault(row["subject"], []).append((row["start"], row["stop"], row["value"]))
    return by_subject


Row = tuple[int, Micros, Micros | None, int, int]
"""A stored interval: subject, start, stop, value, life."""


def kept(warehouse: Warehouse) -> dict[int, list[Row]]:
    """All the stored intervals, by version: one query for all takes as long as one for each."""
    found = warehouse.read(
        "SELECT version, subject, epoch_us(start), epoch_us(stop), value, life FROM intervals ORDER BY ALL"
    )
    by_version: dict[int, list[Row]] = defaultdict(list)
    for version, *row in zip(*(column.to_pylist() for column in found.columns), strict=True):
        by_version[version].append((row[0], row[1], row[2], row[3], row[4]))
    return by_version


def stays(rows: list[Row]) -> dict[int, list[world.Stay]]:
    """The same of one version, by subject."""
    by_subject: dict[int, list[world.Stay]] = {}
    for one, start, stop, value, _ in rows:
        by_subject.setdefault(one, []).append((start, NEVER if stop is None else stop, value))
    return by_subject


def told(warehouse: Warehouse, version: int, after: int) -> dict[int, list[Told]]:
    """The transitions of a version past a seq, by subject."""
    return tellings(warehouse, after)[version]


def tellings(warehouse: Warehouse, after: int) -> dict[int, dict[int, list[Told]]]:
    """Those of all versions."""
    found = warehouse.read(
        "SELECT version, subject, from_value, to_value, epoch_us(ts), restated FROM transition "
        "WHERE seq > ? ORDER BY seq",
        (after,),
    )
    by_version: dict[int, dict[int, list[Told]]] = defaultdict(dict)
    for version, one, *row in zip(*(column.to_pylist() for column in found.columns), strict=True):
        by_version[version].setdefault(one, []).append((row[0], row[1], row[2], row[3]))
    return by_version


def remembered(lives: Lives) -> dict[int, list[tuple[int, int]]]:
    """What is kept in memory: when each subject came to which place."""
    return {
        subject: list(zip(part.at[low:high].tolist(), part.place[low:high].tolist(), strict=True))
        for part, counted in lives.parts
        for subject, low, high in zip(
            part.subject[counted].tolist(), part.first[:-1][counted], part.first[1:][counted], strict=True
        )
    }


def as_changes(stays: dict[int, list[world.Stay]]) -> dict[int, list[tuple[int, int]]]:
    """The same of stored intervals; who has none isn't there."""
    return {
        subject: [
            change
            for (start, stop, value), after in zip(own, [*own[1:], (NEVER, 0, 0)], strict=True)
            for change in ((start, value + 1), *([(stop, 0)] if stop < after[0] else []))
        ]
        for subject, own in stays.items()
    }


def moves(own: list[world.Stay], after: Micros, until: Micros) -> list[tuple[int | None, int | None, Micros]]:
    """Every change of value past `after` and up to `until`."""
    instants = sorted({at for start, stop, _ in own for at in (start, stop) if after < at <= until})
    return [(world.value_at(own, at - 1), world.value_at(own, at), at) for at in instants]


def past(own: list[world.Stay], until: Micros) -> list[world.Stay]:
    """What the intervals say up to and including an instant."""
    return [(start, min(stop, until + 1), value) for start, stop, value in own if start <= until]


def check(
    shadow: Shadow, after: dict[int, list[world.Stay]], rows: dict[int, list[Told]], now: Micros, kind: str
) -> None:
    """That these rows, and no others, lead from what was told before to what is true now."""
    assert shadow.told is not None
    for one in {*shadow.stays, *after, *rows}:
        before, own, new = shadow.stays.get(one, []), after.get(one, []), rows.get(one, [])
        was, reads = shadow.values.get(one), world.value_at(own, shadow.told)
        moved = moves(own, shadow.told, now)
        rewritten = past(before, shadow.told) != past(own, shadow.told)
        if rewritten:
            assert new[0][:2] == (was, reads)
            assert new[0][2] <= shadow.told
        assert [row[:3] for row in new[int(rewritten) :]] == moved
        value = was
        for row in new:
            assert row[0] == value
            value = row[1]
        assert value == world.value_at(own, now)
        if kind == "mixed":
            continue
        foreseen = moves(before, shadow.told, now)
        live = [not row[3] for row in new]
        expected = [was != reads and not moved and kind == "live"] if rewritten else []
        expected += [kind == "live" or move in foreseen for move in moved]
        assert live == expected


@pytest.fixture(scope="module")
def fresh() -> Warehouse:
    """Where everything is folded from scratch."""
    return Warehouse.open(None, threads=1)


@pytest.mark.long
@pytest.mark.parametrize("shard", range(4))
def test_after_every_refresh_all_is_as_if_folded_from_scratch_and_told_once(
    warehouse: Warehouse, fresh: Warehouse, shard: int
) -> None:
    @seed(shard)
    @world.long(30)
    @given(rounds(), shelves())
    def agree(stream: list[Round], shelf: list[Definition]) -> None:
        world.lay(warehouse, world.Company(()))
        refresh(warehouse, shelf, ORIGIN - DAY)
        library = Library(warehouse)
        shadows = {definition.version: Shadow(ORIGIN - DAY) for definition in shelf}
        arrived: list[world.Act] = []
        pending: set[str] = set()
        last = 0
        for each in stream:
            world.receive(warehouse, each.acts, each.history)
            arrived += each.acts
            pending |= {"history" if each.history else "live"} if each.acts else set()
            stopped = False
            try:
                refresh(warehouse, shelf, each.now, progress=stop_after(each.stopped))
            except Interrupted:
                stopped = True
            company = world.Company(tuple(arrived))
            world.lay(fresh, company)
            names = world.known(company, Book.of(shelf))
            world.store(fresh, in_order(shelf), names)
            kind = "mixed" if len(pending) > 1 else next(iter(pending), "live")
            noted, here, anew, new = (
                warehouse.noted(),
                kept(warehouse),
                kept(fresh),
                tellings(warehouse, last),
            )
            for version, shadow in shadows.items():
                if noted.get(f"told:{version}") != str(each.now):
                    assert stopped
                    continue
                assert here[version] == anew[version]
                after = stays(anew[version])
                assert remembered(library.lives(version)) == as_changes(after)
                check(shadow, after, new[version], each.now, kind)
                values = {one: world.value_at(own, each.now) for one, own in after.items()}
                shadow.told, shadow.stays = each.now, after
                shadow.values = {one: value for one, value in values.items() if value is not None}
            last = warehouse.read("SELECT coalesce(max(seq), 0) FROM transition").column(0)[0].as_py()
            pending = pending if stopped else set()
            if each.compacted:
                warehouse.compact()

    agree()


# --- one thing at a time --------------------------------------------------------------------------

ACTIVE = Definition(
    1,
    "model",
    "m",
    "person",
    ("active", "else"),
    (parse('days_since_last("A") <= 2'), None),
    None,
    frozenset(),
)
EVER = Definition(1, "segment", "s", "person", ("in",), (parse('ever("A")'),))
FOLLOWING = Definition(2, "segment", "t", "person", ("in",), (parse('segment("s")'),))


def act(day: int, name: str = "A", person: int = 0) -> world.Act:
    return world.Act(person, None, ORIGIN + day * DAY, name, seq=day)


def lay(warehouse: Warehouse, *acts: world.Act) -> None:
    world.lay(warehouse, world.Company(()))
    world.receive(warehouse, acts, False)


def rows(warehouse: Warehouse, version: int = 1) -> list[tuple[int | None, int | None, int, bool]]:
    """from, to, day, restated of every transition of the one subject."""
    return [(a, b, (ts - ORIGIN) // DAY, late) for a, b, ts, late in told(warehouse, version, 0).get(0, [])]


def test_what_moves_nobody_rewrites_nothing(warehouse: Warehouse) -> None:
    lay(warehouse, act(0), act(0, person=1))
    refresh(warehouse, [ACTIVE], ORIGIN + DAY)
    for name, person, rewritten in (("B", 0, []), ("A", 1, [1])):
        world.receive(warehouse, (act(1, name, person),), False)
        assert refresh(warehouse, [ACTIVE], ORIGIN + DAY).subjects == 1
        assert warehouse.read("FROM refolded")["subject"].to_pylist() == rewritten
    assert rows(warehouse) == []
    refresh(warehouse, [ACTIVE], ORIGIN + 4 * DAY)
    assert rows(warehouse) == [(0, 1, 2, False)]


def test_a_first_fold_tells_nothing_and_time_alone_is_told_later(warehouse: Warehouse) -> None:
    lay(warehouse, act(0))
    assert refresh(warehouse, [ACTIVE], ORIGIN + DAY).whole == 1
    assert rows(warehouse) == []
    assert refresh(warehouse, [ACTIVE], ORIGIN + 3 * DAY).subjects == 0
    assert rows(warehouse) == [(0, 1, 2, False)]
    refresh(warehouse, [ACTIVE], ORIGIN + 9 * DAY)
    assert rows(warehouse) == [(0, 1, 2, False)]


def test_a_working_copy_made_anew_tells_what_came_after_it_was_last_told(warehouse: Warehouse) -> None:
    lay(warehouse, act(0), act(4))
    refresh(warehouse, [ACTIVE], ORIGIN + 5 * DAY, since=ORIGIN + 3 * DAY)
    assert rows(warehouse) == [(1, 0, 4, False)]


def test_a_clock_that_went_back_tells_nothing_twice(warehouse: Warehouse) -> None:
    lay(warehouse, act(0))
    for day in (1, 3, 1, 3):
        world.receive(warehouse, (act(0, "B"),), False)
        refresh(warehouse, [ACTIVE], ORIGIN + day * DAY)
    assert rows(warehouse) == [(0, 1, 2, False)]


def test_history_brings_about_nothing_but_time_still_does(warehouse: Warehouse) -> None:
    lay(warehouse, act(0))
    refresh(warehouse, [ACTIVE], ORIGIN + DAY)
    world.receive(warehouse, (act(-1), act(0, "B")), True)
    refresh(warehouse, [ACTIVE], ORIGIN + 3 * DAY)
    assert rows(warehouse) == [(0, 0, -1, True), (0, 1, 2, False)]
    world.receive(warehouse, (act(3),), True)
    refresh(warehouse, [ACTIVE], ORIGIN + 4 * DAY)
    assert rows(warehouse)[2:] == [(1, 0, 3, True)]


def test_an_event_is_the_cause_of_what_it_changes_and_time_of_the_rest(warehouse: Warehouse) -> None:
    lay(warehouse, act(0))
    refresh(warehouse, [ACTIVE], ORIGIN)
    world.receive(warehouse, (act(5),), False)
    refresh(warehouse, [ACTIVE], ORIGIN + 6 * DAY)
    assert warehouse.read("SELECT cause FROM transition ORDER BY seq")["cause"].to_pylist() == [None, 5]


def test_a_new_version_of_what_is_referred_to_is_read_by_everybody_and_only_restated(
    warehouse: Warehouse,
) -> None:
    lay(warehouse, act(0), act(0, "B", person=1))
    refresh(warehouse, [FOLLOWING, EVER], ORIGIN + DAY)
    newer = replace(EVER, version=3, rules=(parse('ever("B")'),))
    assert refresh(warehouse, [FOLLOWING, newer], ORIGIN + 2 * DAY).whole == 2
    assert read(warehouse, "intervals", 2) == {1: [(ORIGIN, NEVER, 0)]}
    assert told(warehouse, 2, 0) == {
        0: [(0, None, ORIGIN + DAY, True)],
        1: [(None, 0, ORIGIN, True)],
    }
    assert refresh(warehouse, [FOLLOWING, newer], ORIGIN + 2 * DAY).whole == 0


def test_what_comes_while_a_refresh_is_under_way_is_left_for_the_next(warehouse: Warehouse) -> None:
    lay(warehouse, act(0))
    refresh(warehouse, [EVER], ORIGIN)
    world.receive(warehouse, (act(1, "A", person=1),), False)
    late = iter([(act(1, "A", person=2),)])

    def meanwhile(_done: int, _of: int) -> None:
        world.receive(warehouse, next(late, ()), False)

    assert refresh(warehouse, [EVER], ORIGIN + DAY, progress=meanwhile).subjects == 1
    assert refresh(warehouse, [EVER], ORIGIN + DAY).subjects == 1
    assert sorted(read(warehouse, "intervals", 1)) == [0, 1, 2]


def test_what_fell_due_is_not_kept(warehouse: Warehouse) -> None:
    lay(warehouse, act(0))
    for day in range(5):
        world.receive(warehouse, (act(day),), False)
        refresh(warehouse, [ACTIVE], ORIGIN + day * DAY)
    refresh(warehouse, [ACTIVE], ORIGIN + 99 * DAY)
    assert warehouse.read("FROM due").num_rows == 0


def test_forgetting_drops_the_intervals_and_folds_anew(warehouse: Warehouse) -> None:
    lay(warehouse, act(0))
    refresh(warehouse, [EVER], ORIGIN)
    forget(warehouse, EVER.version)
    assert warehouse.read("FROM intervals").num_rows == 0
    assert refresh(warehouse, [EVER], ORIGIN).whole == 1
    assert warehouse.read("FROM intervals").num_rows == 1
