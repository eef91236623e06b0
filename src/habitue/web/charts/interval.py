"""Estimates with what they may be: a dot, and a line as long as one is unsure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from habitue.web.charts.spec import SCHEMA, Spec

_ROW = 44


class Estimate(Struct, frozen=True):
    """A row: its name, the estimate, between what the truth lies, and all of it in words."""

    name: str
    value: float
    low: float
    high: float
    colour: str
    tip: str


def intervals(rows: Sequence[Estimate], share: bool = False, zero: bool = False) -> Spec:
    """A row for each, from the top; a `share` is in percent, and with `zero` a line stands at nothing."""
    values = [
        {"n": one.name, "v": one.value, "l": one.low, "h": one.high, "c": one.colour, "tip": one.tip}
        for one in rows
    ]
    axis = {"tickCount": 5, "format": "~%" if share else "~s", "grid": True}
    x = {"field": "l", "type": "quantitative", "title": None, "axis": axis, "scale": {"zero": zero}}
    colour = {"field": "c", "type": "nominal", "scale": None}
    shared = {"color": colour, "tooltip": {"field": "tip"}}
    layer: list[Spec] = [
        {
            "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.45, "strokeCap": "round"},
            "encoding": {"x": x, "x2": {"field": "h"}, **shared},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
            "encoding": {"x": {**x, "field": "v"}, **shared},
        },
    ]
    if zero:
        nothing = {"mark": {"type": "rule", "strokeDash": [3, 3]}, "encoding": {"x": {"datum": 0}}}
        layer.insert(0, nothing)
    y = {
        "field": "n",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"domain": False, "ticks": False, "labelLimit": 150, "labelPadding": 10},
    }
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": _ROW * max(len(rows), 1),
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": values},
        "encoding": {"y": y},
        "layer": layer,
    }
