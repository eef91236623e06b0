"""`/api/v1`: models, counts, flows, months and stays."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import QueryParameter

import habitue
from habitue.api import shapes
from habitue.api.asked import Against, At, Days, ModelId, Month, chosen, meant, read
from habitue.app import Shop
from habitue.kernel import clock
from habitue.kernel.period import Versus
from habitue.metrics.counts import counts
from habitue.metrics.flow import Move
from habitue.metrics.survival import Curve
from habitue.stages.choice import instant
from habitue.stages.models import Model
from habitue.stages.overview import Key, Overview, Overviews, Pair


@read("/health", security=None)
def health() -> shapes.Health:
    """Whether the server runs."""
    return shapes.Health("ok", habitue.__version__, clock.iso(clock.now()))


@read("/models")
def models(shop: NamedDependency[Shop]) -> list[shapes.Model]:
    """The live models, with their stages and rules."""
    return [_model(one) for one in shop.models()]


@read("/stages")
def stages(shop: NamedDependency[Shop], model: ModelId = None, at: At = None) -> shapes.Counts:
    """How many people are in each stage at an instant."""
    one = chosen(shop, model)
    when = instant(at, shop.settings.timezone, clock.now())
    return _counts(one, when, counts(shop.warehouse, one.version, when))


@read("/overview")
def overview(
    shop: NamedDependency[Shop],
    overviews: NamedDependency[Overviews],
    model: ModelId = None,
    period: Days = None,
    month: Month = None,
    against: Against = None,
    fresh: Annotated[bool, QueryParameter(description="Compute it anew.")] = False,
) -> shapes.Overview:
    """All that the overview page shows; `fresh` computes it anew."""
    one = chosen(shop, model)
    seen = _seen(shop, overviews, one, period, month, against, fresh)
    return shapes.Overview(
        model=one.id,
        computed=clock.iso(seen.computed),
        before=_counts(one, seen.before, seen.was),
        after=_counts(one, seen.after, seen.stands),
        moves=[_flow(one, move) for move in seen.moves],
        months=_months(one, seen),
        stays=_stays(one, seen),
    )


@read("/flow")
def flow(
    shop: NamedDependency[Shop],
    overviews: NamedDependency[Overviews],
    model: ModelId = None,
    period: Days = None,
    month: Month = None,
    against: Against = None,
) -> shapes.Flows:
    """Who moved from which stage to which in a period."""
    one = chosen(shop, model)
    seen = _seen(shop, overviews, one, period, month, against)
    moves = [_flow(one, move) for move in seen.moves]
    return shapes.Flows(one.id, clock.iso(seen.before), clock.iso(seen.after), moves)


@read("/monthly")
def monthly(
    shop: NamedDependency[Shop],
    overviews: NamedDependency[Overviews],
    model: ModelId = None,
    period: Days = None,
    month: Month = None,
) -> shapes.Months:
    """How many were in each stage at the end of each of 24 months, the last up to that of the period."""
    one = chosen(shop, model)
    return shapes.Months(one.id, _months(one, _seen(shop, overviews, one, period, month)))


@read("/stay")
def stay(
    shop: NamedDependency[Shop],
    overviews: NamedDependency[Overviews],
    model: ModelId = None,
    period: Days = None,
    month: Month = None,
) -> shapes.Stays:
    """How long stays in each stage last, counting everything up to the end of the period."""
    one = chosen(shop, model)
    seen = _seen(shop, overviews, one, period, month)
    return shapes.Stays(one.id, clock.iso(seen.after), _stays(one, seen))


def _seen(
    shop: Shop,
    overviews: Overviews,
    model: Model,
    period: str | None,
    month: str | None,
    against: str | None = None,
    fresh: bool = False,
) -> Overview:
    now = clock.now()
    found = meant(shop, period, month, against, now)
    return overviews.get(Pair(Key(model.version, len(model.stages)), Versus(found, found.ago())), now, fresh)


def _model(model: Model) -> shapes.Model:
    return shapes.Model(
        id=model.id,
        kind=model.kind.id,
        subject=model.subject,
        version=model.number,
        name={"en": model.kind.name.en, "fr": model.kind.name.fr},
        display=list(model.kind.display),
        settings=dict(model.kind.settings(model.settings)),
        stages=[
            shapes.Stage(
                id=stage.id,
                canonical=stage.canonical,
                name={"en": stage.name.en, "fr": stage.name.fr},
                description={"en": stage.description.en, "fr": stage.description.fr},
                colour=stage.shade,
                terminal=stage.terminal,
                rule=stage.rule,
            )
            for stage in model.stages
        ],
    )


def _counts(model: Model, at: int, found: dict[int, int]) -> shapes.Counts:
    named = {stage.id: found.get(value, 0) for value, stage in enumerate(model.stages)}
    return shapes.Counts(model.id, clock.iso(at), named)


def _flow(model: Model, move: Move) -> shapes.Flow:
    source, target = (
        None if value is None else model.stages[value].id for value in (move.from_value, move.to_value)
    )
    return shapes.Flow(source, target, move.n, move.share, move.days)


def _months(model: Model, seen: Overview) -> list[shapes.Month]:
    ids = [stage.id for stage in model.stages]
    return [
        shapes.Month(f"{month.first:%Y-%m}", clock.iso(at), dict(zip(ids, row, strict=True)))
        for month, at, row in zip(seen.months, seen.ends, seen.counts.tolist(), strict=True)
    ]


def _stays(model: Model, seen: Overview) -> list[shapes.Stay]:
    return [_stay(stage.id, curve) for stage, curve in zip(model.stages, seen.stays, strict=True)]


def _stay(stage: str, curve: Curve) -> shapes.Stay:
    return shapes.Stay(
        stage=stage,
        n=curve.n,
        open=curve.open,
        median=curve.median,
        p90=curve.p90,
        mean=curve.mean,
        days=list(curve.days),
        survival=list(curve.survival),
        low=list(curve.low),
        high=list(curve.high),
    )
