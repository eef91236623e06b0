"""Any rule, saved or not, asked of the whole base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from habitue.app.frame import Frame
from habitue.app.workspace import When, Workspace
from habitue.engine.compile import rule_program
from habitue.engine.fold import everybody, fold, joined
from habitue.engine.plan import Definition
from habitue.engine.replay import Preview, preview
from habitue.engine.sweep import NEVER, Intervals
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language
from habitue.rules.nodes import Rule
from habitue.rules.sentence import sentence
from habitue.rules.text import write
from habitue.stages.kept import Made

if TYPE_CHECKING:
    import pandas
    import polars


class Selection:
    """The people for whom a rule is true, now or at any instant; `warnings` tells of names never seen."""

    def __init__(self, shop: Workspace, text: str, rule: Rule, warnings: list[Any]) -> None:
        self.shop = shop
        self.text = text
        self.rule = rule
        self.warnings = warnings

    def count(self, at: When = None) -> int:
        """How many satisfy it at an instant (now if not said)."""
        return int(_there(self._folded(), self.shop.instant(at)).sum())

    def persons(self, at: When = None) -> np.ndarray[Any, np.dtype[np.int32]]:
        """The numbers of those who satisfy it at an instant."""
        found = self._folded()
        persons: np.ndarray[Any, np.dtype[np.int32]] = found.subject[_there(found, self.shop.instant(at))]
        return persons

    def members(self, at: When = None) -> list[str]:
        """Who satisfies it at an instant, by their keys such as `user:c-001`, in the order they came."""
        found = self._folded()
        return self._keys(found.subject[_there(found, self.shop.instant(at))])

    def frame(self, at: When = None) -> Frame:
        """customer: the members at an instant (now if not said) as a table."""
        return Frame(pa.table({"customer": pa.array(self.members(at), pa.string())}))

    def arrow(self) -> pa.Table:
        """The members now as an Arrow table."""
        return self.frame().arrow()

    def polars(self) -> polars.DataFrame:
        """The members now as a Polars data frame; raises `UserError` where Polars is not installed."""
        return self.frame().polars()

    def pandas(self) -> pandas.DataFrame:
        """The members now as a pandas data frame; raises `UserError` where pandas is not installed."""
        return self.frame().pandas()

    def history(self) -> Frame:
        """subject, from, to, expected: who came in and went out when, UTC.

        `to` is null for who is in; they go out when `expected` if nothing happens, null: never.
        """
        found, now = self._folded(), self.shop.instant(None)
        begun = found.start <= now
        stop, over = found.stop[begun], found.stop[begun] <= now
        times = found.start[begun], pa.array(stop, mask=~over), pa.array(stop, mask=over | (stop == NEVER))
        columns = [pa.array(one).cast(pa.timestamp("us", "UTC")) for one in times]
        return Frame(pa.table([self._keys(found.subject[begun]), *columns], schema=_HISTORY))

    def sentence(self, language: Language) -> str:
        """The rule in words; raises `UserError` for a language that is not spoken here."""
        if language not in LANGUAGES:
            raise UserError(N_("“{language}” is not spoken here. Choose en or fr."), language=language)
        models = self.shop.models()
        names = {
            f"{model.id}.{stage.id}": stage.name.said(language) for model in models for stage in model.stages
        }
        return sentence(self.rule, language, names=names, currency=self.shop.settings.currency)

    def preview(self, now: Micros | None = None, days: int = 365, sample: int = 20) -> Preview:
        """How many now and on each past day, and some of them."""
        draft = Definition(-1, "segment", "draft", "person", ("in",), (self.rule,))
        when = self.shop.instant(now)
        return preview(self.shop.warehouse, draft, self.shop.known(), when, days, sample)

    def _folded(self) -> Intervals:
        """Everybody's intervals, folded once until the next refresh.

        The rule's text tells it from others: as values 1, 1.0 and True are the same to Python.
        """
        return self.shop.folds.get(write(self.rule), 0, None, self._fold, wait=True).value

    def _fold(self, _: bool) -> Made[Intervals]:
        generation, read = self.shop.generation, self.shop.warehouse.read
        program = rule_program(self.rule, "person", self.shop.known())
        return Made(joined(list(fold(program, everybody("person", read), read))), generation, 0)

    def _keys(self, ids: np.ndarray[Any, np.dtype[np.int32]]) -> list[str]:
        rows = self.shop.warehouse.read(
            "SELECT key FROM wanted JOIN person USING (person) ORDER BY n",
            wanted=pa.table({"person": ids, "n": np.arange(len(ids))}),
        )
        return list(rows.column(0).to_pylist())


_HISTORY = pa.schema(
    [("subject", pa.string()), *((name, pa.timestamp("us", "UTC")) for name in ("from", "to", "expected"))]
)


def _there(found: Intervals, at: Micros) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray((found.start <= at) & (at < found.stop))
