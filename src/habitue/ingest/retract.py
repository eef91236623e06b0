"""Imports that are taken back: which rows of the log count still, and what would go with one.

An event says that an import is taken back; its rows stay in the log and count no more. One kind does: a no to
being written to stands whatever becomes of the file that told of it, for the strictest word wins.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from numpy.typing import NDArray

from habitue.people.answers import EVENT
from habitue.people.merging import RULINGS
from habitue.store.log import RETRACT, EventLog
from habitue.store.warehouse import Warehouse

Ints = NDArray[np.int64]
YES: Final = ("granted", "pending")


def counting(log: EventLog, rows: pa.Table) -> pa.Table:
    """Those of the log's rows that count."""
    gone = log.retracted()
    if not gone:
        return rows
    back = pc.is_in(rows["job"], pa.array([*gone], pa.string()))
    if not pc.any(back).as_py():
        return rows
    kept = pa.concat_tables([rows.filter(pc.invert(back)), refusals(rows.filter(back))])
    return kept.sort_by("seq")


def left_out(log: EventLog) -> int:
    """How many rows of the log don't count."""
    gone = [*log.retracted()]
    return sum(len(rows) - len(counting(log, rows)) for rows in log.read(jobs=gone)) if gone else 0


def refusals(rows: pa.Table) -> pa.Table:
    """The answers among these rows that say no, and of each only that."""
    answers = rows.filter(pc.equal(rows["name"], EVENT))
    said = [_no(props) for props in answers["props"].to_pylist()]
    place = answers.column_names.index("props")
    answers = answers.set_column(place, answers.schema.field(place), pa.array(said, pa.string()))
    return answers.filter(pc.is_valid(answers["props"]))


def _no(props: str) -> str | None:
    """What stays of an answer; None where it says yes throughout."""
    try:
        said = msgspec.json.decode(props)
    except msgspec.DecodeError:
        return None
    if not isinstance(said, dict):
        return None
    if "status" in said:
        return None if said["status"] in YES else props
    kept = {channel: no for channel, one in said.items() if (no := _refused(one)) is not None}
    return msgspec.json.encode(kept).decode() if kept else None


def _refused(said: Any) -> Any:
    """What stays of the answer about a channel, or about each of its purposes."""
    if isinstance(said, dict):
        return {purpose: one for purpose, one in said.items() if one is not True} or None
    return None if said is True else said


# --- what would go --------------------------------------------------------------------------------


class Fallen(Struct, frozen=True):
    """Of how many customers a trait is again what was said before, and of how many nothing is known of it."""

    name: str
    back: int
    unknown: int


class Effect(Struct, frozen=True):
    """What goes with an import: events and their net revenue (minor units); customers of whom nothing else is
    known, and those who stay; of the latter the traits that fall back; consents given by it. `refused`: how
    many said no in it; they stay known with that.
    """

    events: int
    revenue: int
    alone: int
    staying: int
    traits: list[Fallen]
    agreed: int
    refused: int


def effect(log: EventLog, warehouse: Warehouse, mark: str) -> Effect:
    """What would go with the import of this mark."""
    tables = {"gone": [np.empty(0, np.int64)], "kept": [np.empty(0, np.int64)]}
    for rows in log.read(jobs=[mark]):
        kept = refusals(rows)["seq"].to_numpy()
        tables["kept"].append(kept)
        tables["gone"].append(np.setdiff1d(rows["seq"].to_numpy(), kept))
    gone, kept = (pa.table({"seq": np.concatenate(some)}) for some in tables.values())
    figures = warehouse.read(_FIGURES, gone=gone, kept=kept).to_pylist()[0]
    traits = warehouse.read(_TRAITS, gone=gone).to_pylist()
    return Effect(traits=[Fallen(**one) for one in traits], **figures)


_WHOSE: Final = f"""
    whose AS (SELECT DISTINCT person FROM event SEMI JOIN gone USING (seq)),
    others AS (
        SELECT DISTINCT person FROM event SEMI JOIN whose USING (person) ANTI JOIN gone USING (seq)
        WHERE code NOT IN (SELECT code FROM event_name WHERE name IN {RULINGS})
    )
"""

_FIGURES: Final = f"""
    WITH {_WHOSE}
    SELECT (SELECT count(*) FROM gone) AS events,
        (SELECT coalesce(sum(revenue), 0)::BIGINT FROM event SEMI JOIN gone USING (seq)) AS revenue,
        (SELECT count(*) FROM whose ANTI JOIN others USING (person)) AS alone,
        (SELECT count(*) FROM others) AS staying,
        (SELECT count(DISTINCT node) FROM consent SEMI JOIN gone USING (seq)) AS agreed,
        (SELECT count(DISTINCT node) FROM consent SEMI JOIN kept USING (seq)) AS refused
"""

_TRAITS: Final = f"""
    WITH {_WHOSE}, spoken AS (
        SELECT person, name[7:] AS name, rank, ts, seq, seq IN (SELECT seq FROM gone) AS mine
        FROM said SEMI JOIN others USING (person) WHERE starts_with(name, 'trait.')
    ), told AS (
        SELECT name, mine, count(*) FILTER (NOT mine) OVER (PARTITION BY person, name) AS earlier,
            row_number() OVER (PARTITION BY person, name ORDER BY rank DESC, ts DESC, seq DESC) AS place
        FROM spoken
    )
    SELECT name, count(*) FILTER (earlier > 0) AS back, count(*) FILTER (earlier = 0) AS unknown
    FROM told WHERE mine AND place = 1 GROUP BY name ORDER BY count(*) DESC, name
"""


def touched(log: EventLog, mark: str) -> Ints:
    """The numbers of all keys that an import names."""
    found = [np.empty(0, np.int64)]
    for rows in log.read(jobs=[mark]):
        theirs = rows.filter(pc.not_equal(rows["name"], RETRACT))
        found += [theirs["person"].to_numpy(), pc.list_flatten(theirs["nodes"]).to_numpy()]
    return np.unique(np.concatenate(found))
