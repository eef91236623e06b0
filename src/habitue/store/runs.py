"""Runs of journeys: entered once for each cause, brought forward together, and counted where they pass.

Whoever writes is inside a transaction of its own. A row is changed only by who has seen it as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from habitue.kernel.clock import Micros
from habitue.store.ops import Tx, given
from habitue.store.travels import arm, journey, passage, run

Row: TypeAlias = sa.Row[Any]

_AT_ONCE: Final = 20_000


class Entered(NamedTuple):
    """Somebody who comes in. `ended` and `outcome` are given where they only count (a control group)."""

    journey: str
    version: int
    person: int
    cause: str
    entered: Micros
    look: Micros | None
    goal_until: Micros | None
    ended: Micros | None = None
    outcome: int | None = None


class State(NamedTuple):
    """How a journey stands."""

    slug: str
    since: Micros | None
    cursor: Micros
    paused: Micros | None
    draining: list[int]


class Raced(Exception):
    """Somebody else has brought these forward meanwhile: nothing was written."""


def enter(tx: Tx, rows: Sequence[Entered]) -> int:
    """Let these in whose cause has not let them in before; how many that were."""
    insert = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(run).on_conflict_do_nothing()
    fresh = {"node": 0, "begun": 0}
    values = [
        one._asdict() | fresh | {"since": one.entered, "at": one.entered, "due": one.entered} for one in rows
    ]
    parts = (values[first : first + _AT_ONCE] for first in range(0, len(values), _AT_ONCE))
    if tx.dialect.name == "sqlite":
        return sum(tx.execute(insert, part).rowcount for part in parts)
    # PostgreSQL's driver doesn't say how many of several at once were new: the rows do.
    return sum(len(tx.execute(insert.returning(run.c.id), part).all()) for part in parts)


def earlier(tx: Tx, slug: str, persons: Collection[int]) -> dict[int, tuple[Micros, bool]]:
    """When each of these entered the journey last, and whether they are in it."""
    inside = sa.func.max(sa.case((run.c.ended.is_(None), 1), else_=0))
    rows = (
        sa.select(run.c.person, sa.func.max(run.c.entered), inside)
        .where(run.c.journey == slug, run.c.person.in_(_numbers(tx, persons)))
        .group_by(run.c.person)
    )
    return {person: (at, bool(there)) for person, at, there in tx.execute(rows)}


def touch(tx: Tx, persons: Collection[int], now: Micros) -> int:
    """Have the runs of these people looked at: something has happened to them."""
    alive = sa.or_(run.c.ended.is_(None), run.c.goal_until > now)
    mine = run.c.person.in_(_numbers(tx, persons))
    return tx.execute(run.update().where(mine, alive).values(look=now)).rowcount


DUE: Final = (
    *("id", "journey", "version", "person", "entered", "node", "since", "at", "due", "begun", "look"),
    *("goal_until", "ended", "outcome", "converted"),
)
"""What `due` tells of a run, in this order."""


def due(
    tx: Tx, now: Micros, most: int, but: Collection[str] = (), held: bool = False
) -> list[tuple[Any, ...]]:
    """The runs to be looked at by now, the longest waiting first, as `DUE`; not of those journeys.

    With `held` nobody else gets them while this transaction lasts, and none that somebody else holds is told.
    """
    columns = [run.c[name] for name in DUE]
    rows = sa.select(*columns).where(run.c.look <= now).order_by(run.c.look, run.c.id).limit(most)
    rows = rows.with_for_update(skip_locked=True) if held else rows
    found: Any = tx.execute(rows.where(run.c.journey.not_in(but)) if but else rows)
    # Of hundreds of thousands, rows with names would take as long as all that is done with them.
    told: list[tuple[Any, ...]] = found.cursor.fetchall()
    found.close()
    return told


ENDS: Final = ("goal_until", "ended", "outcome", "converted")
"""The columns that few rounds change."""

_FORWARD: Final = (
    "node",
    "since",
    "at",
    "due",
    "begun",
    "look",
    *ENDS,
)


def forward(tx: Tx, rows: Sequence[tuple[Any, ...]], ends: Iterable[tuple[Any, ...]]) -> None:
    """Bring runs forward: the columns of `_FORWARD`, then the id and the `look` that was seen.

    `ends` are the columns of `ENDS` as they were seen: those of most runs stay, and without them a run is
    written in a third of the time. Raises `Raced` where one is not as it was seen.
    """
    first, last = len(_FORWARD) - len(ENDS), len(_FORWARD)
    going, turned = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
    for row, was in zip(rows, ends, strict=True):
        if row[first:last] == was:
            going.append(row[:first] + row[last:])
        else:
            turned.append(row)
    for columns, some in ((_FORWARD[:first], going), (_FORWARD, turned)):
        sets = ", ".join(f'"{name}" = ?' for name in columns)
        text = f"UPDATE run SET {sets} WHERE id = ? AND look = ?"
        if tx.dialect.name != "sqlite":
            text = text.replace("?", "%s")
        if some and tx.exec_driver_sql(text, some).rowcount != len(some):
            raise Raced


def count(tx: Tx, rows: Iterable[tuple[int, int, str, int, int]]) -> None:
    """Add to what passed: version, node, what, day, and how many."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(passage)
    adding = insert.on_conflict_do_update(
        index_elements=["version", "node", "what", "day"], set_={"n": passage.c.n + insert.excluded.n}
    )
    # In one order, so that two who count the same don't wait for each other for ever.
    values = [dict(zip(("version", "node", "what", "day", "n"), one, strict=True)) for one in sorted(rows)]
    if values:
        tx.execute(adding, values)


def passed(tx: Tx, versions: Collection[int], since: int) -> list[Row]:
    """What passed through these versions from a day on: version, node, what, and how many."""
    rows = (
        sa.select(passage.c.version, passage.c.node, passage.c.what, sa.func.sum(passage.c.n).label("n"))
        .where(passage.c.version.in_(versions), passage.c.day >= since)
        .group_by(passage.c.version, passage.c.node, passage.c.what)
    )
    return list(tx.execute(rows))


def inside(tx: Tx, versions: Collection[int]) -> dict[tuple[int, int], int]:
    """How many are at each node of these versions."""
    rows = (
        sa.select(run.c.version, run.c.node, sa.func.count())
        .where(run.c.version.in_(versions), run.c.ended.is_(None))
        .group_by(run.c.version, run.c.node)
    )
    return {(version, node): n for version, node, n in tx.execute(rows)}


def within(tx: Tx, slug: str, most: int) -> list[Row]:
    """Who is in a journey, the last to come in first: person, version, node, entered, since and look."""
    columns = [run.c[name] for name in ("person", "version", "node", "entered", "since", "look")]
    mine = run.c.journey == slug, run.c.ended.is_(None)
    rows = sa.select(*columns).where(*mine).order_by(run.c.entered.desc(), run.c.id.desc()).limit(most)
    return list(tx.execute(rows))


def outcomes(tx: Tx, slug: str, since: Micros) -> list[Row]:
    """Of those who entered since: the outcome (None: still inside), whether converted, and how many."""
    reached = run.c.converted.is_not(None).label("reached")
    rows = (
        sa.select(run.c.outcome, reached, sa.func.count().label("n"))
        .where(run.c.journey == slug, run.c.entered >= since)
        .group_by(run.c.outcome, reached)
    )
    return list(tx.execute(rows))


def assigned(
    tx: Tx, slug: str, versions: Collection[int], since: Micros, until: Micros
) -> list[tuple[Any, ...]]:
    """Who entered these versions of a journey in a time, in that order: person, when, when converted."""
    columns = run.c.person, run.c.entered, run.c.converted
    mine = run.c.journey == slug, run.c.version.in_(versions), run.c.entered > since, run.c.entered <= until
    found: Any = tx.execute(sa.select(*columns).where(*mine).order_by(run.c.entered, run.c.id))
    told: list[tuple[Any, ...]] = found.cursor.fetchall()  # without names: there may be a million
    found.close()
    return told


def listed(tx: Tx, slug: str, most: int, before: int | None = None, inside: bool | None = None) -> list[Row]:
    """Runs of a journey, the latest first: those before a number, those inside or those that ended."""
    rows = run.select().where(run.c.journey == slug).order_by(run.c.id.desc()).limit(most)
    if before is not None:
        rows = rows.where(run.c.id < before)
    if inside is not None:
        rows = rows.where(run.c.ended.is_(None) if inside else run.c.ended.is_not(None))
    return list(tx.execute(rows))


def insiders(tx: Tx) -> dict[str, int]:
    """How many are inside each journey."""
    rows = sa.select(run.c.journey, sa.func.count()).where(run.c.ended.is_(None)).group_by(run.c.journey)
    return {row[0]: row[1] for row in tx.execute(rows)}


def elsewhere(tx: Tx, slug: str, since: Micros) -> dict[str, list[tuple[int, Micros, Micros | None]]]:
    """Who was in any other journey after an instant: by journey the person, when they entered and left."""
    columns = run.c.journey, run.c.person, run.c.entered, run.c.ended
    mine = run.c.journey != slug, sa.or_(run.c.ended.is_(None), run.c.ended > since)
    found: Any = tx.execute(sa.select(*columns).where(*mine))
    told: dict[str, list[tuple[int, Micros, Micros | None]]] = {}
    for name, *rest in found.cursor.fetchall():
        told.setdefault(name, []).append((rest[0], rest[1], rest[2]))
    found.close()
    return told


def of(tx: Tx, persons: Collection[int]) -> list[Row]:
    """All runs of these numbers, which may all be one customer's, the latest first."""
    mine = run.c.person.in_(_numbers(tx, persons))
    return list(tx.execute(run.select().where(mine).order_by(run.c.entered.desc(), run.c.id.desc())))


def under_way(tx: Tx) -> list[Row]:
    """Who is in any journey: id, journey, version, person, cause, entered."""
    columns = [run.c[name] for name in ("id", "journey", "version", "person", "cause", "entered")]
    return list(tx.execute(sa.select(*columns).where(run.c.ended.is_(None)).order_by(run.c.id)))


def stop(tx: Tx, slug: str, persons: Collection[int], now: Micros, outcome: int) -> list[int]:
    """Let these leave a journey; the ids of their runs."""
    mine = run.c.journey == slug, run.c.ended.is_(None), run.c.person.in_(_numbers(tx, persons))
    gone = {"ended": now, "look": None, "outcome": outcome}
    return list(tx.execute(run.update().where(*mine).values(gone).returning(run.c.id)).scalars())


def rest(tx: Tx, ids: Collection[int], now: Micros, outcome: int) -> None:
    """Look at these runs no more; those that are not over yet end."""
    mine = run.c.id.in_(_numbers(tx, ids))
    gone = {"ended": now, "outcome": outcome}
    tx.execute(run.update().where(mine, run.c.ended.is_(None)).values(gone))
    tx.execute(run.update().where(mine).values(look=None, goal_until=None))


def move(tx: Tx, old: int, new: int, places: Mapping[int, int], now: Micros) -> int:
    """Put those in a version into another: from each of these places to the other; how many moved.

    What they wait for is worked out anew when they are looked at, now.
    """
    moved = 0
    for one, other in places.items():
        there = run.c.version == old, run.c.node == one, run.c.ended.is_(None)
        values = {"version": new, "node": other, "begun": 0, "at": run.c.since, "due": now, "look": now}
        moved += tx.execute(run.update().where(*there).values(values)).rowcount
    return moved


def expel(tx: Tx, version: int, nodes: Collection[int] | None, now: Micros, outcome: int) -> int:
    """Let those in a version leave, or only those at some places; how many."""
    there = [run.c.version == version, run.c.ended.is_(None)]
    if nodes is not None:
        there.append(run.c.node.in_(nodes))
    gone = {"ended": now, "look": None, "outcome": outcome}
    return tx.execute(run.update().where(*there).values(gone)).rowcount


def forget(tx: Tx, nodes: Collection[int]) -> None:
    """Delete the runs of these people."""
    mine = run.c.person.in_(_numbers(tx, nodes))
    tx.execute(arm.delete().where(arm.c.run.in_(sa.select(run.c.id).where(mine))))
    tx.execute(run.delete().where(mine))


def states(tx: Tx) -> dict[str, State]:
    """How every journey stands that ever ran."""
    return {row.slug: State(*row) for row in tx.execute(journey.select())}


def put(tx: Tx, state: State) -> None:
    """Let a journey stand so."""
    insert = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(journey)
    told = state._asdict()
    tx.execute(insert.values(told).on_conflict_do_update(index_elements=["slug"], set_=told))


def lock(tx: Tx, slug: str) -> None:
    """Let nobody else into a journey while this transaction lasts."""
    if tx.dialect.name != "sqlite":  # which lets one write at a time anyway
        tx.execute(sa.select(journey.c.slug).where(journey.c.slug == slug).with_for_update())


def look(tx: Tx, slug: str, seen: Micros, until: Micros) -> bool:
    """Note that dates and schedules were told up to an instant; False where somebody else did meanwhile."""
    mine = journey.c.slug == slug, journey.c.cursor == seen
    return tx.execute(journey.update().where(*mine).values(cursor=until)).rowcount == 1


def look_again(tx: Tx, length: Micros) -> None:
    """Have dates and schedules of the last while looked at again, none from before a journey was live."""
    back = sa.func.coalesce(journey.c.since, 0)
    earlier = journey.c.cursor - length
    tx.execute(
        journey.update()
        .values(cursor=sa.case((earlier > back, earlier), else_=back))
        .where(journey.c.cursor > back)
    )


def _numbers(tx: Tx, persons: Collection[int]) -> sa.Select[Any]:
    listed = given(tx.dialect.name, [str(one) for one in persons])
    return sa.select(sa.cast(listed.c.value, sa.BigInteger))
