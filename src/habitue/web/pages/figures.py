"""`/overview.csv`: the numbers of the overview's pictures, for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from habitue.app import Shop
from habitue.app.selling import tabled
from habitue.kernel import clock
from habitue.kernel.period import Period, day_of, previous
from habitue.metrics.contrast import Tally
from habitue.stages.kpis import series
from habitue.stages.models import Model
from habitue.stages.overview import MONTHS, Overviews
from habitue.stages.sales import Sales
from habitue.web.frame import PERIOD, Frame, Wish, came_and_went, customary, paired
from habitue.web.looks import looks
from habitue.web.page import Asked, only, reader

Kind = Literal["transitions", "months", "balance", "stays", "figures", "sales"]
NONE: Final = "none"


@get("/overview.csv", sync_to_thread=True)
def table(
    request: Asked,
    shop: NamedDependency[Shop],
    overviews: NamedDependency[Overviews],
    wish: NamedDependency[Wish],
    of: FromQuery[Kind] = "transitions",
    model: FromQuery[str | None] = None,
    segment: FromQuery[str | None] = None,
    stage: FromQuery[str | None] = None,
) -> Response[str]:
    """One of its tables, or what of it is about one stage; stages by their ids, shares as numbers."""
    only(request, "of", "model", "segment", "stage", *PERIOD)
    now, chosen = clock.now(), shop.model(model) if model else shop.models()[0]
    if stage:
        chosen.value(stage)
    if of == "figures":
        tally = overviews.tally(chosen.version, len(chosen.stages), now)
        months = previous(day_of(now, shop.settings.timezone), MONTHS)
        return _answer(f"{of}-{chosen.id}.csv", [] if tally is None else _figures(tally, chosen, months))
    pair = paired(shop, chosen, wish, segment, now)
    period = pair.versus.period
    if of == "sales":
        sales = overviews.sales(pair, chosen.subject, now, 60)
        return _answer(f"{of}-{period}.csv", [] if sales is None else _sales(sales, period, shop))
    seen = overviews.glance(pair, now, 60)
    rows: list[list[Any]] = []
    if seen is not None:
        words = reader(request, shop)
        frame = Frame(seen, looks(chosen, words.language), words, chosen.id, pair.versus)
        common = customary(frame) if of == "transitions" else None
        rows = _ROWS[of](frame, chosen, common)
    name = f"{of}-{stage or chosen.id}-{period}.csv"
    return _answer(name, _only(of, rows, stage) if stage and rows else rows)


def _only(of: Kind, rows: list[list[Any]], stage: str) -> list[list[Any]]:
    """What of a table is about one stage: its column of the months, else its rows."""
    if of == "months":
        return [[row[0], row[rows[0].index(stage)]] for row in rows]
    return [rows[0], *(row for row in rows[1:] if stage in row[: 2 if of == "transitions" else 1])]


def _answer(name: str, rows: list[list[Any]]) -> Response[str]:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


def _transitions(frame: Frame, model: Model, common: Any) -> list[list[Any]]:
    rows: list[list[Any]] = [
        ["from", "to", "people", "share", "median_days", "usual", "deviation", "unusual"]
    ]
    for move in frame.seen.moves:
        values = (move.from_value, move.to_value)
        usual = (common or {}).get(tuple(0 if one is None else one + 1 for one in values))
        rows.append(
            [
                *(_id(model, one) for one in values),
                move.n,
                _round(move.share),
                _round(move.days),
                *((_round(usual.mean), _round(usual.deviation), usual.odd) if usual else ("", "", "")),
            ]
        )
    return rows


def _months(frame: Frame, *_: Any) -> list[list[Any]]:
    head = ["month", *(look.id for look in frame.looks)]
    return [
        head,
        *(
            [str(month), *(int(frame.seen.counts[n, look.value]) for look in frame.looks)]
            for n, month in enumerate(frame.seen.months)
        ),
    ]


def _balance(frame: Frame, *_: Any) -> list[list[Any]]:
    table = frame.table
    rows: list[list[Any]] = [["stage", "in", "out", "net"]]
    for look in frame.looks:
        came, went = came_and_went(table, look.value + 1)
        rows.append([look.id, came, went, came - went])
    return rows


def _stays(frame: Frame, *_: Any) -> list[list[Any]]:
    rows: list[list[Any]] = [["stage", "day", "still_there", "low", "high"]]
    for look in frame.looks:
        curve = frame.seen.stays[look.value]
        points = zip(curve.days, curve.survival, curve.low, curve.high, strict=True)
        rows += [[look.id, day, *map(_round, some)] for day, *some in points]
    return rows


def _figures(tally: Tally, model: Model, months: Sequence[Period]) -> list[list[Any]]:
    """The figures that a stage can be judged by, month by month."""
    lines = series(tally, model.canonical)
    return [
        ["month", *lines],
        *(
            [str(month), *("" if np.isnan(line[n]) else _round(line[n]) for line in lines.values())]
            for n, month in enumerate(months)
        ),
    ]


def _sales(sales: Sales, period: Period, shop: Shop) -> list[list[Any]]:
    """What was sold month by month, amounts in major units."""
    frame = tabled(sales, previous(period.last, MONTHS), shop.settings.currency)
    return [frame.column_names, *(list(row.values()) for row in frame.to_pylist())]


def _id(model: Model, value: int | None) -> str:
    return NONE if value is None else model.stages[value].id


def _round(n: float | None) -> float | str:
    return "" if n is None else round(float(n), 6)


_ROWS: Final = {"transitions": _transitions, "months": _months, "balance": _balance, "stays": _stays}
