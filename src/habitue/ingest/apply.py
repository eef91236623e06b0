"""From the log to the working copy: one step for new events, for catching up and for building it anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from habitue.engine.ties import GROUP
from habitue.ingest import retract
from habitue.kernel.i18n import N_
from habitue.people import answers, merging, search
from habitue.people.graph import Node
from habitue.people.merging import Settled
from habitue.store.failure import Notice
from habitue.store.log import EventLog
from habitue.store.warehouse import Warehouse
from habitue.store.writer import Writer

IDENTIFY: Final = "$identify"
SCORE: Final = "$score"

Progress = Callable[[int, int], None]
"""Called with the events done and the events in all."""

_NAMES: Final = """
    INSERT INTO event_name
    SELECT (SELECT coalesce(max(code) + 1, 0) FROM event_name) + row_number() OVER (ORDER BY first) - 1, name
    FROM (SELECT name, min(seq) AS first FROM arriving GROUP BY name) ANTI JOIN event_name USING (name)
"""

_EVENTS: Final = """
    INSERT INTO event_tail
    SELECT person::INTEGER, account::INTEGER, ts::TIMESTAMP, code, revenue, props, seq, id::UUID,
           node::INTEGER
    FROM arriving JOIN event_name USING (name)
"""

_TALLY: Final = """
    INSERT INTO tally_tail
    SELECT code, source, date_trunc('hour', ts::TIMESTAMP), count(*), min(ts)::TIMESTAMP, max(ts)::TIMESTAMP
    FROM arriving JOIN event_name USING (name) GROUP BY ALL
"""

# Objects are flattened to dotted names, eight deep; lists, and what lies deeper, stay JSON.
_TRAITS: Final = """
    INSERT INTO {table}
    WITH RECURSIVE leaf AS (
        SELECT whose, node, source, ts, seq, kind || '.' || key AS name, value, type, 1 AS depth
        FROM (
            SELECT {subject} AS whose, node, source, ts, seq, props,
                   CASE name WHEN '$score' THEN 'score' ELSE 'trait' END AS kind
            FROM arriving WHERE name IN ({names}) AND {subject} IS NOT NULL AND json_valid(props)
        ) AS told, json_each(told.props) WHERE key NOT IN ({but})
        UNION ALL
        SELECT whose, node, source, ts, seq, name || '.' || inner_.key, inner_.value, inner_.type, depth + 1
        FROM leaf, json_each(leaf.value) AS inner_ WHERE leaf.type = 'OBJECT' AND depth < 8
    )
    SELECT whose::INTEGER, name, value::VARCHAR, ts::TIMESTAMP, seq, node::INTEGER, source
    FROM leaf WHERE type <> 'OBJECT' OR depth = 8
"""

# How an event came is no trait of who sent it; what a `group` call says of the person is none of the account.
_PERSONS: Final = _TRAITS.format(
    table="trait_tail", subject="person", names=f"'{IDENTIFY}', '{SCORE}'", but="'context'"
)
_ACCOUNTS: Final = _TRAITS.format(
    table="account_trait", subject="account", names=f"'{GROUP}'", but="'context', 'role', 'left'"
)

# Those who were not known, and those of whom nothing so old was.
_SUBJECTS: Final = """
    SELECT {subject}, born.key, born.birth, known.key IS NULL AS new FROM (
        SELECT {subject}::INTEGER AS {subject}, any_value({key}) AS key, min(ts)::TIMESTAMP AS birth
        FROM arriving WHERE {subject} IS NOT NULL AND name NOT IN {rulings} GROUP BY ALL
    ) AS born LEFT JOIN {subject} AS known USING ({subject})
    WHERE known.key IS NULL OR born.birth < known.birth ORDER BY {subject}
"""
_NEW: Final = "INSERT INTO {subject} SELECT {subject}, key, birth FROM born WHERE new"
_OLDER: Final = """
    UPDATE {subject} SET birth = born.birth FROM born WHERE {subject}.{subject} = born.{subject} AND NOT new
"""

_TOUCHED: Final = "INSERT INTO touched SELECT DISTINCT person::INTEGER, history FROM arriving"

_TAKEN: Final = (
    (_NAMES, None),
    (_EVENTS, None),
    (_PERSONS, {IDENTIFY, SCORE}),
    (_ACCOUNTS, {GROUP}),
    (_TOUCHED, None),
)
"""Each statement, and the names of the events that it is about: without one of them it is left out."""


def apply(warehouse: Warehouse, log: EventLog, rows: pa.Table) -> None:
    """Take rows of the log (`LOG`) into the working copy, with how far it has come, in one transaction."""
    end = reached(warehouse) + rows.num_rows
    rows = retract.counting(log, rows)
    with warehouse.write() as writer:
        if len(rows):
            take(writer, rows)
            # Here: whoever is erased is taken in again, and counted already.
            writer.run(_TALLY, arriving=rows)
        writer.note({"log": log.identity(), "log_end": str(end)})


def take(writer: Writer, rows: pa.Table) -> None:
    """Take rows of the log into the working copy's tables."""
    names = set(pc.unique(rows["name"]).to_pylist())
    met = merging.meet(writer, rows)
    search.keyed(writer, met.fresh)
    settled = merging.settle(writer, rows, met)
    rows = rows.append_column("node", rows["person"])
    rows = rows.set_column(rows.column_names.index("person"), "person", merging.persons(writer, rows["node"]))
    for statement, about in _TAKEN:
        if about is None or about & names:
            writer.run(statement, arriving=rows)
    search.index(writer, rows, names)
    for subject, key in (("person", "key"), ("account", "account_key")):
        if rows[key].null_count < len(rows):
            _born(writer, rows, subject, key)
    _consent(writer, answers.hear(writer, rows) if answers.EVENT in names else set(), settled)
    if settled:
        merging.finish(writer, settled)


def _born(writer: Writer, rows: pa.Table, subject: str, key: str) -> None:
    """Take in who is new, and since when they are known."""
    asked = _SUBJECTS.format(subject=subject, key=key, rulings=merging.RULINGS)
    born = writer.read(asked, arriving=rows)
    for statement, wanted in ((_OLDER, pc.invert(born["new"])), (_NEW, born["new"])):
        if pc.any(wanted).as_py():
            writer.run(statement.format(subject=subject), born=born)


def _consent(writer: Writer, news: set[Node], settled: Settled | None) -> None:
    """Make anew where those stand who answered, and those who were joined or taken apart."""
    if settled:
        whose, links = merging.answered(writer, settled)
        if whose:
            answers.stand(writer, whose.keys(), whose, links)
        news = news.difference(whose)
    if news:
        answers.stand(writer, news, {})


def reached(warehouse: Warehouse) -> int:
    """The next sequence number that the working copy lacks."""
    return made_from(warehouse)[1]


def made_from(warehouse: Warehouse) -> tuple[str, int]:
    """Which log the working copy was made from, "" if from none yet, and up to where."""
    noted = warehouse.noted()
    return noted.get("log", ""), int(noted.get("log_end", 0))


def catch_up(log: EventLog, warehouse: Warehouse, progress: Progress | None = None) -> int:
    """Apply what the log has and the working copy lacks; returns how many events that were.

    A working copy that knows events the log doesn't, or comes from another log, is set aside and built anew.
    One that holds what was taken back since is built anew beside, and gives way when that is done.
    """
    if warehouse.damaged:
        warehouse.renew(Notice(N_("The working copy was damaged on disk. It was set aside and made again.")))
    known, start = made_from(warehouse)
    if known not in {"", log.identity()} or start > log.end():
        warehouse.renew(
            Notice(N_("The working copy belonged to another state of the event log. It is rebuilt."))
        )
        start = 0
    at = start
    if start and any(one.seq >= start for one in log.retracted().values()):
        made = warehouse.beside()
        catch_up(log, made, progress)
        warehouse.replace(made, keep=False)
        return log.end() - start
    for rows in log.read(start):
        apply(warehouse, log, rows)
        at += rows.num_rows
        if progress:
            progress(at - start, log.end() - start)
    return at - start
