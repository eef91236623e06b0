"""A shop's own rhythm beside a stage model's windows: who would stand where, whatever the windows.

What windows decide is only who is silent for too long. So everybody's stage is worked out once as if nobody
ever were, and their silence beside it: then any windows are counted in no time.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from habitue.engine.compile import program
from habitue.engine.fold import everybody, fold
from habitue.engine.source import Known
from habitue.kernel.clock import DAY, Micros
from habitue.stages.kind import Duration
from habitue.stages.models import Model
from habitue.stages.suggest import Gaps, Suggestion, gaps, latest, proposed
from habitue.store.warehouse import Warehouse

QUIET: Final = 60 * DAY
"""Where nothing was ordered for so long, one looks at the shop as it was at its last order."""

_NEVER: Final = {"dormant": "900y", "lost": "901y"}
_LAST: Final = """
    SELECT person, epoch_us(max(ts)) AS ts FROM event SEMI JOIN (
        FROM event_name WHERE name = 'Order Completed'
    ) USING (code) WHERE ts <= make_timestamp($1::BIGINT) GROUP BY person ORDER BY person
"""


class Rhythm(Struct, frozen=True):
    """As of the instant `at`: the gaps between orders, the windows that they propose, and the silences (µs,
    rising) of those whom nothing but silence would move, by the stage's value; `others` never move.
    """

    at: Micros
    gaps: Gaps
    suggestion: Suggestion
    silences: dict[int, NDArray[np.int64]]
    others: NDArray[np.int64]
    dormant: int
    lost: int

    def stand(self, dormant: int, lost: int) -> list[int]:
        """How many are in each stage by these windows, in days; by the stages' values."""
        counts = self.others.copy()
        for value, silences in self.silences.items():
            gone, quiet = (
                len(silences) - np.searchsorted(silences, n * DAY, "right") for n in (lost, dormant)
            )
            counts[self.lost] += gone
            counts[self.dormant] += max(0, quiet - gone)
            counts[value] += len(silences) - max(quiet, gone)
        return [int(n) for n in counts]


def fits(model: Model) -> bool:
    """Whether the model's windows mean just this: how long everybody may be silent."""
    alike = model.kind.id == "chabry6" and model.scope is None and model.population is None
    return alike and model.kind.settings(model.settings).get("rhythm") == "fixed"


def rhythm(warehouse: Warehouse, model: Model, known: Known, now: Micros) -> Rhythm:
    """The rhythm of a shop whose model `fits`."""
    last = latest(warehouse, now)
    at = last if now - last > QUIET else now
    found = gaps(warehouse, at)
    person, value = _unsilent(warehouse, model, known, at)
    ordered = warehouse.read(_LAST, (at,))
    silent = _silences(ordered, person, at)
    lost, dormant = model.value("lost"), model.value("dormant")
    moving = (silent >= 0) & (value != lost)
    return Rhythm(
        at,
        found,
        proposed(found),
        {int(one): np.sort(silent[moving & (value == one)]) for one in np.unique(value[moving])},
        np.bincount(value[~moving], minlength=len(model.stages)),
        dormant,
        lost,
    )


def _unsilent(
    warehouse: Warehouse, model: Model, known: Known, at: Micros
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Everybody, rising, with the stage in which they would be if no silence were too long."""
    kind = model.kind
    endless = {
        name: replace(one, max="999y") if isinstance(one, Duration) and name in _NEVER else one
        for name, one in kind.parameters.items()
    }
    draft = replace(
        model, kind=replace(kind, parameters=endless), settings={**model.settings, **_NEVER}, version=-1
    )
    folded = fold(program(draft.definition(), known), everybody("person", warehouse.read), warehouse.read)
    parts = [
        (one.subject[here], one.value[here])
        for one in folded
        for here in [(one.start <= at) & (at < one.stop)]
    ]
    person, value = (
        np.concatenate([[], *(part[which] for part in parts)]).astype(np.int64) for which in (0, 1)
    )
    order = np.argsort(person, kind="stable")
    return person[order], value[order]


def _silences(ordered: pa.Table, person: NDArray[np.int64], at: Micros) -> NDArray[np.int64]:
    """How long each of them has not ordered (µs); -1 for who never did."""
    who, last = (np.asarray(ordered[name].to_numpy(), np.int64) for name in ("person", "ts"))
    silent = np.full(len(person), -1, np.int64)
    if len(who):
        place = np.minimum(np.searchsorted(who, person), len(who) - 1)
        mine = who[place] == person
        silent[mine] = at - last[place][mine]
    return silent
