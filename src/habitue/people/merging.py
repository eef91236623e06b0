"""Who is who in the working copy, kept as claims and rulings come in: called in the loader's transaction.

`settle` comes before the rows are stored, `finish` after. All that they write is a function of the log's rows
alone: taken in other portions, or all at once, they give the same tables. Work goes with the keys around the
news; where nothing is claimed or ruled that was not before, there is next to none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.people.graph import Claim, Groups, Node, Ruling, components, rank
from habitue.people.strictest import Answer, strictest
from habitue.store.warehouse import Writer

RULINGS: Final = ("$merge", "$split")
"""The events by which people say who is who: `key` and the one key in `also`, with `by` and `why`."""

MADE: Final = "$merge"
"""The source of traits that nobody sent: consent as it is after a merge."""


class Settled(NamedTuple):
    """What a portion of the log changes about who is who.

    `around` are the keys whose person is settled, and `moved` (node, old, new) those of them that another
    person has now; `keys` and `groups` have some keys more.
    """

    keys: dict[Node, str]
    groups: Groups
    around: list[Node]
    moved: pa.Table


def settle(writer: Writer, rows: pa.Table) -> Settled | None:
    """Learn from rows of the log who is who, and move what is stored to its person; None without news."""
    seeds = _learn(writer, rows)
    if not seeds:
        return None
    settled = _around(writer, seeds)
    if len(settled.moved):
        _move(writer, settled.moved)
    return settled


def persons(writer: Writer, nodes: pa.ChunkedArray) -> pa.Array:
    """The person of each key, as it is now."""
    asked = pa.table({"node": pc.unique(nodes)})
    found = writer.run("FROM merged SEMI JOIN asked USING (node) ORDER BY node", asked=asked)
    if not len(found):
        return nodes
    keys, whose, all_ = (column.to_numpy() for column in (*found.columns, nodes))
    place = np.searchsorted(keys, all_).clip(max=len(keys) - 1)
    return pa.array(np.where(keys[place] == all_, whose[place], all_), pa.int64())


def finish(writer: Writer, settled: Settled) -> None:
    """Make anew what is kept of the persons that were settled: name, birth, consent; all are to be folded."""
    moved, groups = settled.moved, settled.groups
    whole = {*moved["old"].to_pylist(), *(groups.person[node] for node in settled.around)}
    remade = pa.table({"person": pa.array(sorted(whole), pa.int32())})
    order = sorted(settled.around, key=lambda node: rank(settled.keys[node]))
    named = pa.table({"node": pa.array(order, pa.int32()), "place": np.arange(len(order))})
    named = named.append_column("person", pa.array([groups.person[node] for node in order], pa.int32()))
    writer.run("DELETE FROM person WHERE person IN (SELECT person FROM remade)", remade=remade)
    writer.run(_PERSONS, named=named)
    _consent(writer, settled, remade)
    writer.run(
        "INSERT INTO touched SELECT DISTINCT unnest([old, new]), true FROM moved ORDER BY 1", moved=moved
    )


_PERSONS: Final = """
    INSERT INTO person
    SELECT named.person, arg_min(key, place), min(birth) FROM named JOIN node USING (node)
    WHERE birth IS NOT NULL GROUP BY ALL ORDER BY 1
"""

# A key that is only named beside another has no birth: nothing happened under it.
_BORN: Final = f"""
    CREATE OR REPLACE TEMP TABLE born AS
    SELECT node::INTEGER AS node, any_value(key) AS key, min(birth)::TIMESTAMP AS birth FROM (
        SELECT person AS node, key, CASE WHEN name NOT IN {RULINGS} THEN ts END AS birth FROM arriving
        UNION ALL SELECT unnest(nodes), unnest(also), NULL FROM arriving WHERE nodes IS NOT NULL
    ) GROUP BY ALL
"""

# Keys that had no rows of their own may name their person now; late consent counts before a merge.
_STIRRED: Final = """
    SELECT DISTINCT born.node FROM born JOIN node USING (node)
    WHERE born.birth IS NOT NULL AND node.birth IS NULL AND (
        node IN (SELECT node FROM merged) OR node IN (SELECT person FROM merged))
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
    seeds = set(writer.run(_STIRRED, arriving=rows).column(0).to_pylist())
    for statement in _BIRTHS:
        writer.run(statement)
    if rows["nodes"].null_count < len(rows):
        claims = writer.run(_SAID, arriving=rows)
        writer.run(
            "DELETE FROM claim USING news WHERE claim.one = news.one AND claim.other = news.other",
            news=claims,
        )
        writer.append("claim", claims)
        for news in (claims, writer.run(_RULED, arriving=rows)):
            seeds.update(news["one"].to_pylist(), news["other"].to_pylist())
    return seeds


_CLAIMS: Final = "SELECT one, other, epoch_us(ts), seq FROM claim WHERE {}"
_RULINGS: Final = "SELECT act, one, other, epoch_us(ts), seq FROM ruling WHERE {}"
_ABOUT: Final = "one IN (SELECT node FROM asked) OR other IN (SELECT node FROM asked)"
_HOUSE: Final = """
    WITH house AS (SELECT coalesce(person, node) AS person FROM asked LEFT JOIN merged USING (node))
    SELECT node FROM merged SEMI JOIN house USING (person) UNION SELECT person FROM house
"""


def _around(writer: Writer, seeds: set[Node]) -> Settled:
    """The persons of these keys and of all that were or are one with them.

    A key is judged once all its claims are known, so they are fetched for whoever is met on the way.
    """
    claims: set[Claim] = set()
    rulings: set[Ruling] = set()
    keys: dict[Node, str] = {}
    met: set[Node] = set()
    wanted = seeds | set(writer.run(_HOUSE, asked=_nodes(seeds)).column(0).to_pylist())
    while fresh := wanted - met:
        met |= fresh
        claims.update(map(Claim._make, _read(writer, _CLAIMS.format(_ABOUT), fresh)))
        rulings.update(map(Ruling._make, _read(writer, _RULINGS.format(_ABOUT), fresh)))
        ends = {end for said in (claims, rulings) for each in said for end in (each.one, each.other)}
        strangers = (ends | fresh) - keys.keys()
        keys.update(_read(writer, "SELECT node, key FROM node SEMI JOIN asked USING (node)", strangers))
        groups = components(keys, claims, rulings)
        whose = {groups.person[node] for node in wanted}
        wanted |= {node for node, person in groups.person.items() if person in whose}
    around = sorted(wanted)
    return Settled(keys, groups, around, _moved(writer, around, groups))


def _moved(writer: Writer, around: list[Node], groups: Groups) -> pa.Table:
    """Those whose person is another now, with `merged` brought up to date."""
    now = pa.table(
        {
            "node": pa.array(around, pa.int32()),
            "new": pa.array([groups.person[node] for node in around], pa.int32()),
        }
    )
    moved = writer.run(
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
        rows = writer.run(f"FROM {name} WHERE {theirs}", moved=moved)
        if len(rows):
            for part in ("base", "tail"):
                writer.run(f"DELETE FROM {name}_{part} WHERE {theirs}", moved=moved)
            writer.run(
                f"INSERT INTO {name}_tail SELECT taken.* REPLACE (new AS person) "
                "FROM taken JOIN moved USING (node)",
                taken=rows,
                moved=moved,
            )


_ANSWERS: Final = """
    SELECT node, name, value, epoch_us(ts), seq, source = ? AS made FROM trait
    WHERE person IN (SELECT person FROM remade) AND starts_with(name, 'consent.')
"""


def _consent(writer: Writer, settled: Settled, remade: pa.Table) -> None:
    """Let the strictest answer win at each link, in place of what was worked out before."""
    found = writer.run(_ANSWERS, (MADE,), remade=remade)
    if not len(found):
        return
    for part in ("base", "tail"):
        writer.run(
            f"DELETE FROM trait_{part} WHERE person IN (SELECT person FROM remade) AND source = ?",
            (MADE,),
            remade=remade,
        )
    told = [
        Answer(*row[:5]) for row in zip(*(c.to_pylist() for c in found.columns), strict=True) if not row[5]
    ]
    made = strictest(settled.groups.links, told)
    if made:
        whose = settled.groups.person
        columns: dict[str, Any] = dict(zip(Answer._fields, zip(*made, strict=True), strict=True))
        answers = pa.table(columns | {"person": [whose[answer.node] for answer in made]})
        writer.run(
            "INSERT INTO trait_tail BY NAME "
            f"SELECT * REPLACE (make_timestamp(ts) AS ts), '{MADE}' AS source FROM answers",
            answers=answers,
        )


def _nodes(nodes: Iterable[Node]) -> pa.Table:
    return pa.table({"node": pa.array(sorted(nodes), pa.int32())})


def _read(writer: Writer, sql: str, nodes: Iterable[Node]) -> Iterable[tuple[Any, ...]]:
    found = writer.run(sql, asked=_nodes(nodes))
    return zip(*(column.to_pylist() for column in found.columns), strict=True)
