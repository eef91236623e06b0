"""Any rule, saved or not, asked of the whole base."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from habitue.app.frame import Frame
from habitue.app.workspace import When, Workspace
from habitue.engine.compile import rule_program
from habitue.engine.fold import everybody, fold
from habitue.engine.plan import Definition
from habitue.engine.replay import Preview, preview
from habitue.engine.sweep import NEVER, Intervals
from habitue.kernel.clock import Micros
from habitue.kernel.errors import UserError
from habitue.kernel.i18n import LANGUAGES, N_, Language
from habitue.people.keys import bare
from habitue.rules.nodes import Rule
from habitue.rules.sentence import sentence


class Selection:
    """The people for whom a rule is true, now or at any instant; `warnings` tells of names never seen."""

    def __init__(self, shop: Workspace, text: str, rule: Rule, warnings: list[Any]) -> None:
        self.shop = shop
        self.text = text
        self.rule = rule
        self.warnings = warnings

    def count(self, at: When = None) -> int:
        """How many satisfy it at an instant (now if not said)."""
        when = self.shop.instant(at)
        return sum(int(_there(found, when).sum()) for found in self._fold())

    def members(self, at: When = None) -> list[str]:
        """Who satisfies it at an instant, as the customers are called in the data, in the order they came."""
        when = self.shop.instant(at)
        ids = [found.subject[_there(found, when)] for found in self._fold()]
        return self._keys(np.concatenate([*ids, np.empty(0, np.int32)]))

    def history(self) -> Frame:
        """subject, from, to: since when until when, UTC; `to` is null where nothing known ends it."""
        parts = [self._rows(found) for found in self._fold()]
        return Frame(pa.concat_tables(parts) if parts else _HISTORY.empty_table())

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

    def _fold(self) -> Iterator[Intervals]:
        read = self.shop.warehouse.read
        return fold(rule_program(self.rule, "person", self.shop.known()), everybody("person", read), read)

    def _rows(self, found: Intervals) -> pa.Table:
        stops = pa.array(found.stop, mask=found.stop == NEVER).cast(pa.timestamp("us", "UTC"))
        starts = pa.array(found.start).cast(pa.timestamp("us", "UTC"))
        return pa.table([self._keys(found.subject), starts, stops], schema=_HISTORY)

    def _keys(self, ids: np.ndarray[Any, np.dtype[np.int32]]) -> list[str]:
        rows = self.shop.warehouse.read(
            "SELECT key FROM wanted JOIN person USING (person) ORDER BY n",
            wanted=pa.table({"person": ids, "n": np.arange(len(ids))}),
        )
        return [bare(key) for key in rows.column(0).to_pylist()]


_HISTORY = pa.schema(
    [("subject", pa.string()), ("from", pa.timestamp("us", "UTC")), ("to", pa.timestamp("us", "UTC"))]
)


def _there(found: Intervals, at: Micros) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray((found.start <= at) & (at < found.stop))
