"""How many moved from one stage to another."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import field

from habitue.alerts.figures import happened, known
from habitue.alerts.roles import Asked, Floats, Ground, Ints, Kind, Names, Said
from habitue.kernel.clock import Micros, iso
from habitue.kernel.i18n import N_


class Flow(Kind, frozen=True, kw_only=True, tag="flow"):
    """Where `source` is empty, all who came in; where `target` is, all who went out."""

    title: ClassVar[str] = N_("Moves between stages")
    about: ClassVar[str] = N_(
        "How many customers moved from one stage to another, came into one or left one."
    )
    icon: ClassVar[str] = "cycle"

    model: Annotated[str, Asked(N_("Stage model"), "model")] = "transactional"
    source: Annotated[str, Asked(N_("From"), "stage", free=True, any=N_("any stage"))] = field(
        default="", name="from"
    )
    target: Annotated[str, Asked(N_("To"), "stage", free=True, any=N_("any stage"))] = field(
        default="", name="to"
    )
    within: Annotated[str, Asked(N_("In the last"), "length")] = "1d"

    def figures(self, ground: Ground, since: Ints, at: Ints) -> Floats:
        model = ground.models[self.model]
        mine = f"version = {model.version}"
        if not self.target:
            rows, column = f"intervals WHERE {mine} AND value = {model.values[self.source]}", "stop"
        elif not self.source:
            rows, column = f"intervals WHERE {mine} AND value = {model.values[self.target]}", "start"
        else:
            first = min(int(since.min()), int(at.min())) if len(at) else 0
            recent = f"make_timestamp({first})"
            column = "later.start"
            rows = (
                f"(SELECT subject, stop FROM intervals WHERE {mine} AND value = {model.values[self.source]} "
                f"AND stop >= {recent}) AS earlier "
                f"JOIN (SELECT subject, start FROM intervals WHERE {mine} "
                f"AND value = {model.values[self.target]} AND start >= {recent}) AS later "
                "ON earlier.subject = later.subject AND earlier.stop = later.start"
            )
        return known(happened(ground.warehouse, column, rows, since, at), ground.born, since)

    def told(self, names: Names) -> Said:
        if not self.target:
            text = N_("Customers who left “{source}”")
        elif not self.source:
            text = N_("Customers who came into “{target}”")
        else:
            text = N_("Customers who moved from “{source}” to “{target}”")
        stages = {"source": self.source, "target": self.target}
        return Said(
            text,
            {key: names.called("stages", f"{self.model}.{one}") for key, one in stages.items() if one},
        )

    def behind(self, since: Micros, at: Micros) -> str:
        if self.source and self.target:
            asked = f"from={self.source}&to={self.target}&against={iso(since)}&at={iso(at)}"
        else:
            asked = f"stage={self.target}" if self.target else f"from={self.source}&against={iso(since)}"
        return f"/customers?model={self.model}&{asked}"
