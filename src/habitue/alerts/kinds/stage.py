"""How many are in a stage, or which share of all."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np

from habitue.alerts.figures import known, standing
from habitue.alerts.roles import Asked, Floats, Form, Ground, Ints, Kind, Names, Said
from habitue.kernel.clock import Micros
from habitue.kernel.i18n import N_


class Stage(Kind, frozen=True, kw_only=True, tag="stage"):
    title: ClassVar[str] = N_("Size of a stage")
    about: ClassVar[str] = N_("How many customers are in a stage, or which share of all.")
    icon: ClassVar[str] = "steps"

    model: Annotated[str, Asked(N_("Stage model"), "model")] = "transactional"
    stage: Annotated[str, Asked(N_("Stage"), "stage")]
    measure: Annotated[
        Literal["size", "share"],
        Asked(
            N_("Counted as"), "choice", (("size", N_("customers")), ("share", N_("share of all customers")))
        ),
    ] = "size"

    @property
    def form(self) -> Form:
        return "count" if self.measure == "size" else "share"

    def figures(self, ground: Ground, _since: Ints, at: Ints) -> Floats:
        model = ground.models[self.model]
        every = f"intervals WHERE version = {model.version}"
        here = standing(ground.warehouse, f"{every} AND value = {model.values[self.stage]}", at)
        if self.measure == "share":
            whole = standing(ground.warehouse, every, at)
            here = np.divide(here, whole, out=np.full(len(at), np.nan), where=whole > 0)
        return known(here, ground.born, at)

    def told(self, names: Names) -> Said:
        text = (
            N_("Customers in “{stage}”") if self.measure == "size" else N_("Share of customers in “{stage}”")
        )
        return Said(text, {"stage": names.called("stages", f"{self.model}.{self.stage}")})

    def behind(self, _since: Micros, _at: Micros) -> str:
        return f"/customers?model={self.model}&stage={self.stage}"
