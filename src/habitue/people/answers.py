"""The record of consent in the working copy, and the traits `consent.…` that rules read, made of it.

Called in the loader's transaction. A `$consent` event is one record, `{"channel", "purpose", "status", …}`
with its proof, or many without any, `{"email": true, "sms": {"newsletter": false}}`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import pyarrow as pa

from habitue.people.circle import Run
from habitue.people.graph import Link, Node
from habitue.people.strictest import Answer, Stance, strictest
from habitue.store.writer import Writer

EVENT: Final = "$consent"

_HEARD: Final = f"""
    INSERT INTO consent
    WITH told AS (
        SELECT node, ts, seq, source, history, props::JSON AS props FROM arriving
        WHERE name = '{EVENT}' AND json_valid(props) AND json_type(props) = 'OBJECT'
    ), many AS (
        SELECT told.*, each.key AS channel, each.value AS value, each.type AS type
        FROM told, json_each(told.props) AS each WHERE NOT json_exists(told.props, '$.status')
    ), single AS (
        SELECT * EXCLUDE (value, type), 'marketing' AS purpose, value FROM many WHERE type <> 'OBJECT'
        UNION ALL SELECT many.* EXCLUDE (value, type), each.key, each.value
        FROM many, json_each(many.value) AS each WHERE many.type = 'OBJECT'
    ), said AS (
        SELECT node, ts, seq, source, history, props ->> '$.channel' AS channel,
               coalesce(props ->> '$.purpose', 'marketing') AS purpose, props ->> '$.status' AS status,
               props ->> '$.via' AS via
        FROM told WHERE json_exists(props, '$.status')
        UNION ALL SELECT node, ts, seq, source, history, channel, purpose,
               CASE value::VARCHAR WHEN 'true' THEN 'granted' ELSE 'denied' END, NULL FROM single
    )
    SELECT node::INTEGER, channel, purpose,
           CASE WHEN status IN ('granted', 'pending', 'withdrawn') THEN status ELSE 'denied' END,
           history, ts::TIMESTAMP, seq, source, via
    FROM said WHERE channel IS NOT NULL ORDER BY seq, channel, purpose
    RETURNING node
"""

# A call repeats what its sender holds: the yes in it is news only where the same had said no before.
_ANSWERS: Final = """
    SELECT node, 'consent.' || channel || CASE purpose WHEN 'marketing' THEN '' ELSE '.' || purpose END,
           status, history OR (via IS NOT NULL AND coalesce(lag(status) OVER (
               PARTITION BY node, channel, purpose, source, via, history
               ORDER BY ts, status <> 'granted', seq
           ), 'granted') NOT IN ('denied', 'withdrawn')),
           epoch_us(ts), seq, source
    FROM consent SEMI JOIN asked USING (node)
"""


def hear(writer: Writer, rows: pa.Table) -> set[Node]:
    """Keep the records among rows of the log, which have their `node`; the keys that they are about."""
    return set(writer.read(_HEARD, arriving=rows).column(0).to_pylist())


def stand(
    writer: Writer, nodes: Collection[Node], whose: Mapping[Node, Node], links: Iterable[Link] = ()
) -> None:
    """Make anew the traits of these keys: all those of some persons, with the links between them."""
    found = _found(writer.read, nodes)
    persons = pa.table({"person": pa.array(sorted({whose.get(node, node) for node in nodes}), pa.int32())})
    for part in ("base", "tail"):
        writer.run(
            f"DELETE FROM trait_{part} WHERE person IN (SELECT person FROM persons) "
            "AND starts_with(name, 'consent.')",
            persons=persons,
        )
    links = list(links)
    if not links:
        found = _firsts(writer, found)
    made = strictest(links, _read(found)) if len(found) else []
    if made:
        columns: dict[str, Any] = dict(zip(Stance._fields, zip(*made, strict=True), strict=True))
        columns["person"] = [whose.get(stance.node, stance.node) for stance in made]
        writer.run(_STANCES, stances=pa.table(columns))


def given(run: Run, nodes: Collection[Node]) -> list[Answer]:
    """All that was answered under these keys."""
    return _read(_found(run, nodes))


def _found(run: Run, nodes: Collection[Node]) -> pa.Table:
    return run(_ANSWERS, asked=pa.table({"node": pa.array(sorted(nodes), pa.int32())}))


def _read(found: pa.Table) -> list[Answer]:
    return [Answer(*row) for row in zip(*(column.to_pylist() for column in found.columns), strict=True)]


def _firsts(writer: Writer, found: pa.Table) -> pa.Table:
    """Settle what was answered once under a key that is alone, as most is; the other answers."""
    found = found.rename_columns(list(Answer._fields))
    writer.run(_FIRSTS.format("INSERT INTO trait_tail BY NAME", _ONCE, "= 1"), found=found)
    return writer.read(_FIRSTS.format("", "told.*", "> 1"), found=found)


_ONCE: Final = """node::INTEGER AS person, name, (status = 'granted')::VARCHAR AS value,
    make_timestamp(ts) AS ts, seq, node::INTEGER AS node, source::VARCHAR AS source"""
_FIRSTS: Final = """
    {} SELECT {} FROM found AS told QUALIFY count(*) OVER (PARTITION BY told.node, told.name) {}
    ORDER BY node, ts, seq, name
"""

_STANCES: Final = """
    INSERT INTO trait_tail BY NAME
    SELECT person::INTEGER AS person, name, agreed::VARCHAR AS value, make_timestamp(ts) AS ts, seq,
           node::INTEGER AS node, source::VARCHAR AS source
    FROM stances ORDER BY person, ts, seq, name
"""
