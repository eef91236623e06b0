"""How the rows of each base lie, and how its tail comes into it: all is written anew, in one transaction."""

from __future__ import annotations

from secrets import token_hex
from typing import Final

from habitue.store.writer import BASE, BESIDE, SWEPT, Writer

SORTED: Final = {
    "event": "person, ts, seq",
    "trait": "person, name, ts, seq",
    "interval": "version, subject, start",
    "search": "word, node, kind",
    "tally": "code, source, hour",
}
"""The tables that have a base and a tail, and their order."""

GROWING: Final = ("event", "trait")
"""Those whose rows are never void: new ones may lie beside what is there (`tidy`)."""

_INTERVALS: Final = """(
    SELECT * FROM interval_base ANTI JOIN refolded USING (version, subject) UNION ALL FROM interval_tail
)"""
_MERGED: Final = {"interval": _INTERVALS, "search": "(SELECT DISTINCT * FROM search)"}
"""What is merged where that isn't simply all rows."""


def merge(writer: Writer, name: str) -> None:
    """Put a table's tail into its base, all in order."""
    rows = _MERGED.get(name, name)
    writer.run(f"CREATE OR REPLACE TABLE {name}_base AS FROM {rows} ORDER BY {SORTED[name]}")
    _emptied(writer, name)
    if name in GROWING:
        _whole(writer, name)
    writer.run("DELETE FROM meta WHERE key = ?", (f"{BESIDE}:{name}",))


def append(writer: Writer, name: str) -> None:
    """Put a table's tail, in order, beside what is in its base: as much is written as has come in."""
    if name == "interval":
        writer.run(_VOID)
    if name in GROWING and not len(writer.read("FROM meta WHERE key = ?", (f"{SWEPT}:{name}",))):
        _whole(writer, name)  # before there were runs a base was always one
    writer.run(f"INSERT INTO {name}_base FROM {name}_tail ORDER BY {SORTED[name]}")
    _emptied(writer, name)


_VOID: Final = """
    DELETE FROM interval_base USING refolded
    WHERE interval_base.version = refolded.version AND interval_base.subject = refolded.subject
"""


def _whole(writer: Writer, name: str) -> None:
    """Note that a base is one run."""
    end = writer.read(f"SELECT coalesce(max(seq) + 1, 0) FROM {name}_base").column(0)[0]
    writer.note({f"{SWEPT}:{name}": f"{end} 0 0"})


def _emptied(writer: Writer, name: str) -> None:
    """Leave a tail without rows, and without what those that were there take up."""
    writer.run(f"CREATE OR REPLACE TABLE {name}_tail AS FROM {name}_base LIMIT 0")
    if name == "interval":
        writer.run("DELETE FROM refolded")
        writer.note({BASE: token_hex(8)})
