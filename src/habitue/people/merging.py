"""Who is who in the working copy, kept as claims and rulings come in: called in the loader's transaction.

`settle` comes before the rows are stored, `finish` after. All that they write is a function of the log's rows
alone: taken in other portions, or all at once, they give the same tables. Work goes with the keys around the
news; where nothing is claimed or ruled that was not before, there is next to none.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.people.circle import Circle, circle
from habitue.people.graph import Node, rank
from habitue.store.writer import Writer

RULINGS: Final = ("$merge", "$split")
"""The events by which people say who is who: `key` and the one key in `also`, with `by` and `why`."""


class Settled(NamedTuple):
    """What a portion of the log changes: keys that were looked at, and those (node, old, new) that moved."""

    circle: Circle
    moved: pa.Table


def settle(writer: Writer, rows: pa.Table) -> Settled | None:
    """Learn from rows of the log who is who, and move what is stored to its person; None without news."""
    seeds = _learn(writer, rows)
    if not seeds:
        return None
    around = circle(writer.read, seeds)
    moved = _moved(writer, around)
    if len(moved):
        _move(writer, moved)
    return Settled(around, moved)


def persons(writer: Writer, nodes: pa.ChunkedArray) -> pa.Array:
    """The person of each key, as it is now."""
    asked = pa.table({"node": pc.unique(nodes)})
    found = writer.read("FROM merged SEMI JOIN asked USING (node) ORDER BY node", asked=asked)
    if not len(found):
        return nodes
    keys, whose, all_ = (column.to_numpy() for column in (*found.columns, nodes))
    place = np.searchsorted(keys, all_).clip(max=len(keys) - 1)
    return pa.array(np.where(keys[place] == all_, whose[place], all_), pa.int64())


def finish(writer: Writer, settled: Settled) -> None:
    """Make anew what is kept of the persons that were settled: name, birth; all are to be folded."""
    (inside, keys, groups), moved = settled
    whole = {*moved["old"].to_pylist(), *(groups.person[node] for node in inside)}
    remade = pa.table({"person": pa.array(sorted(whole), pa.int32())})
    order = sorted(inside, key=lambda node: rank(keys[node]))
    named = pa.table(
        {
            "node": pa.array(order, pa.int32()),
            "place": np.arange(len(order)),
            "person": pa.array([groups.person[node] for node in order], pa.int32()),
        }
    )
    were = writer.read(
        "DELETE FROM person WHERE person IN (SELECT person FROM remade) RETURNING person", remade=remade
    )
    are = writer.read(_PERSONS, named=named)
    writer.run(_TOUCHED, moved=moved, known=pa.concat_tables([were, are]))


_PERSONS: Final = """
    INSERT INTO person
    SELECT named.person, arg_min(key, place), min(birth) FROM named JOIN node USING (node)
    WHERE birth IS NOT NULL GROUP BY ALL ORDER BY 1
    RETURNING person
"""

# Whoever has other rows than before; a key that nothing happened under was nobody.
_TOUCHED: Final = """
    INSERT INTO touched
    SELECT person, true FROM (SELECT unnest([old, new]) AS person FROM moved INTERSECT FROM known) ORDER BY 1
"""

# A key that is only named beside another has no birth: nothing happened under it.
_BORN: Final = f"""
    CREATE OR REPLACE TEMP TABLE born AS
    SELECT node::INTEGER AS node, any_value(key) AS key, min(birth)::TIMESTAMP AS birth FROM (
        SELECT person AS node, key, CASE WHEN name NOT IN {RULINGS} THEN ts END AS birth FROM arriving
        UNION ALL SELECT unnest(nodes), unnest(also), NULL FROM arriving WHERE nodes IS NOT NULL
    ) GROUP BY ALL
"""

# Keys that had no rows of their own may name their person now, and what was said of a user counts, for those
# it was said with too; late consent counts before a merge.
_STIRRED: Final = """
    WITH fresh AS (
        SELECT born.node, node.key FROM born JOIN node USING (node)
        WHERE born.birth IS NOT NULL AND node.birth IS NULL
    ), users AS (FROM fresh SELECT node WHERE starts_with(key, 'user:'))
    SELECT node FROM fresh WHERE node IN (SELECT node FROM merged) OR node IN (SELECT person FROM merged)
    UNION
    SELECT unnest([one, other]) FROM claim WHERE one IN (FROM users) OR other IN (FROM users)
    UNION
    SELECT DISTINCT person::INTEGER FROM arriving
    WHERE name = '$consent' AND (person IN (SELECT node FROM merged) OR person IN (SELECT person FROM merged))
"""

_BIRTHS: Final = (
    """
    UPDATE node SET birth = born.birth FROM born
    WHERE node.node = born.node AND born.birth IS NOT NULL AND (node.birth IS NULL OR born.birth < node.birth)
    """,
    "INSERT INTO node FROM born ANTI JOIN node USING (node) ORDER BY node",
    "DROP TABLE born",
)

_SAID: Final = f"""
    WITH pairs AS (
        SELECT person::INTEGER AS key, unnest(nodes)::INTEGER AS beside, source, ts::TIMESTAMP AS ts, seq
        FROM arriving WHERE nodes IS NOT NULL AND name NOT IN {RULINGS}
    ), said AS (
        SELECT least(key, beside) AS one, greatest(key, beside) AS other,
               arg_min(source, (ts, seq)) AS source, min((ts, seq)) AS first
        FROM pairs WHERE key <> beside GROUP BY ALL
    )
    SELECT said.one, said.other, said.source, first[1] AS ts, first[2] AS seq
    FROM said LEFT JOIN claim USING (one, other)
    WHERE claim.seq IS NULL OR first < (claim.ts, claim.seq)
    ORDER BY ALL
"""

_RULED: Final = f"""
    INSERT INTO ruling
    SELECT seq, name[2:], person::INTEGER, unnest(nodes)::INTEGER, props ->> '$.by', props ->> '$.why',
           ts::TIMESTAMP
    FROM arriving WHERE nodes IS NOT NULL AND name IN {RULINGS} ORDER BY seq
    RETURNING one, other
"""


def _learn(writer: Writer, rows: pa.Table) -> set[Node]:
    """Take in keys, claims and rulings; the keys about which something is new."""
    writer.run(_BORN, arriving=rows)
    seeds = set(writer.read(_STIRRED, arriving=rows).column(0).to_pylist())
    for statement in _BIRTHS:
        writer.run(statement)
    if rows["nodes"].null_count < len(rows):
        told = [writer.read(_SAID, arriving=rows)]
        if len(told[0]):
            writer.run(
                "DELETE FROM claim USING news WHERE claim.one = news.one AND claim.other = news.other",
                news=told[0],
            )
            writer.append("claim", told[0])
        if pc.any(pc.is_in(rows["name"], pa.array(RULINGS))).as_py():
            told.append(writer.read(_RULED, arriving=rows))
        for news in told:
            seeds.update(news["one"].to_pylist(), news["other"].to_pylist())
    return seeds


def _moved(writer: Writer, around: Circle) -> pa.Table:
    """Those whose person is another now, with `merged` brought up to date."""
    now = pa.table(
        {
            "node": pa.array(around.inside, pa.int32()),
            "new": pa.array([around.groups.person[node] for node in around.inside], pa.int32()),
        }
    )
    moved = writer.read(
        "SELECT node, coalesce(person, node) AS old, new FROM now LEFT JOIN merged USING (node) "
        "WHERE old <> new ORDER BY node",
        now=now,
    )
    writer.run("DELETE FROM merged WHERE node IN (SELECT node FROM moved)", moved=moved)
    writer.run("INSERT INTO merged SELECT node, new FROM moved WHERE node <> new", moved=moved)
    return moved


def _move(writer: Writer, moved: pa.Table) -> None:
    """Give the rows that are stored under these keys to their person: they leave the sorted base."""
    theirs = "person IN (SELECT old FROM moved) AND node IN (SELECT node FROM moved)"
    for name in ("event", "trait"):
        rows = writer.read(f"FROM {name} WHERE {theirs}", moved=moved)
        if len(rows):
            for part in ("base", "tail"):
                writer.run(f"DELETE FROM {name}_{part} WHERE {theirs}", moved=moved)
            writer.run(
                f"INSERT INTO {name}_tail SELECT taken.* REPLACE (new AS person) "
                "FROM taken JOIN moved USING (node)",
                taken=rows,
                moved=moved,
            )
