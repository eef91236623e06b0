"""Where customers would stand if an import had never been: folded anew, of them alone, in memory."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from habitue.app.workspace import Workspace
from habitue.engine.compile import program
from habitue.engine.fold import everybody, fold
from habitue.engine.refresh import known
from habitue.ingest import apply, retract
from habitue.journeys.news import numbers
from habitue.kernel.clock import Micros
from habitue.people.identities import canonical, there
from habitue.stages.models import Model
from habitue.store.log import EventLog
from habitue.store.warehouse import Warehouse

MOST: Final = 20_000
"""So many customers are looked at; of more, as many evenly chosen among them."""

_STANDING: Final = """
    SELECT subject, value FROM intervals SEMI JOIN asked ON subject = asked.person
    WHERE version = ? AND start <= make_timestamp(?) AND (stop IS NULL OR stop > make_timestamp(?))
"""


class Shift(Struct, frozen=True):
    """So many stand in a stage of a model (its place), and would in another; None is nowhere."""

    model: Model
    old: int | None
    new: int | None
    n: int


class Restaged(Struct, frozen=True):
    """Of the customers in an import so many were looked at; where they would stand otherwise, most first."""

    customers: int
    looked: int
    shifts: list[Shift]


def without(shop: Workspace, mark: str, now: Micros) -> Restaged:
    """Who would change stage, and how, if the import of this mark had never been."""
    nodes = retract.touched(shop.log, mark)
    persons = (
        there(shop.warehouse, np.unique(canonical(shop.warehouse, nodes)).tolist()) if len(nodes) else []
    )
    some = persons[:: -(-len(persons) // MOST)] if persons else []
    models = [one for one in shop.models() if one.subject == "person"]
    with closing(Warehouse.open(None)) as other:
        _filled(shop, other, mark, some)
        shifts = [shift for model in models for shift in _shifts(shop, other, model, some, now)]
    return Restaged(len(persons), len(some), sorted(shifts, key=lambda one: -one.n))


def _filled(shop: Workspace, other: Warehouse, mark: str, persons: list[int]) -> None:
    """Take in all that counts of these people, but for what came with the import."""
    own = sorted(numbers(shop.warehouse, persons)) if persons else []
    for rows in shop.log.read(people=own) if own else ():
        kept = _kept(shop.log, rows, mark)
        if len(kept):
            with other.write() as writer:
                apply.take(writer, kept)


def _kept(log: EventLog, rows: pa.Table, mark: str) -> pa.Table:
    mine = pc.fill_null(pc.equal(rows["job"], mark), False)
    left = [retract.counting(log, rows.filter(pc.invert(mine))), retract.refusals(rows.filter(mine))]
    return pa.concat_tables(left).sort_by("seq")


def _shifts(shop: Workspace, other: Warehouse, model: Model, persons: list[int], now: Micros) -> list[Shift]:
    asked = pa.table({"person": pa.array(persons, pa.int32())})
    rows = shop.warehouse.read(_STANDING, (model.version, now, now), asked=asked)
    old = dict(zip(rows["subject"].to_pylist(), rows["value"].to_pylist(), strict=True))
    new: dict[int, int] = {}
    rules = program(model.definition(), known(other, shop.definitions(), shop.settings.digits))
    for found in fold(rules, everybody("person", other.read), other.read):
        inside = (found.start <= now) & (now < found.stop)
        new |= dict(zip(found.subject[inside].tolist(), found.value[inside].tolist(), strict=True))
    changes = Counter((old.get(one), new.get(one)) for one in persons)
    return [Shift(model, was, to, n) for (was, to), n in changes.items() if was != to]
