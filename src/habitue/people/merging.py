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
from habitue.people.graph import KINDS, Link, Node
from habitue.people.plain import Nodes, Plain, plain
from habitue.store.writer import Writer

RULINGS: Final = ("$merge", "$split")
"""The events by which people say who is who: `key` and the one key in `also`, with `by` and `why`."""


class Settled(NamedTuple):
    """What a portion of the log changes: the keys that were looked at, those about whom nothing is in doubt
    and the others; and those (node, old, new) that moved.
    """

    plain: Plain
    circle: Circle
    moved: pa.Table

    def persons(self) -> pa.Table:
        """Whose each key is now that was looked at."""
        return pa.concat_tables([self.plain.persons, _persons(self.circle)])


class Met(NamedTuple):
    """Keys of rows of the log (node, key, birth: the first that happens under it in these): `fresh` were not
    known, of the `older` nothing was that is so old, of those that are `woken` nothing at all.
    """

    fresh: pa.Table
    older: pa.Table


def meet(writer: Writer, rows: pa.Table) -> Met:
    """The keys of rows of the log that are news."""
    found = writer.read(_MET, arriving=rows)
    return Met(found.filter(found["new"]), found.filter(pc.invert(found["new"])))


def settle(writer: Writer, rows: pa.Table, met: Met) -> Settled | None:
    """Learn from rows of the log who is who, and move what is stored to its person; None without news."""
    seeds = _learn(writer, rows, met)
    if not len(seeds):
        return None
    easy = plain(writer.read, seeds)
    hard = circle(writer.read, set(easy.rest.tolist()))
    moved = _moved(writer, pa.concat_tables([easy.persons, _persons(hard)]))
    stored = moved.filter(pc.invert(pc.is_in(moved["node"], met.fresh["node"].combine_chunks())))
    if len(stored):
        _move(writer, stored)
    return Settled(easy, hard, moved)


def _persons(around: Circle) -> pa.Table:
    persons = [around.groups.person[node] for node in around.inside]
    return pa.table({"node": pa.array(around.inside, pa.int32()), "person": pa.array(persons, pa.int32())})


def persons(writer: Writer, nodes: pa.ChunkedArray) -> pa.Array:
    """The person of each key, as it is now."""
    asked = pa.table({"node": pc.unique(nodes)})
    found = writer.read("FROM merged SEMI JOIN asked USING (node) ORDER BY node", asked=asked)
    if not len(found):
        return nodes
    keys, whose, all_ = (column.to_numpy() for column in (*found.columns, nodes))
    place = np.searchsorted(keys, all_).clip(max=len(keys) - 1)
    return pa.array(np.where(keys[place] == all_, whose[place], all_), pa.int64())


def answered(writer: Writer, settled: Settled) -> tuple[dict[Node, Node], list[Link]]:
    """The keys, with their persons, of those of whom answers may stand otherwise now, and what joins them."""
    inside, _, groups = settled.circle
    whose = {node: groups.person[node] for node in inside}
    found = writer.read(_ANSWERED, plain=settled.plain.persons)
    if not len(found):
        return whose, list(groups.links)
    whose.update(zip(*(column.to_pylist() for column in found.columns), strict=True))
    links = settled.plain.links
    theirs = links.filter(pc.is_in(links["one"], found["node"].combine_chunks()))
    return whose, [*groups.links, *(Link(*one.values()) for one in theirs.to_pylist())]


_ANSWERED: Final = """
    SELECT node, person FROM plain
    WHERE person IN (SELECT person FROM plain SEMI JOIN consent USING (node))
"""


def finish(writer: Writer, settled: Settled) -> None:
    """Make anew what is kept of the persons that were settled: name, birth; all are to be folded."""
    now, moved = settled.persons(), settled.moved
    whole = pc.unique(pa.chunked_array([*moved["old"].chunks, *now["person"].chunks]))
    were = writer.read(
        "DELETE FROM person WHERE person IN (SELECT person FROM remade) RETURNING person",
        remade=pa.table({"person": whole}),
    )
    are = writer.read(_PERSONS, named=now)
    writer.run(_TOUCHED, moved=moved, known=pa.concat_tables([were, are]))


# A human is called by the strongest of their keys (`graph.rank`).
_PERSONS: Final = f"""
    INSERT INTO person
    SELECT named.person, arg_min(key, (coalesce(
               list_position({list(KINDS)}, split_part(key, ':', 1)), {len(KINDS) + 1}), key)), min(birth)
    FROM named JOIN node USING (node) WHERE birth IS NOT NULL GROUP BY ALL ORDER BY 1
    RETURNING person
"""

# Whoever has other rows than before; a key that nothing happened under was nobody.
_TOUCHED: Final = """
    INSERT INTO touched
    SELECT person, true FROM (SELECT unnest([old, new]) AS person FROM moved INTERSECT FROM known) ORDER BY 1
"""

# A key that is only named beside another has no birth: nothing happened under it.
_MET: Final = f"""
    WITH told AS (
        SELECT person AS node, key, CASE WHEN name NOT IN {RULINGS} THEN ts END AS birth FROM arriving
        UNION ALL SELECT unnest(nodes), unnest(also), NULL FROM arriving WHERE nodes IS NOT NULL
    ), born AS (
        SELECT node::INTEGER AS node, any_value(key) AS key, min(birth)::TIMESTAMP AS birth
        FROM told GROUP BY ALL
    )
    SELECT node, born.key, born.birth, node.key IS NULL AS new, node.birth IS NULL AS woken
    FROM born LEFT JOIN node USING (node)
    WHERE node.key IS NULL OR born.birth < coalesce(node.birth, 'infinity')
    ORDER BY node
"""

# Keys that had no rows of their own may name their person now, and what was said of a user counts, for those
# it was said with too; late consent counts before a merge.
_STIRRED: Final = """
    WITH users AS (FROM woken SELECT node WHERE starts_with(key, 'user:'))
    SELECT node FROM woken WHERE node IN (SELECT node FROM merged) OR node IN (SELECT person FROM merged)
    UNION
    SELECT unnest([one, other]) FROM claim WHERE one IN (FROM users) OR other IN (FROM users)
    UNION
    SELECT DISTINCT person::INTEGER FROM arriving
    WHERE name = '$consent' AND (person IN (SELECT node FROM merged) OR person IN (SELECT person FROM merged))
"""

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


def _learn(writer: Writer, rows: pa.Table, met: Met) -> Nodes:
    """Take in keys, claims and rulings; the keys about which something is new."""
    woken, seeds = met.older.filter(met.older["woken"]), [np.empty(0, np.int32)]
    if len(woken) or pc.any(pc.equal(rows["name"], "$consent")).as_py():
        seeds.append(writer.read(_STIRRED, arriving=rows, woken=woken).column(0).to_numpy())
    if len(met.older):
        writer.run(
            "UPDATE node SET birth = older.birth FROM older WHERE node.node = older.node", older=met.older
        )
    if len(met.fresh):
        writer.run("INSERT INTO node SELECT node, key, birth FROM fresh ORDER BY node", fresh=met.fresh)
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
        seeds += [news[end].to_numpy() for news in told for end in ("one", "other")]
    return np.unique(np.concatenate(seeds))


def _moved(writer: Writer, now: pa.Table) -> pa.Table:
    """Those whose person is another now, with `merged` brought up to date."""
    moved = writer.read(
        "SELECT node, coalesce(merged.person, node) AS old, now.person AS new "
        "FROM now LEFT JOIN merged USING (node) WHERE old <> new ORDER BY node",
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
