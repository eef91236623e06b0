"""Stages on each other, month by month."""

from __future__ import annotations

from collections.abc import Sequence

from habitue.web.charts.spec import SCHEMA, Series, Spec, large, quoted


def stacked(series: Sequence[Series], ticks: Sequence[str], tips: Sequence[str], unit: str = "") -> Spec:
    """Areas on each other, the first at the bottom; x is a whole number.

    `ticks[x]` says it on the axis, `tips[x]` tells all under the pointer. `unit` is what is counted, where
    the words around the picture don't say it.
    """
    last = len(ticks) - 1
    axis = {
        "grid": False,
        "values": [*range(last % 6, last + 1, 6)],
        "labelExpr": f"{quoted(ticks)}[datum.value]",
        "labelFlush": 24,
    }
    scale = {"domain": [0, last], "nice": False}
    x = {"field": "x", "type": "quantitative", "title": None, "scale": scale, "axis": axis}
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": 300,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "encoding": {"x": x},
        "layer": [_areas(series, unit), pointer(tips)],
    }


def _areas(series: Sequence[Series], unit: str) -> Spec:
    rows = [
        {
            "s": i,
            "n": one.name,
            "c": one.colour,
            "x": [x for x, _ in one.points],
            "y": [y for _, y in one.points],
        }
        for i, one in enumerate(series)
    ]
    axis = {"tickCount": 5, "format": "~s" if large(series) else ",d", "tickMinStep": 1}
    return {
        "data": {"values": rows},
        "transform": [{"flatten": ["x", "y"]}],
        "mark": {"type": "area", "interpolate": "monotone", "fillOpacity": 0.82, "line": {"strokeWidth": 1}},
        "encoding": {
            "y": {"field": "y", "type": "quantitative", "stack": "zero", "title": unit or None, "axis": axis},
            "color": {"field": "c", "type": "nominal", "scale": None},
            "detail": {"field": "s"},
            "order": {"field": "s"},
        },
    }


def pointer(tips: Sequence[str]) -> Spec:
    """A line under the pointer that tells every number at its x."""
    return {
        "data": {"values": [{"x": i, "tip": tip} for i, tip in enumerate(tips)]},
        "params": [
            {
                "name": "at_x",
                "select": {
                    "type": "point",
                    "encodings": ["x"],
                    "nearest": True,
                    "on": "pointermove",
                    "clear": "pointerout",
                },
            }
        ],
        "mark": {"type": "rule", "strokeWidth": 1.25},
        "encoding": {
            "opacity": {"condition": {"param": "at_x", "empty": False, "value": 0.6}, "value": 0},
            "tooltip": {"field": "tip"},
        },
    }
